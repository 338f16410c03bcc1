//! From what is written to a signal: its kind, its thresholds, its features.

use super::{Features, Kind, Performance, Signal, written::SignalSpec, wrong};
use crate::{
    error::{Result, invalid},
    monitoring::{
        duration::duration_ms,
        monitors::{
            signals::{attribution, freshness},
            windows::Lookback,
        },
        operational::figures::Metric as Operational,
    },
};
use fettle_stats::{
    compare::rule::{Metric, Profile, Rule, Threshold},
    quality::{QualityRule, Rate},
};
use serde_json::Value;
use std::collections::BTreeMap;

const PERFORMANCE: [&str; 10] = [
    "accuracy",
    "precision",
    "recall",
    "f1_score",
    "roc_auc",
    "log_loss",
    "mae",
    "mse",
    "rmse",
    "r2",
];

impl SignalSpec {
    pub(super) fn check(&self, field: &str, production: Lookback) -> Result<Signal> {
        let kind = self.kind.as_deref().unwrap_or_default();
        let kind = match kind {
            "data_drift" => Kind::DataDrift(self.rule(field)?),
            "prediction_drift" => Kind::PredictionDrift(self.rule(field)?),
            "data_quality" => Kind::DataQuality(self.quality(field)?),
            "model_performance" => Kind::Performance(self.performance(field)?),
            "operational" => {
                let thresholds = flat_numbers(&format!("{field}.metric_thresholds"), &self.metric_thresholds)?;
                for name in thresholds.keys() {
                    if Operational::named(name).is_none() {
                        return Err(crate::monitoring::operational::series::unknown_metric(name));
                    }
                }
                if thresholds.is_empty() {
                    return Err(invalid(format!(
                        "Parameter '{field}.metric_thresholds' is missing: write for instance error_rate: 0.01."
                    )));
                }
                Kind::Operational(thresholds)
            }
            "custom" => {
                if self.metrics.iter().all(|metric| metric.name.is_empty()) {
                    return Err(invalid(format!(
                        "Parameter '{field}.metrics' is missing: name the metrics that are sent."
                    )));
                }
                Kind::Custom(self.metrics.clone())
            }
            "feature_attribution_drift" => {
                let thresholds = self.numbers(field, &[attribution::METRIC])?;
                Kind::Attribution(
                    thresholds
                        .get(attribution::METRIC)
                        .copied()
                        .unwrap_or(attribution::THRESHOLD),
                )
            }
            "feature_freshness" => Kind::Freshness(self.ages(field)?),
            other => {
                return Err(wrong(
                    &format!("{field}.type"),
                    other,
                    "it must be data_drift, prediction_drift, data_quality, model_performance, feature_attribution_drift, \
                     feature_freshness, operational or custom",
                ));
            }
        };
        Ok(Signal {
            kind,
            reference: self.reference_data.reference(field, production)?,
            features: self.features(field)?,
            alert_enabled: self.alert_enabled.unwrap_or(true),
        })
    }

    fn rule(&self, field: &str) -> Result<Rule> {
        let profile = match self.profile.as_deref() {
            None => Profile::default(),
            Some(name) => serde_json::from_value(Value::from(name)).map_err(|_| {
                wrong(
                    &format!("{field}.profile"),
                    name,
                    "it must be fettle, evidently, azure, nannyml or psi-classic",
                )
            })?,
        };
        let mut rule = Rule::of(profile);
        for (group, threshold) in [
            ("numerical", &mut rule.numerical),
            ("categorical", &mut rule.categorical),
        ] {
            let Some(given) = self.metric_thresholds.get(group).and_then(Value::as_object) else {
                continue;
            };
            let field = format!("{field}.metric_thresholds.{group}");
            if given.len() > 1 {
                return Err(invalid(format!(
                    "Parameter '{field}' names more than one metric: one decides."
                )));
            }
            for (name, value) in given {
                let metric: Metric = serde_json::from_value(Value::from(name.as_str()))
                    .map_err(|_| wrong(&field, name, "it is no metric of drift"))?;
                let value = value
                    .as_f64()
                    .ok_or_else(|| wrong(&format!("{field}.{name}"), &value.to_string(), "it must be a number"))?;
                *threshold = Threshold { metric, value };
            }
        }
        if let Some(rows) = self.minimum_rows {
            rule.minimum_rows = rows;
        }
        Ok(rule)
    }

