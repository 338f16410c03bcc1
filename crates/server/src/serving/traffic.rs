//! `/api/fettle/v1/endpoints/{name}/traffic`: which deployment gets which requests, as numbered states.

use super::{
    conductor,
    endpoints::entity,
    history, rollouts,
    store::{self, Endpoint, NewState},
    traffic_change::{self, TrafficChange},
    view::TrafficView,
};
use crate::{
    app::App,
    audit,
    caller::Caller,
    error::{ApiError, ErrorCode, Result, invalid, not_found},
    extract::{Args, Json, PathArg},
    page_token,
};
use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue},
};
use fettle_db::Tx;
use fettle_gateway::routing::{Asked, Routing};
use fettle_wire::Int64;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const PAGE: usize = 50;
const PAGE_MAX: usize = 1000;
/// Among so many states before the one in force the one to go back to is looked for.
const LOOKED_BACK: usize = 1000;

#[derive(Debug, Serialize)]
pub struct TrafficAnswer {
    #[serde(flatten)]
    traffic: TrafficView,
    /// The percent of keys that go to another deployment than before.
    moved_percent: usize,
    /// True if nothing was changed.
    dry_run: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListStates {
    max_results: Option<Int64>,
    page_token: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct States {
    states: Vec<TrafficView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Rollback {
    /// The state to restore; the one before, if absent.
    number: Option<Int64>,
    note: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RouteQuestion {
    request_id: String,
    headers: BTreeMap<String, String>,
    body: Option<Value>,
    /// The state to ask; the one in force, if absent.
    number: Option<Int64>,
}

#[derive(Debug, Serialize)]
pub struct RouteAnswer {
    number: i64,
    deployment: String,
    reason: &'static str,
    mirrored_to: Option<String>,
}

/// Puts another routing in force; with `dry_run` only says what it would be.
pub async fn set_traffic(
    State(app): State<App>,
    caller: Caller,
    PathArg(name): PathArg,
    Args(request): Args<TrafficChange>,
) -> Result<Json<TrafficAnswer>> {
    let now_ms = app.clock.now_ms();
    let (dry_run, changed) = (request.dry_run, name.clone());
    let answer = app
        .db
        .write(move |tx| {
            let endpoint = store::get(tx, caller.workspace_id, &name)?;
            request.check_expected(endpoint.traffic_number)?;
            rollouts::refuse_during(tx, &endpoint)?;
            let desired = store::load(tx, endpoint.clone())?;
            let before = desired
                .traffic
                .as_ref()
                .map(|state| state.routing.clone())
                .unwrap_or_default();
            let after = traffic_change::apply(&before, &request, &desired.names())?;
            check_ready(tx, &desired, &before, &after, now_ms)?;
            let new = NewState {
                routing: &after,
                cause: "set",
                restores: None,
                rollout_id: None,
                note: request.note.as_deref(),
                created_by: &caller.user,
            };
            put_in_force(tx, &caller, &endpoint, &before, new, now_ms, request.dry_run)
        })
        .await?;
    if !dry_run {
        app.reconciler.sync(&changed).await?;
    }
    Ok(Json(answer))
}

pub async fn get_traffic(State(app): State<App>, caller: Caller, PathArg(name): PathArg) -> Result<Json<TrafficView>> {
    let found = app
        .db
        .peek(move |tx| {
            let endpoint = store::get(tx, caller.workspace_id, &name)?;
            store::current(tx, &endpoint)?.ok_or_else(|| no_traffic(&name))
        })
        .await?;
    Ok(Json(found.into()))
}

/// Newest first.
pub async fn list_states(
    State(app): State<App>,
    caller: Caller,
    PathArg(name): PathArg,
    Args(request): Args<ListStates>,
) -> Result<Json<States>> {
    let limit = page_token::limit("max_results", request.max_results, PAGE, PAGE_MAX)?;
    let before = page_token::decode_key(request.page_token.as_deref())?.unwrap_or(i64::MAX);
    let mut states = app
        .db
        .read(move |tx| {
            let endpoint = store::get(tx, caller.workspace_id, &name)?;
            store::list_states(tx, endpoint.id, before, limit + 1)
        })
        .await?;
    let more = states.len() > limit;
    states.truncate(limit);
    let next_page_token = states
        .last()
        .filter(|_| more)
        .map(|state| page_token::encode_key(state.number));
    Ok(Json(States {
        states: states.into_iter().map(TrafficView::from).collect(),
        next_page_token,
    }))
}

/// Restores an earlier state under a new number.
pub async fn roll_back(
    State(app): State<App>,
    caller: Caller,
    PathArg(name): PathArg,
    Args(request): Args<Rollback>,
) -> Result<Json<TrafficAnswer>> {
    let now_ms = app.clock.now_ms();
    let changed = name.clone();
    let answer = app
        .db
        .write(move |tx| {
            let endpoint = store::get(tx, caller.workspace_id, &name)?;
            let number = request.number.map(|number| number.0);
            let answer = restore(tx, &caller, &endpoint, number, request.note.as_deref(), now_ms)?;
            // An emergency waits for nothing: whatever moved the traffic stops.
            if let Some(rollout) = store::unfinished_rollout(tx, endpoint.id)? {
                let why = request
                    .note
                    .clone()
                    .unwrap_or_else(|| format!("rolled back by {}", caller.user));
                conductor::finish(tx, &caller, &endpoint, rollout, "rolled_back", Some(&why), now_ms)?;
            }
            Ok::<_, ApiError>(answer)
        })
        .await?;
    app.reconciler.sync(&changed).await?;
    Ok(Json(answer))
}

/// Puts an earlier state in force again.
pub fn restore(
    tx: &Tx,
    caller: &Caller,
    endpoint: &Endpoint,
    number: Option<i64>,
    note: Option<&str>,
    now_ms: i64,
) -> Result<TrafficAnswer> {
    let desired = store::load(tx, endpoint.clone())?;
    let current = desired.traffic.as_ref().ok_or_else(|| no_traffic(&endpoint.name))?;
    let earlier = if let Some(number) = number {
        store::state(tx, endpoint.id, number)?.ok_or_else(|| {
            not_found(format!(
                "Endpoint `{}` has no traffic state {number}; the one in force is {}.",
                endpoint.name, current.number
            ))
        })?
    } else {
        let earlier = store::list_states(tx, endpoint.id, current.number, LOOKED_BACK)?;
        history::before(current, &earlier).cloned().ok_or_else(|| {
            ApiError::new(
                ErrorCode::ResourceConflict,
                format!(
                    "Endpoint `{}` has no earlier traffic state to go back to.",
                    endpoint.name
                ),
            )
        })?
    };
    earlier
        .routing
        .check(&desired.names())
        .map_err(|why| conflict(format!("Traffic state {} cannot be restored: {why}.", earlier.number)))?;
    check_ready(tx, &desired, &current.routing, &earlier.routing, now_ms)?;
    let new = NewState {
        routing: &earlier.routing,
        cause: "rollback",
        restores: Some(earlier.restores.unwrap_or(earlier.number)),
        rollout_id: None,
        note,
        created_by: &caller.user,
    };
    put_in_force(tx, caller, endpoint, &current.routing, new, now_ms, false)
}

/// Says where a request goes, or went in an earlier state, if every deployment answers.
pub async fn route(
    State(app): State<App>,
    caller: Caller,
    PathArg(name): PathArg,
    Args(request): Args<RouteQuestion>,
) -> Result<Json<RouteAnswer>> {
    let mut headers = HeaderMap::new();
    for (header, value) in &request.headers {
        let parsed = header.parse::<HeaderName>().ok().zip(HeaderValue::from_str(value).ok());
        let (header, value) = parsed.ok_or_else(|| invalid(format!("headers: `{header}` is not a header.")))?;
        headers.insert(header, value);
    }
    let (endpoint, number) = (name.clone(), request.number.map(|number| number.0));
    let state = app
        .db
        .peek(move |tx| {
            let endpoint = store::get(tx, caller.workspace_id, &name)?;
            let number = number.unwrap_or(endpoint.traffic_number);
            store::state(tx, endpoint.id, number)?
                .ok_or_else(|| not_found(format!("Endpoint `{name}` has no traffic state {number}.")))
        })
        .await?;
    let body = request.body.map(|body| body.to_string()).unwrap_or_default();
    let asked = Asked {
        request_id: &request.request_id,
        headers: &headers,
        body: body.as_bytes(),
    };
    let choice = state
        .routing
        .choose(&endpoint, asked, |_| true)
        .ok_or_else(|| no_traffic(&endpoint))?;
    let mirror = state.routing.mirrors(&endpoint, &request.request_id);
    Ok(Json(RouteAnswer {
        number: state.number,
        deployment: choice.deployment.to_owned(),
        reason: choice.reason.name(),
        mirrored_to: mirror.map(|mirror| mirror.deployment.clone()),
    }))
}

pub fn put_in_force(
    tx: &Tx,
    caller: &Caller,
    endpoint: &Endpoint,
    before: &Routing,
    new: NewState<'_>,
    now_ms: i64,
    dry_run: bool,
) -> Result<TrafficAnswer> {
    let number = if dry_run {
        endpoint.traffic_number + 1
    } else {
        let number = store::insert_state(tx, endpoint, new, now_ms)?;
        let detail = json!({
            "number": number,
            "from": before.split,
            "to": new.routing.split,
            "mirror": new.routing.mirror,
            "cause": new.cause,
            "restores": new.restores,
            "note": new.note,
        });
        audit::record(tx, caller, now_ms, "set_traffic", entity(&endpoint.name), Some(&detail))?;
        number
    };
    let state = store::State {
        number,
        routing: new.routing.clone(),
        cause: new.cause.to_owned(),
        restores: new.restores,
        rollout_id: new.rollout_id,
        note: new.note.map(str::to_owned),
        created_at: now_ms,
        created_by: new.created_by.to_owned(),
    };
    Ok(TrafficAnswer {
        moved_percent: new.routing.slots.moved_from(&before.slots),
        traffic: state.into(),
        dry_run,
    })
}

/// Nobody gets more requests than before who does not answer on every server.
pub fn check_ready(tx: &Tx, desired: &store::Desired, before: &Routing, after: &Routing, now_ms: i64) -> Result<()> {
    for name in traffic_change::gaining(before, after) {
        let Some(deployment) = desired.deployments.iter().find(|deployment| deployment.name == name) else {
            continue;
        };
        let (unready, reason) = store::unready(tx, deployment.id, now_ms)?;
        if unready > 0 {
            let why = reason.map_or_else(
                || "its model is still being loaded".to_owned(),
                |why| format!("it failed to start: {}", why.lines().next().unwrap_or_default()),
            );
            return Err(conflict(format!(
                "Deployment `{name}` is not ready and gets no traffic: {why}."
            )));
        }
    }
    Ok(())
}

fn conflict(message: String) -> ApiError {
    ApiError::new(ErrorCode::ResourceConflict, message)
}

pub fn no_traffic(endpoint: &str) -> ApiError {
    conflict(format!(
        "Endpoint `{endpoint}` has no traffic yet: make a deployment first."
    ))
}
