//! `/api/fettle/v1/webhooks/{id}/deliveries`: what was sent to a webhook, what came back, and sending it again.

use super::{channel::CHANNEL, handlers::entity, store};
use crate::{
    app::App,
    audit,
    caller::Caller,
    error::{ApiError, ErrorCode, Result, invalid, not_found},
    extract::{Args, Json},
    outbox::store as outbox,
    page_token,
    system::rfc3339,
    tracking::validate::invalid_value,
};
use axum::extract::{Path, State};
use fettle_db::Tx;
use fettle_wire::Int64;
use serde::{Deserialize, Serialize};
use serde_json::{json, value::RawValue};

const PAGE: usize = 100;
const PAGE_MAX: usize = 1000;
const STATES: [&str; 3] = ["pending", "succeeded", "failed"];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListDeliveries {
    state: Option<String>,
    max_results: Option<Int64>,
    page_token: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct Deliveries {
    deliveries: Vec<DeliveryView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// A delivery; with its payload and all attempts where one is asked for.
#[derive(Debug, Serialize)]
pub struct DeliveryView {
    delivery_id: String,
    event: String,
    state: String,
    attempt_count: i64,
    created_at: String,
    /// Of a pending one: when the next attempt is due or, during one, when it is given up as lost.
    next_attempt_at: Option<String>,
    finished_at: Option<String>,
    last_attempt: Option<AttemptView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<Vec<AttemptView>>,
}

#[derive(Debug, Clone, Serialize)]
struct AttemptView {
    attempt: i64,
    started_at: String,
    duration_ms: i64,
    response_status: Option<i64>,
    /// Its beginning.
    response_body: Option<String>,
    error: Option<String>,
}

impl AttemptView {
    fn new(attempt: outbox::Attempt) -> Self {
        Self {
            attempt: attempt.attempt,
            started_at: rfc3339(attempt.started_at),
            duration_ms: attempt.duration_ms,
            response_status: attempt.response_status,
            response_body: attempt.response_body,
            error: attempt.error,
        }
    }
}

fn view(record: outbox::Record, attempts: Vec<outbox::Attempt>, whole: bool) -> DeliveryView {
    let attempts: Vec<AttemptView> = attempts.into_iter().map(AttemptView::new).collect();
    DeliveryView {
        delivery_id: record.delivery_id,
        event: record.topic,
        state: record.state,
        attempt_count: record.attempts,
        created_at: rfc3339(record.created_at),
        next_attempt_at: record.due_at.map(rfc3339),
        finished_at: record.finished_at.map(rfc3339),
        last_attempt: attempts.last().cloned(),
        payload: whole.then(|| RawValue::from_string(record.body).ok()).flatten(),
        attempts: whole.then_some(attempts),
    }
}

/// Newest first, paged by key.
pub async fn list_deliveries(
    State(app): State<App>,
    caller: Caller,
    Path(webhook_id): Path<String>,
    Args(request): Args<ListDeliveries>,
) -> Result<Json<Deliveries>> {
    let limit = page_token::limit("max_results", request.max_results, PAGE, PAGE_MAX)?;
    let before = page_token::decode_key(request.page_token.as_deref())?.unwrap_or(i64::MAX);
    let state = request.state.unwrap_or_default();
    if !state.is_empty() && !STATES.contains(&state.as_str()) {
        return Err(invalid_value(
            "state",
            &state,
            &format!("it must be one of {}.", STATES.join(", ")),
        ));
    }
    app.db
        .read(move |tx| {
            let webhook = store::get(tx, caller.workspace_id, &webhook_id)?;
            let mut found = outbox::list(tx, CHANNEL, webhook.id, &state, before, limit + 1)?;
            let more = found.len() > limit;
            found.truncate(limit);
            let next_page_token = found
                .last()
                .filter(|_| more)
                .map(|last| page_token::encode_key(last.id));
            let ids: Vec<i64> = found.iter().map(|record| record.id).collect();
            let mut attempts = outbox::attempts(tx, &ids)?;
            let deliveries = found
                .into_iter()
                .map(|record| {
                    let own = attempts.remove(&record.id).unwrap_or_default();
                    view(record, own, false)
                })
                .collect();
            Ok(Json(Deliveries {
                deliveries,
                next_page_token,
            }))
        })
        .await
}

pub async fn get_delivery(
    State(app): State<App>,
    caller: Caller,
    Path((webhook_id, delivery_id)): Path<(String, String)>,
) -> Result<Json<DeliveryView>> {
    app.db
        .read(move |tx| {
            let record = find(tx, &caller, &webhook_id, &delivery_id)?;
            load(tx, record).map(Json)
        })
        .await
}

/// Sends a finished delivery again, under the id it had: a receiver that has seen it knows it.
pub async fn replay_delivery(
    State(app): State<App>,
    caller: Caller,
    Path((webhook_id, delivery_id)): Path<(String, String)>,
) -> Result<Json<DeliveryView>> {
    let now_ms = app.clock.now_ms();
    let answer = app
        .db
        .write(move |tx| {
            let record = find(tx, &caller, &webhook_id, &delivery_id)?;
            if !outbox::replay(tx, record.id, now_ms)? {
                return Err(ApiError::new(
                    ErrorCode::ResourceConflict,
                    format!("Delivery `{delivery_id}` is pending: it is sent without being asked for."),
                ));
            }
            let detail = json!({ "delivery_id": delivery_id, "state": record.state });
            audit::record(
                tx,
                &caller,
                now_ms,
                "replay_delivery",
                entity(&webhook_id),
                Some(&detail),
            )?;
            let record = find(tx, &caller, &webhook_id, &delivery_id)?;
            load(tx, record).map(Json)
        })
        .await;
    app.webhooks.waker.wake();
    answer
}

fn find(tx: &Tx, caller: &Caller, webhook_id: &str, delivery_id: &str) -> Result<outbox::Record> {
    let webhook = store::get(tx, caller.workspace_id, webhook_id)?;
    if delivery_id.contains('\0') {
        return Err(invalid("Delivery ids do not hold NUL."));
    }
    outbox::find(tx, CHANNEL, webhook.id, delivery_id)?
        .ok_or_else(|| not_found(format!("Webhook {webhook_id} has no delivery `{delivery_id}`.")))
}

fn load(tx: &Tx, record: outbox::Record) -> Result<DeliveryView> {
    let attempts = outbox::attempts(tx, &[record.id])?
        .remove(&record.id)
        .unwrap_or_default();
    Ok(view(record, attempts, true))
}
