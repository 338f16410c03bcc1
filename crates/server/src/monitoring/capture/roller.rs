//! From the spool to the artifact store: sealed files become Parquet, and old ones go.

use super::store::{self, NewSegment};
use crate::{
    app::App,
    caller::DEFAULT_WORKSPACE_ID,
    error::{ApiError, ErrorCode, Result},
};
use bytes::Bytes;
use fettle_blobs::BlobPath;
use fettle_capture::{Rolled, Sealed, roll};
use std::{convert::Infallible, time::Duration};
use tokio::time::Instant;

const LOOK: Duration = Duration::from_secs(1);
/// After an error of the artifact store.
const PAUSE: Duration = Duration::from_secs(10);
const PURGE: Duration = Duration::from_mins(10);
const PURGED_AT_ONCE: usize = 200;

/// Runs for as long as the server does.
pub async fn run(app: App) {
    let mut purge_at = Instant::now() + PURGE;
    loop {
        let pause = match roll_all(&app).await {
            Ok(()) => LOOK,
            Err(error) => {
                tracing::warn!(%error, "Captured requests could not be taken to the artifact store; they are later");
                PAUSE
            }
        };
        if Instant::now() >= purge_at {
            purge_at = Instant::now() + PURGE;
            if let Err(error) = purge(&app).await {
                tracing::warn!(%error, "Old captured requests could not be removed; they are next time");
            }
        }
        tokio::time::sleep(pause).await;
    }
}

async fn roll_all(app: &App) -> Result<()> {
    let capture = app.recorder.capture().clone();
    let sealed = capture.sealed().map_err(spool_failed)?;
    for file in sealed {
        let rolled = roll(file.clone()).await.map_err(spool_failed)?;
        keep(app, &file, rolled).await?;
        capture.remove(&file).map_err(spool_failed)?;
    }
    Ok(())
}

async fn keep(app: &App, file: &Sealed, rolled: Rolled) -> Result<()> {
    if rolled.unreadable_lines > 0 {
        tracing::warn!(
            lines = rolled.unreadable_lines,
            "Captured lines could not be read and are left out"
        );
    }
    if rolled.requests == 0 {
        return Ok(());
    }
    let identity = file.identity(app.recorder.instance());
    let place = |collection: &str| {
        format!(
            "capture/{}/{}/{collection}/{}/{identity}.parquet",
            rolled.endpoint,
            rolled.deployment,
            hour(rolled.from_ms)
        )
    };
    let log_path = place("requests");
    let bytes = rolled.log.len() + rolled.rows.as_ref().map_or(0, Vec::len);
    put(app, &log_path, rolled.log).await?;
    let rows_path = match rolled.rows {
        None => None,
        Some(rows) => {
            let path = place("model_inputs_outputs");
            put(app, &path, rows).await?;
            Some(path)
        }
    };
    let segment = NewSegment {
        workspace_id: file.workspace_id,
        endpoint: rolled.endpoint,
        deployment: rolled.deployment,
        identity,
        log_path,
        rows_path,
        from_ms: rolled.from_ms,
        to_ms: rolled.to_ms,
        requests: rolled.requests as i64,
        rows: rolled.row_count as i64,
        bytes: bytes as i64,
    };
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| store::insert_segment(tx, &segment, now_ms))
        .await
}

async fn put(app: &App, path: &str, bytes: Vec<u8>) -> Result<()> {
    let path = blob_path(path)?;
    let once = futures::stream::iter([Ok::<_, Infallible>(Bytes::from(bytes))]);
    app.blobs.put(&path, once).await?;
    Ok(())
}

pub fn blob_path(path: &str) -> Result<BlobPath> {
    BlobPath::parse(path)
        .map_err(|error| ApiError::new(ErrorCode::InternalError, "A captured file has no good name.").because(error))
}

/// `2026/11/25/20`, as Azure's collector lays its files out.
fn hour(at_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(at_ms)
        .map(|time| time.strftime("%Y/%m/%d/%H").to_string())
        .unwrap_or_default()
}

/// Removes files that are older than their endpoint's retention. The row goes first: a file without a row is only
/// space, a row without a file is a broken search.
async fn purge(app: &App) -> Result<()> {
    let (endpoints, policies) = app
        .db
        .read(|tx| {
            Ok::<_, ApiError>((
                store::captured_endpoints(tx, DEFAULT_WORKSPACE_ID)?,
                store::policies(tx, DEFAULT_WORKSPACE_ID)?,
            ))
        })
        .await?;
    for endpoint in endpoints {
        let policy = policies.get(&endpoint).copied().unwrap_or_default();
        let Some(retention_ms) = policy.retention_ms else {
            continue;
        };
        let before_ms = app.clock.now_ms().saturating_sub(retention_ms);
        let old = app
            .db
            .write(move |tx| {
                let old = store::segments_before(tx, DEFAULT_WORKSPACE_ID, &endpoint, before_ms, PURGED_AT_ONCE)?;
                let ids: Vec<i64> = old.iter().map(|segment| segment.id).collect();
                store::delete_segments(tx, &ids)?;
                Ok::<_, ApiError>(old)
            })
            .await?;
        for segment in old {
            for path in [Some(segment.log_path), segment.rows_path].into_iter().flatten() {
                app.blobs.delete(&blob_path(&path)?).await?;
            }
        }
    }
    Ok(())
}

fn spool_failed(error: std::io::Error) -> ApiError {
    ApiError::new(ErrorCode::InternalError, "The capture's folder cannot be read.").because(error)
}
