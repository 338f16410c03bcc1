//! `/api/fettle/v1/endpoints/{name}/rollouts`: traffic that moves to a deployment step by step, under watch.

use super::{
    conductor,
    endpoints::entity,
    monitors,
    policy::{Observation, Policy, Verdict},
    store::{self, Endpoint, NewRollout, Rollout},
};
use crate::{
    app::App,
    audit,
    caller::Caller,
    error::{ApiError, ErrorCode, Result, invalid, not_found},
    extract::{Args, Json, PathArg},
    page_token,
    system::rfc3339,
};
use axum::extract::{Path, State};
use fettle_db::Tx;
use fettle_wire::{Int64, Required};
use serde::{Deserialize, Serialize};
use serde_json::json;

const PAGE: usize = 50;
const PAGE_MAX: usize = 1000;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct StartRollout {
    /// The deployment to roll out.
    to: Option<String>,
    /// The endpoint's own, if absent.
    policy: Option<Policy>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListRollouts {
    max_results: Option<Int64>,
    page_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Word {
    reason: Option<String>,
    /// Of a promotion: to the end, and not to the next step.
    full: bool,
}

#[derive(Debug, Serialize)]
pub struct RolloutList {
    rollouts: Vec<RolloutView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct RolloutView {
    id: String,
    to: String,
    state: String,
    /// From 1; 0 while the deployment starts.
    step: i64,
    steps: usize,
    reason: Option<String>,
    policy: Policy,
    from_number: i64,
    created_at: String,
    created_by: String,
    step_started_at: String,
    finished_at: Option<String>,
    observed: Observed,
    events: Vec<EventView>,
}

/// What all servers have seen of the step in force.
#[derive(Debug, Serialize)]
struct Observed {
    requests: u64,
    error_rate: Option<f64>,
    latency_p50_ms: Option<f64>,
    latency_p99_ms: Option<f64>,
    mirrored: u64,
    mirror_disagreement: Option<f64>,
}

#[derive(Debug, Serialize)]
struct EventView {
    at: String,
    event: String,
    detail: String,
}

/// Accepts a rollout. It begins once the deployment answers on every server.
pub async fn start_rollout(
    State(app): State<App>,
    caller: Caller,
    PathArg(name): PathArg,
    Args(request): Args<StartRollout>,
) -> Result<Json<RolloutView>> {
    let to = request.to.required("to")?;
    if let Some(policy) = &request.policy {
        policy.check()?;
    }
    let policy = request.policy;
    change(&app, caller, name, move |tx, caller, endpoint, now_ms| {
        let policy = match (&policy, &endpoint.policy) {
            (Some(policy), _) => policy.clone(),
            (None, Some(own)) => parse_policy(own)?,
            (None, None) => {
                return Err(invalid(format!(
                    "Parameter 'policy' is missing, and endpoint `{}` has none of its own.",
                    endpoint.name
                )));
            }
        };
        start(tx, caller, endpoint, &to, &policy, now_ms)
    })
    .await
}

/// Starts a rollout in a transaction.
pub fn start(tx: &Tx, caller: &Caller, endpoint: &Endpoint, to: &str, policy: &Policy, now_ms: i64) -> Result<Rollout> {
    refuse_during(tx, endpoint)?;
    store::find_deployment(tx, endpoint.id, to)?.ok_or_else(|| store::no_deployment(&endpoint.name, to))?;
    let current = store::current(tx, endpoint)?.ok_or_else(|| super::traffic::no_traffic(&endpoint.name))?;
    if current.routing.split.get(to) == Some(&100) {
        return Err(conflict(format!("Deployment `{to}` has all the traffic already.")));
    }
    for monitor in policy.monitors() {
        if let Some(why) = monitors::objection(tx, endpoint.workspace_id, monitor)? {
            return Err(conflict(format!("Monitor `{monitor}` objects: {why}.")));
        }
    }
    let new = NewRollout {
        deployment: to,
        policy,
        from_number: current.number,
        created_by: &caller.user,
    };
    let rollout = store::insert_rollout(tx, endpoint.workspace_id, endpoint.id, new, now_ms)?;
    let detail = json!({ "rollout": rollout.id, "deployment": to, "policy": policy });
    audit::record(
        tx,
        caller,
        now_ms,
        "start_rollout",
        entity(&endpoint.name),
        Some(&detail),
    )?;
    store::advance_rollout(tx, &rollout, "started", &format!("to {to}"), now_ms)?;
    Ok(rollout)
}

pub fn parse_policy(text: &str) -> Result<Policy> {
    serde_json::from_str(text)
        .map_err(|error| ApiError::new(ErrorCode::InternalError, "The endpoint's policy is unreadable.").because(error))
}

/// Newest first.
pub async fn list_rollouts(
    State(app): State<App>,
    caller: Caller,
    PathArg(name): PathArg,
    Args(request): Args<ListRollouts>,
) -> Result<Json<RolloutList>> {
    let limit = page_token::limit("max_results", request.max_results, PAGE, PAGE_MAX)?;
    let before = page_token::decode_key(request.page_token.as_deref())?.unwrap_or(i64::MAX);
    let now_ms = app.clock.now_ms();
    let (rollouts, next) = app
        .db
        .read(move |tx| {
            let endpoint = store::get(tx, caller.workspace_id, &name)?;
            let mut found = store::list_rollouts(tx, endpoint.id, before, limit + 1)?;
            let more = found.len() > limit;
            found.truncate(limit);
            let next = found
                .last()
                .filter(|_| more)
                .map(|rollout| page_token::encode_key(rollout.id));
            let views: Result<Vec<_>> = found.into_iter().map(|rollout| view(tx, rollout, now_ms)).collect();
            Ok::<_, ApiError>((views?, next))
        })
        .await?;
    Ok(Json(RolloutList {
        rollouts,
        next_page_token: next,
    }))
}

pub async fn get_rollout(
    State(app): State<App>,
    caller: Caller,
    Path((name, id)): Path<(String, String)>,
) -> Result<Json<RolloutView>> {
    let now_ms = app.clock.now_ms();
    app.db
        .read(move |tx| {
            let endpoint = store::get(tx, caller.workspace_id, &name)?;
            let rollout = find(tx, &endpoint, &id)?;
            view(tx, rollout, now_ms).map(Json)
        })
        .await
}

/// Keeps the traffic of the step in force, whatever the checks say.
pub async fn pause(
    State(app): State<App>,
    caller: Caller,
    Path((name, id)): Path<(String, String)>,
    Args(word): Args<Word>,
) -> Result<Json<RolloutView>> {
    change(&app, caller, name, move |tx, caller, endpoint, now_ms| {
        let mut rollout = unfinished(tx, endpoint, &id)?;
        "paused".clone_into(&mut rollout.state);
        let why = word
            .reason
            .clone()
            .unwrap_or_else(|| format!("paused by {}", caller.user));
        rollout.reason = Some(why.clone());
        store::advance_rollout(tx, &rollout, "paused", &why, now_ms)?;
        note(tx, caller, endpoint, &rollout, "pause_rollout", now_ms)?;
        Ok(rollout)
    })
    .await
}

/// Goes on watching; the step's wait begins anew.
pub async fn resume(
    State(app): State<App>,
    caller: Caller,
    Path((name, id)): Path<(String, String)>,
) -> Result<Json<RolloutView>> {
    change(&app, caller, name, move |tx, caller, endpoint, now_ms| {
        let mut rollout = unfinished(tx, endpoint, &id)?;
        if rollout.state != "paused" {
            return Err(conflict(format!("Rollout {} is not paused.", rollout.id)));
        }
        "running".clone_into(&mut rollout.state);
        rollout.reason = None;
        rollout.step_started_at = now_ms;
        store::advance_rollout(tx, &rollout, "resumed", &format!("by {}", caller.user), now_ms)?;
        note(tx, caller, endpoint, &rollout, "resume_rollout", now_ms)?;
        Ok(rollout)
    })
    .await
}

/// Goes to the next step at once, or with `full` to the end.
pub async fn promote(
    State(app): State<App>,
    caller: Caller,
    Path((name, id)): Path<(String, String)>,
    Args(word): Args<Word>,
) -> Result<Json<RolloutView>> {
    change(&app, caller, name, move |tx, caller, endpoint, now_ms| {
        let rollout = unfinished(tx, endpoint, &id)?;
        let deployment = store::find_deployment(tx, endpoint.id, &rollout.deployment)?
            .ok_or_else(|| store::no_deployment(&endpoint.name, &rollout.deployment))?;
        let (unready, _) = store::unready(tx, deployment.id, now_ms)?;
        if unready > 0 {
            return Err(conflict(format!(
                "Deployment `{}` is not ready and gets no traffic.",
                deployment.name
            )));
        }
        note(tx, caller, endpoint, &rollout, "promote_rollout", now_ms)?;
        let last = rollout.step + 1 >= rollout.policy.steps.len() as i64;
        if word.full || last {
            conductor::succeed(tx, caller, endpoint, rollout.clone(), now_ms)?;
        } else {
            conductor::next_step(tx, caller, endpoint, rollout.clone(), now_ms)?;
        }
        Ok(rollout)
    })
    .await
}

/// Gives up, and goes back to the traffic from before.
pub async fn abort(
    State(app): State<App>,
    caller: Caller,
    Path((name, id)): Path<(String, String)>,
    Args(word): Args<Word>,
) -> Result<Json<RolloutView>> {
    change(&app, caller, name, move |tx, caller, endpoint, now_ms| {
        let rollout = unfinished(tx, endpoint, &id)?;
        let why = word
            .reason
            .clone()
            .unwrap_or_else(|| format!("aborted by {}", caller.user));
        conductor::end(tx, caller, endpoint, rollout.clone(), "aborted", &why, now_ms)?;
        Ok(rollout)
    })
    .await
}

/// Traffic and deployments stay as they are while a rollout moves them.
pub fn refuse_during(tx: &Tx, endpoint: &Endpoint) -> Result<()> {
    match store::unfinished_rollout(tx, endpoint.id)? {
        None => Ok(()),
        Some(rollout) => Err(conflict(format!(
            "Rollout {} of deployment `{}` is under way: promote or abort it first.",
            rollout.id, rollout.deployment
        ))),
    }
}

async fn change<F>(app: &App, caller: Caller, name: String, change: F) -> Result<Json<RolloutView>>
where
    F: Fn(&Tx, &Caller, &Endpoint, i64) -> Result<Rollout> + Send + 'static,
{
    let (now_ms, changed) = (app.clock.now_ms(), name.clone());
    let view = app
        .db
        .write(move |tx| {
            let endpoint = store::get(tx, caller.workspace_id, &name)?;
            let rollout = change(tx, &caller, &endpoint, now_ms)?;
            let written = store::find_rollout(tx, endpoint.id, rollout.id)?;
            view(tx, written.unwrap_or(rollout), now_ms)
        })
        .await?;
    app.reconciler.sync(&changed).await?;
    Ok(Json(view))
}

fn find(tx: &Tx, endpoint: &Endpoint, id: &str) -> Result<Rollout> {
    let number = id.parse::<i64>().ok();
    let found = number
        .map(|number| store::find_rollout(tx, endpoint.id, number))
        .transpose()?;
    found
        .flatten()
        .ok_or_else(|| not_found(format!("Endpoint `{}` has no rollout `{id}`.", endpoint.name)))
}

fn unfinished(tx: &Tx, endpoint: &Endpoint, id: &str) -> Result<Rollout> {
    let rollout = find(tx, endpoint, id)?;
    if rollout.finished_at.is_some() {
        return Err(conflict(format!(
            "Rollout {} has ended: it {}.",
            rollout.id,
            ended(&rollout.state)
        )));
    }
    Ok(rollout)
}

fn ended(state: &str) -> &'static str {
    match state {
        "succeeded" => "succeeded",
        "aborted" => "was aborted",
        _ => "was rolled back",
    }
}

fn note(tx: &Tx, caller: &Caller, endpoint: &Endpoint, rollout: &Rollout, action: &str, now_ms: i64) -> Result<()> {
    let detail = json!({ "rollout": rollout.id, "deployment": rollout.deployment, "step": rollout.step + 1 });
    audit::record(tx, caller, now_ms, action, entity(&endpoint.name), Some(&detail))
}

pub fn view(tx: &Tx, rollout: Rollout, now_ms: i64) -> Result<RolloutView> {
    let observed = store::observed(tx, &rollout)?;
    let waits_for = match conductor::look(tx, &rollout, now_ms)? {
        Verdict::Hold(what) if rollout.state == "running" => Some(what),
        _ => None,
    };
    let events = store::rollout_events(tx, rollout.id)?
        .into_iter()
        .map(|event| EventView {
            at: rfc3339(event.at),
            event: event.event,
            detail: event.detail,
        });
    Ok(RolloutView {
        id: rollout.id.to_string(),
        to: rollout.deployment,
        state: rollout.state,
        step: rollout.step + 1,
        steps: rollout.policy.steps.len(),
        reason: rollout.reason.or(waits_for.filter(|_| rollout.finished_at.is_none())),
        policy: rollout.policy,
        from_number: rollout.from_number,
        created_at: rfc3339(rollout.created_at),
        created_by: rollout.created_by,
        step_started_at: rfc3339(rollout.step_started_at),
        finished_at: rollout.finished_at.map(rfc3339),
        observed: Observed::of(&observed),
        events: events.collect(),
    })
}

impl Observed {
    fn of(seen: &Observation) -> Self {
        Self {
            requests: seen.tally.requests,
            error_rate: seen.tally.error_rate(),
            latency_p50_ms: seen.tally.latency_ms(0.5),
            latency_p99_ms: seen.tally.latency_ms(0.99),
            mirrored: seen.agreement.compared(),
            mirror_disagreement: seen.agreement.disagreement(),
        }
    }
}

fn conflict(message: String) -> ApiError {
    ApiError::new(ErrorCode::ResourceConflict, message)
}
