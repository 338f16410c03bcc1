//! Figures of operation and metrics that others send, against thresholds.

use super::{super::spec::CustomSpec, Finding, Verdict};
use crate::monitoring::operational::figures::{Metric, Sample};
use serde_json::json;
use std::collections::BTreeMap;

pub fn judge(thresholds: &BTreeMap<String, f64>, samples: &[Sample], window_ms: i64) -> (Vec<Finding>, bool) {
    let findings = thresholds.iter().filter_map(|(name, threshold)| {
        let metric = Metric::named(name)?;
        let value = metric.over(metric.usual_aggregation(), samples, window_ms);
        // Of replicas too few are bad, of everything else too much.
        let beyond = |value: f64| {
            if metric == Metric::Replicas {
                value < *threshold
            } else {
                value > *threshold
            }
        };
        Some(one(name, value, Some(*threshold), value.map(beyond)))
    });
    all(findings.collect())
}

/// `values` are those of the window, by name.
pub fn custom(metrics: &[CustomSpec], values: &BTreeMap<String, Vec<f64>>) -> (Vec<Finding>, bool) {
    let findings = metrics.iter().map(|metric| {
        let known = values.get(&metric.name).filter(|values| !values.is_empty());
        let value = known.map(|values| values.iter().sum::<f64>() / values.len() as f64);
        let beyond = |value: f64| {
            metric.threshold.is_some_and(|threshold| {
                if metric.lower_is_worse {
                    value < threshold
                } else {
                    value > threshold
                }
            })
        };
        one(&metric.name, value, metric.threshold, value.map(beyond))
    });
    all(findings.collect())
}

fn one(name: &str, value: Option<f64>, threshold: Option<f64>, beyond: Option<bool>) -> Finding {
    Finding {
        metric: name.to_owned(),
        feature: String::new(),
        value,
        threshold,
        verdict: match (beyond, threshold) {
            (None, _) => Verdict::InsufficientData,
            (_, None) => Verdict::Info,
            (Some(true), _) => Verdict::Alarm,
            (Some(false), _) => Verdict::Ok,
        },
        detail: json!({}),
    }
}

fn all(findings: Vec<Finding>) -> (Vec<Finding>, bool) {
    let alarmed = findings.iter().any(|finding| finding.verdict == Verdict::Alarm);
    (findings, alarmed)
}
