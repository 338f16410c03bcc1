//! Data quality: nulls, values of the wrong type, values outside of what the reference knows, columns that are gone.

use super::{super::spec::Features, Finding, Verdict, drift::is_prediction, scores::wilson};
use fettle_stats::profile::{
    column::{Column, Data},
    dataset::DatasetProfile,
};
use serde_json::json;
use std::collections::{BTreeMap, HashSet};

/// A rate must rise by as much to matter, unless a threshold is given.
const MARGIN: f64 = 0.01;
const ROWS_MIN: u64 = 200;

pub fn judge(
    thresholds: &BTreeMap<String, f64>,
    features: &Features,
    reference: &DatasetProfile,
    current: &DatasetProfile,
) -> (Vec<Finding>, bool) {
    let mut findings = Vec::new();
    for (name, before) in &reference.columns {
        let named = match features {
            Features::All => !is_prediction(name),
            Features::Named(names) => names.contains(name),
        };
        if !named {
            continue;
        }
        let Some(now) = current.columns.get(name) else {
            // A reference may have more than the model is given, such as the label.
            if matches!(features, Features::Named(_)) {
                findings.push(missing(name));
            }
            continue;
        };
        let (before, now) = (before.clone().into_column(), now.clone().into_column());
        let rates = [
            ("null_value_rate", before.missing, now.missing, before.rows, now.rows),
            (
                "data_type_error_rate",
                before.mistyped,
                now.mistyped,
                before.rows,
                now.rows,
            ),
        ];
        for (metric, was, is, rows_before, rows_now) in rates {
            findings.push(rate(
                metric,
                name,
                thresholds.get(metric).copied(),
                (was, rows_before),
                (is, rows_now),
            ));
        }
        let metric = "out_of_bounds_rate";
        let outside = outside(&before, &now);
        findings.push(rate(
            metric,
            name,
            thresholds.get(metric).copied(),
            (0, before.valid),
            (outside, now.kept()),
        ));
    }
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

/// Events among rows, before and now.
fn rate(metric: &str, feature: &str, given: Option<f64>, before: (u64, u64), now: (u64, u64)) -> Finding {
    let share = |(count, rows): (u64, u64)| if rows == 0 { 0.0 } else { count as f64 / rows as f64 };
    let (was, is) = (share(before), share(now));
    let (low, high) = wilson(now.0, now.1);
    let threshold = given.unwrap_or(was + MARGIN);
    // With no threshold of one's own the rise must also be more than chance.
    let alarmed = is > threshold && (given.is_some() || low > was);
    let verdict = match () {
        () if now.1 < ROWS_MIN && given.is_none() => Verdict::InsufficientData,
        () if alarmed => Verdict::Alarm,
        () => Verdict::Ok,
    };
    Finding {
        metric: metric.to_owned(),
        feature: feature.to_owned(),
        // Azure's precision.
        value: Some((is * 1e5).round() / 1e5),
        threshold: Some(threshold),
        verdict,
        detail: json!({ "reference": was, "rows": now.1, "count": now.0, "interval": [low, high] }),
    }
}

/// Values that are beyond the least and the greatest of the reference, or not among its categories.
fn outside(before: &Column, now: &Column) -> u64 {
    match (&before.data, &now.data) {
        (Data::Levels(known), Data::Levels(levels)) => {
            let known: HashSet<&str> = known.iter().map(|(level, _)| &**level).collect();
            let unseen = levels.iter().filter(|(level, _)| !known.contains(&**level));
            unseen.map(|(_, count)| count).sum()
        }
        (_, Data::Sorted(values)) => {
            let within = before.moments.min..=before.moments.max;
            values.iter().filter(|value| !within.contains(value)).count() as u64
        }
        (_, Data::Counted(runs)) => {
            let within = before.moments.min..=before.moments.max;
            runs.iter()
                .filter(|(value, _)| !within.contains(value))
                .map(|(_, count)| count)
                .sum()
        }
        _ => 0,
    }
}
