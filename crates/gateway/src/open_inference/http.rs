//! The protocol over HTTP, with Triton's extensions, below whatever path it is mounted at.

use axum::Json;
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::InferenceError;
use super::metadata::{self, SERVER};
use super::repository::{ModelState, Repository};
use super::request::InferRequest;
use super::response::{InferResponse, JSON_LENGTH};
use crate::deployment::Deployment;
use crate::error::ScoreError;
use crate::payload::Payload;

/// Requests for the index, to load and to unload hold a few parameters.
const CONTROL_BYTES_MAX: usize = 1 << 20;

/// `/v2/..`, answered by the repository that is read from each request.
pub fn routes<R, S>() -> Router<S>
where
    R: Repository + FromRequestParts<S>,
    S: Clone + Send + Sync + 'static,
{
    let mut router = Router::new()
        .route("/v2", get(server::<R>))
        .route("/v2/health/live", get(live))
        .route("/v2/health/ready", get(ready::<R>))
        .route("/v2/models/stats", get(all_statistics::<R>))
        .route("/v2/repository/index", post(index::<R>))
        .route("/v2/repository/models/{model}/load", post(load::<R>))
        .route("/v2/repository/models/{model}/unload", post(unload::<R>));
    for model in ["/v2/models/{model}", "/v2/models/{model}/versions/{version}"] {
        router = router
            .route(model, get(model_metadata::<R>))
            .route(&format!("{model}/ready"), get(model_ready::<R>))
            .route(&format!("{model}/config"), get(model_config::<R>))
            .route(&format!("{model}/stats"), get(model_statistics::<R>))
            .route(&format!("{model}/infer"), post(infer::<R>));
    }
    router
}

/// The model that a path names.
struct Named {
    model: String,
    version: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = InferenceError;

    async fn from_request_parts(parts: &mut axum::http::request::Parts, state: &S) -> Result<Self, InferenceError> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|error| InferenceError::bad(error.to_string()))?;
        let value = |wanted: &str| {
            let found = params.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| value.to_owned())
        };
        Ok(Self {
            model: value("model").unwrap_or_default(),
            version: value("version"),
        })
    }
}

impl Named {
    fn find<R: Repository>(&self, repository: &R) -> Result<std::sync::Arc<Deployment>, InferenceError> {
        repository.find(&self.model, self.version.as_deref())
    }
}

async fn server<R: Repository>(_: R) -> Json<Value> {
    Json(metadata::server_json())
}

async fn live() -> Json<Value> {
    Json(json!({ "live": true }))
}

/// The protocol's text has `live` in this answer too; both are sent.
async fn ready<R: Repository>(repository: R) -> Response {
    answer_ready(repository.ready(), json!({ "live": true }))
}

async fn model_ready<R: Repository>(repository: R, named: Named) -> Result<Response, InferenceError> {
    let ready = named.find(&repository)?.ready();
    Ok(answer_ready(ready, json!({ "name": named.model })))
}

fn answer_ready(ready: bool, mut body: Value) -> Response {
    body["ready"] = ready.into();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(body)).into_response()
}

async fn model_metadata<R: Repository>(repository: R, named: Named) -> Result<Json<Value>, InferenceError> {
    let deployment = named.find(&repository)?;
    Ok(Json(metadata::model_json(&named.model, &deployment)))
}

/// What Triton's clients look for in a model's configuration.
async fn model_config<R: Repository>(repository: R, named: Named) -> Result<Json<Value>, InferenceError> {
    let deployment = named.find(&repository)?;
    Ok(Json(json!({
        "name": named.model,
        "platform": metadata::platform(&deployment),
        "backend": SERVER,
        "max_batch_size": 0,
    })))
}

async fn model_statistics<R: Repository>(repository: R, named: Named) -> Result<Json<Value>, InferenceError> {
    let deployment = named.find(&repository)?;
    Ok(Json(json!({ "model_stats": [statistics(&named.model, &deployment)] })))
}

