//! `webhooks/...`

use crate::Int64;
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CreateWebhook {
    pub name: Option<String>,
    pub description: Option<String>,
    pub url: Option<String>,
    pub events: Option<Vec<EventInput>>,
    pub secret: Option<String>,
    pub status: Option<String>,
}

/// What is absent stays as it is; so do an empty name and url and an empty list of events.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct UpdateWebhook {
    pub name: Option<String>,
    pub description: Option<String>,
    pub url: Option<String>,
    pub events: Option<Vec<EventInput>>,
    pub secret: Option<String>,
    pub status: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListWebhooks {
    #[serde(alias = "maxResults")]
    pub max_results: Option<Int64>,
    #[serde(alias = "pageToken")]
    pub page_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TestWebhook {
    pub event: Option<EventInput>,
}

/// An event by the names of MLflow's enums: `REGISTERED_MODEL`, `CREATED`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct EventInput {
    pub entity: Option<String>,
    pub action: Option<String>,
}

/// A webhook, without its secret.
#[derive(Debug, Clone, Serialize)]
pub struct Webhook {
    pub webhook_id: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub url: String,
    pub events: Vec<WebhookEvent>,
    pub status: String,
    pub creation_timestamp: i64,
    pub last_updated_timestamp: i64,
}

#[derive(Debug, Clone, Serialize)]
pub struct WebhookEvent {
    pub entity: String,
    pub action: String,
}

#[derive(Debug, Serialize)]
pub struct WebhookResponse {
    pub webhook: Webhook,
}

#[derive(Debug, Serialize)]
pub struct ListWebhooksResponse {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub webhooks: Vec<Webhook>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct TestWebhookResponse {
    pub result: WebhookTestResult,
}

#[derive(Debug, Serialize)]
pub struct WebhookTestResult {
    pub success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
}
