//! What goes wrong, as the protocol says it: `{"error": ".."}` and a status.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::json;
use tonic::Code;

use crate::error::{ScoreError, ScoreResponse};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InferenceError {
    pub status: u16,
    pub message: String,
    /// In seconds.
    pub retry_after: Option<u32>,
}

impl InferenceError {
    pub fn new(status: u16, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            retry_after: None,
        }
    }

    pub fn bad(message: impl Into<String>) -> Self {
        Self::new(400, message)
    }

    pub fn unknown_model(name: &str, version: Option<&str>) -> Self {
        let version = version.map_or(String::new(), |version| format!(" version '{version}'"));
        Self::new(404, format!("there is no model '{name}'{version} here"))
    }

    /// What a scoring answer other than 200 says.
    pub fn of_response(response: &ScoreResponse) -> Self {
        let body: serde_json::Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let message = body["message"]
            .as_str()
            .map_or_else(|| String::from_utf8_lossy(&response.body).into_owned(), str::to_owned);
        Self {
            status: response.status,
            message,
            retry_after: response.retry_after,
        }
    }

    pub(super) fn code(&self) -> Code {
        match self.status {
            404 => Code::NotFound,
            401 => Code::Unauthenticated,
            403 => Code::PermissionDenied,
            429 => Code::ResourceExhausted,
            503 => Code::Unavailable,
            504 => Code::DeadlineExceeded,
            400..500 => Code::InvalidArgument,
            _ => Code::Internal,
        }
    }
}

impl From<ScoreError> for InferenceError {
    fn from(error: ScoreError) -> Self {
        Self::of_response(&error.into_response())
    }
}

impl From<InferenceError> for tonic::Status {
    fn from(error: InferenceError) -> Self {
        Self::new(error.code(), error.message)
    }
}

impl IntoResponse for InferenceError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = Bytes::from(json!({ "error": self.message }).to_string());
        let json = HeaderValue::from_static("application/json");
        let mut response = (status, [(header::CONTENT_TYPE, json)], body).into_response();
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
