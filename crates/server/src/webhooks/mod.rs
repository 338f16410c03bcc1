//! Webhooks: what changed in the registry, told to other systems through the durable outbox.
//!
//! `registry_events` puts messages into the outbox, in the transaction of the change; `channel` sends them. `event`,
//! `payload`, `signature`, `egress` and `validate` are rules that know no database.

mod channel;
mod deliveries;
mod egress;
mod event;
mod handlers;
mod payload;
mod python_json;
pub(crate) mod registry_events;
pub(crate) mod sender;
mod signature;
mod store;
mod validate;

use crate::app::App;
use axum::{
    Router,
    routing::{get, post},
};

pub use channel::WebhookSettings;
pub(crate) use channel::{Channel, open};
pub use egress::Egress;

pub fn routes() -> Router<App> {
    Router::new()
        .route(
            "/2.0/mlflow/webhooks",
            post(handlers::create_webhook).get(handlers::list_webhooks),
        )
        .route(
            "/2.0/mlflow/webhooks/{webhook_id}",
            get(handlers::get_webhook)
                .patch(handlers::update_webhook)
                .delete(handlers::delete_webhook),
        )
        .route("/2.0/mlflow/webhooks/{webhook_id}/test", post(handlers::test_webhook))
}

/// The delivery log, which MLflow does not have.
pub fn delivery_routes() -> Router<App> {
    Router::new()
        .route(
            "/api/fettle/v1/webhooks/{webhook_id}/deliveries",
            get(deliveries::list_deliveries),
        )
        .route(
            "/api/fettle/v1/webhooks/{webhook_id}/deliveries/{delivery_id}",
            get(deliveries::get_delivery),
        )
        .route(
            "/api/fettle/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay",
            post(deliveries::replay_delivery),
        )
}
