//! `review-queues/...`: traces that wait for a person's judgement.

use super::EnumValue;
use crate::{Flag, Int64};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CreateReviewQueue {
    #[serde(alias = "experimentId")]
    pub experiment_id: Option<String>,
    pub name: Option<String>,
    #[serde(alias = "queueType")]
    pub queue_type: Option<EnumValue>,
    pub users: Option<Vec<String>>,
    #[serde(alias = "schemaIds")]
    pub schema_ids: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct GetOrCreateUserQueue {
    #[serde(alias = "experimentId")]
    pub experiment_id: Option<String>,
    pub user: Option<String>,
}

/// `get`, `delete`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReviewQueueId {
    #[serde(alias = "queueId")]
    pub queue_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReviewQueueName {
    #[serde(alias = "experimentId")]
    pub experiment_id: Option<String>,
    pub name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListReviewQueues {
    #[serde(alias = "experimentId")]
    pub experiment_id: Option<String>,
    pub user: Option<String>,
    #[serde(alias = "itemId")]
    pub item_id: Option<String>,
    #[serde(alias = "maxResults")]
    pub max_results: Option<Int64>,
    #[serde(alias = "pageToken")]
    pub page_token: Option<String>,
}

/// The lists count only with their `update_` flag.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct UpdateReviewQueue {
    #[serde(alias = "queueId")]
    pub queue_id: Option<String>,
    #[serde(alias = "updateUsers")]
    pub update_users: Option<Flag>,
    pub users: Option<Vec<String>>,
    #[serde(alias = "updateSchemaIds")]
    pub update_schema_ids: Option<Flag>,
    #[serde(alias = "schemaIds")]
    pub schema_ids: Option<Vec<String>>,
    pub name: Option<String>,
    #[serde(alias = "newOwner")]
    pub new_owner: Option<String>,
}

/// `items/add`, `items/remove`. The only type of item is the trace.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReviewQueueItemIds {
    #[serde(alias = "queueId")]
    pub queue_id: Option<String>,
    #[serde(alias = "itemIds")]
    pub item_ids: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListReviewQueueItems {
    #[serde(alias = "queueId")]
    pub queue_id: Option<String>,
    pub status: Option<EnumValue>,
    #[serde(alias = "maxResults")]
    pub max_results: Option<Int64>,
    #[serde(alias = "pageToken")]
    pub page_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SetReviewQueueItemStatus {
    #[serde(alias = "queueId")]
    pub queue_id: Option<String>,
    #[serde(alias = "itemId")]
    pub item_id: Option<String>,
    pub status: Option<EnumValue>,
    #[serde(alias = "completedBy")]
    pub completed_by: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct ReviewQueue {
    pub queue_id: String,
    pub experiment_id: String,
    pub name: String,
    pub queue_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    pub creation_time_ms: i64,
    pub last_update_time_ms: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub schema_ids: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct ReviewQueueItem {
    pub queue_id: String,
    pub item_type: &'static str,
    pub item_id: String,
    pub status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_time_ms: Option<i64>,
    pub creation_time_ms: i64,
    pub last_update_time_ms: i64,
}

#[derive(Debug, Serialize)]
pub struct ReviewQueueResponse {
    pub review_queue: ReviewQueue,
}

/// The token is there even when it is empty.
#[derive(Debug, Serialize)]
pub struct ReviewQueuesResponse {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub review_queues: Vec<ReviewQueue>,
    pub next_page_token: String,
}

#[derive(Debug, Serialize)]
pub struct ReviewQueueItemResponse {
    pub item: ReviewQueueItem,
}

/// `items/add` answers without a token, `items/list` with one that may be empty.
#[derive(Debug, Serialize)]
pub struct ReviewQueueItemsResponse {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ReviewQueueItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}
