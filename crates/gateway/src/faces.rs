//! What scoring servers answer besides predictions: MLflow's health checks, and the form of common hand-written servers
//! (`/predict` with `features`, `/health` with `model_loaded`, `/model-info`).

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use crate::deployment::Deployment;
use crate::error::ScoreResponse;
use crate::payload::Payload;

#[derive(Deserialize)]
struct PredictRequest {
    features: Vec<f64>,
}

/// The row in the body of `/predict`; the error is the answer.
pub fn predict_payload(body: &[u8]) -> Result<Payload, ScoreResponse> {
    match serde_json::from_slice::<PredictRequest>(body) {
        Ok(request) => Ok(Payload::Numbers(request.features.into())),
        Err(error) => Err(predict_error(
            400,
            &format!("send {{\"features\": [numbers in the model's column order]}}: {error}"),
        )),
    }
}

/// `{"prediction": .., "model_version": .., "status": "success"}`, or `{"error": ..}`.
pub fn predict_answer(scored: ScoreResponse, model_version: &str) -> ScoreResponse {
    let prediction = scored
        .body
        .strip_prefix(b"{\"predictions\": ".as_slice())
        .and_then(|rest| rest.strip_suffix(b"}"));
    let Some(prediction) = prediction.filter(|_| scored.status == 200) else {
        let body: serde_json::Value = serde_json::from_slice(&scored.body).unwrap_or_default();
        let message = body["message"].as_str().unwrap_or("the model could not score this row");
        return ScoreResponse {
            retry_after: scored.retry_after,
            ..predict_error(scored.status, message)
        };
    };
    let version = json!(model_version).to_string();
    let mut answer = Vec::with_capacity(prediction.len() + 80);
    answer.extend_from_slice(b"{\"prediction\": ");
    answer.extend_from_slice(prediction);
    answer.extend_from_slice(format!(", \"model_version\": {version}, \"status\": \"success\"}}").as_bytes());
    ScoreResponse::json(Bytes::from(answer))
}

pub fn predict_error(status: u16, message: &str) -> ScoreResponse {
    ScoreResponse {
        status,
        ..ScoreResponse::json(Bytes::from(json!({ "error": message }).to_string()))
    }
}

/// MLflow's health check: a newline, 404 while there is no model.
pub fn ping(deployment: Option<&Deployment>) -> ScoreResponse {
    ScoreResponse {
        status: if deployment.is_some_and(Deployment::ready) {
            200
        } else {
            404
        },
        ..ScoreResponse::json(Bytes::from_static(b"\n"))
    }
}

pub fn health(deployment: Option<&Deployment>) -> ScoreResponse {
    let ready = deployment.is_some_and(Deployment::ready);
    let body = json!({
        "status": if ready { "healthy" } else { "unhealthy" },
        "model_loaded": ready,
        "model_version": deployment.map(|deployment| &deployment.options().model_version),
    });
    ScoreResponse {
        status: if ready { 200 } else { 503 },
        ..ScoreResponse::json(Bytes::from(body.to_string()))
    }
}

/// MLflow answers its own version here; clients use it to tell which input formats are understood.
pub fn version(deployment: &Deployment) -> ScoreResponse {
    let report = deployment.report();
    let python = report.python.as_ref().map(|python| python.mlflow.clone());
    let mlflow = python.or_else(|| report.model.mlflow_version.clone());
    ScoreResponse::json(Bytes::from(mlflow.unwrap_or_default()))
}

pub fn model_info(deployment: &Deployment) -> ScoreResponse {
    let report = deployment.report();
    let body = json!({
        "model_name": deployment.options().model_name,
        "model_version": deployment.options().model_version,
        "framework": report.model.flavor,
        "status": if deployment.ready() { "active" } else { "inactive" },
        "executor": report.executor.name(),
        "why": report.why,
        "report": report,
    });
    ScoreResponse::json(Bytes::from(body.to_string()))
}
