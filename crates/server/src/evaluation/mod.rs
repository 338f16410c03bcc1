//! What evaluations of traces are made with: datasets of cases, scorers, label schemas, review queues.

use crate::app::App;
use axum::Router;

pub fn routes() -> Router<App> {
    Router::new()
}
