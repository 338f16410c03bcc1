//! Model performance: predictions of a window against what really happened, as far as that is known.

use super::{
    super::spec::Performance,
    Finding, Verdict,
    scores::{self, Score, wilson},
};
use fettle_capture::{Cell, Table};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

/// The labels that count, by correlation id and row.
pub type Labels = HashMap<String, HashMap<i64, String>>;

pub fn judge(
    performance: &Performance,
    is_regression: bool,
    rows: &Table,
    labels: &Labels,
    labels_as_of: Option<String>,
) -> (Vec<Finding>, bool) {
    let Some(column) = prediction_column(performance, rows) else {
        return (
            Finding::nothing("no prediction was captured in this window; name its column in prediction_column"),
            false,
        );
    };
    let joined = join(rows, &column, labels);
    let (labelled, predicted) = (joined.len() as u64, rows.rows as u64);
    let coverage = if predicted == 0 {
        0.0
    } else {
        labelled as f64 / predicted as f64
    };
    let (low, high) = wilson(labelled, predicted);
    let known = json!({
        "label_coverage": coverage, "labelled": labelled, "predicted": predicted, "labels_as_of": labels_as_of,
    });
    let mut findings = vec![Finding {
        metric: "label_coverage".to_owned(),
        feature: String::new(),
        value: Some(coverage),
        threshold: Some(performance.minimum_coverage),
        verdict: Verdict::Info,
        detail: with(&known, json!({ "interval": [low, high] })),
    }];
    let enough = coverage >= performance.minimum_coverage && labelled >= performance.minimum_labels;
    let scores = if is_regression {
        scores::of_numbers(&numbers(&joined))
    } else {
        classification(&joined, performance.classification_threshold)
    };
    for (metric, score) in scores {
        findings.push(finding(
            metric,
            score,
            performance.thresholds.get(metric).copied(),
            enough,
            &known,
        ));
    }
    for (metric, threshold) in &performance.thresholds {
        if !findings.iter().any(|finding| finding.metric == *metric) {
            findings.push(Finding {
                metric: metric.clone(),
                feature: String::new(),
                value: None,
                threshold: Some(*threshold),
                verdict: Verdict::InsufficientData,
                detail: with(
                    &known,
                    json!({ "reason": "the labels and predictions of this window have no such metric" }),
                ),
            });
        }
    }
    let alarmed = findings.iter().any(|finding| finding.verdict == Verdict::Alarm);
    (findings, alarmed)
}

fn finding(metric: &str, score: Score, threshold: Option<f64>, enough: bool, known: &Value) -> Finding {
    let lower_is_better = ["mae", "mse", "rmse", "log_loss"].contains(&metric);
    // All of the interval must be on the wrong side: a few unlucky labels are no alarm.
    let worse = |threshold: f64| {
        if lower_is_better {
            score.low > threshold
        } else {
            score.high < threshold
        }
    };
    let verdict = match threshold {
        None => Verdict::Info,
        Some(_) if !enough => Verdict::InsufficientData,
        Some(threshold) if worse(threshold) => Verdict::Alarm,
        Some(_) => Verdict::Ok,
    };
    Finding {
        metric: metric.to_owned(),
        feature: String::new(),
        value: Some(score.value),
        threshold,
        verdict,
        detail: with(known, json!({ "interval": [score.low, score.high] })),
    }
}

fn with(known: &Value, more: Value) -> Value {
    let mut all = known.clone();
    if let (Some(all), Value::Object(more)) = (all.as_object_mut(), more) {
        all.extend(more);
    }
    all
}

/// The column of predictions: the one that is named, the only one, or the second of two, which is how probable yes is.
fn prediction_column(performance: &Performance, rows: &Table) -> Option<String> {
    if let Some(named) = &performance.prediction_column {
        return rows.column(named).map(|column| column.name.clone());
    }
    let known = ["prediction", "output.prediction", "prediction_1", "prediction_0"];
    let found = known.into_iter().find(|name| rows.column(name).is_some())?;
    Some(found.to_owned())
}

fn join<'l>(rows: &Table, column: &str, labels: &'l Labels) -> Vec<(Cell, &'l str)> {
    let mut joined = Vec::new();
    for row in 0..rows.rows {
        let Cell::Text(id) = rows.cell(&["_correlationid"], row) else {
            continue;
        };
        let index = match rows.cell(&["_row_index"], row) {
            Cell::Integer(index) => index,
            _ => 0,
        };
        let label = labels.get(&id).and_then(|labels| labels.get(&index));
        let prediction = rows.cell(&[column], row);
        if let Some(label) = label
            && prediction != Cell::Null
        {
            joined.push((prediction, label.as_str()));
        }
    }
    joined
}

fn numbers(joined: &[(Cell, &str)]) -> Vec<(f64, f64)> {
    let pairs = joined
        .iter()
        .filter_map(|(prediction, label)| Some((prediction.as_number()?, number(label)?)));
    pairs
        .filter(|(prediction, label)| prediction.is_finite() && label.is_finite())
        .collect()
}

/// Yes and no have many spellings.
fn number(label: &str) -> Option<f64> {
    match label.trim() {
        "true" | "True" | "yes" => Some(1.0),
        "false" | "False" | "no" => Some(0.0),
        text => text.parse().ok(),
    }
}

fn classification(joined: &[(Cell, &str)], threshold: f64) -> BTreeMap<&'static str, Score> {
    let pairs = numbers(joined);
    let binary = pairs.len() == joined.len()
        && pairs
            .iter()
            .all(|(prediction, label)| (0.0..=1.0).contains(prediction) && (*label == 0.0 || *label == 1.0));
    if binary && !pairs.is_empty() {
        let pairs: Vec<(f64, bool)> = pairs
            .into_iter()
            .map(|(prediction, label)| (prediction, label == 1.0))
            .collect();
        return scores::of_probabilities(&pairs, threshold);
    }
    let same = |prediction: &Cell, label: &str| match (prediction.as_number(), number(label)) {
        (Some(prediction), Some(label)) => prediction == label,
        _ => prediction.clone().into_text().is_some_and(|text| text == label),
    };
    let right = joined
        .iter()
        .filter(|(prediction, label)| same(prediction, label))
        .count();
    scores::of_classes(right as u64, joined.len() as u64)
}
