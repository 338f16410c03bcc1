//! Metric points and their history.

use crate::{Double, Int64};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct MetricInput<'a> {
    pub key: Option<Cow<'a, str>>,
    pub value: Option<Double>,
    pub timestamp: Option<Int64>,
    pub step: Option<Int64>,
    #[serde(alias = "modelId")]
    pub model_id: Option<Cow<'a, str>>,
    #[serde(alias = "datasetName")]
    pub dataset_name: Option<Cow<'a, str>>,
    #[serde(alias = "datasetDigest")]
    pub dataset_digest: Option<Cow<'a, str>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LogMetric {
    #[serde(alias = "runId")]
    pub run_id: Option<String>,
    #[serde(alias = "runUuid")]
    pub run_uuid: Option<String>,
    pub key: Option<String>,
    pub value: Option<Double>,
    pub timestamp: Option<Int64>,
    pub step: Option<Int64>,
    #[serde(alias = "modelId")]
    pub model_id: Option<String>,
    #[serde(alias = "datasetName")]
    pub dataset_name: Option<String>,
    #[serde(alias = "datasetDigest")]
    pub dataset_digest: Option<String>,
}

impl LogMetric {
    /// The point itself, as `log-batch` carries it.
    pub fn into_metric(self) -> MetricInput<'static> {
        MetricInput {
            key: self.key.map(Cow::Owned),
            value: self.value,
            timestamp: self.timestamp,
            step: self.step,
            model_id: self.model_id.map(Cow::Owned),
            dataset_name: self.dataset_name.map(Cow::Owned),
            dataset_digest: self.dataset_digest.map(Cow::Owned),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Metric {
    pub key: String,
    pub value: Double,
    pub timestamp: i64,
    pub step: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset_digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct GetMetricHistory {
    #[serde(alias = "runId")]
    pub run_id: Option<String>,
    #[serde(alias = "runUuid")]
    pub run_uuid: Option<String>,
    #[serde(alias = "metricKey")]
    pub metric_key: Option<String>,
    #[serde(alias = "maxResults")]
    pub max_results: Option<Int64>,
    #[serde(alias = "pageToken")]
    pub page_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct GetMetricHistoryBulkInterval {
    #[serde(alias = "runIds")]
    pub run_ids: Vec<String>,
    #[serde(alias = "metricKey")]
    pub metric_key: Option<String>,
    #[serde(alias = "startStep")]
    pub start_step: Option<Int64>,
    #[serde(alias = "endStep")]
    pub end_step: Option<Int64>,
    #[serde(alias = "maxResults")]
    pub max_results: Option<Int64>,
}

#[derive(Debug, Serialize)]
pub struct MetricHistoryResponse {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<Metric>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}
