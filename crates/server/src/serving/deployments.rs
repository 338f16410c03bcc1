//! `/api/fettle/v1/endpoints/{name}/deployments`

use super::{
    endpoints::entity,
    following, history, rollouts, source,
    spec::{self, Spec},
    store::{self, Deployment, Endpoint, NewState, Revision},
    view::{self, EndpointView},
};
use crate::{
    app::App,
    audit,
    caller::{Caller, FETTLE},
    error::{ApiError, ErrorCode, Result, already_exists, invalid},
    extract::{Args, Json, PathArg},
};
use axum::extract::{Path, State};
use fettle_db::{Tx, params};
use fettle_gateway::routing::Routing;
use fettle_wire::Required;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CreateDeployment {
    name: Option<String>,
    follow: Option<bool>,
    #[serde(flatten)]
    spec: Spec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct UpdateDeployment {
    follow: Option<bool>,
    #[serde(flatten)]
    spec: Spec,
}

/// A deployment that is to be made, its model not yet found.
#[derive(Debug, Clone)]
pub struct NewDeployment {
    pub name: String,
    /// Whether to move with the alias in the model's address; None does if there is one.
    pub follow: Option<bool>,
    pub revision: Revision,
}

/// Accepts a deployment. It starts in the background and gets no traffic, unless it is the endpoint's first.
pub async fn create_deployment(
    State(app): State<App>,
    caller: Caller,
    PathArg(endpoint): PathArg,
    Args(request): Args<CreateDeployment>,
) -> Result<Json<EndpointView>> {
    let new = NewDeployment {
        name: spec::check_name("a deployment", request.name.required("name")?)?,
        follow: request.follow,
        revision: request.spec.revise(None)?,
    };
    let change =
        move |tx: &Tx, caller: &Caller, endpoint: &Endpoint, now_ms| insert(tx, caller, endpoint, &new, now_ms);
    write(&app, caller, endpoint, change).await
}

/// Changes what a deployment runs. The model that answers goes on until the new one has started and warmed up.
pub async fn update_deployment(
    State(app): State<App>,
    caller: Caller,
    Path((endpoint, name)): Path<(String, String)>,
    Args(request): Args<UpdateDeployment>,
) -> Result<Json<EndpointView>> {
    let change = move |tx: &Tx, caller: &Caller, endpoint: &Endpoint, now_ms| {
        rollouts::refuse_during(tx, endpoint)?;
        let found = get(tx, endpoint, &name)?;
        update(tx, caller, endpoint, &found, &request, now_ms)
    };
    write(&app, caller, endpoint, change).await
}

/// Takes a deployment away that gets no traffic. Requests that reached it before are answered.
pub async fn delete_deployment(
    State(app): State<App>,
    caller: Caller,
    Path((endpoint, name)): Path<(String, String)>,
) -> Result<Json<EndpointView>> {
    let change = move |tx: &Tx, caller: &Caller, endpoint: &Endpoint, now_ms| {
        rollouts::refuse_during(tx, endpoint)?;
        let found = get(tx, endpoint, &name)?;
        remove(tx, caller, endpoint, &found, now_ms)
    };
    write(&app, caller, endpoint, change).await
}

async fn write<F>(app: &App, caller: Caller, name: String, change: F) -> Result<Json<EndpointView>>
where
    F: Fn(&Tx, &Caller, &Endpoint, i64) -> Result<()> + Send + 'static,
{
    view::after(app, caller, name, change).await.map(Json)
}

fn get(tx: &Tx, endpoint: &Endpoint, name: &str) -> Result<Deployment> {
    store::find_deployment(tx, endpoint.id, name)?.ok_or_else(|| store::no_deployment(&endpoint.name, name))
}

/// Writes down a new deployment; the first of an endpoint gets all of its traffic.
pub fn insert(tx: &Tx, caller: &Caller, endpoint: &Endpoint, new: &NewDeployment, now_ms: i64) -> Result<()> {
    let follows = follows(new.follow, &new.revision.model_uri)?;
    let revision = resolve(tx, caller, new.revision.clone(), now_ms)?;
    let id = store::insert_deployment(tx, caller.workspace_id, endpoint.id, &new.name, follows, now_ms)?.ok_or_else(
        || {
            already_exists(format!(
                "Endpoint `{}` already has a deployment `{}`.",
                endpoint.name, new.name
            ))
        },
    )?;
    store::add_revision(tx, caller.workspace_id, id, &revision)?;
    record(
        tx,
        caller,
        now_ms,
        "create_deployment",
        endpoint,
        &new.name,
        Some(&revision),
    )?;
    if endpoint.traffic_number > 0 {
        return store::touch(tx, endpoint.id, now_ms);
    }
    let routing = Routing::default().with_split(&BTreeMap::from([(new.name.clone(), 100)]));
    let first = NewState {
        routing: &routing,
        cause: "create",
        restores: None,
        rollout_id: None,
        note: None,
        created_by: &caller.user,
    };
    store::insert_state(tx, endpoint, first, now_ms).map(drop)
}

fn update(
    tx: &Tx,
    caller: &Caller,
    endpoint: &Endpoint,
    found: &Deployment,
    request: &UpdateDeployment,
    now_ms: i64,
) -> Result<()> {
    let mut revision = request.spec.clone().revise(Some(&found.revision))?;
    let follows = follows(
        request
            .follow
            .or(Some(found.follows).filter(|_| request.spec.model_uri.is_none())),
        &revision.model_uri,
    )?;
    if request.spec.model_uri.is_some() {
        revision = resolve(tx, caller, revision, now_ms)?;
    }
    if follows != found.follows {
        set_follows(tx, found.id, follows)?;
    }
    revise(tx, caller, endpoint, found, revision, now_ms)
}

pub fn set_follows(tx: &Tx, id: i64, follows: bool) -> Result<()> {
    tx.execute(
        "UPDATE deployments SET follows = ?2 WHERE id = ?1",
        params![id, follows],
    )?;
    Ok(())
}

/// Gives a deployment something else to run; nothing happens if it is the same.
pub fn revise(
    tx: &Tx,
    caller: &Caller,
    endpoint: &Endpoint,
    found: &Deployment,
    revision: Revision,
    now_ms: i64,
) -> Result<()> {
    let revision = Revision {
        created_at: now_ms,
        created_by: caller.user.to_string(),
        ..revision
    };
    let unchanged = Revision {
        created_at: found.revision.created_at,
        created_by: found.revision.created_by.clone(),
        ..revision.clone()
    };
    if unchanged != found.revision {
        store::add_revision(tx, endpoint.workspace_id, found.id, &revision)?;
    }
    record(
        tx,
        caller,
        now_ms,
        "update_deployment",
        endpoint,
        &found.name,
        Some(&revision),
    )?;
    store::touch(tx, endpoint.id, now_ms)
}

pub fn remove(tx: &Tx, caller: &Caller, endpoint: &Endpoint, found: &Deployment, now_ms: i64) -> Result<()> {
    let traffic = store::current(tx, endpoint)?;
    if let Some(used) = traffic.and_then(|state| state.routing.use_of(&found.name)) {
        return Err(ApiError::new(
            ErrorCode::ResourceConflict,
            format!(
                "Deployment `{}` is in use: {used}. Change the traffic of the endpoint first.",
                found.name
            ),
        ));
    }
    if endpoint.fallback.as_deref() == Some(&json!({ "deployment": found.name }).to_string()) {
        return Err(ApiError::new(
            ErrorCode::ResourceConflict,
            format!("Deployment `{}` is in use: it is the endpoint's fallback.", found.name),
        ));
    }
    store::delete_deployment(tx, found.id)?;
    record(tx, caller, now_ms, "delete_deployment", endpoint, &found.name, None)?;
    store::touch(tx, endpoint.id, now_ms)
}

/// Takes away the deployments that following an alias made, apart from the one that follows, those in use, and the one
/// that a rollback would go to.
pub fn remove_outdated(tx: &Tx, caller: &Caller, endpoint: &Endpoint, now_ms: i64) -> Result<()> {
    let endpoint = store::get(tx, endpoint.workspace_id, &endpoint.name)?;
    let deployments = store::list_deployments(tx, endpoint.id)?;
    let Some(follower) = deployments.iter().find(|deployment| deployment.follows) else {
        return Ok(());
    };
    let Some(current) = store::current(tx, &endpoint)? else {
        return Ok(());
    };
    let earlier = store::list_states(tx, endpoint.id, current.number, 1000)?;
    let back = history::before(&current, &earlier)
        .map(|state| state.routing.clone())
        .unwrap_or_default();
    for deployment in &deployments {
        let made_by_following = following::base(&deployment.name) != deployment.name
            && following::base(&deployment.name) == following::base(&follower.name)
            && &*deployment.revision.created_by == FETTLE;
        let needed = deployment.follows
            || current.routing.use_of(&deployment.name).is_some()
            || back.use_of(&deployment.name).is_some();
        if made_by_following && !needed {
            remove(tx, caller, &endpoint, deployment, now_ms)?;
        }
    }
    Ok(())
}

/// Finds the model that a revision names.
pub fn resolve(tx: &Tx, caller: &Caller, revision: Revision, now_ms: i64) -> Result<Revision> {
    let model = source::find(tx, caller.workspace_id, &revision.model_uri)?;
    let (model_name, model_version) = model.version.unzip();
    Ok(Revision {
        model_name,
        model_version,
        artifact_uri: model.artifact_uri,
        created_at: now_ms,
        created_by: caller.user.to_string(),
        ..revision
    })
}

fn follows(asked: Option<bool>, model_uri: &str) -> Result<bool> {
    let alias = source::alias(model_uri).is_some();
    if asked == Some(true) && !alias {
        return Err(invalid(format!(
            "Parameter 'follow' needs a model address with an alias, such as models:/NAME@champion; it is {model_uri}."
        )));
    }
    Ok(asked.unwrap_or(alias))
}

fn record(
    tx: &Tx,
    caller: &Caller,
    now_ms: i64,
    action: &str,
    endpoint: &Endpoint,
    deployment: &str,
    revision: Option<&Revision>,
) -> Result<()> {
    let mut detail = json!({ "deployment": deployment });
    if let Some(revision) = revision {
        detail["model_uri"] = json!(revision.model_uri);
        detail["model_version"] = json!(revision.model_version);
        detail["executor"] = json!(revision.executor);
        detail["replicas"] = json!([revision.replicas_min, revision.replicas_max]);
    }
    let detail: Value = detail;
    audit::record(tx, caller, now_ms, action, entity(&endpoint.name), Some(&detail))
}
