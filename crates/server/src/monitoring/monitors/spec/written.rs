//! A monitor as it is written.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Azure's `create_monitor` may stand around the lower half; compute and the like mean nothing here.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MonitorSpec {
    #[serde(rename = "$schema", skip_serializing)]
    schema: Value,
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing)]
    tags: Value,
    #[serde(skip_serializing)]
    properties: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<TriggerSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_monitor: Option<Box<Inner>>,
    #[serde(flatten)]
    pub inner: Inner,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Inner {
    #[serde(skip_serializing)]
    compute: Value,
    pub monitoring_target: TargetSpec,
    pub monitoring_signals: BTreeMap<String, SignalSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert_notification: Option<NotificationSpec>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TriggerSpec {
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Cron.
    pub(super) expression: Option<String>,
    /// Recurrence.
    pub(super) frequency: Option<String>,
    pub(super) interval: Option<i64>,
    pub(super) schedule: Option<PatternSpec>,
    pub(super) pattern: Option<PatternSpec>,
    #[serde(alias = "timezone")]
    pub(super) time_zone: Option<String>,
    pub(super) start_time: Option<String>,
    #[serde(skip_serializing)]
    end_time: Value,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PatternSpec {
    pub(super) hours: Option<OneOrMany<u8>>,
    pub(super) minutes: Option<OneOrMany<u8>>,
    pub(super) weekdays: Option<OneOrMany<String>>,
    pub(super) week_days: Option<OneOrMany<String>>,
    pub(super) month_days: Option<OneOrMany<u8>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    pub fn list(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TargetSpec {
    pub ml_task: Option<String>,
    /// `azureml:ENDPOINT:DEPLOYMENT`, or `ENDPOINT:DEPLOYMENT`, or `ENDPOINT`.
    pub endpoint_deployment_id: Option<String>,
    /// `azureml:NAME:VERSION`, `models:/NAME/VERSION`.
    pub model_id: Option<String>,
    pub endpoint: Option<String>,
    pub deployment: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignalSpec {
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub production_data: DataSpec,
    pub reference_data: DataSpec,
    pub features: Value,
    pub alert_enabled: Option<bool>,
    pub metric_thresholds: Value,
    /// Whose rule decides: fettle, evidently, azure, nannyml, psi-classic.
    pub profile: Option<String>,
    /// The predicted column that performance is judged by, and at which value a probability means yes.
    pub prediction_column: Option<String>,
    pub classification_threshold: Option<f64>,
    /// Of classes with names, the one that precision, recall and F1 are of; else they are averages over all.
    pub positive_class: Option<String>,
    pub minimum_coverage: Option<f64>,
    pub minimum_labels: Option<u64>,
    pub minimum_rows: Option<u64>,
    /// Of a custom signal.
    pub metrics: Vec<CustomSpec>,
    #[serde(skip_serializing)]
    properties: Value,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataSpec {
    #[serde(skip_serializing)]
    input_data: Value,
    #[serde(skip_serializing)]
    pre_processing_component: Value,
    pub data_context: Option<String>,
    #[serde(skip_serializing)]
    data_column_names: Value,
    pub data_window: Option<WindowSpec>,
    /// `latest`, or an id.
    pub baseline: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WindowSpec {
    pub lookback_window_size: Option<String>,
    pub lookback_window_offset: Option<String>,
    pub window_start: Option<String>,
    pub window_end: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CustomSpec {
    pub name: String,
    pub threshold: Option<f64>,
    /// Below the threshold is an alarm, not above it.
    pub lower_is_worse: bool,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NotificationSpec {
    /// Names of receivers.
    #[serde(alias = "actions")]
    pub receivers: Vec<String>,
    /// Azure's; they have to be receivers here.
    pub emails: Vec<String>,
    pub severity: Option<u8>,
    pub datapoints_to_alert: Option<usize>,
    pub evaluation_periods: Option<usize>,
}
