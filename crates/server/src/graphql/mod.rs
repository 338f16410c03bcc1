//! The GraphQL calls of MLflow's own pages.

use crate::app::App;
use axum::Router;

pub fn routes() -> Router<App> {
    Router::new()
}
