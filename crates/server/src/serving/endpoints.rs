//! `/api/fettle/v1/endpoints`

use super::{
    deployments::{self, NewDeployment},
    spec::{self, Spec},
    store,
    view::{self, EndpointView},
};
use crate::{
    app::App,
    audit::{self, Entity},
    caller::Caller,
    error::{ApiError, Result, already_exists},
    extract::{Args, EMPTY, Empty, Json, PathArg},
};
use axum::extract::State;
use fettle_wire::Required;
use serde::{Deserialize, Serialize};

/// The deployment that an endpoint is made with, unless it is named.
const FIRST_DEPLOYMENT: &str = "default";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CreateEndpoint {
    name: Option<String>,
    /// Name of the first deployment, if there is a model.
    deployment: Option<String>,
    follow: Option<bool>,
    #[serde(flatten)]
    spec: Spec,
}

#[derive(Debug, Serialize)]
pub struct EndpointList {
    endpoints: Vec<EndpointView>,
}

pub fn entity(name: &str) -> Entity<'_> {
    Entity {
        kind: "endpoint",
        id: name,
    }
}

/// Accepts an endpoint, with a first deployment if a model is named. That one starts in the background.
pub async fn create_endpoint(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<CreateEndpoint>,
) -> Result<Json<EndpointView>> {
    let name = spec::check_name("an endpoint", request.name.required("name")?)?;
    let first = if request.spec.model_uri.is_some() {
        let given = request.deployment.unwrap_or_else(|| FIRST_DEPLOYMENT.to_owned());
        Some(NewDeployment {
            name: spec::check_name("a deployment", given)?,
            follow: request.follow,
            revision: request.spec.revise(None)?,
        })
    } else {
        None
    };
    let (now_ms, workspace_id, made) = (app.clock.now_ms(), caller.workspace_id, name.clone());
    app.db
        .write(move |tx| {
            if store::insert_endpoint(tx, caller.workspace_id, &name, now_ms)?.is_none() {
                return Err(already_exists(format!("Endpoint `{name}` already exists.")));
            }
            audit::record(tx, &caller, now_ms, "create", entity(&name), None)?;
            let endpoint = store::get(tx, caller.workspace_id, &name)?;
            match &first {
                Some(first) => deployments::insert(tx, &caller, &endpoint, first, now_ms),
                None => Ok(()),
            }
        })
        .await?;
    app.reconciler.sync(&made).await?;
    view::load(&app, workspace_id, &made).await.map(Json)
}

pub async fn list_endpoints(State(app): State<App>, caller: Caller) -> Result<Json<EndpointList>> {
    let now_ms = app.clock.now_ms();
    let found = app
        .db
        .read(move |tx| {
            let endpoints = store::list_endpoints(tx, caller.workspace_id)?;
            let found = endpoints.into_iter().map(|endpoint| view::find(tx, endpoint, now_ms));
            found.collect::<Result<Vec<_>>>()
        })
        .await?;
    let endpoints = found.into_iter().map(|found| view::endpoint(&app, found)).collect();
    Ok(Json(EndpointList { endpoints }))
}

pub async fn get_endpoint(
    State(app): State<App>,
    caller: Caller,
    PathArg(name): PathArg,
) -> Result<Json<EndpointView>> {
    view::load(&app, caller.workspace_id, &name).await.map(Json)
}

pub async fn delete_endpoint(State(app): State<App>, caller: Caller, PathArg(name): PathArg) -> Result<Json<Empty>> {
    let now_ms = app.clock.now_ms();
    let deleted = name.clone();
    app.db
        .write(move |tx| {
            let endpoint = store::get(tx, caller.workspace_id, &name)?;
            store::delete_endpoint(tx, endpoint.id)?;
            audit::record(tx, &caller, now_ms, "delete", entity(&name), None)?;
            Ok::<_, ApiError>(())
        })
        .await?;
    app.reconciler.sync(&deleted).await?;
    Ok(EMPTY)
}
