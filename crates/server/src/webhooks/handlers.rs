//! `webhooks`: create, list, get, update, delete, test

use super::{
    channel::{open_secret, secret_place},
    event::Event,
    payload,
    sender::Message,
    store::{self, Changes, Webhook},
    validate,
};
use crate::{
    app::App,
    audit::{self, Entity},
    caller::Caller,
    error::{ApiError, ErrorCode, Result, invalid},
    extract::{Args, EMPTY, Empty, Json, PathArg},
    keyset::{Page, newest_first},
    outbox::Verdict,
};
use axum::extract::State;
use fettle_wire::{
    Int64, Required,
    webhooks::{
        CreateWebhook, ListWebhooks, ListWebhooksResponse, TestWebhook, TestWebhookResponse, UpdateWebhook,
        WebhookResponse, WebhookTestResult,
    },
};
use serde_json::{Value, json};

const PAGE: usize = 100;
const PAGE_MAX: usize = 1000;
const WEBHOOKS_MAX: i64 = 1000;
/// Of a test's answer; the delivery log keeps less.
const ANSWER_LIMIT: usize = 64 * 1024;

pub(super) fn entity(webhook_id: &str) -> Entity<'_> {
    Entity::of("webhook", webhook_id)
}

/// Checks an address as it will be checked when it is sent to, and finds its host, for the record.
async fn check_url(app: &App, url: &str) -> Result<String> {
    let egress = &app.webhooks.sender.egress;
    crate::tracking::validate::text("url", url)?;
    let parsed = egress.check(url).map_err(|error| invalid(error.to_string()))?;
    egress
        .check_addresses(&parsed)
        .await
        .map_err(|error| invalid(error.to_string()))?;
    Ok(parsed.host_str().unwrap_or_default().to_owned())
}

fn topics(events: &[Event]) -> Value {
    events.iter().map(|event| event.topic()).collect()
}

pub async fn create_webhook(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<CreateWebhook>,
) -> Result<Json<WebhookResponse>> {
    let name = request.name.required("name")?;
    let url = request.url.required("url")?;
    validate::name(&name)?;
    validate::description(request.description.as_deref())?;
    validate::secret(request.secret.as_deref())?;
    let events = validate::events(request.events)?;
    let host = check_url(&app, &url).await?;
    let webhook_id = uuid::Uuid::new_v4().to_string();
    let secret = request.secret.filter(|secret| !secret.is_empty());
    let secret = secret
        .map(|secret| app.settings.secret_keys.seal(&secret_place(&webhook_id), &secret))
        .transpose()?;
    let now_ms = app.clock.now_ms();
    let webhook = Webhook {
        id: 0,
        webhook_id,
        name,
        description: request.description,
        url,
        status: validate::status(request.status.as_deref())
            .unwrap_or("ACTIVE")
            .to_owned(),
        creation_time: now_ms,
        last_updated_time: now_ms,
    };
    app.db
        .write(move |tx| {
            if store::count(tx, caller.workspace_id)? >= WEBHOOKS_MAX {
                return Err(ApiError::new(
                    ErrorCode::ResourceExhausted,
                    format!("There are {WEBHOOKS_MAX} webhooks already: delete one first."),
                ));
            }
            store::insert(tx, caller.workspace_id, &webhook, secret.as_deref(), &events, now_ms)?;
            let detail = json!({
                "name": webhook.name, "host": host, "events": topics(&events), "status": webhook.status,
                "has_secret": secret.is_some(),
            });
            let entity = entity(&webhook.webhook_id);
            audit::record(tx, &caller, now_ms, "create", entity, Some(&detail))?;
            let webhook = store::get(tx, caller.workspace_id, &webhook.webhook_id)?;
            Ok(Json(WebhookResponse {
                webhook: store::load_one(tx, webhook)?,
            }))
        })
        .await
}

/// Newest first. A page size of 0 is none, as in MLflow.
pub async fn list_webhooks(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<ListWebhooks>,
) -> Result<Json<ListWebhooksResponse>> {
    let limit = match request.max_results {
        None | Some(Int64(0)) => PAGE,
        Some(Int64(size)) if (1..=PAGE_MAX as i64).contains(&size) => size as usize,
        Some(_) => return Err(invalid(format!("max_results must be between 1 and {PAGE_MAX}."))),
    };
    let order = newest_first("creation_time", "id");
    let page = Page::new(order, request.page_token.as_deref(), limit)?;
    app.db
        .read(move |tx| {
            let found = store::list(tx, caller.workspace_id, &page)?;
            Ok(Json(ListWebhooksResponse {
                webhooks: store::load(tx, found.rows)?,
                next_page_token: found.next_page_token,
            }))
        })
        .await
}

