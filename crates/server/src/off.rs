//! What is deliberately not served: each call answers as MLflow does when the feature is off, so that clients and the
//! stock pages take it for off and not for broken. Where MLflow has no switch, lists are empty and changes are refused.
//!
//! Which calls these are, and why, stands in [`crate::compatibility`].

use crate::{
    app::App,
    error::{ApiError, ErrorCode, Result, not_found},
    extract::{Json, PathArg},
};
use axum::{
    Router,
    extract::{MatchedPath, Path},
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{any, get, patch, post},
};
use serde_json::{Value, json};

const GATEWAY: &str = "The AI Gateway feature is disabled. Set MLFLOW_ENABLE_AI_GATEWAY=true to enable it.";
const JOBS: &str = "Mlflow server job execution feature is not enabled, please set environment variable \
'MLFLOW_SERVER_ENABLE_JOB_EXECUTION' to 'true' to enable it.";
const ASSISTANT: &str = "Assistant API is only accessible from the same host where the MLflow server is running.";
const MCP: &str = "The registry of MCP servers is not part of this server.";

/// Below `/api` and `/ajax-api`.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/3.0/mlflow/gateway/{*call}", any(async || not_implemented(GATEWAY)))
        .route(
            "/3.0/mlflow/prompt-optimization/jobs",
            post(async || not_implemented(JOBS)),
        )
        .route(
            "/3.0/mlflow/prompt-optimization/jobs/search",
            get(async || Json(json!({}))).post(async || Json(json!({}))),
        )
        .route(
            "/3.0/mlflow/prompt-optimization/jobs/{job_id}",
            get(no_job).delete(no_job),
        )
        .route("/3.0/mlflow/prompt-optimization/jobs/{job_id}/cancel", post(no_job))
        .route("/3.0/mlflow/workspaces", any(workspaces))
        .route("/3.0/mlflow/workspaces/{workspace_name}", any(workspaces))
        .route("/3.0/mlflow/mcp-servers", any(mcp_servers))
        .route("/3.0/mlflow/mcp-servers/{*path}", any(mcp_server))
}

/// Below `/ajax-api`: what only pages ask for.
pub fn page_routes() -> Router<App> {
    Router::new()
        .route("/2.0/mlflow/gateway-proxy", get(no_endpoints).post(no_endpoints))
        .route(
            "/2.0/mlflow/runs/create-promptlab-run",
            post(async || not_implemented(GATEWAY)),
        )
        .route("/3.0/jobs/", post(async || not_implemented(JOBS)))
        .route("/3.0/jobs/search", post(async || Json(json!({ "jobs": [] }))))
        .route("/3.0/jobs/{job_id}", get(no_native_job))
        .route("/3.0/jobs/cancel/{job_id}", patch(no_native_job))
        .route("/3.0/mlflow/jobs/{job_id}", get(no_job))
        .route("/3.0/mlflow/jobs/cancel/{job_id}", patch(no_job))
        .route("/3.0/mlflow/scorer/invoke", post(async || not_implemented(JOBS)))
        .route("/3.0/mlflow/issues/invoke", post(async || not_implemented(JOBS)))
        .route(
            "/3.0/mlflow/genai/evaluate/invoke",
            post(async || not_implemented(JOBS)),
        )
        .route("/3.0/mlflow/demo/generate", post(async || not_implemented(JOBS)))
        .route(
            "/3.0/mlflow/demo/delete",
            post(async || Json(json!({ "features_deleted": [], "status": "deleted" }))),
        )
        .route("/3.0/mlflow/assistant/config", get(assistant_config).put(assistant))
        .route(
            "/3.0/mlflow/assistant/providers",
            get(async || Json(json!({ "providers": [] }))),
        )
        .route("/3.0/mlflow/assistant/{*call}", any(assistant))
        .route(
            "/3.0/mlflow/ui-telemetry",
            get(no_telemetry).post(async || Json(json!({ "status": "success" }))),
        )
}

/// At the root: the gateway's own paths for inference.
pub fn root_routes() -> Router<App> {
    Router::new().route(
        "/gateway/{*call}",
        any(async || detail(StatusCode::NOT_IMPLEMENTED, GATEWAY)),
    )
}

fn not_implemented(message: &str) -> ApiError {
    ApiError::new(ErrorCode::NotImplemented, message)
}

/// An error as MLflow's native routes write it.
fn detail(status: StatusCode, message: &str) -> Response {
    let body = json!({ "detail": message }).to_string();
    let json = HeaderValue::from_static("application/json");
    (status, [(header::CONTENT_TYPE, json)], body).into_response()
}

async fn no_endpoints() -> Json<Value> {
    Json(json!({ "endpoints": [] }))
}

async fn no_job(PathArg(job_id): PathArg) -> ApiError {
    not_found(format!("Job with ID {job_id} not found"))
}

async fn no_native_job(PathArg(job_id): PathArg) -> Response {
    detail(StatusCode::NOT_FOUND, &format!("Job with ID {job_id} not found"))
}

/// Pages that learn this send nothing.
async fn no_telemetry() -> Json<Value> {
    Json(json!({ "disable_ui_events": [], "disable_ui_telemetry": true, "ui_rollout_percentage": 0 }))
}

async fn assistant_config() -> Json<Value> {
    Json(json!({ "providers": {}, "projects": {}, "remote_access_allowed": false }))
}

async fn assistant() -> Response {
    detail(StatusCode::FORBIDDEN, ASSISTANT)
}

/// Clients read the 503 of this text as "no workspaces".
async fn workspaces(path: MatchedPath) -> Response {
    let path = path.as_str().replace('{', "<").replace('}', ">");
    let text = format!(
        "Endpoint: {path} disabled because the server is running without workspaces support. To enable workspace, run \
         `mlflow server` with `--enable-workspaces`"
    );
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    (StatusCode::SERVICE_UNAVAILABLE, [(header::CONTENT_TYPE, html)], text).into_response()
}

async fn mcp_servers(method: Method) -> Result<Json<Value>> {
    if method == Method::GET {
        Ok(Json(json!({ "mcp_servers": [], "next_page_token": null })))
    } else {
        Err(not_implemented(MCP))
    }
}

/// There is no server, so nothing of one; names may have slashes in them.
async fn mcp_server(method: Method, Path(path): Path<String>) -> Result<Json<Value>> {
    if method != Method::GET {
        return Err(not_implemented(MCP));
    }
    match path.rsplit('/').next() {
        Some("endpoints") => Ok(Json(json!({ "mcp_access_endpoints": [], "next_page_token": null }))),
        Some("versions") => Ok(Json(json!({ "mcp_server_versions": [], "next_page_token": null }))),
        _ => Err(not_found(format!("MCP server '{path}' not found"))),
    }
}
