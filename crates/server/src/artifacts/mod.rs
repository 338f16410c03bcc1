//! Artifacts: the proxy in front of the artifact store, and the listings and downloads that pages ask for.
//!
//! Bytes stream both ways, or go between the client and a cloud by signed addresses, as `access` says. `location`
//! refuses paths that lead elsewhere.

mod access;
mod by_owner;
mod download;
mod location;
mod parts;
mod presigned;
mod proxy;

pub use access::ArtifactAccess;
pub(crate) use by_owner::list_run_artifacts;

use crate::{app::App, error::Result};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::HeaderMap,
    response::Response,
    routing::{get, post},
};
use fettle_blobs::{Error, Place};

/// The proxy in front of the artifact store.
pub fn proxy_routes() -> Router<App> {
    Router::new()
        .route("/2.0/mlflow-artifacts/artifacts", get(proxy::list_artifacts))
        .route(
            "/2.0/mlflow-artifacts/artifacts/{*path}",
            get(proxy::download_artifact)
                .put(proxy::upload_artifact)
                .delete(proxy::delete_artifact),
        )
        .route("/2.0/mlflow-artifacts/mpu/create", post(parts::create_at_root))
        .route("/2.0/mlflow-artifacts/mpu/create/{*path}", post(parts::create))
        .route("/2.0/mlflow-artifacts/mpu/complete/{*path}", post(parts::complete))
        .route("/2.0/mlflow-artifacts/mpu/abort/{*path}", post(parts::abort))
        .route("/2.0/mlflow-artifacts/presigned/{*path}", get(presigned::download))
        .layer(DefaultBodyLimit::disable())
}

pub fn routes() -> Router<App> {
    Router::new()
        .route("/2.0/mlflow/artifacts/list", get(by_owner::list_run_artifacts))
        .route(
            "/2.0/mlflow/logged-models/{id}/artifacts/directories",
            get(by_owner::list_logged_model_artifacts),
        )
        .route(
            "/2.0/mlflow/artifacts/presigned-upload-url",
            post(presigned::create_upload_url),
        )
        .route(
            "/2.0/mlflow/artifacts/presigned-download-url",
            post(presigned::create_download_url),
        )
}

/// What only pages call, below `/ajax-api`.
pub fn ajax_routes() -> Router<App> {
    Router::new()
        .route(
            "/2.0/mlflow/logged-models/{id}/artifacts/files",
            get(by_owner::get_logged_model_artifact),
        )
        .route("/2.0/mlflow/upload-artifact", post(by_owner::upload_run_artifact))
        .layer(DefaultBodyLimit::disable())
}

/// What only pages call, at the root.
pub fn page_routes() -> Router<App> {
    Router::new()
        .route("/get-artifact", get(by_owner::get_run_artifact))
        .route(
            "/model-versions/get-artifact",
            get(by_owner::get_model_version_artifact),
        )
}

/// A file below a location that this server keeps.
pub(crate) async fn download_below(app: &App, root_uri: &str, path: &str, headers: &HeaderMap) -> Result<Response> {
    let root = app.stores.locate(root_uri)?;
    download::respond(app, &root.join(&location::of_client(path)?), headers).await
}

/// Deletes a folder that this server reaches, with all that is in it; whether there is one or not.
pub(crate) async fn delete_below(app: &App, root_uri: String) -> Result<()> {
    let deleted = match app.stores.locate(&root_uri) {
        Ok(Place { blobs, path }) => blobs.delete(&path).await,
        Err(error) => Err(error),
    };
    match deleted {
        Ok(()) => Ok(()),
        Err(error @ (Error::Unsupported(_) | Error::Open(_) | Error::Refused(_))) => {
            tracing::warn!(%error, "The files at `{root_uri}` stay: this server cannot reach them");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}