pub async fn get_webhook(
    State(app): State<App>,
    caller: Caller,
    PathArg(webhook_id): PathArg,
) -> Result<Json<WebhookResponse>> {
    app.db
        .peek(move |tx| {
            let webhook = store::get(tx, caller.workspace_id, &webhook_id)?;
            Ok(Json(WebhookResponse {
                webhook: store::load_one(tx, webhook)?,
            }))
        })
        .await
}

pub async fn update_webhook(
    State(app): State<App>,
    caller: Caller,
    PathArg(webhook_id): PathArg,
    Args(request): Args<UpdateWebhook>,
) -> Result<Json<WebhookResponse>> {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let (name, url) = (given(request.name), given(request.url));
    name.as_deref().map_or(Ok(()), validate::name)?;
    validate::description(request.description.as_deref())?;
    validate::secret(request.secret.as_deref())?;
    let events = request.events.filter(|events| !events.is_empty());
    let events = events.map(|events| validate::events(Some(events))).transpose()?;
    let host = match &url {
        Some(url) => Some(check_url(&app, url).await?),
        None => None,
    };
    let secret = match request.secret {
        Some(secret) if secret.is_empty() => Some(Vec::new()),
        Some(secret) => Some(app.settings.secret_keys.seal(&secret_place(&webhook_id), &secret)?),
        None => None,
    };
    let changes = Changes {
        name,
        description: request.description,
        url,
        events,
        secret,
        status: validate::status(request.status.as_deref()),
    };
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let webhook = store::get(tx, caller.workspace_id, &webhook_id)?;
            store::update(tx, caller.workspace_id, webhook.id, &changes, now_ms)?;
            let detail = json!({
                "name": changes.name, "host": host, "events": changes.events.as_deref().map(topics),
                "status": changes.status, "description": changes.description, "new_secret": changes.secret.is_some(),
            });
            audit::record(tx, &caller, now_ms, "update", entity(&webhook_id), Some(&detail))?;
            let webhook = store::get(tx, caller.workspace_id, &webhook_id)?;
            Ok(Json(WebhookResponse {
                webhook: store::load_one(tx, webhook)?,
            }))
        })
        .await
}

pub async fn delete_webhook(
    State(app): State<App>,
    caller: Caller,
    PathArg(webhook_id): PathArg,
) -> Result<Json<Empty>> {
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let webhook = store::get(tx, caller.workspace_id, &webhook_id)?;
            store::delete(tx, webhook.id, now_ms)?;
            audit::record(tx, &caller, now_ms, "delete", entity(&webhook_id), None)?;
            Ok(EMPTY)
        })
        .await
}

/// Sends an example of the event, or of the webhook's first one, and tells what came back. One attempt, no log.
pub async fn test_webhook(
    State(app): State<App>,
    caller: Caller,
    PathArg(webhook_id): PathArg,
    Args(request): Args<TestWebhook>,
) -> Result<Json<TestWebhookResponse>> {
    let event = request.event.map(|event| Event::parse("event", event)).transpose()?;
    let id = webhook_id.clone();
    let (receiver, events) = app
        .db
        .peek(move |tx| {
            let webhook = store::get(tx, caller.workspace_id, &id)?;
            let events = store::events(tx, &[webhook.id])?.remove(&webhook.id);
            Ok::<_, ApiError>((store::receiver(tx, webhook.id)?, events.unwrap_or_default()))
        })
        .await?;
    let event = event.or_else(|| events.first().copied());
    let (Some(receiver), Some(event)) = (receiver, event) else {
        return Err(invalid("The webhook has no events: name one in 'event'."));
    };
    let secret = open_secret(&app.settings.secret_keys, &webhook_id, receiver.secret.as_deref()).map_err(|error| {
        invalid(format!(
            "The webhook's secret cannot be read: {error}. Set the secret again."
        ))
    })?;
    let now_ms = app.clock.now_ms();
    let message = Message {
        url: &receiver.url,
        secret: secret.as_deref(),
        delivery_id: &uuid::Uuid::new_v4().to_string(),
        body: payload::body(event, &payload::example(event), now_ms)?,
        now_ms,
        answer_limit: ANSWER_LIMIT,
    };
    let outcome = app.webhooks.sender.send(message).await;
    let error_message = outcome.error.filter(|_| outcome.response_status.is_none());
    Ok(Json(TestWebhookResponse {
        result: WebhookTestResult {
            success: outcome.verdict == Verdict::Delivered,
            response_status: outcome.response_status,
            response_body: outcome.response_body,
            error_message: error_message.map(|error| format!("Failed to test webhook: {error}")),
        },
    }))
}
