//! Artifacts: the proxy in front of the artifact store.

use crate::app::App;
use axum::Router;

pub fn routes() -> Router<App> {
    Router::new()
}

pub fn page_routes() -> Router<App> {
    Router::new()
}
