//! Ground truth: what really happened, joined with predictions by correlation id and row index.

mod ground_truth;
pub(crate) mod store;

use crate::app::App;
use axum::{Router, routing::post};

pub fn routes() -> Router<App> {
    Router::new().route(
        "/api/fettle/v1/endpoints/{name}/ground-truth",
        post(ground_truth::upload).get(ground_truth::show),
    )
}
