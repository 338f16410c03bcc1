//! `POST /endpoints/NAME/invocations`: the data plane's door. It asks no database.

use crate::{
    app::App,
    caller::Caller,
    error::{ApiError, ErrorCode, Result, not_found},
    extract::{PathArg, read_body},
};
use axum::{
    extract::{Request, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

pub async fn invoke(
    State(app): State<App>,
    _caller: Caller,
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
    let mut response = deployment.score(content_type.as_deref(), body).await.into_response();
    if let Ok(version) = HeaderValue::from_str(&deployment.options().model_version) {
        response.headers_mut().insert("x-fettle-model-version", version);
    }
    Ok(response)
}
