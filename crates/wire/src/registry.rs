//! `registered-models/...` and `model-versions/...`

use crate::{
    Flag, Int64,
    tags::{KeyValue, KeyValueInput},
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CreateRegisteredModel {
    pub name: Option<String>,
    pub tags: Option<Vec<KeyValueInput>>,
    pub description: Option<String>,
}

/// `get`, `delete`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ModelName {
    pub name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RenameRegisteredModel {
    pub name: Option<String>,
    #[serde(alias = "newName")]
    pub new_name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct UpdateRegisteredModel {
    pub name: Option<String>,
    pub description: Option<String>,
}

/// `set-tag`, and `delete-tag` without the value.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RegisteredModelTag {
    pub name: Option<String>,
    pub key: Option<String>,
    pub value: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct GetLatestVersions {
    pub name: Option<String>,
    pub stages: Option<Vec<String>>,
}

/// `registered-models/search` and `model-versions/search`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SearchRegistry {
    pub filter: Option<String>,
    #[serde(alias = "maxResults")]
    pub max_results: Option<Int64>,
    #[serde(alias = "orderBy")]
    pub order_by: Option<Vec<String>>,
    #[serde(alias = "pageToken")]
    pub page_token: Option<String>,
}

/// `alias`: set; get and delete without the version.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ModelAlias {
    pub name: Option<String>,
    pub alias: Option<String>,
    pub version: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CreateModelVersion {
    pub name: Option<String>,
    pub source: Option<String>,
    #[serde(alias = "runId")]
    pub run_id: Option<String>,
    pub tags: Option<Vec<KeyValueInput>>,
    #[serde(alias = "runLink")]
    pub run_link: Option<String>,
    pub description: Option<String>,
    #[serde(alias = "modelId")]
    pub model_id: Option<String>,
}

/// `get`, `delete`, `get-download-uri`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct VersionName {
    pub name: Option<String>,
    pub version: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct UpdateModelVersion {
    pub name: Option<String>,
    pub version: Option<String>,
    pub description: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TransitionStage {
    pub name: Option<String>,
    pub version: Option<String>,
    pub stage: Option<String>,
    #[serde(alias = "archiveExistingVersions")]
    pub archive_existing_versions: Option<Flag>,
}

/// `set-tag`, and `delete-tag` without the value.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ModelVersionTag {
    pub name: Option<String>,
    pub version: Option<String>,
    pub key: Option<String>,
    pub value: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct RegisteredModel {
    pub name: String,
    pub creation_timestamp: i64,
    pub last_updated_timestamp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub latest_versions: Vec<ModelVersion>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<KeyValue>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<Alias>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Alias {
    pub alias: String,
    pub version: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct ModelVersion {
    pub name: String,
    pub version: String,
    pub creation_timestamp: i64,
    pub last_updated_timestamp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    pub current_stage: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub source: String,
    /// Empty, and there, for a version without a run; so is `run_link`.
    pub run_id: String,
    pub status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_message: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<KeyValue>,
    pub run_link: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_id: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct RegisteredModelResponse {
    pub registered_model: RegisteredModel,
}

#[derive(Debug, Serialize)]
pub struct SearchRegisteredModelsResponse {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub registered_models: Vec<RegisteredModel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct ModelVersionResponse {
    pub model_version: ModelVersion,
}

/// `model-versions/search` and, without a token, `get-latest-versions`.
#[derive(Debug, Serialize)]
pub struct ModelVersionsResponse {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub model_versions: Vec<ModelVersion>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct DownloadUriResponse {
    pub artifact_uri: String,
}
