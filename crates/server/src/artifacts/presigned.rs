//! Signed addresses of single files: of the server's own store, and of the stores that experiments name.

use super::{ArtifactAccess, by_owner, location, proxy};
use crate::{
    app::App,
    caller::Caller,
    error::{ApiError, ErrorCode, Result, invalid, not_found},
    extract::{Args, Json, PathArg},
    tracking::validate,
};
use axum::extract::State;
use fettle_blobs::{BlobPath, Place};
use fettle_wire::{
    Required,
    artifacts::{CreatePresignedUrl, CreatePresignedUrlResponse, PresignedDownload},
};
use std::{collections::BTreeMap, time::Duration};

/// As MLflow has it, and how long the clouds let an address live.
const UPLOAD_VALID_S: i64 = 900;
const VALID_MAX_S: i64 = 604_800;

pub(super) async fn download(
    State(app): State<App>,
    _caller: Caller,
    PathArg(path): PathArg,
) -> Result<Json<PresignedDownload>> {
    let path = location::of_store(&path)?;
    if !app.signs {
        return Err(unsupported("Multipart download"));
    }
    let file = Place {
        blobs: app.blobs.clone(),
        path,
    };
    let file_size = size(&file).await?;
    let url = file
        .blobs
        .sign_get(&file.path, app.settings.presigned_download_ttl)
        .await
        .map_err(location::of(&file.blobs))?;
    Ok(Json(PresignedDownload {
        url,
        headers: BTreeMap::new(),
        file_size,
    }))
}

pub(super) async fn create_upload_url(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<CreatePresignedUrl>,
) -> Result<Json<CreatePresignedUrlResponse>> {
    let path = file_path(request.path)?;
    let valid = validity(request.expiration.map_or(UPLOAD_VALID_S, |seconds| seconds.0))?;
    let named = |id: Option<String>| id.filter(|id| !id.is_empty());
    let root_uri = match (named(request.run_id), named(request.model_id)) {
        (Some(run_id), None) => by_owner::run_artifact_uri(&app, &caller, run_id).await?,
        (None, Some(model_id)) => by_owner::logged_model_location(&app, &caller, model_id).await?,
        _ => return Err(invalid("Exactly one of run_id and model_id must be provided.")),
    };
    refuse_proxied(&root_uri, "upload", "direct cloud storage artifact URI", "")?;
    let file = direct(&app, &root_uri, "Presigned upload")?.join(&path);
    let signed = file
        .blobs
        .sign_put(&file.path, valid)
        .await
        .map_err(location::of(&file.blobs))?;
    proxy::note(&app, caller, "presign_upload", &file.path).await?;
    let content_type = mime_guess::from_path(path.as_str()).first_or_octet_stream();
    let headers = signed
        .headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .chain([("Content-Type".to_owned(), content_type.to_string())])
        .collect();
    Ok(Json(CreatePresignedUrlResponse {
        presigned_url: signed.url,
        headers,
        file_size: None,
    }))
}

pub(super) async fn create_download_url(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<CreatePresignedUrl>,
) -> Result<Json<CreatePresignedUrlResponse>> {
    let run_uuid = validate::run_id(request.run_id, None)?;
    let path = file_path(request.path)?;
    let valid = match request.expiration {
        Some(seconds) => validity(seconds.0)?,
        None => app.settings.presigned_download_ttl,
    };
    let root_uri = by_owner::run_artifact_uri(&app, &caller, run_uuid).await?;
    refuse_proxied(
        &root_uri,
        "download",
        "run with a direct cloud storage artifact URI",
        "runs with ",
    )?;
    let file = direct(&app, &root_uri, "Presigned download")?.join(&path);
    let file_size = size(&file).await?;
    let presigned_url = file
        .blobs
        .sign_get(&file.path, valid)
        .await
        .map_err(location::of(&file.blobs))?;
    Ok(Json(CreatePresignedUrlResponse {
        presigned_url,
        headers: BTreeMap::new(),
        file_size: Some(file_size),
    }))
}

fn file_path(path: Option<String>) -> Result<BlobPath> {
    let path = location::of_client(&path.required("path")?)?;
    if path.is_root() {
        Err(invalid("Parameter 'path' must name a file."))
    } else {
        Ok(path)
    }
}

fn validity(seconds: i64) -> Result<Duration> {
    match u64::try_from(seconds) {
        Ok(seconds @ 1..) if seconds <= VALID_MAX_S.unsigned_abs() => Ok(Duration::from_secs(seconds)),
        _ => Err(invalid(format!(
            "expiration must be between 1 and {VALID_MAX_S} seconds (got {seconds})."
        ))),
    }
}

/// Files behind the proxy have the proxy's own calls.
fn refuse_proxied(root_uri: &str, what: &str, needed: &str, owners: &str) -> Result<()> {
    let scheme = root_uri.split(':').next().unwrap_or_default();
    if matches!(scheme, "http" | "https" | "mlflow-artifacts") {
        return Err(invalid(format!(
            "Presigned {what} is not supported for {owners}proxied artifact storage (artifact URI scheme: {scheme}). \
             This endpoint requires a {needed}."
        )));
    }
    Ok(())
}

fn direct(app: &App, root_uri: &str, what: &str) -> Result<Place> {
    let root = app.stores.locate(root_uri)?;
    if app.settings.artifact_access == ArtifactAccess::Proxy || root.blobs.is_folder_of_this_machine() {
        return Err(unsupported(what));
    }
    Ok(root)
}

async fn size(file: &Place) -> Result<u64> {
    file.blobs
        .size(&file.path)
        .await
        .map_err(location::of(&file.blobs))?
        .ok_or_else(|| not_found("No such artifact."))
}

fn unsupported(what: &str) -> ApiError {
    ApiError::new(
        ErrorCode::NotImplemented,
        format!("{what} is not supported for the current artifact repository"),
    )
}
