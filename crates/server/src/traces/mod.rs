//! Traces: what an LLM application did, as spans, with assessments of how well it did it.

mod store;

use crate::app::App;
use axum::Router;

pub fn routes() -> Router<App> {
    Router::new()
}
