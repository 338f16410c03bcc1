//! `datasets/...`: evaluation datasets. Tags, schema, profile and records travel as JSON text inside strings.

use crate::Int64;
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CreateDataset {
    pub name: Option<String>,
    #[serde(alias = "experimentIds")]
    pub experiment_ids: Option<Vec<String>>,
    pub tags: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SearchDatasets {
    #[serde(alias = "experimentIds")]
    pub experiment_ids: Option<Vec<String>>,
    #[serde(alias = "filterString")]
    pub filter_string: Option<String>,
    #[serde(alias = "maxResults")]
    pub max_results: Option<Int64>,
    #[serde(alias = "orderBy")]
    pub order_by: Option<Vec<String>>,
    #[serde(alias = "pageToken")]
    pub page_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SetDatasetTags {
    pub tags: Option<String>,
}

/// `add-experiments` and `remove-experiments`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DatasetExperiments {
    #[serde(alias = "experimentIds")]
    pub experiment_ids: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct UpsertRecords {
    pub records: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct GetRecords {
    #[serde(alias = "maxResults")]
    pub max_results: Option<Int64>,
    #[serde(alias = "pageToken")]
    pub page_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DeleteRecords {
    #[serde(alias = "datasetRecordIds")]
    pub dataset_record_ids: Option<Vec<String>>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Dataset {
    pub dataset_id: String,
    pub name: String,
    pub tags: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    pub digest: String,
    pub created_time: i64,
    pub last_update_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_updated_by: Option<String>,
    /// Only in the answer to `create`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub experiment_ids: Vec<String>,
}

#[derive(Debug, Serialize)]
pub struct DatasetResponse {
    pub dataset: Dataset,
}

#[derive(Debug, Serialize)]
pub struct SearchDatasetsResponse {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub datasets: Vec<Dataset>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct ExperimentIdsResponse {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub experiment_ids: Vec<String>,
}

#[derive(Debug, Serialize)]
pub struct UpsertRecordsResponse {
    pub inserted_count: i64,
    pub updated_count: i64,
}

#[derive(Debug, Serialize)]
pub struct RecordsResponse {
    pub records: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct DeleteRecordsResponse {
    pub deleted_count: i64,
}
