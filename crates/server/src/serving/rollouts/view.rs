//! Rollouts as the API shows them.

use super::find;
use crate::{
    app::App,
    caller::Caller,
    error::{ApiError, Result},
    extract::{Args, Json, PathArg},
    page_token,
    serving::{
        conductor,
        policy::{Observation, Policy, Verdict},
        store::{self, Rollout},
    },
    system::rfc3339,
};
use axum::extract::{Path, State};
use fettle_db::Tx;
use fettle_wire::Int64;
use serde::{Deserialize, Serialize};

const PAGE: usize = 50;
const PAGE_MAX: usize = 1000;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListRollouts {
    max_results: Option<Int64>,
    page_token: Option<String>,
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
