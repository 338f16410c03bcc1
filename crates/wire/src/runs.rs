//! `runs/...`

use crate::{
    Int64,
    metrics::{Metric, MetricInput},
    tags::{KeyValue, KeyValueInput},
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CreateRun {
    #[serde(alias = "experimentId")]
    pub experiment_id: Option<String>,
    #[serde(alias = "userId")]
    pub user_id: Option<String>,
    #[serde(alias = "runName")]
    pub run_name: Option<String>,
    #[serde(alias = "startTime")]
    pub start_time: Option<Int64>,
    pub tags: Option<Vec<KeyValueInput>>,
}

/// `get`, `delete`, `restore`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RunId {
    #[serde(alias = "runId")]
    pub run_id: Option<String>,
    #[serde(alias = "runUuid")]
    pub run_uuid: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct UpdateRun {
    #[serde(alias = "runId")]
    pub run_id: Option<String>,
    #[serde(alias = "runUuid")]
    pub run_uuid: Option<String>,
    #[serde(deserialize_with = "crate::numbers::enum_name")]
    pub status: Option<String>,
    #[serde(alias = "endTime")]
    pub end_time: Option<Int64>,
    #[serde(alias = "runName")]
    pub run_name: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct UpdateRunResponse {
    pub run_info: RunInfo,
}

/// `log-parameter`, `set-tag`, and `delete-tag` without the value.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RunKeyValue {
    #[serde(alias = "runId")]
    pub run_id: Option<String>,
    #[serde(alias = "runUuid")]
    pub run_uuid: Option<String>,
    pub key: Option<String>,
    pub value: Option<String>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct LogBatch<'a> {
    #[serde(alias = "runId")]
    pub run_id: Option<String>,
    pub metrics: Option<Vec<MetricInput<'a>>>,
    pub params: Option<Vec<KeyValueInput>>,
    pub tags: Option<Vec<KeyValueInput>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LogModel {
    #[serde(alias = "runId")]
    pub run_id: Option<String>,
    #[serde(alias = "modelJson")]
    pub model_json: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LogInputs {
    #[serde(alias = "runId")]
    pub run_id: Option<String>,
    pub datasets: Option<Vec<DatasetInputInput>>,
    pub models: Option<Vec<ModelInputInput>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DatasetInputInput {
    pub tags: Option<Vec<KeyValueInput>>,
    pub dataset: Option<DatasetInputDataset>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DatasetInputDataset {
    pub name: Option<String>,
    pub digest: Option<String>,
    #[serde(alias = "sourceType")]
    pub source_type: Option<String>,
    pub source: Option<String>,
    pub schema: Option<String>,
    pub profile: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ModelInputInput {
    #[serde(alias = "modelId")]
    pub model_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LogOutputs {
    #[serde(alias = "runId")]
    pub run_id: Option<String>,
    pub models: Option<Vec<ModelOutputInput>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ModelOutputInput {
    #[serde(alias = "modelId")]
    pub model_id: Option<String>,
    pub step: Option<Int64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SearchRuns {
    #[serde(alias = "experimentIds")]
    pub experiment_ids: Option<Vec<String>>,
    pub filter: Option<String>,
    #[serde(alias = "runViewType", deserialize_with = "crate::numbers::enum_name")]
    pub run_view_type: Option<String>,
    #[serde(alias = "maxResults")]
    pub max_results: Option<Int64>,
    #[serde(alias = "orderBy")]
    pub order_by: Option<Vec<String>>,
    #[serde(alias = "pageToken")]
    pub page_token: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct RunInfo {
    pub run_id: String,
    pub run_uuid: String,
    pub run_name: String,
    pub experiment_id: String,
    pub user_id: String,
    pub status: String,
    pub start_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<i64>,
    pub artifact_uri: String,
    pub lifecycle_stage: String,
}

#[derive(Debug, Default, Serialize)]
pub struct RunData {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<Metric>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<KeyValue>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<KeyValue>,
}

#[derive(Debug, Default, Serialize)]
pub struct RunInputs {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dataset_inputs: Vec<DatasetInput>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub model_inputs: Vec<ModelInput>,
}

#[derive(Debug, Serialize)]
pub struct DatasetInput {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<KeyValue>,
    pub dataset: Dataset,
}

#[derive(Debug, Serialize)]
pub struct Dataset {
    pub name: String,
    pub digest: String,
    pub source_type: String,
    pub source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct ModelInput {
    pub model_id: String,
}

#[derive(Debug, Default, Serialize)]
pub struct RunOutputs {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub model_outputs: Vec<ModelOutput>,
}

#[derive(Debug, Serialize)]
pub struct ModelOutput {
    pub model_id: String,
    pub step: i64,
}

#[derive(Debug, Serialize)]
pub struct Run {
    pub info: RunInfo,
    pub data: RunData,
    pub inputs: RunInputs,
    /// Absent in the answer to `runs/create`, as a new run has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outputs: Option<RunOutputs>,
}

/// A run but for its info: what follows it in [`Run`].
#[derive(Debug, Serialize)]
pub struct RunRest<'a> {
    pub data: &'a RunData,
    pub inputs: &'a RunInputs,
    pub outputs: &'a RunOutputs,
}

#[derive(Debug, Serialize)]
pub struct RunResponse {
    pub run: Run,
}

/// `experiments/search-datasets`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SearchRunDatasets {
    #[serde(alias = "experimentIds")]
    pub experiment_ids: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
pub struct SearchRunDatasetsResponse {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dataset_summaries: Vec<DatasetSummary>,
}

#[derive(Debug, Serialize)]
pub struct DatasetSummary {
    pub experiment_id: String,
    pub name: String,
    pub digest: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
}
