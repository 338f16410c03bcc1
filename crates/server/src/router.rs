//! Every route in one place, and what happens to each request on its way to a handler and back.

use crate::{
    app::{App, Offer},
    artifacts, audit,
    caller::RequestId,
    error::{ApiError, ErrorCode, ErrorReport},
    evaluation, graphql, logged_models, monitoring, off, registry, security, serving,
    system::{self, HttpMetrics},
    traces, tracking, ui, webhooks,
};
use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, Uri},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use std::{sync::Arc, time::Instant};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer, CompressionLevel, Predicate,
        predicate::{NotForContentType, SizeAbove},
    },
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Of a CloudEvent in the binary form; the same for us.
const EVENT_ID: HeaderName = HeaderName::from_static("ce-id");
/// In bytes. Below it the answer fits in a packet or two anyway.
const COMPRESSED_SIZE_MIN: u64 = 4096;

/// The whole application, below its prefix. Clients know the artifact proxy without one, and probes need not know it.
pub fn router(app: App) -> Router {
    let prefix = app.settings.static_prefix.as_str();
    let everything = prefixed(app.settings.offer);
    let routes = if prefix.is_empty() {
        everything
    } else {
        let proxy = proxy_routes(app.settings.offer);
        Router::new()
            .nest(prefix, everything)
            .nest("/api", proxy.clone())
            .nest("/ajax-api", proxy)
            .merge(traces::otlp_routes())
            .merge(system::probe_routes())
    };
    let guarded = routes
        .merge(ui::index_routes(prefix))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(app.clone(), security::guard));
    let watched = Watched::new(prefix, Arc::clone(&app.http_metrics));
    guarded
        .layer(middleware::from_fn_with_state(watched, observe))
        .with_state(app)
}

/// Routes that are not the whole application's, with the same care for each request.
pub fn finished<S: Clone + Send + Sync + 'static>(routes: Router<S>, watched: Watched) -> Router<S> {
    routes
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(watched, observe))
}

/// What is needed to watch requests pass.
#[derive(Clone)]
pub struct Watched {
    static_prefix: Arc<str>,
    metrics: Arc<HttpMetrics>,
}

impl Watched {
    pub fn new(static_prefix: &str, metrics: Arc<HttpMetrics>) -> Self {
        Self {
            static_prefix: static_prefix.into(),
            metrics,
        }
    }
}

fn prefixed(offer: Offer) -> Router<App> {
    let proxy = proxy_routes(offer);
    let mlflow = tracking::routes()
        .merge(registry::routes())
        .merge(logged_models::routes())
        .merge(traces::routes())
        .merge(webhooks::routes())
        .merge(evaluation::routes())
        .merge(off::routes())
        .layer(compression())
        .merge(artifacts::routes());
    let pages = tracking::page_routes()
        .merge(off::page_routes())
        .layer(compression())
        .merge(artifacts::ajax_routes())
        .merge(traces::ajax_routes());
    let rest = Router::new()
        .nest("/api", mlflow.clone())
        .nest("/ajax-api", mlflow.merge(pages))
        .merge(artifacts::page_routes())
        .merge(graphql::routes().layer(compression()))
        .merge(off::root_routes())
        .merge(traces::root_routes())
        .merge(audit::routes())
        .merge(registry::own_routes())
        .merge(serving::routes())
        .merge(monitoring::routes())
        .merge(webhooks::delivery_routes());
    let rest = match offer {
        Offer::Everything | Offer::NoArtifacts => rest,
        Offer::ArtifactsOnly => disabled(
            rest,
            "in `--artifacts-only` mode. To enable tracking server functionality, run `mlflow server` without \
             `--artifacts-only`",
        ),
    };
    rest.nest("/api", system::mlflow_routes())
        .nest("/ajax-api", system::mlflow_routes())
        .merge(system::routes())
        .merge(ui::routes().layer(compression()))
        .nest("/api", proxy.clone())
        .nest("/ajax-api", proxy)
        .merge(system::probe_routes())
        .method_not_allowed_fallback(method_not_allowed)
}

fn proxy_routes(offer: Offer) -> Router<App> {
    match offer {
        Offer::Everything | Offer::ArtifactsOnly => artifacts::proxy_routes(),
        Offer::NoArtifacts => disabled(
            artifacts::proxy_routes(),
            "with `--no-serve-artifacts`. To enable artifacts server functionality, run `mlflow server` with \
             `--serve-artifacts`",
        ),
    }
}

/// The same routes, each answering that it is not offered here.
fn disabled(routes: Router<App>, why: &'static str) -> Router<App> {
    let refuse = move |path: MatchedPath, _: Request, _: Next| async move {
        let message = format!(
            "Endpoint: {} disabled due to the mlflow server running {why}",
            path.as_str()
        );
        (StatusCode::SERVICE_UNAVAILABLE, message)
    };
    routes.route_layer(middleware::from_fn(refuse))
}

/// For those who ask for it: pages and large JSON. Artifacts go as they are.
fn compression() -> CompressionLayer<impl Predicate> {
    let worthwhile = SizeAbove::new(COMPRESSED_SIZE_MIN)
        .and(NotForContentType::const_new("application/octet-stream"))
        .and(NotForContentType::const_new("text/event-stream"))
        .and(NotForContentType::IMAGES);
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(worthwhile)
}

/// Names the request, times it, writes its error in the path's representation, and logs what went wrong, once.
async fn observe(State(watched): State<Watched>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(&request);
    let method = request.method().clone();
    let uri = request.uri().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    request.extensions_mut().insert(RequestId(id.clone()));

    let mut response = next.run(request).await;
    if let Some(report) = response.extensions_mut().remove::<ErrorReport>() {
        log_error(&report, &method, &uri, &id);
        let path = uri.path();
        let below = path.strip_prefix(&*watched.static_prefix).unwrap_or(path);
        if below.starts_with("/api/fettle/") {
            response = report.problem(path, &id);
        }
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let elapsed = started.elapsed();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    watched.metrics.observe(route, response.status().as_u16(), elapsed);
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
    let headers = request.headers();
    headers
        .get(REQUEST_ID)
        .or_else(|| headers.get(EVENT_ID))
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
    // What this server does not do is no failure of its own: clients ask, and go another way.
    if report.code.status().is_server_error() && report.code != ErrorCode::NotImplemented {
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
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
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
