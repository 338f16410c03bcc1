//! `mlflow-artifacts/mpu/...`: uploads whose parts the client puts into the cloud itself.

use super::{location, proxy};
use crate::{
    app::App,
    caller::Caller,
    error::{ApiError, ErrorCode, Result, invalid},
    extract::{Args, EMPTY, Empty, Json, PathArg},
};
use axum::{
    extract::State,
    http::{HeaderMap, header},
};
use fettle_blobs::{CompletedPart, Error, Place};
use fettle_wire::{
    Missing, Required,
    artifacts::{CreateMultipartUpload, CreateMultipartUploadResponse, EndMultipartUpload, MultipartUploadCredential},
};
use std::{collections::BTreeMap, time::Duration};

/// How long the addresses of parts are good for: time to send the whole file.
const PARTS_VALID: Duration = Duration::from_hours(1);

pub(super) async fn create(
    State(app): State<App>,
    _caller: Caller,
    headers: HeaderMap,
    PathArg(folder): PathArg,
    Args(request): Args<CreateMultipartUpload>,
) -> Result<Json<CreateMultipartUploadResponse>> {
    if leaves_the_run_out(&headers) {
        return Err(unsupported());
    }
    let file = file(&app, &folder, request.path)?;
    let parts = request.num_parts.map_or(1, |number| number.0);
    let parts = usize::try_from(parts).map_err(|_| invalid("Parameter 'num_parts' must be positive."))?;
    let upload = file
        .blobs
        .start_parts(&file.path, parts, PARTS_VALID)
        .await
        .map_err(|error| match error {
            Error::CannotSign => unsupported(),
            Error::Parts(reason) => invalid(format!("Invalid value for parameter 'num_parts': {reason}.")),
            error => location::of(&file.blobs)(error),
        })?;
    let credentials = upload
        .urls
        .into_iter()
        .zip(1..)
        .map(|(url, part_number)| MultipartUploadCredential {
            url,
            part_number,
            headers: BTreeMap::new(),
        })
        .collect();
    Ok(Json(CreateMultipartUploadResponse {
        upload_id: upload.id,
        credentials,
    }))
}

pub(super) async fn complete(
    State(app): State<App>,
    caller: Caller,
    PathArg(folder): PathArg,
    Args(request): Args<EndMultipartUpload>,
) -> Result<Json<Empty>> {
    let file = file(&app, &folder, request.path)?;
    let parts = request.parts.unwrap_or_default();
    if parts.is_empty() {
        return Err(Missing {
            field: "parts".to_owned(),
        }
        .into());
    }
    let parts = parts
        .into_iter()
        .map(|part| CompletedPart {
            number: part
                .part_number
                .map_or(0, |number| usize::try_from(number.0).unwrap_or(0)),
            etag: part.etag.unwrap_or_default(),
        })
        .collect();
    file.blobs
        .complete_parts(&file.path, &request.upload_id.unwrap_or_default(), parts)
        .await
        .map_err(location::of(&file.blobs))?;
    proxy::note(&app, caller, "upload", &file.path).await?;
    Ok(EMPTY)
}

pub(super) async fn abort(
    State(app): State<App>,
    _caller: Caller,
    PathArg(folder): PathArg,
    Args(request): Args<EndMultipartUpload>,
) -> Result<Json<Empty>> {
    let file = file(&app, &folder, request.path)?;
    file.blobs
        .abort_parts(&file.path, &request.upload_id.unwrap_or_default())
        .await
        .map_err(location::of(&file.blobs))?;
    Ok(EMPTY)
}

/// The file in the folder that the address names. Clients compare the start of the refusal's message, and then send
/// the file in one piece.
fn file(app: &App, folder: &str, local: Option<String>) -> Result<Place> {
    let folder = location::of_store(folder)?;
    let local = local.required("path")?;
    if !app.signs {
        return Err(unsupported());
    }
    let name = location::of_client(base_name(&local))?;
    if folder.is_root() {
        location::of_store(name.as_str())?;
    }
    if name.is_root() {
        return Err(invalid("Parameter 'path' must name a file."));
    }
    Ok(Place {
        blobs: app.blobs.clone(),
        path: folder.join(&name),
    })
}

/// Without a folder only the clients of [`leaves_the_run_out`] ask.
pub(super) async fn create_at_root(_caller: Caller) -> Result<Json<Empty>> {
    Err(unsupported())
}

/// Clients before 2.10 leave the run's folder out of the address, so their file would come to lie beside all runs,
/// under a name that others write too. MLflow's server lets it.
fn leaves_the_run_out(headers: &HeaderMap) -> bool {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    agent
        .and_then(|agent| agent.strip_prefix("mlflow-python-client/2."))
        .and_then(|rest| rest.split('.').next()?.parse::<u32>().ok())
        .is_some_and(|minor| minor < 10)
}

fn unsupported() -> ApiError {
    ApiError::new(
        ErrorCode::NotImplemented,
        "Multipart upload is not supported for the current artifact repository",
    )
}

/// The last part of a path on the client's machine, which may be one of Windows.
fn base_name(local: &str) -> &str {
    let windows = matches!(local.as_bytes(), [drive, b':', b'\\' | b'/', ..] if drive.is_ascii_alphabetic())
        || local.starts_with(r"\\");
    let name = local.rsplit('/').next().unwrap_or_default();
    if windows {
        name.rsplit('\\').next().unwrap_or_default()
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn clients_that_leave_the_run_out_are_known_by_their_name() {
        for (agent, expected) in [
            ("mlflow-python-client/2.9.2", true),
            ("mlflow-python-client/2.10.0", false),
            ("mlflow-python-client/2.22.5", false),
            ("mlflow-python-client/3.6.0", false),
            ("curl/8.0", false),
        ] {
            let headers = HeaderMap::from_iter([(header::USER_AGENT, HeaderValue::from_static(agent))]);
            assert_eq!(leaves_the_run_out(&headers), expected, "{agent}");
        }
    }

    #[test]
    fn names_are_taken_from_paths_of_any_system() {
        for (local, name) in [
            ("/home/u/model.bin", "model.bin"),
            ("model.bin", "model.bin"),
            (r"C:\Users\u\model.bin", "model.bin"),
            (r"\\server\share\model.bin", "model.bin"),
            (r"/home/u/odd\name", r"odd\name"),
            ("/home/u/", ""),
        ] {
            assert_eq!(base_name(local), name, "{local}");
        }
    }
}
