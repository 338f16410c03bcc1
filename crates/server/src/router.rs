//! Every route in one place, and what happens to each request on its way to a handler and back.

use crate::{
    app::App,
    artifacts, audit,
    caller::RequestId,
    error::{ApiError, ErrorCode, ErrorReport},
    evaluation, graphql, logged_models, registry, serving, system, traces, tracking, ui, webhooks,
};
use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, Uri},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use std::{sync::Arc, time::Instant};
use tower_http::catch_panic::CatchPanicLayer;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The whole application.
pub fn router(app: App) -> Router {
    let mlflow = Router::new()
        .merge(tracking::routes())
        .merge(registry::routes())
        .merge(logged_models::routes())
        .merge(artifacts::routes())
        .merge(traces::routes())
        .merge(webhooks::routes())
        .merge(evaluation::routes());
    Router::new()
        .nest("/api", mlflow.clone().merge(system::mlflow_routes()))
        .nest(
            "/ajax-api",
            mlflow
                .merge(system::mlflow_routes())
                .merge(tracking::page_routes())
                .merge(artifacts::ajax_routes()),
        )
        .merge(artifacts::page_routes())
        .merge(graphql::routes())
        .merge(audit::routes())
        .merge(serving::routes())
        .merge(system::routes())
        .merge(ui::routes())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(app.clone(), observe))
        .with_state(app)
}

/// Names the request, times it, writes its error in the path's representation, and logs what went wrong, once.
async fn observe(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(&request);
    let method = request.method().clone();
    let uri = request.uri().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    request.extensions_mut().insert(RequestId(id.clone()));

    let mut response = next.run(request).await;
    if let Some(report) = response.extensions_mut().remove::<ErrorReport>() {
        log_error(&report, &method, &uri, &id);
        if uri.path().starts_with("/api/fettle/") {
            response = report.problem(uri.path(), &id);
        }
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
        .headers_mut()
        .insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    response
        .headers_mut()
        .insert("x-frame-options", HeaderValue::from_static("SAMEORIGIN"));
    let elapsed = started.elapsed();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    app.http_metrics.observe(route, response.status().as_u16(), elapsed);
    tracing::debug!(
        http.method = %method,
        http.path = uri.path(),
        http.status = response.status().as_u16(),
        request.id = %id,
        latency_us = elapsed.as_micros() as u64,
        "Answered `{method} {}`",
        uri.path()
    );
    response
}

/// The client's own id if it sent a reasonable one, so that logs on both sides agree.
fn request_id(request: &Request) -> Arc<str> {
    request
        .headers()
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|id| !id.is_empty() && id.len() <= 128)
        .map_or_else(|| format!("{:032x}", rand::random::<u128>()).into(), Into::into)
}

fn log_error(report: &ErrorReport, method: &Method, uri: &Uri, id: &str) {
    let (code, path, cause) = (
        report.code.name(),
        uri.path(),
        report.cause.as_deref().unwrap_or("none"),
    );
    if report.code.status().is_server_error() {
        tracing::error!(
            error.code = code,
            error.cause = cause,
            request.id = id,
            "Failed `{method} {path}`: {}",
            report.message
        );
    } else {
        tracing::debug!(
            error.code = code,
            error.cause = cause,
            request.id = id,
            "Refused `{method} {path}`: {}",
            report.message
        );
    }
}

async fn not_found(method: Method, uri: Uri) -> ApiError {
    ApiError::new(
        ErrorCode::EndpointNotFound,
        format!("There is no `{method} {}` on this server.", uri.path()),
    )
}

async fn method_not_allowed(method: Method, uri: Uri) -> Response {
    let error = ApiError::new(
        ErrorCode::BadRequest,
        format!("`{}` does not take {method}.", uri.path()),
    );
    let mut response = error.into_response();
    *response.status_mut() = axum::http::StatusCode::METHOD_NOT_ALLOWED;
    response
}

fn panicked(cause: Box<dyn std::any::Any + Send>) -> Response {
    let cause = cause
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| cause.downcast_ref::<&str>().map(|&text| text.to_owned()))
        .unwrap_or_default();
    ApiError::new(
        ErrorCode::InternalError,
        "The server met a defect of its own; its log says more.",
    )
    .because(format!("panic: {cause}"))
    .into_response()
}
