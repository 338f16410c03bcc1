//! Data quality: nulls, values of the wrong type, values outside of what the reference knows, columns that are gone.

use super::{super::spec::Features, Finding, Verdict, drift::is_prediction};
use fettle_stats::{
    performance::wilson,
    profile::dataset::DatasetProfile,
    quality::{self, Counted, QualityRule, QualityVerdict},
};
use serde_json::json;

/// With fewer rows, that nothing was found says little.
const ROWS_MIN: u64 = 200;

pub fn judge(
    rule: &QualityRule,
    features: &Features,
    reference: &DatasetProfile,
    current: &DatasetProfile,
) -> (Vec<Finding>, bool) {
    let mut findings = Vec::new();
    let mut counted: Vec<Counted> = Vec::new();
    for (name, before) in &reference.columns {
        let named = match features {
            Features::All => !is_prediction(name),
            Features::Named(names) => names.contains(name),
        };
        match current.columns.get(name) {
            Some(now) if named => {
                let (before, now) = (before.clone().into_column(), now.clone().into_column());
                counted.extend(quality::count(name, &before, &now));
            }
            // A reference may have more than the model is given, such as the label.
            None if named && matches!(features, Features::Named(_)) => findings.push(missing(name)),
            _ => {}
        }
    }
    let verdicts = quality::judge(rule, counted.clone());
    findings.extend(
        counted
            .iter()
            .zip(&verdicts)
            .map(|(rate, verdict)| finding(rule, rate, verdict)),
    );
    if findings.is_empty() {
        return (
            Finding::nothing("the reference and what was captured have no feature in common"),
            false,
        );
    }
    let alarmed = findings.iter().any(|finding| finding.verdict == Verdict::Alarm);
    (findings, alarmed)
}

fn missing(name: &str) -> Finding {
    Finding {
        metric: "missing_column".to_owned(),
        feature: name.to_owned(),
        value: Some(1.0),
        threshold: Some(0.0),
        verdict: Verdict::Alarm,
        detail: json!({ "reason": "the column was not captured in this window" }),
    }
}

fn finding(rule: &QualityRule, rate: &Counted, judged: &QualityVerdict) -> Finding {
    let [count, rows] = rate.current;
    let interval = wilson(count, rows);
    let has_threshold = rule.fixed_thresholds.contains_key(&judged.metric);
    let verdict = match () {
        () if judged.is_violation => Verdict::Alarm,
        () if rows < ROWS_MIN && !has_threshold => Verdict::InsufficientData,
        () => Verdict::Ok,
    };
    let reason = (verdict == Verdict::InsufficientData).then(|| format!("{rows} rows are fewer than {ROWS_MIN}"));
    Finding {
        metric: judged.metric.name().to_owned(),
        feature: judged.column.clone(),
        // Azure's precision.
        value: Some((judged.current_rate * 1e5).round() / 1e5),
        threshold: Some(judged.threshold),
        verdict,
        detail: json!({
            "reference": judged.reference_rate, "rows": rows, "count": count,
            "interval": [interval.low, interval.high], "adjusted_p_value": judged.adjusted_p_value, "reason": reason,
        }),
    }
}
