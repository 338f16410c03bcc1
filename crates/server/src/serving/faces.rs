//! What scoring servers answer besides predictions, for an endpoint: `/predict`, `/ping`, `/health`, `/version`,
//! `/model-info`. They speak of the deployment with most traffic.

use super::{
    data_plane::{DataPlane, Plane},
    inference, store,
};
use crate::{
    caller::Caller,
    error::{ApiError, ErrorCode, Result},
    extract::{PathArg, read_body},
};
use axum::{
    Router,
    extract::{FromRef, Request, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use fettle_gateway::{Deployment, Endpoint, Invocation, ScoreResponse, faces};
use std::sync::Arc;

pub fn routes<S: Plane>() -> Router<S>
where
    DataPlane: FromRef<S>,
{
    Router::new()
        .route("/endpoints/{name}/predict", post(predict))
        .route("/endpoints/{name}/ping", get(ping))
        .route("/endpoints/{name}/health", get(health))
        .route("/endpoints/{name}/version", get(version))
        .route("/endpoints/{name}/model-info", get(model_info))
}

/// One row of numbers in, its prediction out; routed as any other request.
async fn predict(
    State(plane): State<DataPlane>,
    caller: Caller,
    PathArg(name): PathArg,
    request: Request,
) -> Result<Response> {
    let endpoint = endpoint(&plane, &name)?;
    let headers = request.headers().clone();
    let body = read_body(request, endpoint.body_bytes_max()).await?;
    let payload = match faces::predict_payload(&body) {
        Ok(payload) => payload,
        Err(refusal) => return Ok(refusal.into_response()),
    };
    let invocation = Invocation::of(caller.request_id, headers, payload);
    let answer = plane.gateway.invoke(endpoint, invocation).await;
    let version = answer
        .source
        .as_ref()
        .map(|source| source.running.options().model_version.as_str());
    let mut response = faces::predict_answer(answer.response.clone(), version.unwrap_or_default()).into_response();
    response.headers_mut().extend(answer.headers());
    Ok(response)
}

async fn ping(State(plane): State<DataPlane>, _caller: Caller, PathArg(name): PathArg) -> Result<ScoreResponse> {
    Ok(faces::ping(chosen(&*endpoint(&plane, &name)?).map(AsRef::as_ref)))
}

async fn health(State(plane): State<DataPlane>, _caller: Caller, PathArg(name): PathArg) -> Result<ScoreResponse> {
    Ok(faces::health(chosen(&*endpoint(&plane, &name)?).map(AsRef::as_ref)))
}

async fn version(State(plane): State<DataPlane>, _caller: Caller, PathArg(name): PathArg) -> Result<ScoreResponse> {
    let endpoint = endpoint(&plane, &name)?;
    Ok(faces::version(chosen(&endpoint).ok_or_else(|| nothing_runs(&name))?))
}

async fn model_info(State(plane): State<DataPlane>, _caller: Caller, PathArg(name): PathArg) -> Result<ScoreResponse> {
    let endpoint = endpoint(&plane, &name)?;
    Ok(faces::model_info(chosen(&endpoint).ok_or_else(|| nothing_runs(&name))?))
}

fn endpoint(plane: &DataPlane, name: &str) -> Result<Arc<Endpoint>> {
    plane.gateway.endpoint(name).ok_or_else(|| store::no_endpoint(name))
}

fn chosen(endpoint: &Endpoint) -> Option<&Arc<Deployment>> {
    inference::choose(endpoint, None).map(|(_, deployment)| deployment)
}

fn nothing_runs(name: &str) -> ApiError {
    ApiError::new(
        ErrorCode::TemporarilyUnavailable,
        format!("Endpoint `{name}` has no deployment that answers."),
    )
}
