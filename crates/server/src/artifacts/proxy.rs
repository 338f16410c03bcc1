//! `mlflow-artifacts/...`: bytes between clients and the artifact store.

use super::{download, location};
use crate::{
    app::App,
    audit::{self, Entity},
    caller::Caller,
    error::{Result, invalid},
    extract::{Args, EMPTY, Empty, Json, PathArg},
};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use fettle_blobs::{BlobPath, Entry, Place, RESERVED};
use fettle_wire::artifacts::{FileInfo, ListArtifacts, ListArtifactsResponse};

/// Names directly below a folder.
pub(super) async fn list_artifacts(
    State(app): State<App>,
    _caller: Caller,
    Args(request): Args<ListArtifacts>,
) -> Result<Json<ListArtifactsResponse>> {
    let folder = location::of_store(&request.path.unwrap_or_default())?;
    let files = app
        .blobs
        .list(&folder)
        .await
        .map_err(location::of(&app.blobs))?
        .into_iter()
        .filter(|entry| !folder.is_root() || entry.name != RESERVED)
        .map(|entry| file_info(&BlobPath::root(), entry))
        .collect();
    Ok(Json(ListArtifactsResponse { root_uri: None, files }))
}

/// An entry of a listing, with its name below `folder`.
pub(super) fn file_info(folder: &BlobPath, entry: Entry) -> FileInfo {
    let path = if folder.is_root() {
        entry.name
    } else {
        format!("{folder}/{}", entry.name)
    };
    FileInfo {
        path,
        is_dir: entry.size.is_none(),
        file_size: entry.size,
    }
}

pub(super) async fn download_artifact(
    State(app): State<App>,
    _caller: Caller,
    PathArg(path): PathArg,
    headers: HeaderMap,
) -> Result<Response> {
    download::respond(&app, &own(&app, &path)?, &headers).await
}

pub(super) async fn upload_artifact(
    State(app): State<App>,
    caller: Caller,
    PathArg(path): PathArg,
    body: Body,
) -> Result<StatusCode> {
    store(&app, caller, &own(&app, &path)?, body).await?;
    Ok(StatusCode::OK)
}

/// A place in the server's own store.
pub(super) fn own(app: &App, path: &str) -> Result<Place> {
    Ok(Place {
        blobs: app.blobs.clone(),
        path: location::of_store(path)?,
    })
}

/// Streams a body into the store. The audit entry follows the bytes: no transaction spans both.
pub(super) async fn store(app: &App, caller: Caller, place: &Place, body: Body) -> Result<()> {
    if place.path.is_root() {
        return Err(invalid("The artifact path must name a file."));
    }
    place
        .blobs
        .put(&place.path, body.into_data_stream())
        .await
        .map_err(location::of(&place.blobs))?;
    note(app, caller, "upload", &place.path).await
}

pub(super) async fn delete_artifact(
    State(app): State<App>,
    caller: Caller,
    PathArg(path): PathArg,
) -> Result<Json<Empty>> {
    let path = location::of_store(&path)?;
    if path.is_root() {
        return Err(invalid(
            "The artifact path must name a file or a folder below the root.",
        ));
    }
    app.blobs.delete(&path).await.map_err(location::of(&app.blobs))?;
    note(&app, caller, "delete", &path).await?;
    Ok(EMPTY)
}

pub(super) async fn note(app: &App, caller: Caller, action: &'static str, path: &BlobPath) -> Result<()> {
    let now_ms = app.clock.now_ms();
    let path = path.to_string();
    app.db
        .write(move |tx| audit::record(tx, &caller, now_ms, action, Entity::of("artifact", &path), None))
        .await
}
