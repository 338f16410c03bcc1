//! A monitor as it is written, with Azure's keys, and as it is understood.

mod monitor;
mod signal;
mod source;
mod written;

use super::windows::{Lookback, Schedule};
use crate::error::{ApiError, invalid};
use fettle_stats::{compare::rule::Rule, quality::QualityRule};
use std::collections::BTreeMap;

pub use written::{CustomSpec, MonitorSpec, NotificationSpec};

/// As it is understood.
#[derive(Debug, Clone)]
pub struct Monitor {
    pub name: String,
    pub endpoint: String,
    pub deployment: Option<String>,
    /// Registered name and version that baselines are looked for; found from what was captured if it is not said.
    pub model: Option<(String, Option<String>)>,
    pub is_regression: bool,
    pub schedule: Option<Schedule>,
    pub lookback: Lookback,
    pub signals: Vec<(String, Signal)>,
    pub notification: NotificationSpec,
}

#[derive(Debug, Clone)]
pub struct Signal {
    pub kind: Kind,
    pub reference: Reference,
    pub features: Features,
    pub alert_enabled: bool,
}

#[derive(Debug, Clone)]
pub enum Kind {
    DataDrift(Rule),
    PredictionDrift(Rule),
    DataQuality(QualityRule),
    /// The least gain.
    Attribution(f64),
    /// The greatest ages, in seconds.
    Freshness(BTreeMap<String, f64>),
    Performance(Performance),
    Operational(BTreeMap<String, f64>),
    Custom(Vec<CustomSpec>),
}

#[derive(Debug, Clone)]
pub struct Performance {
    pub prediction_column: Option<String>,
    pub classification_threshold: f64,
    /// The class that precision and recall are of, of classes that have names.
    pub positive_class: Option<String>,
    pub thresholds: BTreeMap<String, f64>,
    pub minimum_coverage: f64,
    pub minimum_labels: u64,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Reference {
    /// The newest of the model version, or one by its id.
    Baseline(Option<i64>),
    /// What was captured a while before.
    Before(Lookback),
    /// What was captured between two times.
    Between(i64, i64),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Features {
    All,
    Named(Vec<String>),
}

impl Kind {
    pub fn name(&self) -> &'static str {
        match self {
            Self::DataDrift(_) => "data_drift",
            Self::PredictionDrift(_) => "prediction_drift",
            Self::DataQuality(_) => "data_quality",
            Self::Attribution(_) => "feature_attribution_drift",
            Self::Freshness(_) => "feature_freshness",
            Self::Performance(_) => "model_performance",
            Self::Operational(_) => "operational",
            Self::Custom(_) => "custom",
        }
    }
}

fn wrong(field: &str, given: &str, why: &str) -> ApiError {
    invalid(format!(
        "Invalid value '{given}' for parameter '{field}' supplied: {why}."
    ))
}
