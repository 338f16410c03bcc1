//! Health, version, metrics: what a platform asks of any server.

use crate::{
    app::App,
    artifacts::ArtifactAccess,
    error::{ApiError, ErrorCode, Result},
    extract::Json,
    monitoring,
};
use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
    time::Duration,
};

/// The MLflow release whose behaviour this server has. Clients read it and choose their calls by it, so it must be a
/// bare version number.
const MLFLOW_VERSION: &str = "3.17.2";

/// What platforms ask; answered with the prefix and without.
pub fn probe_routes() -> Router<App> {
    Router::new()
        .route("/health", get(async || "OK"))
        .route("/livez", get(async || "OK"))
        .route("/readyz", get(ready))
        .route("/version", get(async || MLFLOW_VERSION))
        .route("/metrics", get(metrics))
}

pub fn routes() -> Router<App> {
    Router::new().route("/api/fettle/v1/version", get(fettle_version))
}

pub fn mlflow_routes() -> Router<App> {
    Router::new().route("/3.0/mlflow/server-info", get(server_info))
}

/// What `/readyz` says. Not to be ready is no failure, so unlike an `ApiError` it is not logged as one.
pub type Readiness = Result<&'static str, (StatusCode, String)>;

pub fn not_ready(why: impl Into<String>) -> Readiness {
    Err((StatusCode::SERVICE_UNAVAILABLE, why.into()))
}

/// Ready means that the store answers.
async fn ready(State(app): State<App>) -> Readiness {
    match app.db.ping().await {
        Ok(()) => Ok("OK"),
        Err(error) => {
            tracing::debug!(%error, "The store does not answer a probe");
            not_ready("The store does not answer.")
        }
    }
}

async fn fettle_version() -> Json<Value> {
    Json(json!({ "version": env!("CARGO_PKG_VERSION"), "mlflow_version": MLFLOW_VERSION }))
}

/// What newer clients ask first. A feature that is off here is one the client then does without.
async fn server_info(State(app): State<App>) -> Json<Value> {
    let signs = app.settings.artifact_access != ArtifactAccess::Proxy;
    Json(json!({
        "store_type": "SqlStore",
        "workspaces_enabled": false,
        "trace_archival_enabled": false,
        "multipart_uploads_enabled": app.signs,
        "multipart_downloads_enabled": app.signs && app.blobs.signs_every_name(),
        "presigned_upload_run_id_supported": signs,
        "presigned_upload_model_id_supported": signs,
        "features_enabled": { "gateway": false },
    }))
}

async fn metrics(State(app): State<App>) -> Result<impl IntoResponse> {
    let mut text = http_metrics(&app.http_metrics)? + &app.gateway.metrics();
    monitoring::render_metrics(&app, &mut text).await;
    Ok(([(header::CONTENT_TYPE, METRICS_TYPE)], text))
}

pub const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Requests by route, as Prometheus text.
pub fn http_metrics(metrics: &HttpMetrics) -> Result<String> {
    let mut text = String::new();
    encode(&mut text, &metrics.registry)
        .map_err(|e| ApiError::new(ErrorCode::InternalError, "The metrics could not be written.").because(e))?;
    Ok(as_plain_text(&text))
}

/// What may stand in a path unescaped.
pub const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// OpenMetrics as Prometheus' older text format, which every scraper reads: counters carry `_total` in their name.
fn as_plain_text(open_metrics: &str) -> String {
    let counters: Vec<&str> = open_metrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter"))
        .collect();
    let rename = |line: &str| {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some(kind @ ("HELP" | "TYPE")), Some(name), Some(rest)) if counters.contains(&name) => {
                format!("# {kind} {name}_total {rest}\n")
            }
            _ => format!("{line}\n"),
        }
    };
    open_metrics
        .lines()
        .filter(|line| *line != "# EOF")
        .map(rename)
        .collect()
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

/// Counts and latencies by route. Routes are patterns, so their number has a bound.
#[derive(Debug)]
pub struct HttpMetrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    seconds: Family<RouteLabels, Histogram>,
    /// Those of successes, which are found here without a label being made.
    successes: RwLock<HashMap<String, (Counter, Histogram)>>,
}

/// In seconds.
const BUCKETS: [f64; 12] = [
    0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0,
];

impl Default for HttpMetrics {
    fn default() -> Self {
        let requests = Family::<RequestLabels, Counter>::default();
        let seconds = Family::<RouteLabels, Histogram>::new_with_constructor(|| Histogram::new(BUCKETS));
        let mut registry = Registry::with_prefix("fettle");
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register(
            "http_request_duration_seconds",
            "Time from request to answer",
            seconds.clone(),
        );
        Self {
            registry,
            requests,
            seconds,
            successes: RwLock::default(),
        }
    }
}

impl HttpMetrics {
    pub fn observe(&self, route: &str, status: u16, elapsed: Duration) {
        if status == 200 {
            let successes = self.successes.read().unwrap_or_else(PoisonError::into_inner);
            if let Some((count, seconds)) = successes.get(route) {
                count.inc();
                seconds.observe(elapsed.as_secs_f64());
                return;
            }
        }
        let route = route.to_owned();
        let labels = RequestLabels {
            route: route.clone(),
            status,
        };
        let count = self.requests.get_or_create(&labels).clone();
        let labels = RouteLabels { route: route.clone() };
        let seconds = self.seconds.get_or_create(&labels).clone();
        count.inc();
        seconds.observe(elapsed.as_secs_f64());
        if status == 200 {
            let mut successes = self.successes.write().unwrap_or_else(PoisonError::into_inner);
            successes.insert(route, (count, seconds));
        }
    }
}

/// Milliseconds since the epoch as RFC 3339 in UTC.
pub fn rfc3339(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms)
        .map(|time| time.to_string())
        .unwrap_or_default()
}
