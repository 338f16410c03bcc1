//! `/api/fettle/v1/endpoints/{name}/check`: what has to be true before a model answers in production, checked against what
//! the server knows, with the evidence.

use super::{
    history,
    store::{self, Deployment, State as TrafficState},
};
use crate::{
    app::App,
    caller::Caller,
    error::Result,
    extract::{Json, PathArg},
    monitoring::capture::Policy,
    registry,
    system::rfc3339,
};
use axum::extract::State;
use fettle_db::Tx;
use serde::Serialize;

/// What a deployment must have answered, and how well, before its scaling counts as tried.
const REQUESTS_MIN: u64 = 1000;
const ERROR_RATE_MAX: f64 = 0.01;
const STATES_LOOKED_AT: usize = 1000;

#[derive(Debug, Serialize)]
pub struct Checklist {
    endpoint: String,
    passed: bool,
    items: Vec<Item>,
}

#[derive(Debug, Serialize)]
struct Item {
    item: &'static str,
    passed: bool,
    /// What was found, and what to do about it if it is not enough.
    evidence: Vec<String>,
}

/// What the store knows of an endpoint that is being checked.
struct Facts {
    /// Those with traffic, each with the run that its version came from and on how many servers it does not answer.
    deployments: Vec<(Deployment, Option<String>, i64)>,
    /// Newest first.
    states: Vec<TrafficState>,
    /// Whether the state that a rollback would restore can be restored now.
    way_back: Result<Option<i64>, String>,
}

pub async fn check(State(app): State<App>, caller: Caller, PathArg(name): PathArg) -> Result<Json<Checklist>> {
    let (asked, now_ms) = (name.clone(), app.clock.now_ms());
    let facts = app
        .db
        .read(move |tx| facts(tx, caller.workspace_id, &asked, now_ms))
        .await?;
    let running = app.gateway.endpoint(&name);
    let running = |deployment: &str| {
        let member = running.as_ref()?.members.get(deployment)?;
        Some(member.running.as_ref()?.deployment.clone())
    };
    let items = vec![
        registered(&facts),
        tested(&facts, &running),
        probed(&facts),
        scaled(&facts, &running),
        reversible(&facts),
        logged(app.recorder.policy(&name)),
    ];
    Ok(Json(Checklist {
        endpoint: name,
        passed: items.iter().all(|item| item.passed),
        items,
    }))
}

fn facts(tx: &Tx, workspace_id: i64, name: &str, now_ms: i64) -> Result<Facts> {
    let endpoint = store::get(tx, workspace_id, name)?;
    let desired = store::load(tx, endpoint.clone())?;
    let states = store::list_states(tx, endpoint.id, i64::MAX, STATES_LOOKED_AT)?;
    let split = desired
        .traffic
        .as_ref()
        .map(|state| state.routing.split.clone())
        .unwrap_or_default();
    let names: Vec<String> = desired
        .deployments
        .iter()
        .map(|deployment| deployment.name.clone())
        .collect();
    let mut deployments = Vec::new();
    for deployment in desired.deployments {
        if !split.contains_key(&deployment.name) {
            continue;
        }
        let revision = &deployment.revision;
        let run_id = match (&revision.model_name, revision.model_version) {
            (Some(model), Some(version)) => {
                // A version that was deleted since has no run to show.
                let found = registry::store::versions::get(tx, workspace_id, model, version).ok();
                found.map(|version| version.run_uuid).filter(|run| !run.is_empty())
            }
            _ => None,
        };
        let (unready, _) = store::unready(tx, deployment.id, now_ms)?;
        deployments.push((deployment, run_id, unready));
    }
    let way_back = match states
        .split_first()
        .map(|(current, earlier)| history::before(current, earlier))
    {
        Some(Some(before)) => {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            before.routing.check(&names).map(|()| Some(before.number))
        }
        _ => Ok(None),
    };
    Ok(Facts {
        deployments,
        states,
        way_back,
    })
}

type Running<'a> = &'a dyn Fn(&str) -> Option<std::sync::Arc<fettle_gateway::Deployment>>;

/// An item that every deployment with traffic has to pass.
fn each(facts: &Facts, item: &'static str, of: impl Fn(&(Deployment, Option<String>, i64)) -> (bool, String)) -> Item {
    let found: Vec<(bool, String)> = facts.deployments.iter().map(of).collect();
    let mut evidence: Vec<String> = found.iter().map(|(_, text)| text.clone()).collect();
    if evidence.is_empty() {
        evidence.push("no deployment has traffic".to_owned());
    }
    Item {
        item,
        passed: !found.is_empty() && found.iter().all(|(passed, _)| *passed),
        evidence,
    }
}

