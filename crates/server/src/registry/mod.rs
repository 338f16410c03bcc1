//! The registry: registered models, their versions, stages and aliases.
//!
//! A version's files are found when it is created: `lineage` checks where its source may point and notes the storage
//! location, which downloads and serving use from then on. `source`, `model_uri`, `stage` and `validate` are rules that
//! touch neither HTTP nor the database.

mod aliases;
mod lineage;
mod model_uri;
mod model_versions;
pub(crate) mod parity;
mod registered_models;
pub(crate) mod resolve;
mod search;
mod source;
mod stage;
pub(crate) mod store;
mod tags;
mod validate;

pub(crate) use search::search_model_versions;

use crate::app::App;
use axum::{
    Router,
    routing::{delete, get, patch, post},
};

pub fn routes() -> Router<App> {
    Router::new().merge(model_routes()).merge(version_routes())
}

/// What MLflow's registry does not have.
pub fn own_routes() -> Router<App> {
    Router::new().route("/api/fettle/v1/models/parity", get(parity::get_parity))
}

fn model_routes() -> Router<App> {
    Router::new()
        .route(
            "/2.0/mlflow/registered-models/create",
            post(registered_models::create_registered_model),
        )
        .route(
            "/2.0/mlflow/registered-models/get",
            get(registered_models::get_registered_model),
        )
        .route(
            "/2.0/mlflow/registered-models/update",
            patch(registered_models::update_registered_model),
        )
        .route(
            "/2.0/mlflow/registered-models/rename",
            post(registered_models::rename_registered_model),
        )
        .route(
            "/2.0/mlflow/registered-models/delete",
            delete(registered_models::delete_registered_model),
        )
        .route(
            "/2.0/mlflow/registered-models/get-latest-versions",
            get(registered_models::get_latest_versions).post(registered_models::get_latest_versions),
        )
        .route(
            "/2.0/mlflow/registered-models/search",
            get(search::search_registered_models),
        )
        .route(
            "/2.0/mlflow/registered-models/set-tag",
            post(tags::set_registered_model_tag),
        )
        .route(
            "/2.0/mlflow/registered-models/delete-tag",
            delete(tags::delete_registered_model_tag),
        )
        .route(
            "/2.0/mlflow/registered-models/alias",
            post(aliases::set_alias)
                .get(aliases::get_version_by_alias)
                .delete(aliases::delete_alias),
        )
}

fn version_routes() -> Router<App> {
    Router::new()
        .route(
            "/2.0/mlflow/model-versions/create",
            post(model_versions::create_model_version),
        )
        .route("/2.0/mlflow/model-versions/get", get(model_versions::get_model_version))
        .route(
            "/2.0/mlflow/model-versions/update",
            patch(model_versions::update_model_version),
        )
        .route(
            "/2.0/mlflow/model-versions/delete",
            delete(model_versions::delete_model_version),
        )
        .route(
            "/2.0/mlflow/model-versions/get-download-uri",
            get(model_versions::get_download_uri),
        )
        .route(
            "/2.0/mlflow/model-versions/transition-stage",
            post(model_versions::transition_stage),
        )
        .route("/2.0/mlflow/model-versions/search", get(search::search_model_versions))
        .route("/2.0/mlflow/model-versions/set-tag", post(tags::set_model_version_tag))
        .route(
            "/2.0/mlflow/model-versions/delete-tag",
            delete(tags::delete_model_version_tag),
        )
}
