//! How a request becomes a typed value, and a value a response.
//!
//! MLflow reads a GET's arguments from the query string or, if there is none, from a JSON body; POST and PUT need a
//! JSON content type; no body means no arguments. Unlike MLflow, a body that is not JSON or has a field of the wrong
//! type is refused by name, never half-read.

use crate::{
    app::App,
    error::{ApiError, ErrorCode, Result, invalid},
};
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderValue, Method, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::{
    Serialize,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::error::Category;

/// The arguments of a call.
#[derive(Debug)]
pub struct Args<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Args<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        if let Some(query) = request.uri().query().filter(|query| !query.is_empty())
            && request.method() == Method::GET
        {
            return from_query(query).map(Self);
        }
        let JsonBody(body) = JsonBody::from_request(request, app).await?;
        from_json(&body).map(Self)
    }
}

/// A body that says it is JSON, for handlers that read it themselves.
#[derive(Debug)]
pub struct JsonBody(pub Bytes);

impl FromRequest<App> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        if matches!(*request.method(), Method::POST | Method::PUT) {
            check_content_type(&request)?;
        }
        read_body(request, app.settings.body_limit).await.map(Self)
    }
}

fn from_query<T: DeserializeOwned>(query: &str) -> Result<T> {
    let deserializer = serde_html_form::Deserializer::from_bytes(query.as_bytes());
    serde_path_to_error::deserialize(deserializer).map_err(|error| wrong_type(&error.path().to_string(), error.inner()))
}

/// Reads a JSON object; only when that fails it is read again with a note of the path, which costs time.
pub fn from_json<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => return parse_with_path(b"{}"),
        Some(b'{') => {}
        Some(b'n') if body.trim_ascii() == b"null" => return parse_with_path(b"{}"),
        // Old clients send the JSON object as a JSON string.
        Some(b'"') => {
            let inner: String = serde_json::from_slice(body).map_err(|error| not_json(&error))?;
            return if inner.trim_start().starts_with('{') {
                from_json(inner.as_bytes())
            } else {
                Err(not_an_object())
            };
        }
        // Serde would read a list as the fields in their order.
        Some(_) => {
            return serde_json::from_slice(body)
                .map_err(|e| not_json(&e))
                .and_then(|IgnoredAny| Err(not_an_object()));
        }
    }
    serde_json::from_slice(body).or_else(|error| match error.classify() {
        Category::Data => parse_with_path(body),
        Category::Io | Category::Syntax | Category::Eof => Err(not_json(&error)),
    })
}

fn not_json(error: &serde_json::Error) -> ApiError {
    ApiError::new(
        ErrorCode::BadRequest,
        format!("The request body is not valid JSON: {error}"),
    )
}

fn not_an_object() -> ApiError {
    invalid("The request must be a JSON object.")
}

fn parse_with_path<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| wrong_type(&error.path().to_string(), error.inner()))
}

fn wrong_type(path: &str, cause: &dyn std::fmt::Display) -> ApiError {
    if path == "." {
        invalid(format!("The request must be a JSON object: {cause}."))
    } else {
        invalid(format!(
            "Invalid value for parameter '{path}' supplied: {cause}. See the API docs for more information about request parameters."
        ))
    }
}

fn check_content_type(request: &Request) -> Result<()> {
    let content_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = content_type
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let detail = content_type.unwrap_or("none");
    Err(invalid(format!(
        "Bad Request. Content-Type must be 'application/json', it is '{detail}'."
    )))
}

/// The whole body, if it is within `limit`. One that is announced as larger is not waited for.
pub async fn read_body(request: Request, limit: usize) -> Result<Bytes> {
    let too_large = || {
        ApiError::new(
            ErrorCode::PayloadTooLarge,
            format!("The request body is larger than {limit} bytes."),
        )
    };
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > limit as u64) {
        return Err(too_large());
    }
    axum::body::to_bytes(request.into_body(), limit).await.map_err(|error| {
        let cause = std::error::Error::source(&error);
        if cause.is_some_and(|cause| cause.to_string().contains("length limit exceeded")) {
            too_large()
        } else {
            ApiError::new(ErrorCode::BadRequest, "The request body ended early.").because(error)
        }
    })
}

/// A part of the path, decoded. MLflow's ids and names may hold anything but a slash.
#[derive(Debug)]
pub struct PathArg(pub String);

impl<S: Send + Sync> FromRequestParts<S> for PathArg {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        axum::extract::Path::<String>::from_request_parts(parts, state)
            .await
            .map(|path| Self(path.0))
            .map_err(|error| invalid(format!("The path is not readable: {error}")))
    }
}

/// A JSON answer.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => JsonText(body).into_response(),
            Err(error) => ApiError::new(ErrorCode::InternalError, "The answer could not be written.")
                .because(error)
                .into_response(),
        }
    }
}

/// A JSON answer that is written already.
#[derive(Debug)]
pub struct JsonText(pub Vec<u8>);

impl IntoResponse for JsonText {
    fn into_response(self) -> Response {
        let json = HeaderValue::from_static("application/json");
        let mut response = self.0.into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        response
    }
}

/// An answer as a value, for whoever passes it on.
pub trait AsValue {
    fn as_value(&self) -> serde_json::Result<serde_json::Value>;
}

impl<T: Serialize> AsValue for Json<T> {
    fn as_value(&self) -> serde_json::Result<serde_json::Value> {
        serde_json::to_value(&self.0)
    }
}

impl AsValue for JsonText {
    fn as_value(&self) -> serde_json::Result<serde_json::Value> {
        serde_json::from_slice(&self.0)
    }
}

/// MLflow's empty success.
#[derive(Debug, Serialize)]
pub struct Empty {}

pub const EMPTY: Json<Empty> = Json(Empty {});
