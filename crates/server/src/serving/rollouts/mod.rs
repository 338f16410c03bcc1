//! `/api/fettle/v1/endpoints/{name}/rollouts`: traffic that moves to a deployment step by step, under watch.
//!
//! Here rollouts are started; `words` are what may be said to one that is under way, `view` is how they are shown.

mod view;
mod words;

pub use view::{RolloutView, get_rollout, list_rollouts, view};
pub use words::{abort, pause, promote, resume};

use super::{
    endpoints::entity,
    monitors,
    policy::Policy,
    store::{self, Endpoint, NewRollout, Rollout},
    traffic,
};
use crate::{
    app::App,
    audit,
    caller::Caller,
    error::{ApiError, ErrorCode, Result, invalid, not_found},
    extract::{Args, Json, PathArg},
};
use axum::extract::State;
use fettle_db::Tx;
use fettle_wire::Required;
use serde::Deserialize;
use serde_json::json;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct StartRollout {
    /// The deployment to roll out.
    to: Option<String>,
    /// The endpoint's own, if absent.
    policy: Option<Policy>,
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
    let current = store::current(tx, endpoint)?.ok_or_else(|| traffic::no_traffic(&endpoint.name))?;
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

fn conflict(message: String) -> ApiError {
    ApiError::new(ErrorCode::ResourceConflict, message)
}
