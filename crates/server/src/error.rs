//! The one error a handler returns: a code, a message for the client, and a cause for the log.
//!
//! The status follows from the code, by MLflow's own table (`mlflow/exceptions.py`, 3.17). Two representations exist:
//! MLflow's on MLflow's paths, and an RFC 9457 problem under `/api/fettle`; the router picks by path.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;
use std::fmt;

pub type Result<T, E = ApiError> = std::result::Result<T, E>;

macro_rules! error_codes {
    ($($variant:ident $name:literal $status:literal $class:literal;)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ErrorCode { $($variant),* }

        impl ErrorCode {
            /// As MLflow spells it.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            pub fn status(self) -> StatusCode {
                let status = match self { $(Self::$variant => $status),* };
                StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }

            /// MLflow's `error_class` (`mlflow/error_classification.py`), which some codes lack.
            fn class(self) -> Option<&'static str> {
                let class = match self { $(Self::$variant => $class),* };
                (!class.is_empty()).then_some(class)
            }
        }
    };
}

error_codes! {
    InvalidParameterValue  "INVALID_PARAMETER_VALUE"  400 "INVALID_PARAMETER_VALUE";
    BadRequest             "BAD_REQUEST"              400 "INVALID_PARAMETER_VALUE";
    ResourceAlreadyExists  "RESOURCE_ALREADY_EXISTS"  400 "RESOURCE_ALREADY_EXISTS";
    PermissionDenied       "PERMISSION_DENIED"        403 "PERMISSION_DENIED";
    ResourceDoesNotExist   "RESOURCE_DOES_NOT_EXIST"  404 "RESOURCE_NOT_FOUND";
    EndpointNotFound       "ENDPOINT_NOT_FOUND"       404 "RESOURCE_NOT_FOUND";
    ResourceConflict       "RESOURCE_CONFLICT"        409 "";
    PayloadTooLarge        "BAD_REQUEST"              413 "INVALID_PARAMETER_VALUE";
    RangeNotSatisfiable    "BAD_REQUEST"              416 "INVALID_PARAMETER_VALUE";
    ResourceExhausted      "RESOURCE_EXHAUSTED"       429 "";
    InternalError          "INTERNAL_ERROR"           500 "CLIENT_INTERNAL_ERROR";
    BadGateway             "INTERNAL_ERROR"           502 "CLIENT_INTERNAL_ERROR";
    NotImplemented         "NOT_IMPLEMENTED"          501 "";
    TemporarilyUnavailable "TEMPORARILY_UNAVAILABLE"  503 "CLIENT_INTERNAL_ERROR";
}

#[derive(Debug)]
pub struct ApiError {
    pub code: ErrorCode,
    pub message: String,
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl ApiError {
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            cause: None,
        }
    }

    /// What happened inside, for the log only.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The same, of one member of a list.
    #[must_use]
    pub fn at(mut self, list: &str, place: usize) -> Self {
        self.message = format!("{list}[{place}]: {}", self.message);
        self
    }
}

/// A value the client must change, in a message that says which and how.
pub fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::InvalidParameterValue, message)
}

pub fn not_found(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::ResourceDoesNotExist, message)
}

pub fn already_exists(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::ResourceAlreadyExists, message)
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.message)?;
        self.cause.as_ref().map_or(Ok(()), |cause| write!(f, " ({cause})"))
    }
}

impl std::error::Error for ApiError {}

impl From<fettle_db::Error> for ApiError {
    fn from(error: fettle_db::Error) -> Self {
        use fettle_db::Error;
        match &error {
            Error::NulInText => {
                invalid("Text must not contain NUL bytes: leave them out of names, values and filters.")
            }
            Error::InvalidRegex(why) => invalid(format!("Invalid regular expression in filter string: {why}")),
            Error::Overloaded(what) => Self::new(
                ErrorCode::ResourceExhausted,
                format!("The server is busy: {what}. Try again in a moment."),
            ),
            Error::Unreachable(_) | Error::Commit(_) => Self::new(
                ErrorCode::TemporarilyUnavailable,
                "The store does not answer. Try again in a moment.",
            )
            .because(error),
            _ => Self::new(ErrorCode::InternalError, "The store failed; the server's log says why.").because(error),
        }
    }
}

impl From<fettle_wire::Missing> for ApiError {
    fn from(missing: fettle_wire::Missing) -> Self {
        invalid(missing.to_string())
    }
}

impl From<fettle_search::SearchError> for ApiError {
    fn from(error: fettle_search::SearchError) -> Self {
        invalid(error.to_string())
    }
}

/// Travels with the response so that the router can write it in the path's own representation and log it once.
#[derive(Debug, Clone)]
pub struct ErrorReport {
    pub code: ErrorCode,
    pub message: String,
    pub cause: Option<String>,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let report = ErrorReport {
            code: self.code,
            message: self.message,
            cause: self.cause.map(|c| c.to_string()),
        };
        let mut response = report.mlflow();
        response.extensions_mut().insert(report);
        response
    }
}

impl ErrorReport {
    fn mlflow(&self) -> Response {
        let mut body = json!({ "error_code": self.code.name(), "message": self.message });
        if let Some(class) = self.code.class() {
            let fault_of_server = self.code.status().is_server_error();
            body["sqlstate"] = json!(if fault_of_server { "XXM00" } else { "KAM00" });
            body["error_class"] = json!(class);
        }
        self.respond("application/json", body)
    }

    /// The same error as an RFC 9457 problem.
    pub fn problem(&self, path: &str, request_id: &str) -> Response {
        let status = self.code.status();
        let body = json!({
            "type": format!("urn:fettle:error:{}", self.code.name().to_ascii_lowercase()),
            "title": status.canonical_reason().unwrap_or("Error"),
            "status": status.as_u16(),
            "detail": self.message,
            "code": self.code.name(),
            "instance": path,
            "request_id": request_id,
        });
        self.respond("application/problem+json", body)
    }

    fn respond(&self, content_type: &'static str, body: serde_json::Value) -> Response {
        let mut response = (self.code.status(), body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        if matches!(
            self.code,
            ErrorCode::ResourceExhausted | ErrorCode::TemporarilyUnavailable
        ) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
