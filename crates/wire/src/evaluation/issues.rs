//! `issues/...`: problems found in traces.

use crate::{Flag, Int64};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CreateIssue {
    #[serde(alias = "experimentId")]
    pub experiment_id: Option<String>,
    pub name: Option<String>,
    pub description: Option<String>,
    pub status: Option<String>,
    pub severity: Option<String>,
    #[serde(alias = "rootCauses")]
    pub root_causes: Option<Vec<String>>,
    #[serde(alias = "sourceRunId")]
    pub source_run_id: Option<String>,
    #[serde(alias = "createdBy")]
    pub created_by: Option<String>,
    pub categories: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct UpdateIssue {
    #[serde(alias = "issueId")]
    pub issue_id: Option<String>,
    pub name: Option<String>,
    pub description: Option<String>,
    pub status: Option<String>,
    pub severity: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SearchIssues {
    #[serde(alias = "experimentId")]
    pub experiment_id: Option<String>,
    #[serde(alias = "filterString")]
    pub filter_string: Option<String>,
    #[serde(alias = "maxResults")]
    pub max_results: Option<Int64>,
    #[serde(alias = "pageToken")]
    pub page_token: Option<String>,
    #[serde(alias = "includeTraceCount")]
    pub include_trace_count: Option<Flag>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Issue {
    pub issue_id: String,
    pub experiment_id: String,
    pub name: String,
    pub description: String,
    pub status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub root_causes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_run_id: Option<String>,
    pub created_timestamp: i64,
    pub last_updated_timestamp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// Only where the search asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_count: Option<i64>,
}

#[derive(Debug, Serialize)]
pub struct IssueResponse {
    pub issue: Issue,
}

/// The token is there even when it is empty.
#[derive(Debug, Serialize)]
pub struct IssuesResponse {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub issues: Vec<Issue>,
    pub next_page_token: String,
}
