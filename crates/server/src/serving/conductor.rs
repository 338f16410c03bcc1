//! What moves rollouts on.
//!
//! There is no lease that could be lost: a move is one transaction, which finds the rollout as the last move left it. So
//! any server may make it, two never make the same one, and a server that is killed leaves nothing half done.

use super::{
    deployments,
    endpoints::entity,
    monitors,
    policy::{self, Moment, Verdict},
    store::{self, Desired, Endpoint, NewState, Rollout},
};
use crate::{audit, caller::Caller, error::Result};
use fettle_db::Tx;
use fettle_gateway::routing::{Mirror, Routing};
use serde_json::json;
use std::collections::BTreeMap;

/// All servers' moves queue here.
const MOVES: i64 = 0x6665_7474_6c65_0001;

/// What is to be done about a rollout now.
pub fn look(tx: &Tx, rollout: &Rollout, now_ms: i64) -> Result<Verdict> {
    if rollout.state != "running" {
        return Ok(Verdict::Hold("is paused".to_owned()));
    }
    let Some(step) = usize::try_from(rollout.step).ok() else {
        return starting(tx, rollout, now_ms);
    };
    let observation = store::observed(tx, rollout)?;
    let mut objections = BTreeMap::new();
    for monitor in rollout.policy.monitors() {
        let objection = match monitors::objection(tx, rollout.workspace_id, monitor) {
            Err(error) if error.code.status().is_client_error() => Some("it is gone".to_owned()),
            said => said?,
        };
        objections.extend(objection.map(|why| (monitor.to_owned(), why)));
    }
    Ok(rollout.policy.decide(Moment {
        step,
        step_ms: now_ms - rollout.step_started_at,
        rollout_ms: now_ms - rollout.created_at,
        observation: &observation,
        objections: &objections,
    }))
}

/// Before the first step the deployment has to answer everywhere.
fn starting(tx: &Tx, rollout: &Rollout, now_ms: i64) -> Result<Verdict> {
    let Some(deployment) = store::find_deployment(tx, rollout.endpoint_id, &rollout.deployment)? else {
        return Ok(Verdict::RollBack("the deployment is gone".to_owned()));
    };
    let statuses = store::statuses(tx, &[deployment.id], now_ms)?;
    let failed = statuses
        .into_iter()
        .find(|status| status.state == "failed" && status.revision_id == deployment.revision.id);
    if let Some(failed) = failed {
        let why = failed.reason.unwrap_or_default();
        return Ok(Verdict::RollBack(format!("the deployment could not be started: {why}")));
    }
    let (unready, _) = store::unready(tx, deployment.id, now_ms)?;
    Ok(if unready == 0 {
        Verdict::NextStep
    } else {
        Verdict::Hold("its model is being loaded".to_owned())
    })
}

/// Looks again and does what is to be done. True if anything was.
pub fn make_move(tx: &Tx, endpoint: &Endpoint, rollout_id: i64, now_ms: i64) -> Result<bool> {
    tx.lock(MOVES)?;
    let found = store::find_rollout(tx, endpoint.id, rollout_id)?;
    let Some(rollout) = found.filter(|rollout| rollout.finished_at.is_none()) else {
        return Ok(false);
    };
    let caller = Caller::fettle(endpoint.workspace_id);
    match look(tx, &rollout, now_ms)? {
        Verdict::Hold(_) => return Ok(false),
        Verdict::NextStep => next_step(tx, &caller, endpoint, rollout, now_ms)?,
        Verdict::Succeed => succeed(tx, &caller, endpoint, rollout, now_ms)?,
        Verdict::RollBack(why) => end(tx, &caller, endpoint, rollout, "rolled_back", &why, now_ms)?,
    }
    Ok(true)
}

/// Puts the next step's traffic in force.
pub fn next_step(tx: &Tx, caller: &Caller, endpoint: &Endpoint, mut rollout: Rollout, now_ms: i64) -> Result<()> {
    rollout.step += 1;
    rollout.step_started_at = now_ms;
    "running".clone_into(&mut rollout.state);
    rollout.reason = None;
    let detail = enter(tx, caller, endpoint, &rollout, now_ms)?;
    store::advance_rollout(tx, &rollout, "step", &detail, now_ms)
}

