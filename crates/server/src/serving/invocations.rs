//! `POST /endpoints/NAME/invocations`: the data plane's door. It asks no database.

use super::endpoints::FIRST_DEPLOYMENT;
use crate::{
    app::App,
    caller::Caller,
    error::{ApiError, ErrorCode, Result, not_found},
    extract::{PathArg, read_body},
    monitoring::capture::Answered,
};
use axum::{
    extract::{Request, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use std::time::Instant;

pub async fn invoke(
    State(app): State<App>,
    caller: Caller,
    PathArg(name): PathArg,
    request: Request,
) -> Result<Response> {
    let Some(deployment) = app.gateway.get(&name) else {
        return Err(match app.reconciler.state(&name) {
            None => not_found(format!("There is no endpoint `{name}`.")),
            Some(state) => ApiError::new(
                ErrorCode::TemporarilyUnavailable,
                format!("Endpoint `{name}` does not answer yet: {}.", state.describe()),
            ),
        });
    };
    let content_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let body = read_body(request, deployment.options().body_bytes_max).await?;
    let started = Instant::now();
    let answer = deployment.score(content_type.as_deref(), body.clone()).await;
    app.recorder.answered(Answered {
        endpoint: &name,
        deployment: FIRST_DEPLOYMENT,
        model_name: &deployment.options().model_name,
        model_version: &deployment.options().model_version,
        request_id: &caller.request_id,
        content_type: content_type.as_deref(),
        request: body,
        response: answer.body.clone(),
        status: answer.status,
        latency: started.elapsed(),
    });
    let mut response = answer.into_response();
    if let Ok(version) = HeaderValue::from_str(&deployment.options().model_version) {
        response.headers_mut().insert("x-fettle-model-version", version);
    }
    Ok(response)
}
