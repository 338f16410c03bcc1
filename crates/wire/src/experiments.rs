//! `experiments/...`

use crate::{
    Int64,
    tags::{KeyValue, KeyValueInput},
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CreateExperiment {
    pub name: Option<String>,
    #[serde(alias = "artifactLocation")]
    pub artifact_location: Option<String>,
    pub tags: Option<Vec<KeyValueInput>>,
}

#[derive(Debug, Serialize)]
pub struct CreateExperimentResponse {
    pub experiment_id: String,
}

/// `get`, `delete`, `restore`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ExperimentId {
    #[serde(alias = "experimentId")]
    pub experiment_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct GetExperimentByName {
    #[serde(alias = "experimentName")]
    pub experiment_name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct UpdateExperiment {
    #[serde(alias = "experimentId")]
    pub experiment_id: Option<String>,
    #[serde(alias = "newName")]
    pub new_name: Option<String>,
}

/// `set-experiment-tag`, and `delete-experiment-tag` without the value.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ExperimentTag {
    #[serde(alias = "experimentId")]
    pub experiment_id: Option<String>,
    pub key: Option<String>,
    pub value: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SearchExperiments {
    #[serde(alias = "maxResults")]
    pub max_results: Option<Int64>,
    #[serde(alias = "pageToken")]
    pub page_token: Option<String>,
    pub filter: Option<String>,
    #[serde(alias = "orderBy")]
    pub order_by: Option<Vec<String>>,
    #[serde(alias = "viewType", deserialize_with = "crate::numbers::enum_name")]
    pub view_type: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct Experiment {
    pub experiment_id: String,
    pub name: String,
    pub artifact_location: String,
    pub lifecycle_stage: String,
    pub last_update_time: i64,
    pub creation_time: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<KeyValue>,
    pub workspace: String,
}

#[derive(Debug, Serialize)]
pub struct ExperimentResponse {
    pub experiment: Experiment,
}

#[derive(Debug, Serialize)]
pub struct SearchExperimentsResponse {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub experiments: Vec<Experiment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}
