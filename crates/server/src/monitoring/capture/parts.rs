//! What was captured between two times, wherever it is: in this server's spool, or in the artifact store.

use super::{
    roller::blob_path,
    store::{self, SegmentRow},
};
use crate::{
    app::App,
    error::{ApiError, ErrorCode, Result},
};
use bytes::Bytes;
use fettle_blobs::ByteRange;
use fettle_capture::{LogEntry, Segment, Table, TableBuilder, log_of_table, read_segment};
use futures::StreamExt;
use std::{collections::HashSet, sync::Arc};

/// Files that one question may touch.
pub const SEGMENTS_MAX: usize = 20_000;

/// The captured files of some time, the spool's first.
pub struct Parts {
    /// What this server has not taken away yet, already read.
    pub fresh: Vec<Arc<Segment>>,
    /// Newest first.
    pub kept: Vec<SegmentRow>,
    app: App,
}

/// Which captured requests are wanted.
#[derive(Debug, Clone)]
pub struct Span {
    pub workspace_id: i64,
    /// Empty for all.
    pub endpoint: String,
    pub from_ms: i64,
    pub to_ms: i64,
}

impl Span {
    pub fn holds(&self, at_ms: i64) -> bool {
        (self.from_ms..self.to_ms).contains(&at_ms)
    }
}

/// Finds what there is. The spool is read before the database is asked: what is taken away meanwhile is then known by
/// its identity, and nothing is missed or met twice.
pub async fn find(app: &App, span: &Span) -> Result<Parts> {
    app.recorder.sync().await?;
    let (capture, instance) = (app.recorder.capture().clone(), app.recorder.instance().to_owned());
    let wanted = span.clone();
    let read = tokio::task::spawn_blocking(move || {
        let mut identities = HashSet::new();
        let mut fresh = Vec::new();
        for file in capture.all_files()? {
            let text = match std::fs::read(&file.path) {
                Ok(text) => text,
                // It was taken away a moment ago, so the database knows it.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            let segment = read_segment(&String::from_utf8_lossy(&text));
            let ours = file.workspace_id == wanted.workspace_id
                && (wanted.endpoint.is_empty() || wanted.endpoint == segment.endpoint);
            if ours {
                identities.insert(file.identity(&instance));
                fresh.push(Arc::new(segment));
            }
        }
        Ok((identities, fresh))
    });
    let (identities, fresh) = read
        .await
        .map_err(interrupted)?
        .map_err(|error| ApiError::new(ErrorCode::InternalError, "The capture could not be read.").because(error))?;
    let wanted = span.clone();
    let mut kept = app
        .db
        .read(move |tx| {
            store::segments(
                tx,
                wanted.workspace_id,
                &wanted.endpoint,
                wanted.from_ms,
                wanted.to_ms,
                SEGMENTS_MAX,
            )
        })
        .await?;
    kept.retain(|segment| !identities.contains(&segment.identity));
    Ok(Parts {
        fresh,
        kept,
        app: app.clone(),
    })
}

impl Parts {
    /// The log of a kept file. A file that retention has just removed is empty.
    pub async fn log(&self, segment: &SegmentRow) -> Result<Vec<LogEntry>> {
        let Some(bytes) = fetch(&self.app, &segment.log_path).await? else {
            return Ok(Vec::new());
        };
        let table = blocking(move || Table::from_parquet(bytes, None)).await?;
        Ok(log_of_table(&table))
    }

    /// Adds the rows of this time to a table, of some columns only if they are named, until there are `rows_max`.
    pub async fn rows(
        &self,
        span: &Span,
        wanted: Option<Arc<HashSet<String>>>,
        rows_max: usize,
    ) -> Result<(Table, bool)> {
        let mut table = TableBuilder::default();
        for segment in &self.fresh {
            table.push_table(&segment.rows, wanted.as_deref(), &|at_ms| span.holds(at_ms));
        }
        for segment in self.kept.iter().rev() {
            let Some(path) = &segment.rows_path else { continue };
            let Some(bytes) = fetch(&self.app, path).await? else {
                continue;
            };
            let (span, wanted) = (span.clone(), wanted.clone());
            table = blocking(move || {
                table.push_captured(bytes, wanted.as_deref(), &|at_ms| span.holds(at_ms))?;
                Ok(table)
            })
            .await?;
            if table.rows() > rows_max {
                return Ok((table.build(), true));
            }
        }
        let more = table.rows() > rows_max;
        Ok((table.build(), more))
    }
}

pub async fn fetch(app: &App, path: &str) -> Result<Option<Bytes>> {
    let path = blob_path(path)?;
    let download = match app.blobs.get(&path, ByteRange::Whole).await {
        Ok(download) => download,
        Err(fettle_blobs::Error::NotFound) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut all = Vec::new();
    let mut stream = download.bytes;
    while let Some(chunk) = stream.next().await {
        all.extend_from_slice(&chunk?);
    }
    Ok(Some(all.into()))
}

pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, fettle_capture::TableError> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(interrupted)?
        .map_err(|error| ApiError::new(ErrorCode::InternalError, "A captured file could not be read.").because(error))
}

/// Work on another thread that did not end well.
pub fn interrupted(error: tokio::task::JoinError) -> ApiError {
    ApiError::new(
        ErrorCode::InternalError,
        "The work was broken off; the server's log says why.",
    )
    .because(error)
}
