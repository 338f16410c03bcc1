//! Artifacts as seen from the run, the logged model or the model version they belong to.

use super::{download, location, proxy};
use crate::{
    app::App,
    caller::Caller,
    error::{ErrorCode, Result, invalid, not_found},
    extract::{Args, EMPTY, Empty, Json, PathArg},
    tracking::{store::runs, validate},
};
use axum::{
    body::Body,
    extract::{RawQuery, State},
    http::HeaderMap,
    response::Response,
};
use fettle_blobs::{BlobPath, Entry, Place};
use fettle_db::params;
use fettle_wire::{
    Required,
    artifacts::{FileInfo, ListArtifacts, ListArtifactsResponse},
};
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ArtifactOf {
    run_id: Option<String>,
    run_uuid: Option<String>,
    name: Option<String>,
    version: Option<String>,
    path: Option<String>,
    artifact_file_path: Option<String>,
    artifact_directory_path: Option<String>,
}

pub(crate) async fn list_run_artifacts(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<ListArtifacts>,
) -> Result<Json<ListArtifactsResponse>> {
    let run_uuid = validate::run_id(request.run_id, request.run_uuid)?;
    let root_uri = run_artifact_uri(&app, &caller, run_uuid).await?;
    list(&app, root_uri, request.path.as_deref().unwrap_or_default()).await
}

pub(super) async fn list_logged_model_artifacts(
    State(app): State<App>,
    caller: Caller,
    PathArg(model_id): PathArg,
    Args(request): Args<ArtifactOf>,
) -> Result<Json<ListArtifactsResponse>> {
    let root_uri = logged_model_location(&app, &caller, model_id).await?;
    list(
        &app,
        root_uri,
        request.artifact_directory_path.as_deref().unwrap_or_default(),
    )
    .await
}

/// Names are relative to the owner's root. A path that names a file lists as nothing, as in MLflow.
async fn list(app: &App, root_uri: String, below: &str) -> Result<Json<ListArtifactsResponse>> {
    let root = app.stores.locate(&root_uri)?;
    let folder = location::of_client(below)?;
    let files: Vec<FileInfo> = root
        .blobs
        .list(&root.path.join(&folder))
        .await
        .map_err(location::of(&root.blobs))?
        .into_iter()
        .map(|entry: Entry| proxy::file_info(&folder, entry))
        .collect();
    Ok(Json(ListArtifactsResponse {
        root_uri: Some(root_uri),
        files,
    }))
}

pub(super) async fn get_run_artifact(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Args(request): Args<ArtifactOf>,
) -> Result<Response> {
    let run_uuid = validate::run_id(request.run_id, request.run_uuid)?;
    let path = request.path.required("path")?;
    let root = app.stores.locate(&run_artifact_uri(&app, &caller, run_uuid).await?)?;
    download::respond(&app, &root.join(&location::of_client(&path)?), &headers).await
}

pub(super) async fn get_logged_model_artifact(
    State(app): State<App>,
    caller: Caller,
    PathArg(model_id): PathArg,
    headers: HeaderMap,
    Args(request): Args<ArtifactOf>,
) -> Result<Response> {
    let path = request.artifact_file_path.required("artifact_file_path")?;
    let root = app
        .stores
        .locate(&logged_model_location(&app, &caller, model_id).await?)?;
    download::respond(&app, &root.join(&location::of_client(&path)?), &headers).await
}

pub(super) async fn get_model_version_artifact(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Args(request): Args<ArtifactOf>,
) -> Result<Response> {
    let name = request.name.required("name")?;
    let version = request.version.required("version")?;
    let path = request.path.required("path")?;
    let root = app
        .stores
        .locate(&model_version_location(&app, &caller, name, &version).await?)?;
    download::respond(&app, &root.join(&location::of_client(&path)?), &headers).await
}

/// Largest file a page may send this way; clients use the proxy.
const PAGE_UPLOAD_MAX: usize = 10 * 1024 * 1024;

/// The arguments are in the query, as the body is the file.
pub(super) async fn upload_run_artifact(
    State(app): State<App>,
    caller: Caller,
    RawQuery(query): RawQuery,
    body: Body,
) -> Result<Json<Empty>> {
    let request: ArtifactOf = serde_html_form::from_str(query.as_deref().unwrap_or_default())
        .map_err(|e| invalid(format!("The query is not readable: {e}")))?;
    let run_uuid = validate::run_id(request.run_id, request.run_uuid)?;
    let path = location::of_client(&request.path.required("path")?)?;
    let bytes = axum::body::to_bytes(body, PAGE_UPLOAD_MAX).await.map_err(|e| {
        crate::error::ApiError::new(
            ErrorCode::PayloadTooLarge,
            format!("The file is larger than {PAGE_UPLOAD_MAX} bytes."),
        )
        .because(e)
    })?;
    let root = app.stores.locate(&run_artifact_uri(&app, &caller, run_uuid).await?)?;
    proxy::store(&app, caller, &below(&root, &path)?, Body::from(bytes)).await?;
    Ok(EMPTY)
}

fn below(root: &Place, path: &BlobPath) -> Result<Place> {
    if path.is_root() {
        Err(invalid("Parameter 'path' must name a file."))
    } else {
        Ok(root.join(path))
    }
}

pub(super) async fn run_artifact_uri(app: &App, caller: &Caller, run_uuid: String) -> Result<String> {
    let workspace_id = caller.workspace_id;
    app.db
        .peek(move |tx| Ok(runs::get(tx, workspace_id, &run_uuid)?.artifact_uri))
        .await
}

pub(super) async fn logged_model_location(app: &App, caller: &Caller, model_id: String) -> Result<String> {
    let workspace_id = caller.workspace_id;
    app.db
        .peek(move |tx| {
            tx.query_opt(
                "SELECT artifact_location FROM logged_models WHERE model_id = ?1 AND workspace_id = ?2 AND lifecycle_stage = 'active'",
                params![&model_id, workspace_id],
                |row| row.get(0),
            )?
            .ok_or_else(|| not_found(format!("Logged model with ID '{model_id}' not found.")))
        })
        .await
}

async fn model_version_location(app: &App, caller: &Caller, name: String, version: &str) -> Result<String> {
    let number: i64 = version
        .parse()
        .map_err(|_| invalid(format!("Parameter 'version' must be an integer, got '{version}'.")))?;
    let workspace_id = caller.workspace_id;
    app.db
        .peek(move |tx| {
            tx.query_opt(
                "SELECT v.storage_location FROM model_versions v JOIN registered_models m ON m.id = v.registered_model_id
                 WHERE m.name = ?1 AND v.version = ?2 AND m.workspace_id = ?3",
                params![&name, number, workspace_id],
                |row| row.get(0),
            )?
            .ok_or_else(|| not_found(format!("Model Version (name={name}, version={number}) not found")))
        })
        .await
}
