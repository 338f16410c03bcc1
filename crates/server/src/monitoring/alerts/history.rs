//! `/api/fettle/v1/alerts`: what fires, what fired, and when.

use super::{
    evaluate::resolve_all,
    labels::Labels,
    machine::State as AlertState,
    store::{self, AlertRow, Transition},
};
use crate::{
    app::App,
    audit::{self, Entity},
    caller::Caller,
    error::{ApiError, Result, invalid},
    extract::{Args, Json, PathArg},
    page_token,
    system::rfc3339,
};
use axum::extract::State;
use fettle_wire::Int64;
use serde::{Deserialize, Serialize};

const PAGE: usize = 200;
const PAGE_MAX: usize = 1000;
const TRANSITIONS: usize = 200;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListAlerts {
    /// inactive, pending, firing or resolved.
    state: Option<String>,
    max_results: Option<Int64>,
}

#[derive(Debug, Serialize)]
pub struct AlertList {
    alerts: Vec<AlertView>,
}

#[derive(Debug, Serialize)]
pub struct AlertView {
    id: String,
    rule: String,
    state: &'static str,
    since: String,
    severity: String,
    value: Option<f64>,
    fired_at: Option<String>,
    resolved_at: Option<String>,
    /// What receivers were told last.
    told: Option<String>,
    silenced: bool,
    fingerprint: String,
    labels: Labels,
    annotations: Labels,
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<Vec<TransitionView>>,
}

#[derive(Debug, Serialize)]
struct TransitionView {
    at: String,
    from: String,
    to: String,
    value: Option<f64>,
}

pub async fn list_alerts(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<ListAlerts>,
) -> Result<Json<AlertList>> {
    let limit = page_token::limit("max_results", request.max_results, PAGE, PAGE_MAX)?;
    let state = request.state.unwrap_or_default();
    if !state.is_empty() && AlertState::named(&state).is_none() {
        return Err(invalid(format!(
            "Invalid value '{state}' for parameter 'state' supplied: it must be inactive, pending, firing or resolved."
        )));
    }
    let rows = app
        .db
        .read(move |tx| store::alerts(tx, caller.workspace_id, &state, limit))
        .await?;
    Ok(Json(AlertList {
        alerts: rows.into_iter().map(|row| view(row, None)).collect(),
    }))
}

pub async fn get_alert(State(app): State<App>, caller: Caller, PathArg(id): PathArg) -> Result<Json<AlertView>> {
    let id = number(&id)?;
    let (row, transitions) = app
        .db
        .read(move |tx| {
            let row = store::alert(tx, caller.workspace_id, id)?;
            Ok::<_, ApiError>((row, store::transitions(tx, id, TRANSITIONS)?))
        })
        .await?;
    Ok(Json(view(row, Some(transitions))))
}

/// Says that an alert is over. One whose condition still holds fires again when it is next looked at.
pub async fn resolve_alert(State(app): State<App>, caller: Caller, PathArg(id): PathArg) -> Result<Json<AlertView>> {
    let id = number(&id)?;
    let (now_ms, external_url) = (app.clock.now_ms(), app.external_url());
    let row = app
        .db
        .write(move |tx| {
            let alert = store::alert(tx, caller.workspace_id, id)?;
            if let Some(rule) = store::rule(tx, alert.rule_id)? {
                resolve_all(tx, &rule, Some(id), now_ms, &external_url)?;
            }
            let id_text = id.to_string();
            let entity = Entity {
                kind: "alert",
                id: &id_text,
            };
            audit::record(tx, &caller, now_ms, "resolve", entity, None)?;
            store::alert(tx, caller.workspace_id, id)
        })
        .await?;
    app.alerts.waker.wake();
    Ok(Json(view(row, None)))
}

fn number(id: &str) -> Result<i64> {
    id.parse().map_err(|_| {
        invalid(format!(
            "Invalid value '{id}' for parameter 'id' supplied: it must be a number."
        ))
    })
}

fn view(row: AlertRow, transitions: Option<Vec<Transition>>) -> AlertView {
    let label = |name: &str| row.labels.get(name).cloned().unwrap_or_default();
    let history = transitions.map(|transitions| {
        let views = transitions.into_iter().map(|transition| TransitionView {
            at: rfc3339(transition.at),
            from: transition.from,
            to: transition.to,
            value: transition.value,
        });
        views.collect()
    });
    AlertView {
        id: row.id.to_string(),
        rule: label("alertname"),
        state: row.moment.state.name(),
        since: rfc3339(row.moment.since_ms),
        severity: label("severity"),
        value: row.value,
        fired_at: row.fired_at.map(rfc3339),
        resolved_at: row.resolved_at.map(rfc3339),
        told: Some(row.told).filter(|told| !told.is_empty()),
        silenced: row.silenced,
        fingerprint: row.fingerprint,
        labels: row.labels,
        annotations: row.annotations,
        history,
    }
}
