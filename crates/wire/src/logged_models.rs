//! `logged-models/...`

use crate::{
    Flag, Int64,
    metrics::Metric,
    tags::{KeyValue, KeyValueInput},
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CreateLoggedModel {
    #[serde(alias = "experimentId")]
    pub experiment_id: Option<String>,
    pub name: Option<String>,
    #[serde(alias = "modelType")]
    pub model_type: Option<String>,
    #[serde(alias = "sourceRunId")]
    pub source_run_id: Option<String>,
    pub params: Option<Vec<KeyValueInput>>,
    pub tags: Option<Vec<KeyValueInput>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct GetLoggedModel {
    #[serde(alias = "allowDeleted")]
    pub allow_deleted: Option<Flag>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FinalizeLoggedModel {
    #[serde(alias = "modelId")]
    pub model_id: Option<String>,
    pub status: Option<LoggedModelStatus>,
}

/// An enum's name, or its number.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum LoggedModelStatus {
    Name(String),
    Number(i64),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LogLoggedModelParams {
    #[serde(alias = "modelId")]
    pub model_id: Option<String>,
    pub params: Option<Vec<KeyValueInput>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SetLoggedModelTags {
    pub tags: Option<Vec<KeyValueInput>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SearchLoggedModels {
    #[serde(alias = "experimentIds")]
    pub experiment_ids: Option<Vec<String>>,
    pub filter: Option<String>,
    pub datasets: Option<Vec<DatasetSelector>>,
    #[serde(alias = "maxResults")]
    pub max_results: Option<Int64>,
    #[serde(alias = "orderBy")]
    pub order_by: Option<Vec<OrderBy>>,
    #[serde(alias = "pageToken")]
    pub page_token: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DatasetSelector {
    #[serde(alias = "datasetName")]
    pub dataset_name: Option<String>,
    #[serde(alias = "datasetDigest")]
    pub dataset_digest: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrderBy {
    #[serde(alias = "fieldName")]
    pub field_name: Option<String>,
    pub ascending: Option<bool>,
    #[serde(alias = "datasetName")]
    pub dataset_name: Option<String>,
    #[serde(alias = "datasetDigest")]
    pub dataset_digest: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct LoggedModel {
    pub info: LoggedModelInfo,
    pub data: LoggedModelData,
}

#[derive(Debug, Serialize)]
pub struct LoggedModelInfo {
    pub model_id: String,
    pub experiment_id: String,
    pub name: String,
    pub creation_timestamp_ms: i64,
    pub last_updated_timestamp_ms: i64,
    pub artifact_uri: String,
    pub status: String,
    /// Empty, and there, for a model without one; so is `source_run_id`.
    pub model_type: String,
    pub source_run_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_message: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<KeyValue>,
}

#[derive(Debug, Default, Serialize)]
pub struct LoggedModelData {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<KeyValue>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<Metric>,
}

#[derive(Debug, Serialize)]
pub struct LoggedModelResponse {
    pub model: LoggedModel,
}

#[derive(Debug, Serialize)]
pub struct SearchLoggedModelsResponse {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<LoggedModel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}