fn registered(facts: &Facts) -> Item {
    each(
        facts,
        "model registered with a linked training run",
        |(deployment, run, _)| {
            let (name, revision) = (&deployment.name, &deployment.revision);
            match (&revision.model_name, revision.model_version, run) {
                (Some(model), Some(version), Some(run)) => {
                    (true, format!("{name}: models:/{model}/{version}, from run {run}"))
                }
                (Some(model), Some(version), None) => {
                    (false, format!("{name}: models:/{model}/{version} names no run"))
                }
                _ => (
                    false,
                    format!("{name}: {} is not a registered version", revision.model_uri),
                ),
            }
        },
    )
}

fn tested(facts: &Facts, running: Running<'_>) -> Item {
    each(
        facts,
        "inference code tested with representative inputs",
        |(deployment, _, _)| {
            let name = &deployment.name;
            let Some(running) = running(name) else {
                return (false, format!("{name}: does not run"));
            };
            let parity = running.report().parity.as_ref().filter(|parity| parity.passed);
            let example = running.folder().serving_example().is_some();
            let compared = parity.map(|parity| {
                format!(
                    "{} rows scored as Python does ({})",
                    parity.rows_compared, parity.required
                )
            });
            let answered = example.then(|| "answered its input example before it became ready".to_owned());
            let evidence: Vec<String> = answered.into_iter().chain(compared).collect();
            if evidence.is_empty() {
                return (
                    false,
                    format!("{name}: the model has no input example; log it with input_example=..."),
                );
            }
            (true, format!("{name}: {}", evidence.join("; ")))
        },
    )
}

fn probed(facts: &Facts) -> Item {
    each(facts, "endpoint health probe configured", |(deployment, _, unready)| {
        let name = &deployment.name;
        match unready {
            0 => (
                true,
                format!("{name}: ready on every server; probes ask /livez and /readyz"),
            ),
            servers => (false, format!("{name}: does not answer on {servers} servers")),
        }
    })
}

fn scaled(facts: &Facts, running: Running<'_>) -> Item {
    each(facts, "scaling rules validated under load", |(deployment, _, _)| {
        let (name, revision) = (&deployment.name, &deployment.revision);
        let tally = running(name).map(|running| running.tally()).unwrap_or_default();
        let rate = tally.error_rate().unwrap_or_default();
        let replicas = format!("{} to {} replicas", revision.replicas_min, revision.replicas_max);
        let passed = tally.requests >= REQUESTS_MIN && rate <= ERROR_RATE_MAX;
        let seen = format!(
            "{name}: {replicas}, {} requests here, {:.2} % errors, p99 {:.1} ms",
            tally.requests,
            rate * 100.0,
            tally.latency_ms(0.99).unwrap_or_default()
        );
        let wanted = format!(
            "; at least {REQUESTS_MIN} with at most {} % errors are wanted",
            ERROR_RATE_MAX * 100.0
        );
        (passed, if passed { seen } else { seen + &wanted })
    })
}

fn reversible(facts: &Facts) -> Item {
    let done = facts.states.iter().find(|state| state.restores.is_some());
    let tried = done.map_or_else(
        || "no rollback was ever made; try one: fettle endpoint rollback NAME".to_owned(),
        |state| {
            let restored = state.restores.unwrap_or_default();
            format!(
                "state {} restored state {restored} at {}",
                state.number,
                rfc3339(state.created_at)
            )
        },
    );
    let now = match &facts.way_back {
        Ok(Some(number)) => format!("a rollback now would restore state {number}"),
        Ok(None) => "there is no earlier state to go back to".to_owned(),
        Err(why) => format!("a rollback now is not possible: {why}"),
    };
    Item {
        item: "rollback procedure documented and tested",
        passed: done.is_some() && facts.way_back.is_ok(),
        evidence: vec![tried, now],
    }
}

fn logged(capture: Policy) -> Item {
    let evidence = if capture.enabled {
        let share = capture.sampling_rate * 100.0;
        format!("{share} % of the requests are captured, and every one that fails; all are counted and timed")
    } else {
        "capture is off: requests are counted and timed, and their inputs and predictions are not kept".to_owned()
    };
    Item {
        item: "logging captures input features, predictions and latency",
        passed: capture.enabled && capture.sampling_rate > 0.0,
        evidence: vec![evidence],
    }
}
