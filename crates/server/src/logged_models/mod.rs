//! Logged models: what runs have trained, with params, tags and metrics, before and beside the registry.

mod models;
mod parts;
mod search;
mod status;
pub(crate) mod store;
mod validate;

use crate::app::App;
use axum::{
    Router,
    routing::{delete, get, patch, post},
};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/2.0/mlflow/logged-models", post(models::create_logged_model))
        .route("/2.0/mlflow/logged-models/search", post(search::search_logged_models))
        .route(
            "/2.0/mlflow/logged-models/{model_id}",
            get(models::get_logged_model)
                .patch(models::finalize_logged_model)
                .delete(models::delete_logged_model),
        )
        .route("/2.0/mlflow/logged-models/{model_id}/params", post(parts::log_params))
        .route("/2.0/mlflow/logged-models/{model_id}/tags", patch(parts::set_tags))
        .route(
            "/2.0/mlflow/logged-models/{model_id}/tags/{key}",
            delete(parts::delete_tag),
        )
}
