//! `scorers/...`

use crate::{Double, Int64};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RegisterScorer {
    #[serde(alias = "experimentId")]
    pub experiment_id: Option<String>,
    pub name: Option<String>,
    #[serde(alias = "serializedScorer")]
    pub serialized_scorer: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListScorers {
    #[serde(alias = "experimentId")]
    pub experiment_id: Option<String>,
    #[serde(alias = "experimentIds")]
    pub experiment_ids: Option<Vec<String>>,
}

/// `get`, `delete`; `versions` without the version.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ScorerName {
    #[serde(alias = "experimentId")]
    pub experiment_id: Option<String>,
    pub name: Option<String>,
    pub version: Option<Int64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SetOnlineScoringConfig {
    pub experiment_id: Option<String>,
    pub name: Option<String>,
    pub sample_rate: Option<Double>,
    pub filter_string: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct GetOnlineScoringConfigs {
    pub scorer_ids: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
pub struct RegisterScorerResponse {
    pub version: i64,
    pub scorer_id: String,
    pub experiment_id: String,
    pub name: String,
    pub serialized_scorer: String,
    pub creation_time: i64,
}

#[derive(Debug, Clone, Serialize)]
pub struct Scorer {
    /// A number here, and text everywhere else.
    pub experiment_id: i64,
    pub scorer_name: String,
    pub scorer_version: i64,
    pub serialized_scorer: String,
    pub creation_time: i64,
    pub scorer_id: String,
}

#[derive(Debug, Serialize)]
pub struct ScorerResponse {
    pub scorer: Scorer,
}

#[derive(Debug, Serialize)]
pub struct ScorersResponse {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scorers: Vec<Scorer>,
}

#[derive(Debug, Clone, Serialize)]
pub struct OnlineScoringConfig {
    pub online_scoring_config_id: String,
    pub scorer_id: String,
    pub sample_rate: f64,
    pub experiment_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter_string: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct OnlineScoringConfigResponse {
    pub config: OnlineScoringConfig,
}

/// The list is there even when it is empty.
#[derive(Debug, Serialize)]
pub struct OnlineScoringConfigsResponse {
    pub configs: Vec<OnlineScoringConfig>,
}