    /// Azure groups thresholds by numerical and categorical, which are the same here.
    fn numbers(&self, field: &str, known: &[&str]) -> Result<BTreeMap<String, f64>> {
        let field = format!("{field}.metric_thresholds");
        let mut found = BTreeMap::new();
        let groups = ["numerical", "categorical", "classification", "regression"];
        let given = self.metric_thresholds.as_object().into_iter().flatten();
        for (name, value) in given {
            if groups.contains(&name.as_str()) {
                found.extend(flat_numbers(&format!("{field}.{name}"), value)?);
            } else {
                found.extend(flat_numbers(&field, &serde_json::json!({ name: value }))?);
            }
        }
        match found.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(wrong(&field, name, &format!("it must be one of {}", known.join(", ")))),
            None => Ok(found),
        }
    }

    fn quality(&self, field: &str) -> Result<QualityRule> {
        let given = self.numbers(field, &Rate::ALL.map(Rate::name))?;
        let of = |rate: Rate| given.get(rate.name()).map(|threshold| (rate, *threshold));
        Ok(QualityRule {
            fixed_thresholds: Rate::ALL.into_iter().filter_map(of).collect(),
            ..QualityRule::default()
        })
    }

    /// Seconds, or durations; and the columns that they are asked of.
    fn ages(&self, field: &str) -> Result<BTreeMap<String, f64>> {
        if !self.features.is_array() {
            return Err(wrong(
                &format!("{field}.features"),
                &self.features.to_string(),
                "name the columns that say of when the features are",
            ));
        }
        let field = format!("{field}.metric_thresholds");
        let given = self.metric_thresholds.as_object().into_iter().flatten();
        let mut found = BTreeMap::new();
        for (name, value) in given {
            if !freshness::METRICS.contains(&name.as_str()) {
                return Err(wrong(
                    &field,
                    name,
                    &format!("it must be one of {}", freshness::METRICS.join(", ")),
                ));
            }
            let seconds = match (value.as_f64(), value.as_str()) {
                (Some(seconds), _) if seconds >= 0.0 => seconds,
                (None, Some(text)) => duration_ms(&format!("{field}.{name}"), text)? as f64 / 1e3,
                _ => {
                    let why = "it must be seconds or a duration such as PT6H";
                    return Err(wrong(&format!("{field}.{name}"), &value.to_string(), why));
                }
            };
            found.insert(name.clone(), seconds);
        }
        if found.is_empty() {
            return Err(invalid(format!(
                "Parameter '{field}' is missing: write for instance p95_age: PT6H."
            )));
        }
        Ok(found)
    }

    fn performance(&self, field: &str) -> Result<Performance> {
        let share = |name: &str, given: Option<f64>, usual: f64| match given {
            Some(value) if !(0.0..=1.0).contains(&value) => Err(wrong(
                &format!("{field}.{name}"),
                &value.to_string(),
                "it must be between 0 and 1",
            )),
            given => Ok(given.unwrap_or(usual)),
        };
        Ok(Performance {
            prediction_column: self.prediction_column.clone(),
            classification_threshold: share("classification_threshold", self.classification_threshold, 0.5)?,
            positive_class: self.positive_class.clone(),
            thresholds: self.numbers(field, &PERFORMANCE)?,
            minimum_coverage: share("minimum_coverage", self.minimum_coverage, 0.2)?,
            minimum_labels: self.minimum_labels.unwrap_or(200),
        })
    }

    fn features(&self, field: &str) -> Result<Features> {
        match &self.features {
            Value::Null => Ok(Features::All),
            Value::String(all) if all.starts_with("all") => Ok(Features::All),
            Value::Array(names) => {
                let names = names.iter().map(|name| name.as_str().map(str::to_owned));
                let names: Option<Vec<String>> = names.collect();
                names.map(Features::Named).ok_or_else(|| {
                    wrong(
                        &format!("{field}.features"),
                        &self.features.to_string(),
                        "it must be a list of names",
                    )
                })
            }
            other => Err(wrong(
                &format!("{field}.features"),
                &other.to_string(),
                "it must be a list of names, or all_features; importances of features are not known here",
            )),
        }
    }
}

fn flat_numbers(field: &str, value: &Value) -> Result<BTreeMap<String, f64>> {
    let given = value.as_object().into_iter().flatten();
    given
        .map(|(name, value)| match value.as_f64() {
            Some(number) => Ok((name.clone(), number)),
            None => Err(wrong(
                &format!("{field}.{name}"),
                &value.to_string(),
                "it must be a number",
            )),
        })
        .collect()
}
