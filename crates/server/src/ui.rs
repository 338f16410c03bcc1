//! The web page, embedded in the binary. Names of assets carry their hash, so browsers keep them for ever;
//! `index.html` is asked for anew each time.

use crate::{
    app::App,
    error::{ApiError, ErrorCode},
};
use axum::{
    Router,
    body::Body,
    http::{HeaderValue, StatusCode, Uri, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../ui/dist"]
#[allow_missing = true]
struct Page;

const NOT_BUILT: &str = "<!doctype html><title>Fettle</title><p>This binary was built without its page. \
    Build it with <code>cargo xtask ui</code>, then build the binary again. The API is up.";

/// The page's files name each other by relative addresses, so that it works below any prefix.
pub fn routes() -> Router<App> {
    Router::new().route("/assets/{*path}", get(asset))
}

/// The page itself at `/`, or at `prefix/`.
pub fn index_routes(prefix: &str) -> Router<App> {
    let page = format!("{prefix}/");
    let routes = Router::new().route(&page, get(index));
    if prefix.is_empty() {
        routes
    } else {
        routes.route(prefix, get(async move || Redirect::permanent(&page)))
    }
}

async fn index() -> Response {
    match Page::get("index.html") {
        Some(page) => {
            let mut response = Html(page.data.into_owned()).into_response();
            response
                .headers_mut()
                .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            response
        }
        None => (StatusCode::OK, Html(NOT_BUILT)).into_response(),
    }
}

async fn asset(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    let Some(file) = Page::get(path) else {
        return ApiError::new(ErrorCode::EndpointNotFound, format!("The page has no file `{path}`.")).into_response();
    };
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let mut response = Body::from(file.data.into_owned()).into_response();
    let headers = response.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(kind.as_ref()) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    response
}
