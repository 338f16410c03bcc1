//! What can go wrong while scoring, in the shape MLflow's scoring server answers it.
//!
//! MLflow has three families of client errors (`mlflow/exceptions.py`): a body it cannot read, data that breaks the
//! model's signature, and bad parameters. Clients tell them apart by `error_code` and `error_class`, so we keep both.

use bytes::Bytes;
use serde::Serialize;

/// A request that was not scored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScoreError {
    /// The body is not one of MLflow's input formats, or a cell cannot become its column's type.
    #[error("{0}")]
    BadRequest(String),
    /// The data does not satisfy the model's signature.
    #[error("{0}")]
    Schema(String),
    /// The inference parameters do not satisfy the model's signature.
    #[error("{0}")]
    Params(String),
    /// A content type nobody here reads.
    #[error("{0}")]
    ContentType(String),
    #[error("the request body is larger than the limit of {limit} bytes; send fewer rows in one request")]
    TooLarge { limit: usize },
    #[error("{waiting} requests are already waiting for this model; try again shortly")]
    QueueFull { waiting: usize },
    /// MLflow's own wording for a request that ran out of time.
    #[error("Request processing time exceeded limit")]
    Deadline,
    /// No such deployment.
    #[error("{0}")]
    NotFound(String),
    #[error("{0}")]
    Unavailable(String),
    /// An error body that the Python worker wrote in MLflow's shape, with its status.
    #[error("the model refused the request with status {status}")]
    Worker { status: u16, body: Bytes },
}

/// An answer ready to be written to any HTTP server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoreResponse {
    pub status: u16,
    pub content_type: &'static str,
    pub body: Bytes,
    /// Seconds for a `Retry-After` header, when trying again makes sense.
    pub retry_after: Option<u32>,
}

pub(crate) const JSON: &str = "application/json";

impl ScoreResponse {
    pub(crate) fn json(body: Bytes) -> Self {
        Self {
            status: 200,
            content_type: JSON,
            body,
            retry_after: None,
        }
    }
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    error_code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sqlstate: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_class: Option<&'a str>,
}

impl ScoreError {
    pub fn status(&self) -> u16 {
        match self {
            Self::BadRequest(_) | Self::Schema(_) | Self::Params(_) => 400,
            Self::NotFound(_) => 404,
            Self::ContentType(_) => 415,
            Self::TooLarge { .. } => 413,
            Self::QueueFull { .. } => 429,
            Self::Deadline => 504,
            Self::Unavailable(_) => 503,
            Self::Worker { status, .. } => *status,
        }
    }

    pub fn into_response(self) -> ScoreResponse {
        let status = self.status();
        let retry_after = matches!(self, Self::QueueFull { .. } | Self::Unavailable(_)).then_some(1);
        let (content_type, body) = match self {
            Self::ContentType(text) => ("text/plain", Bytes::from(text)),
            // MLflow labels this plain sentence as JSON; clients look at the status only.
            Self::Deadline => (JSON, Bytes::from(self.to_string())),
            Self::Worker { body, .. } => (JSON, body),
            other => (JSON, other.json_body()),
        };
        ScoreResponse {
            status,
            content_type,
            body,
            retry_after,
        }
    }

    fn json_body(&self) -> Bytes {
        let (error_code, sqlstate, error_class) = match self {
            Self::Schema(_) => (
                "INVALID_PARAMETER_VALUE",
                Some("KAM01"),
                Some("SCHEMA_ENFORCEMENT_FAILED"),
            ),
            Self::Params(_) => (
                "INVALID_PARAMETER_VALUE",
                Some("KAM00"),
                Some("INVALID_PARAMETER_VALUE"),
            ),
            Self::NotFound(_) => ("RESOURCE_DOES_NOT_EXIST", None, None),
            Self::QueueFull { .. } => ("REQUEST_LIMIT_EXCEEDED", None, None),
            Self::Unavailable(_) => ("TEMPORARILY_UNAVAILABLE", None, None),
            _ => ("BAD_REQUEST", Some("KAM00"), Some("INVALID_PARAMETER_VALUE")),
        };
        let message = self.to_string();
        let body = ErrorBody {
            error_code,
            message: &message,
            sqlstate,
            error_class,
        };
        Bytes::from(serde_json::to_vec(&body).expect("a struct of strings always serialises"))
    }
}
