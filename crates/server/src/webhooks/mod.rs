//! Webhooks: what changed in the registry, told to other systems through a durable outbox.

use crate::app::App;
use axum::Router;

pub fn routes() -> Router<App> {
    Router::new()
}