async fn all_statistics<R: Repository>(repository: R) -> Json<Value> {
    let found = repository.index().into_iter().filter_map(|entry| {
        let deployment = repository.find(&entry.name, Some(&entry.version)).ok()?;
        Some(statistics(&entry.name, &deployment))
    });
    Json(json!({ "model_stats": found.collect::<Value>() }))
}

fn statistics(name: &str, deployment: &Deployment) -> Value {
    let counts = deployment.inference_counts();
    json!({
        "name": name,
        "version": deployment.options().model_version,
        "inference_count": counts.rows,
        "execution_count": counts.executions,
        "inference_stats": {
            "success": { "count": counts.succeeded, "ns": counts.nanoseconds },
            "fail": { "count": counts.failed, "ns": 0 },
        },
    })
}

async fn infer<R: Repository>(repository: R, named: Named, request: Request) -> Result<Response, InferenceError> {
    let limit = named.find(&repository)?.options().body_bytes_max;
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, limit)
        .await
        .map_err(|_| ScoreError::TooLarge { limit })?;
    let request = read(body, &parts.headers).await?;
    let payload = Payload::Tensors(std::sync::Arc::clone(&request));
    let scored = repository
        .score(&named.model, named.version.as_deref(), &parts.headers, payload)
        .await?;
    let mut answer = match scored.outputs(&request) {
        Err(error) => error.into_response(),
        Ok(outputs) => InferResponse {
            model: named.model,
            version: scored.version(),
            id: request.id.clone(),
            outputs,
        }
        .write(&request),
    };
    answer.headers_mut().extend(scored.headers);
    Ok(answer)
}

/// Large bodies are read off the threads that answer others.
async fn read(body: Bytes, headers: &HeaderMap) -> Result<std::sync::Arc<InferRequest>, InferenceError> {
    const INLINE_BYTES_MAX: usize = 256 << 10;
    if headers.contains_key("content-encoding") {
        return Err(InferenceError::new(
            415,
            "compressed requests are not read here; send the body as it is",
        ));
    }
    let json_length = match headers.get(JSON_LENGTH) {
        None => None,
        Some(length) => {
            let length = length.to_str().ok().and_then(|length| length.parse().ok());
            Some(length.ok_or_else(|| InferenceError::bad("Inference-Header-Content-Length has to be a number"))?)
        }
    };
    let request = if body.len() <= INLINE_BYTES_MAX {
        InferRequest::read(body, json_length)
    } else {
        tokio::task::spawn_blocking(move || InferRequest::read(body, json_length))
            .await
            .unwrap_or_else(|_| Err(InferenceError::bad("the request could not be read")))
    };
    request.map(std::sync::Arc::new)
}

#[derive(Default, Deserialize)]
struct IndexRequest {
    #[serde(default)]
    ready: bool,
}

async fn index<R: Repository>(repository: R, request: Request) -> Result<Json<Value>, InferenceError> {
    let body = to_bytes(request.into_body(), CONTROL_BYTES_MAX).await.map_err(|_| {
        InferenceError::from(ScoreError::TooLarge {
            limit: CONTROL_BYTES_MAX,
        })
    })?;
    let wanted: IndexRequest = match body.trim_ascii() {
        [] => IndexRequest::default(),
        body => serde_json::from_slice(body).map_err(|error| InferenceError::bad(error.to_string()))?,
    };
    let entries = repository
        .index()
        .into_iter()
        .filter(|entry| !wanted.ready || entry.state == ModelState::Ready)
        .map(|entry| {
            json!({
                "name": entry.name, "version": entry.version, "state": entry.state.name(), "reason": entry.reason,
            })
        });
    Ok(Json(entries.collect()))
}

async fn load<R: Repository>(repository: R, named: Named) -> Result<Response, InferenceError> {
    repository.load(&named.model).await?;
    Ok(StatusCode::OK.into_response())
}

async fn unload<R: Repository>(repository: R, named: Named) -> Result<Response, InferenceError> {
    repository.unload(&named.model).await?;
    Ok(StatusCode::OK.into_response())
}
