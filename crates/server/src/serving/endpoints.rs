//! `/api/fettle/v1/endpoints`

use super::{
    reconciler::State,
    source,
    store::{self, Deployment, Endpoint},
};
use crate::{
    app::App,
    audit::{self, Entity},
    caller::Caller,
    error::{ApiError, Result, already_exists, invalid},
    extract::{Args, EMPTY, Empty, Json, PathArg},
    system::rfc3339,
    tracking::validate::invalid_value,
};
use axum::extract::State as AppState;
use fettle_gateway::{DeploymentReport, ExecutorChoice, Usage};
use fettle_wire::{Int64, Required};
use serde::{Deserialize, Serialize};
use serde_json::json;

const NAME_LENGTH: usize = 63;
const REPLICAS_MAX: i64 = 64;
/// The deployment that an endpoint is made with.
pub const FIRST_DEPLOYMENT: &str = "default";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CreateEndpoint {
    name: Option<String>,
    model_uri: Option<String>,
    executor: Option<String>,
    replicas: Option<Int64>,
}

#[derive(Debug, Serialize)]
pub struct EndpointList {
    endpoints: Vec<EndpointView>,
}

#[derive(Debug, Serialize)]
pub struct EndpointView {
    name: String,
    state: &'static str,
    created_at: String,
    deployments: Vec<DeploymentView>,
    /// None while nothing runs.
    requests: Option<Usage>,
}

#[derive(Debug, Serialize)]
struct DeploymentView {
    name: String,
    model_uri: String,
    model_name: Option<String>,
    model_version: Option<String>,
    /// What runs the model: `native` or `python`, once that is decided; before, what was asked for.
    executor: String,
    /// In percent.
    traffic: i64,
    replicas: i64,
    state: &'static str,
    /// Why this executor, or why not at all.
    reason: Option<String>,
    report: Option<DeploymentReport>,
}

/// Accepts an endpoint; its model starts in the background, and `state` says how that goes.
pub async fn create_endpoint(
    AppState(app): AppState<App>,
    caller: Caller,
    Args(request): Args<CreateEndpoint>,
) -> Result<Json<EndpointView>> {
    let name = check_name(request.name.required("name")?)?;
    let model_uri = request.model_uri.required("model_uri")?;
    let executor = request.executor.unwrap_or_else(|| "auto".to_owned());
    executor
        .parse::<ExecutorChoice>()
        .map_err(|e| invalid_value("executor", &executor, &e))?;
    let replicas = request.replicas.map_or(1, |replicas| replicas.0);
    if !(1..=REPLICAS_MAX).contains(&replicas) {
        return Err(invalid(format!(
            "Parameter 'replicas' must be between 1 and {REPLICAS_MAX}, it is {replicas}."
        )));
    }
    let now_ms = app.clock.now_ms();
    let (endpoint, deployments) = app
        .db
        .write(move |tx| {
            let model = source::find(tx, caller.workspace_id, &model_uri)?;
            let (model_name, model_version) = model.version.unzip();
            let deployment = Deployment {
                endpoint_id: 0,
                name: FIRST_DEPLOYMENT.to_owned(),
                model_uri: model_uri.clone(),
                model_name,
                model_version,
                artifact_uri: model.artifact_uri,
                executor: executor.clone(),
                replicas,
                traffic: 100,
            };
            if !store::insert(tx, caller.workspace_id, &name, &deployment, now_ms)? {
                return Err(already_exists(format!("Endpoint `{name}` already exists.")));
            }
            let detail =
                json!({ "model_uri": model_uri, "model_version": deployment.model_version, "executor": executor });
            audit::record(
                tx,
                &caller,
                now_ms,
                "create",
                Entity {
                    kind: "endpoint",
                    id: &name,
                },
                Some(&detail),
            )?;
            store::get(tx, caller.workspace_id, &name)
        })
        .await?;
    if let Some(first) = deployments.first() {
        app.reconciler.start(endpoint.clone(), first.clone());
    }
    Ok(Json(view(&app, endpoint, deployments)))
}

/// Names are part of an address.
fn check_name(name: String) -> Result<String> {
    let good = name.len() <= NAME_LENGTH
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        && name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if good {
        return Ok(name);
    }
    Err(invalid_value(
        "name",
        &name,
        "an endpoint's name has at most 63 letters, digits, '-', '_' and '.', and starts with a letter or digit.",
    ))
}

pub async fn list_endpoints(AppState(app): AppState<App>, caller: Caller) -> Result<Json<EndpointList>> {
    let found = app.db.read(move |tx| store::list(tx, caller.workspace_id)).await?;
    let endpoints = found
        .into_iter()
        .map(|(endpoint, deployments)| view(&app, endpoint, deployments))
        .collect();
    Ok(Json(EndpointList { endpoints }))
}

pub async fn get_endpoint(
    AppState(app): AppState<App>,
    caller: Caller,
    PathArg(name): PathArg,
) -> Result<Json<EndpointView>> {
    let (endpoint, deployments) = app
        .db
        .peek(move |tx| store::get(tx, caller.workspace_id, &name))
        .await?;
    Ok(Json(view(&app, endpoint, deployments)))
}

pub async fn delete_endpoint(
    AppState(app): AppState<App>,
    caller: Caller,
    PathArg(name): PathArg,
) -> Result<Json<Empty>> {
    let now_ms = app.clock.now_ms();
    let deleted = name.clone();
    app.db
        .write(move |tx| {
            let (endpoint, _) = store::get(tx, caller.workspace_id, &name)?;
            store::delete(tx, endpoint.id)?;
            audit::record(
                tx,
                &caller,
                now_ms,
                "delete",
                Entity {
                    kind: "endpoint",
                    id: &name,
                },
                None,
            )?;
            Ok::<_, ApiError>(())
        })
        .await?;
    app.reconciler.stop(&deleted);
    Ok(EMPTY)
}

fn view(app: &App, endpoint: Endpoint, deployments: Vec<Deployment>) -> EndpointView {
    let running = app.gateway.get(&endpoint.name);
    let state = app.reconciler.state(&endpoint.name).unwrap_or(State::Starting);
    let state_name = match &running {
        // The workers of a ready deployment may be restarting.
        Some(running) if !running.ready() => "starting",
        _ => state.name(),
    };
    let report = running.as_ref().map(|running| running.report().clone());
    let deployments = deployments
        .into_iter()
        .map(|deployment| DeploymentView {
            name: deployment.name,
            model_uri: deployment.model_uri,
            model_name: deployment.model_name,
            model_version: deployment.model_version.map(|version| version.to_string()),
            executor: report
                .as_ref()
                .map_or(deployment.executor, |report| report.executor.name().to_owned()),
            traffic: deployment.traffic,
            replicas: deployment.replicas,
            state: state_name,
            reason: match &state {
                State::Failed(why) => Some(why.clone()),
                _ => report.as_ref().map(|report| report.why.clone()),
            },
            report: report.clone(),
        })
        .collect();
    EndpointView {
        name: endpoint.name,
        state: state_name,
        created_at: rfc3339(endpoint.created_at),
        deployments,
        requests: running.map(|running| running.usage()),
    }
}
