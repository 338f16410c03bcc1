//! What may be said to a rollout that is under way: wait, go on, go ahead, give up.

use super::{RolloutView, change, conflict, find};
use crate::{
    app::App,
    audit,
    caller::Caller,
    error::Result,
    extract::{Args, Json},
    serving::{
        conductor,
        endpoints::entity,
        store::{self, Endpoint, Rollout},
    },
};
use axum::extract::{Path, State};
use fettle_db::Tx;
use serde::Deserialize;
use serde_json::json;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Word {
    reason: Option<String>,
    /// Of a promotion: to the end, and not to the next step.
    full: bool,
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
