//! The scoring endpoints of one deployment: MLflow's, and the `/predict` form of common hand-written servers.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};

use crate::deployment::Deployment;
use crate::error::{ScoreError, ScoreResponse};
use crate::faces;
use crate::open_inference::{self, Single};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tower::ServiceExt;

/// `POST /invocations`, `POST /predict`, `GET /ping /health /version /model-info /metrics`, and the Open Inference
/// Protocol below `/v2`.
pub fn scoring_router(deployment: Arc<Deployment>) -> Router {
    Router::new()
        .route("/invocations", post(invocations))
        .route("/predict", post(predict))
        .route("/ping", get(ping))
        .route("/health", get(health))
        .route("/version", get(version))
        .route("/livez", get(async || "OK"))
        .route("/readyz", get(ready))
        .route("/startupz", get(ready))
        .route("/model-info", get(model_info))
        .route("/metrics", get(metrics_text))
        .merge(open_inference::routes::<Single, _>())
        .with_state(deployment)
}

/// What is answered from the moment the port is taken: that the process lives and its model is being loaded, until
/// there is a deployment to answer.
#[derive(Clone, Default)]
pub struct StartingRouter(Arc<OnceLock<Router>>);

impl StartingRouter {
    pub fn router(&self) -> Router {
        Router::new().fallback(answer_or_starting).with_state(self.clone())
    }

    /// From now on it answers.
    pub fn started(&self, deployment: Arc<Deployment>) {
        self.0.get_or_init(|| scoring_router(deployment));
    }
}

async fn answer_or_starting(State(starting): State<StartingRouter>, request: Request) -> Response {
    if let Some(router) = starting.0.get() {
        let Ok(response) = router.clone().oneshot(request).await;
        return response;
    }
    match request.uri().path() {
        "/livez" | "/v2/health/live" => "OK".into_response(),
        "/ping" => faces::ping(None).into_response(),
        "/health" => faces::health(None).into_response(),
        _ => ScoreError::Unavailable("the model is being loaded".into())
            .into_response()
            .into_response(),
    }
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

impl FromRequestParts<Arc<Deployment>> for Single {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, deployment: &Arc<Deployment>) -> Result<Self, Infallible> {
        Ok(Self(Arc::clone(deployment)))
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

/// One row of numbers in, its prediction out.
async fn predict(State(deployment): State<Arc<Deployment>>, request: Request) -> ScoreResponse {
    let body = match read_body(&deployment, request.into_body()).await {
        Ok(body) => body,
        Err(error) => return faces::predict_error(error.status(), &error.to_string()),
    };
    match faces::predict_payload(&body) {
        Ok(payload) => faces::predict_answer(deployment.answer(payload).await, &deployment.options().model_version),
        Err(refusal) => refusal,
    }
}

async fn ping(State(deployment): State<Arc<Deployment>>) -> ScoreResponse {
    faces::ping(Some(&*deployment))
}

/// 200 once the model has loaded and has answered its example, 503 while it drains or is unloaded.
async fn ready(State(deployment): State<Arc<Deployment>>) -> (StatusCode, &'static str) {
    if deployment.ready() {
        (StatusCode::OK, "OK")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the model is not ready")
    }
}

async fn health(State(deployment): State<Arc<Deployment>>) -> ScoreResponse {
    faces::health(Some(&*deployment))
}

async fn version(State(deployment): State<Arc<Deployment>>) -> ScoreResponse {
    faces::version(&deployment)
}

async fn model_info(State(deployment): State<Arc<Deployment>>) -> ScoreResponse {
    faces::model_info(&deployment)
}

async fn metrics_text(State(deployment): State<Arc<Deployment>>) -> ScoreResponse {
    ScoreResponse {
        content_type: "text/plain; version=0.0.4",
        ..ScoreResponse::json(Bytes::from(deployment.metrics()))
    }
}
