//! The scoring endpoints of one deployment: MLflow's, and the `/predict` form of common hand-written servers.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;

use crate::deployment::Deployment;
use crate::error::{JSON, ScoreError, ScoreResponse};
use crate::report::ExecutorKind;

/// `POST /invocations`, `POST /predict`, `GET /ping /health /version /model-info /metrics`.
pub fn scoring_router(deployment: Arc<Deployment>) -> Router {
    Router::new()
        .route("/invocations", post(invocations))
        .route("/predict", post(predict))
        .route("/ping", get(ping))
        .route("/health", get(health))
        .route("/version", get(version))
        .route("/model-info", get(model_info))
        .route("/metrics", get(metrics_text))
        .with_state(deployment)
}

impl IntoResponse for ScoreResponse {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

async fn invocations(State(deployment): State<Arc<Deployment>>, request: Request) -> ScoreResponse {
    let (head, body) = request.into_parts();
    let content_type = head
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    match read_body(&deployment, body).await {
        Ok(body) => deployment.score(content_type, body).await,
        Err(error) => error.into_response(),
    }
}

async fn read_body(deployment: &Deployment, body: Body) -> Result<Bytes, ScoreError> {
    let limit = deployment.options().body_bytes_max;
    to_bytes(body, limit).await.map_err(|_| ScoreError::TooLarge { limit })
}

#[derive(Deserialize)]
struct PredictRequest {
    features: Vec<f64>,
}

/// One row of numbers in, its prediction out.
async fn predict(State(deployment): State<Arc<Deployment>>, request: Request) -> Response {
    let body = match read_body(&deployment, request.into_body()).await {
        Ok(body) => body,
        Err(error) => return predict_error(error.status(), &error.to_string()),
    };
    let features = match serde_json::from_slice::<PredictRequest>(&body) {
        Ok(request) => request.features,
        Err(error) => {
            return predict_error(
                400,
                &format!("send {{\"features\": [numbers in the model's column order]}}: {error}"),
            );
        }
    };
    let response = deployment.score_positional(&features).await;
    let prediction = response
        .body
        .strip_prefix(b"{\"predictions\": ".as_slice())
        .and_then(|rest| rest.strip_suffix(b"}"));
    let Some(prediction) = prediction.filter(|_| response.status == 200) else {
        let body: serde_json::Value = serde_json::from_slice(&response.body).unwrap_or_default();
        return predict_error(
            response.status,
            body["message"].as_str().unwrap_or("the model could not score this row"),
        );
    };
    let version = json!(deployment.options().model_version).to_string();
    let mut answer = Vec::with_capacity(prediction.len() + 80);
    answer.extend_from_slice(b"{\"prediction\": ");
    answer.extend_from_slice(prediction);
    answer.extend_from_slice(format!(", \"model_version\": {version}, \"status\": \"success\"}}").as_bytes());
    ScoreResponse::json(Bytes::from(answer)).into_response()
}

fn predict_error(status: u16, message: &str) -> Response {
    let body = Bytes::from(json!({"error": message}).to_string());
    ScoreResponse {
        status,
        content_type: JSON,
        body,
        retry_after: None,
    }
    .into_response()
}

/// MLflow's health check: a newline, 404 while there is no model.
async fn ping(State(deployment): State<Arc<Deployment>>) -> ScoreResponse {
    let status = if deployment.ready() { 200 } else { 404 };
    ScoreResponse {
        status,
        content_type: JSON,
        body: Bytes::from_static(b"\n"),
        retry_after: None,
    }
}

async fn health(State(deployment): State<Arc<Deployment>>) -> ScoreResponse {
    let ready = deployment.ready();
    let body = json!({
        "status": if ready { "healthy" } else { "unhealthy" },
        "model_loaded": ready,
        "model_version": deployment.options().model_version,
    });
    let status = if ready { 200 } else { 503 };
    ScoreResponse {
        status,
        content_type: JSON,
        body: Bytes::from(body.to_string()),
        retry_after: None,
    }
}

/// MLflow answers its own version here; clients use it to tell which input formats are understood.
async fn version(State(deployment): State<Arc<Deployment>>) -> ScoreResponse {
    let report = deployment.report();
    let mlflow = report
        .python
        .as_ref()
        .map(|python| python.mlflow.clone())
        .or_else(|| report.model.mlflow_version.clone());
    ScoreResponse::json(Bytes::from(mlflow.unwrap_or_default()))
}

async fn model_info(State(deployment): State<Arc<Deployment>>) -> ScoreResponse {
    let report = deployment.report();
    let body = json!({
        "model_name": deployment.options().model_name,
        "model_version": deployment.options().model_version,
        "framework": report.model.flavor,
        "status": if deployment.ready() { "active" } else { "inactive" },
        "executor": match report.executor { ExecutorKind::Native => "native", ExecutorKind::Python => "python" },
        "why": report.why,
        "report": report,
    });
    ScoreResponse::json(Bytes::from(body.to_string()))
}

async fn metrics_text(State(deployment): State<Arc<Deployment>>) -> ScoreResponse {
    let body = Bytes::from(deployment.metrics());
    ScoreResponse {
        status: 200,
        content_type: "text/plain; version=0.0.4",
        body,
        retry_after: None,
    }
}
