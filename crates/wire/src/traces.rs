//! Traces, in the shapes of the APIs v3 and v2.

use crate::{
    Double, Int64,
    assessments::{Assessment, AssessmentInput},
    tags::{KeyValue, KeyValueInput},
    times::{Duration, Timestamp},
};
use serde::{Deserialize, Deserializer, Serialize, de};
use std::collections::BTreeMap;

/// The name of an enum's value, or its number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EnumValue(pub String);

impl<'de> Deserialize<'de> for EnumValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = String;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the name of a value")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<String, E> {
                Ok(name.to_owned())
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<String, E> {
                Ok(number.to_string())
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<String, E> {
                Ok(number.to_string())
            }
        }
        deserializer.deserialize_any(Visitor).map(Self)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct StartTraceV3 {
    pub trace: Option<TraceInput>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TraceInput {
    #[serde(alias = "traceInfo")]
    pub trace_info: Option<TraceInfoInput>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TraceInfoInput {
    #[serde(alias = "traceId")]
    pub trace_id: Option<String>,
    #[serde(alias = "clientRequestId")]
    pub client_request_id: Option<String>,
    #[serde(alias = "traceLocation")]
    pub trace_location: Option<TraceLocationInput>,
    #[serde(alias = "requestPreview")]
    pub request_preview: Option<String>,
    #[serde(alias = "responsePreview")]
    pub response_preview: Option<String>,
    #[serde(alias = "requestTime")]
    pub request_time: Option<Timestamp>,
    #[serde(alias = "executionDuration")]
    pub execution_duration: Option<Duration>,
    pub state: Option<EnumValue>,
    #[serde(alias = "traceMetadata")]
    pub trace_metadata: Option<BTreeMap<String, String>>,
    pub tags: Option<BTreeMap<String, String>>,
    pub assessments: Option<Vec<AssessmentInput>>,
}

/// Other places than an experiment exist on Databricks only.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TraceLocationInput {
    #[serde(alias = "mlflowExperiment")]
    pub mlflow_experiment: Option<ExperimentLocationInput>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ExperimentLocationInput {
    #[serde(alias = "experimentId")]
    pub experiment_id: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct TraceInfoV3 {
    pub trace_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_request_id: Option<String>,
    pub trace_location: TraceLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_preview: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_preview: Option<String>,
    pub request_time: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_duration: Option<Duration>,
    pub state: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub trace_metadata: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assessments: Vec<Assessment>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct TraceLocation {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub mlflow_experiment: ExperimentLocation,
}

#[derive(Debug, Clone, Serialize)]
pub struct ExperimentLocation {
    pub experiment_id: String,
}

impl TraceLocation {
    pub fn experiment(experiment_id: i64) -> Self {
        Self {
            kind: "MLFLOW_EXPERIMENT",
            mlflow_experiment: ExperimentLocation {
                experiment_id: experiment_id.to_string(),
            },
        }
    }
}

#[derive(Debug, Serialize)]
pub struct TraceResponse {
    pub trace: TraceOfInfo,
}

#[derive(Debug, Serialize)]
pub struct TraceOfInfo {
    pub trace_info: TraceInfoV3,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct BatchGetTraceInfos {
    #[serde(alias = "traceIds")]
    pub trace_ids: Option<Vec<String>>,
    /// None is no restriction, an empty list is nothing.
    #[serde(alias = "experimentIds")]
    pub experiment_ids: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
pub struct BatchGetTraceInfosResponse {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trace_infos: Vec<TraceInfoV3>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SearchTracesV3 {
    pub locations: Option<Vec<TraceLocationInput>>,
    pub filter: Option<String>,
    #[serde(alias = "maxResults")]
    pub max_results: Option<Int64>,
    #[serde(alias = "orderBy")]
    pub order_by: Option<Vec<String>>,
    #[serde(alias = "pageToken")]
    pub page_token: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct SearchTracesV3Response {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub traces: Vec<TraceInfoV3>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SearchTraces {
    pub experiment_ids: Option<Vec<String>>,
    pub filter: Option<String>,
    pub max_results: Option<Int64>,
    pub order_by: Option<Vec<String>>,
    pub page_token: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct SearchTracesResponse {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub traces: Vec<TraceInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// The shape of v2.
#[derive(Debug, Clone, Serialize)]
pub struct TraceInfo {
    pub request_id: String,
    pub experiment_id: String,
    pub timestamp_ms: i64,
    /// 0 while the trace runs.
    pub execution_time_ms: i64,
    pub status: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub request_metadata: Vec<KeyValue>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<KeyValue>,
}

impl From<TraceInfoV3> for TraceInfo {
    fn from(info: TraceInfoV3) -> Self {
        let pairs =
            |map: BTreeMap<String, String>| map.into_iter().map(|(key, value)| KeyValue { key, value }).collect();
        Self {
            request_id: info.trace_id,
            experiment_id: info.trace_location.mlflow_experiment.experiment_id,
            timestamp_ms: info.request_time.0,
            execution_time_ms: info.execution_duration.map_or(0, |duration| duration.0),
            status: if info.state == "STATE_UNSPECIFIED" {
                "TRACE_STATUS_UNSPECIFIED".to_owned()
            } else {
                info.state
            },
            request_metadata: pairs(info.trace_metadata),
            tags: pairs(info.tags),
        }
    }
}

#[derive(Debug, Serialize)]
pub struct TraceInfoResponse {
    pub trace_info: TraceInfo,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct StartTrace {
    #[serde(alias = "experimentId")]
    pub experiment_id: Option<String>,
    #[serde(alias = "timestampMs")]
    pub timestamp_ms: Option<Int64>,
    #[serde(alias = "requestMetadata")]
    pub request_metadata: Option<Vec<KeyValueInput>>,
    pub tags: Option<Vec<KeyValueInput>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct EndTrace {
    #[serde(alias = "timestampMs")]
    pub timestamp_ms: Option<Int64>,
    pub status: Option<EnumValue>,
    #[serde(alias = "requestMetadata")]
    pub request_metadata: Option<Vec<KeyValueInput>>,
    pub tags: Option<Vec<KeyValueInput>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DeleteTraces {
    #[serde(alias = "experimentId")]
    pub experiment_id: Option<String>,
    #[serde(alias = "maxTimestampMillis")]
    pub max_timestamp_millis: Option<Int64>,
    #[serde(alias = "maxTraces")]
    pub max_traces: Option<Int64>,
    #[serde(alias = "requestIds")]
    pub request_ids: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
pub struct DeleteTracesResponse {
    pub traces_deleted: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LinkTracesToRun {
    #[serde(alias = "traceIds")]
    pub trace_ids: Option<Vec<String>>,
    #[serde(alias = "runId")]
    pub run_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LinkPromptsToTrace {
    #[serde(alias = "traceId")]
    pub trace_id: Option<String>,
    #[serde(alias = "promptVersions")]
    pub prompt_versions: Option<Vec<PromptVersionRef>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PromptVersionRef {
    pub name: Option<String>,
    pub version: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CalculateTraceFilterCorrelation {
    #[serde(alias = "experimentIds")]
    pub experiment_ids: Option<Vec<String>>,
    #[serde(alias = "filterString1")]
    pub filter_string1: Option<String>,
    #[serde(alias = "filterString2")]
    pub filter_string2: Option<String>,
    #[serde(alias = "baseFilter")]
    pub base_filter: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct TraceFilterCorrelation {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub npmi: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub npmi_smoothed: Option<f64>,
    pub filter1_count: u64,
    pub filter2_count: u64,
    pub joint_count: u64,
    pub total_count: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct QueryTraceMetrics {
    #[serde(alias = "experimentIds")]
    pub experiment_ids: Option<Vec<String>>,
    #[serde(alias = "viewType")]
    pub view_type: Option<EnumValue>,
    #[serde(alias = "metricName")]
    pub metric_name: Option<String>,
    pub aggregations: Option<Vec<MetricAggregation>>,
    pub dimensions: Option<Vec<String>>,
    pub filters: Option<Vec<String>>,
    #[serde(alias = "timeIntervalSeconds")]
    pub time_interval_seconds: Option<Int64>,
    #[serde(alias = "startTimeMs")]
    pub start_time_ms: Option<Int64>,
    #[serde(alias = "endTimeMs")]
    pub end_time_ms: Option<Int64>,
    #[serde(alias = "maxResults")]
    pub max_results: Option<Int64>,
    #[serde(alias = "pageToken")]
    pub page_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MetricAggregation {
    #[serde(alias = "aggregationType")]
    pub aggregation_type: Option<EnumValue>,
    #[serde(alias = "percentileValue")]
    pub percentile_value: Option<Double>,
}

#[derive(Debug, Serialize)]
pub struct QueryTraceMetricsResponse {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub data_points: Vec<MetricDataPoint>,
}

#[derive(Debug, Serialize)]
pub struct MetricDataPoint {
    pub metric_name: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub dimensions: BTreeMap<&'static str, String>,
    pub values: BTreeMap<String, Double>,
}
