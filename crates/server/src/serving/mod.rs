//! Endpoints: stable addresses behind which models answer.
//!
//! This area keeps the desired state, which endpoints there are and what they serve. `reconciler` brings the gateway
//! to it: it fetches the model, starts it, and keeps an account of what came of it.

mod endpoints;
mod invocations;
mod model_folder;
mod reconciler;
mod source;
mod store;

pub(crate) use reconciler::Reconciler;

use crate::app::App;
use axum::{
    Router,
    routing::{get, post},
};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/endpoints/{name}/invocations", post(invocations::invoke))
        .route(
            "/api/fettle/v1/endpoints",
            get(endpoints::list_endpoints).post(endpoints::create_endpoint),
        )
        .route(
            "/api/fettle/v1/endpoints/{name}",
            get(endpoints::get_endpoint).delete(endpoints::delete_endpoint),
        )
}
