//! What a baseline is made of: rows of a file or of the capture, or a profile that was made elsewhere.

use super::profile;
use crate::{
    error::{ApiError, ErrorCode, Result, invalid, not_found},
    monitoring::capture::parts,
    registry::resolve,
};
use fettle_blobs::{ByteRange, Stores};
use fettle_capture::{Table, read_upload};
use fettle_db::Db;
use fettle_stats::profile::dataset::DatasetProfile;
use futures::StreamExt;

pub const FILE_BYTES_MAX: usize = 256 << 20;

/// What is kept of a baseline.
pub struct Made {
    pub source: String,
    pub rows: i64,
    pub profile: Vec<u8>,
    pub sample: Option<Vec<u8>>,
}

impl Made {
    pub async fn of_table(source: String, table: Table) -> Result<Self> {
        if table.rows == 0 {
            return Err(invalid(format!("There are no rows for a baseline ({source}).")));
        }
        parts::blocking(move || {
            Ok(Self {
                source,
                rows: table.rows as i64,
                profile: profile::of_table(&table).encode(),
                sample: profile::sample(&table)?,
            })
        })
        .await
    }

    pub async fn of_profile(bytes: Vec<u8>) -> Result<Self> {
        let read = tokio::task::spawn_blocking(move || {
            let profile = DatasetProfile::decode(&bytes)?;
            Ok::<_, fettle_stats::profile::codec::Unreadable>((profile.rows(), bytes))
        });
        let (rows, profile) = read.await.map_err(parts::interrupted)?.map_err(|error| {
            invalid(format!(
                "The body is no profile: {error}. Make one with fettle drift profile, or take one with fettle baseline export."
            ))
        })?;
        if rows == 0 {
            return Err(invalid("The profile has no rows."));
        }
        Ok(Self {
            source: "uploaded profile".to_owned(),
            rows: rows as i64,
            profile,
            sample: None,
        })
    }
}

pub async fn read(content_type: String, body: Vec<u8>) -> Result<Table> {
    tokio::task::spawn_blocking(move || read_upload(&content_type, body.into()))
        .await
        .map_err(parts::interrupted)?
        .map_err(|error| invalid(format!("The baseline's rows cannot be read: {error}.")))
}

/// The rows of a file in an artifact store that this server reads.
pub async fn of_artifact(db: &Db, stores: &Stores, workspace_id: i64, uri: &str) -> Result<Table> {
    let located = match uri.strip_prefix("runs:/") {
        None => uri.to_owned(),
        Some(rest) => {
            let (run_id, path) = rest.trim_matches('/').split_once('/').ok_or_else(|| {
                invalid(format!(
                    "Invalid value '{uri}' for parameter 'artifact_uri' supplied: a path below the run is missing."
                ))
            })?;
            let (run_id, path) = (run_id.to_owned(), path.to_owned());
            db.peek(move |tx| {
                resolve::run_path(tx, workspace_id, &run_id, &path)?
                    .ok_or_else(|| not_found(format!("Run with id={run_id} not found")))
            })
            .await?
        }
    };
    let place = stores.locate(&located)?;
    let mut stream = place.blobs.get(&place.path, ByteRange::Whole).await?.bytes;
    let mut body = Vec::new();
    while let Some(chunk) = stream.next().await {
        body.extend_from_slice(&chunk?);
        if body.len() > FILE_BYTES_MAX {
            return Err(ApiError::new(
                ErrorCode::PayloadTooLarge,
                format!("The file has more than {FILE_BYTES_MAX} bytes: take a sample of its rows."),
            ));
        }
    }
    let content_type = match located.rsplit('.').next() {
        Some("csv") => "text/csv",
        Some("jsonl" | "ndjson") => "application/x-ndjson",
        Some("json") => "application/json",
        _ => "",
    };
    read(content_type.to_owned(), body).await
}
