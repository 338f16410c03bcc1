//! Endpoints, deployments and traffic states as the API shows them.

use super::{
    limits::Limits,
    rollouts::{self, RolloutView},
    store::{self, Deployment, Desired, Endpoint, Revision, State, Status},
};
use crate::{app::App, caller::Caller, error::Result, system::rfc3339};
use fettle_db::Tx;
use fettle_gateway::{
    DeploymentReport, ExecutorKind, ReplicaCounts, Usage,
    routing::{HeaderRule, Mirror, Slots, StickyKey},
};
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

#[derive(Debug, Serialize)]
pub struct EndpointView {
    name: String,
    /// `ready` if everything with traffic answers; `starting`, `failed`, `idle` without traffic, or `disabled`.
    state: &'static str,
    created_at: String,
    /// Of the traffic state in force; None before the first.
    traffic: Option<TrafficView>,
    disabled: Option<DisabledView>,
    fallback: Option<Box<RawValue>>,
    policy: Option<Box<RawValue>>,
    /// The one under way.
    rollout: Option<RolloutView>,
    deployments: Vec<DeploymentView>,
    /// What this server has answered; None while nothing runs.
    requests: Option<Usage>,
}

#[derive(Debug, Serialize)]
pub struct DisabledView {
    reason: String,
    by: String,
    at: String,
}

#[derive(Debug, Serialize)]
pub struct DeploymentView {
    name: String,
    /// `starting`, `ready`, `failed` or `draining`.
    state: &'static str,
    /// Why it failed, or why this executor.
    reason: Option<String>,
    created_at: String,
    updated_at: String,
    /// Counts its updates, from 1.
    revision: i64,
    model_uri: String,
    model_name: Option<String>,
    model_version: Option<String>,
    /// Whether it moves with the alias in its address.
    follows: bool,
    /// What runs the model: `native` or `python`, once that is decided; before, what was asked for.
    executor: String,
    /// In percent.
    traffic: u8,
    replicas: i64,
    replicas_min: i64,
    replicas_max: i64,
    /// The workers that there are on this server, if the model runs in Python.
    workers: Option<ReplicaCounts>,
    concurrency: Option<i64>,
    /// Names alone: values may be secrets.
    environment: BTreeMap<String, Option<String>>,
    /// What it says for itself; the rest is as the server was started with.
    limits: Limits,
    /// What answers here now, which is an earlier revision while an update starts or if it failed.
    serving: Option<ServingView>,
    /// What this server has answered.
    requests: Option<Usage>,
    report: Option<DeploymentReport>,
}

#[derive(Debug, Serialize)]
pub struct ServingView {
    model_version: String,
    current: bool,
}

#[derive(Debug, Serialize)]
pub struct TrafficView {
    pub number: i64,
    split: BTreeMap<String, u8>,
    slots: Slots,
    rules: Vec<HeaderRule>,
    sticky: Option<StickyKey>,
    mirror: Option<Mirror>,
    cause: String,
    restores: Option<i64>,
    rollout_id: Option<String>,
    note: Option<String>,
    created_at: String,
    created_by: String,
}

impl From<State> for TrafficView {
    fn from(state: State) -> Self {
        Self {
            number: state.number,
            split: state.routing.split,
            slots: state.routing.slots,
            rules: state.routing.rules,
            sticky: state.routing.sticky,
            mirror: state.routing.mirror,
            cause: state.cause,
            restores: state.restores,
            rollout_id: state.rollout_id.map(|id| id.to_string()),
            note: state.note,
            created_at: rfc3339(state.created_at),
            created_by: state.created_by,
        }
    }
}

/// What is read from the store to show an endpoint.
#[derive(Debug)]
pub struct Found {
    desired: Desired,
    statuses: Vec<Status>,
    /// Servers and gateways that are there.
    servers: usize,
    rollout: Option<RolloutView>,
}

pub fn find(tx: &Tx, endpoint: Endpoint, now_ms: i64) -> Result<Found> {
    let desired = store::load(tx, endpoint)?;
    let ids: Vec<i64> = desired.deployments.iter().map(|deployment| deployment.id).collect();
    let statuses = store::statuses(tx, &ids, now_ms)?;
    let rollout = store::unfinished_rollout(tx, desired.endpoint.id)?;
    let rollout = rollout.map(|rollout| rollouts::view(tx, rollout, now_ms)).transpose()?;
    Ok(Found {
        desired,
        statuses,
        servers: store::count_servers(tx, now_ms)?,
        rollout,
    })
}

pub async fn load(app: &App, workspace_id: i64, name: &str) -> Result<EndpointView> {
    let (name, now_ms) = (name.to_owned(), app.clock.now_ms());
    let found = app
        .db
        .peek(move |tx| find(tx, store::get(tx, workspace_id, &name)?, now_ms))
        .await?;
    Ok(endpoint(app, found))
}

/// Changes an endpoint, brings this server to it, and shows what came of it.
pub async fn after<F>(app: &App, caller: Caller, name: String, change: F) -> Result<EndpointView>
where
    F: Fn(&Tx, &Caller, &Endpoint, i64) -> Result<()> + Send + 'static,
{
    let (now_ms, workspace_id, changed) = (app.clock.now_ms(), caller.workspace_id, name.clone());
    app.db
        .write(move |tx| {
            let endpoint = store::get(tx, caller.workspace_id, &name)?;
            change(tx, &caller, &endpoint, now_ms)
        })
        .await?;
    app.reconciler.sync(&changed).await?;
    load(app, workspace_id, &changed).await
}

