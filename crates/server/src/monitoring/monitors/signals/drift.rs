//! Data drift and prediction drift: the columns of a window against those of a reference.

use super::{super::spec::Features, Finding, Verdict, attribution::explained};
use fettle_stats::{
    compare::{self, rule::Rule, verdict::State},
    profile::dataset::DatasetProfile,
};
use serde_json::Value;

/// Which columns are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Inputs,
    Predictions,
}

/// Whether a captured column is an answer and not a feature.
pub fn is_prediction(name: &str) -> bool {
    explained(name).is_some() || name == "prediction" || name.starts_with("prediction_") || name.starts_with("output.")
}

/// The findings, and whether the columns have drifted as a whole by the rule's own measure.
pub fn judge(
    rule: &Rule,
    side: Side,
    features: &Features,
    reference: &DatasetProfile,
    current: &DatasetProfile,
) -> (Vec<Finding>, bool) {
    let wanted = |name: &str| {
        is_prediction(name) == (side == Side::Predictions)
            && explained(name).is_none()
            && match features {
                Features::All => current.columns.contains_key(name),
                Features::Named(names) => side == Side::Predictions || names.iter().any(|known| known == name),
            }
    };
    let (mut before, mut now) = (reference.clone(), current.clone());
    before.columns.retain(|name, _| wanted(name));
    now.columns.retain(|name, _| wanted(name));
    if before.columns.is_empty() {
        let reason = match side {
            Side::Inputs => "the reference and what was captured have no feature in common",
            Side::Predictions => {
                "the reference has no predictions: take it from a captured window, or put them into the uploaded table"
            }
        };
        return (Finding::nothing(reason), false);
    }
    let comparison = compare::datasets(rule, before, now);
    let mut findings: Vec<Finding> = comparison
        .columns
        .iter()
        .map(|column| Finding {
            metric: column
                .effect
                .as_ref()
                .map_or_else(|| "not_compared".to_owned(), |effect| effect.metric.name().to_owned()),
            feature: column.column.clone(),
            value: column.effect.as_ref().map(|effect| effect.value),
            threshold: column.effect.as_ref().map(|effect| effect.threshold),
            verdict: match column.state {
                State::Drift => Verdict::Alarm,
                State::ImmaterialChange | State::NoDrift => Verdict::Ok,
                State::InsufficientData => Verdict::InsufficientData,
                State::NotCompared => Verdict::Info,
            },
            detail: serde_json::to_value(column).unwrap_or(Value::Null),
        })
        .collect();
    for name in &comparison.missing_columns {
        findings.push(Finding {
            metric: "missing_column".to_owned(),
            feature: name.clone(),
            value: None,
            threshold: None,
            verdict: Verdict::InsufficientData,
            detail: serde_json::json!({ "reason": "the column was not captured in this window" }),
        });
    }
    (findings, comparison.drifted)
}