/// Sends everything to the deployment, and takes away what following an alias has left behind.
pub fn succeed(tx: &Tx, caller: &Caller, endpoint: &Endpoint, mut rollout: Rollout, now_ms: i64) -> Result<()> {
    let last = rollout.policy.steps.len() as i64 - 1;
    if rollout.step != last {
        rollout.step = last;
        rollout.step_started_at = now_ms;
        enter(tx, caller, endpoint, &rollout, now_ms)?;
    }
    finish(tx, caller, endpoint, rollout, "succeeded", None, now_ms)?;
    deployments::remove_outdated(tx, caller, endpoint, now_ms)
}

/// Goes back to the traffic from before the rollout.
pub fn end(
    tx: &Tx,
    caller: &Caller,
    endpoint: &Endpoint,
    rollout: Rollout,
    state: &str,
    why: &str,
    now_ms: i64,
) -> Result<()> {
    let desired = store::load(tx, endpoint.clone())?;
    let before = store::state(tx, endpoint.id, rollout.from_number)?;
    if let (Some(current), Some(before)) = (&desired.traffic, before)
        && current.routing != before.routing
    {
        let new = NewState {
            routing: &before.routing,
            cause: "rollout",
            restores: Some(rollout.from_number),
            rollout_id: Some(rollout.id),
            note: Some(why),
            created_by: &caller.user,
        };
        super::traffic::put_in_force(tx, caller, endpoint, &current.routing, new, now_ms, false)?;
    }
    finish(tx, caller, endpoint, rollout, state, Some(why), now_ms)
}

/// Marks a rollout as ended, whatever the traffic is.
pub fn finish(
    tx: &Tx,
    caller: &Caller,
    endpoint: &Endpoint,
    mut rollout: Rollout,
    state: &str,
    why: Option<&str>,
    now_ms: i64,
) -> Result<()> {
    state.clone_into(&mut rollout.state);
    rollout.reason = why.map(str::to_owned);
    rollout.finished_at = Some(now_ms);
    store::advance_rollout(tx, &rollout, state, why.unwrap_or_default(), now_ms)?;
    let detail = json!({ "rollout": rollout.id, "deployment": rollout.deployment, "state": state, "reason": why });
    audit::record(
        tx,
        caller,
        now_ms,
        "finish_rollout",
        entity(&endpoint.name),
        Some(&detail),
    )
}

/// The traffic of the step in force, in words.
fn enter(tx: &Tx, caller: &Caller, endpoint: &Endpoint, rollout: &Rollout, now_ms: i64) -> Result<String> {
    let Desired { traffic, .. } = store::load(tx, endpoint.clone())?;
    let current = traffic.map(|state| state.routing).unwrap_or_default();
    let before = store::state(tx, endpoint.id, rollout.from_number)?
        .map(|state| state.routing)
        .unwrap_or_default();
    let next = routing(rollout, &before, &current);
    if next != current {
        let note = format!("step {} of {}", rollout.step + 1, rollout.policy.steps.len());
        let new = NewState {
            routing: &next,
            cause: "rollout",
            restores: None,
            rollout_id: Some(rollout.id),
            note: Some(&note),
            created_by: &caller.user,
        };
        super::traffic::put_in_force(tx, caller, endpoint, &current, new, now_ms, false)?;
    }
    let shares: Vec<String> = next
        .split
        .iter()
        .map(|(name, percent)| format!("{name}={percent}"))
        .collect();
    let mirrored = next
        .mirror
        .map(|mirror| format!(", {} % mirrored to {}", mirror.percent, mirror.deployment));
    Ok(shares.join(" ") + &mirrored.unwrap_or_default())
}

/// What a step makes of the traffic from before the rollout; slots move from where they are now.
fn routing(rollout: &Rollout, before: &Routing, current: &Routing) -> Routing {
    let step = usize::try_from(rollout.step)
        .ok()
        .and_then(|step| rollout.policy.steps.get(step));
    let Some(step) = step else { return current.clone() };
    let mut next = current.with_split(&policy::share(&before.split, &rollout.deployment, step.percent));
    next.mirror = match step.mirror {
        None => before
            .mirror
            .clone()
            .filter(|mirror| mirror.deployment != rollout.deployment),
        Some(percent) => Some(Mirror {
            deployment: rollout.deployment.clone(),
            percent,
            tolerance: step.tolerance.unwrap_or_default(),
        }),
    };
    next
}