pub fn endpoint(app: &App, found: Found) -> EndpointView {
    let Found {
        desired,
        statuses,
        servers,
        rollout,
    } = found;
    let running = app.gateway.endpoint(&desired.endpoint.name);
    let traffic = desired.traffic.map(TrafficView::from);
    let split = traffic.as_ref().map(|traffic| &traffic.split);
    let mut deployments: Vec<DeploymentView> = desired
        .deployments
        .into_iter()
        .map(|deployment| {
            let percent = split
                .and_then(|split| split.get(&deployment.name))
                .copied()
                .unwrap_or_default();
            let own: Vec<&Status> = statuses
                .iter()
                .filter(|status| status.deployment_id == deployment.id)
                .collect();
            view(running.as_deref(), deployment, (&own, servers), percent)
        })
        .collect();
    let state = state(desired.endpoint.disabled.is_some(), &deployments);
    deployments.extend(running.as_deref().into_iter().flat_map(draining));
    EndpointView {
        name: desired.endpoint.name,
        state,
        created_at: rfc3339(desired.endpoint.created_at),
        traffic,
        disabled: desired.endpoint.disabled.map(|disabled| DisabledView {
            reason: disabled.reason,
            by: disabled.by,
            at: rfc3339(disabled.at),
        }),
        fallback: desired
            .endpoint
            .fallback
            .and_then(|text| RawValue::from_string(text).ok()),
        policy: desired
            .endpoint
            .policy
            .and_then(|text| RawValue::from_string(text).ok()),
        rollout,
        deployments,
        requests: running.and_then(|running| running.usage()),
    }
}

fn state(disabled: bool, deployments: &[DeploymentView]) -> &'static str {
    let with_traffic = || deployments.iter().filter(|deployment| deployment.traffic > 0);
    if disabled {
        "disabled"
    } else if with_traffic().next().is_none() {
        "idle"
    } else if with_traffic().any(|deployment| deployment.state == "failed" && deployment.serving.is_none()) {
        "failed"
    } else if with_traffic().all(|deployment| deployment.serving.is_some() || deployment.state == "ready") {
        "ready"
    } else {
        "starting"
    }
}

fn view(
    running: Option<&fettle_gateway::Endpoint>,
    deployment: Deployment,
    (statuses, servers): (&[&Status], usize),
    traffic: u8,
) -> DeploymentView {
    let running = running.and_then(|endpoint| endpoint.members.get(deployment.name.as_str())?.running.as_ref());
    let of_revision = || {
        statuses
            .iter()
            .filter(|status| status.revision_id == deployment.revision.id)
    };
    let failed = of_revision().find(|status| status.state == "failed");
    let state = match failed {
        Some(_) => "failed",
        None if of_revision().count() == statuses.len()
            && statuses.len() == servers
            && servers > 0
            && of_revision().all(|s| s.state == "ready") =>
        {
            "ready"
        }
        None => "starting",
    };
    let current = running.is_some_and(|running| running.revision == deployment.revision.id);
    let report = running.map(|running| running.deployment.report().clone());
    let reason = failed.and_then(|status| status.reason.clone());
    let Revision {
        number,
        model_uri,
        model_name,
        model_version,
        executor,
        replicas_min,
        replicas_max,
        concurrency,
        environment,
        limits,
        created_at,
        ..
    } = deployment.revision;
    DeploymentView {
        name: deployment.name,
        state,
        reason: reason.or_else(|| report.as_ref().filter(|_| current).map(|report| report.why.clone())),
        created_at: rfc3339(deployment.created_at),
        updated_at: rfc3339(created_at),
        revision: number,
        model_uri,
        model_name,
        model_version: model_version.map(|version| version.to_string()),
        follows: deployment.follows,
        executor: report
            .as_ref()
            .filter(|_| current)
            .map_or(executor, |report| report.executor.name().to_owned()),
        traffic,
        replicas: replicas_min,
        replicas_min,
        replicas_max,
        workers: running
            .map(|running| &running.deployment)
            .filter(|deployment| deployment.report().executor == ExecutorKind::Python)
            .map(|deployment| deployment.replicas()),
        concurrency,
        environment: environment.into_keys().map(|name| (name, None)).collect(),
        limits,
        serving: running.map(|running| ServingView {
            model_version: running.deployment.options().model_version.clone(),
            current,
        }),
        requests: running.map(|running| running.deployment.usage()),
        report,
    }
}

/// Deployments that the store no longer knows and that still answer requests.
fn draining(endpoint: &fettle_gateway::Endpoint) -> Vec<DeploymentView> {
    let draining = endpoint
        .members
        .iter()
        .filter(|(_, member)| member.state == fettle_gateway::MemberState::Draining);
    let view = |(name, _): (&std::sync::Arc<str>, _)| DeploymentView {
        name: name.to_string(),
        state: "draining",
        reason: Some("it was deleted; requests that reached it before are being answered".to_owned()),
        created_at: String::new(),
        updated_at: String::new(),
        revision: 0,
        model_uri: String::new(),
        model_name: None,
        model_version: None,
        follows: false,
        executor: String::new(),
        traffic: 0,
        replicas: 0,
        replicas_min: 0,
        replicas_max: 0,
        workers: None,
        concurrency: None,
        environment: BTreeMap::new(),
        limits: Limits::default(),
        serving: None,
        requests: None,
        report: None,
    };
    draining.map(view).collect()
}
