//! Baselines: reference profiles, kept with the model version that they belong to, each with some of the rows that it
//! was made of. Those of new versions are made by themselves (`registration`).

pub(crate) mod api;
mod made;
pub(crate) mod profile;
pub(crate) mod registration;
pub(crate) mod store;

use crate::app::App;
use axum::{
    Router,
    routing::{get, post},
};

pub fn routes() -> Router<App> {
    Router::new()
        .route(
            "/api/fettle/v1/baselines",
            get(api::list_baselines).post(api::create_baseline),
        )
        .route("/api/fettle/v1/baselines/upload", post(api::upload_baseline))
        .route("/api/fettle/v1/baselines/{id}/profile", get(api::get_profile))
        .route(
            "/api/fettle/v1/baselines/{id}",
            get(api::get_baseline).delete(api::delete_baseline),
        )
}
