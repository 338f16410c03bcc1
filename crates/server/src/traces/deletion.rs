//! `traces/delete-traces`

use super::store::{
    deletion::{self, Chunk, Selection},
    records,
};
use crate::{
    app::{App, Offer},
    artifacts,
    audit::{self, Entity},
    caller::Caller,
    error::{Result, invalid},
    extract::{Args, Json},
    tracking::validate::{batch_limit, experiment_id},
};
use axum::extract::State;
use fettle_wire::{
    Required,
    traces::{DeleteTraces, DeleteTracesResponse},
};
use futures::{StreamExt, stream};
use serde_json::json;

const IDS_MAX: usize = 10_000;
/// Traces in one transaction, so that a large deletion does not keep other writers waiting.
const CHUNK: usize = 500;
/// Folders of files that are deleted at the same time.
const FOLDERS_AT_ONCE: usize = 16;

/// Deletes by id, or all up to a time, oldest first: files, then records, so that what fails halfway is found again.
/// What one transaction deleted stays deleted if a later one fails.
pub async fn delete_traces(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<DeleteTraces>,
) -> Result<Json<DeleteTracesResponse>> {
    let experiment_id = experiment_id(&request.experiment_id.clone().required("experiment_id")?)?;
    let (selections, mut left) = plan(request)?;
    let mut traces_deleted = 0;
    for selection in selections {
        loop {
            let (limit, selection) = (left.min(CHUNK), selection.clone());
            let chunk = app
                .db
                .read(move |tx| deletion::select(tx, caller.workspace_id, experiment_id, &selection, limit))
                .await?;
            let found = chunk.trace_ids.len();
            delete_files(&app, &chunk).await?;
            traces_deleted += delete_records(&app, &caller, experiment_id, chunk.trace_ids).await?;
            left -= found;
            if found < limit || left == 0 {
                break;
            }
        }
    }
    Ok(Json(DeleteTracesResponse { traces_deleted }))
}

/// Spans and attachments that clients keep among the artifacts. Where clients reach a store themselves this server
/// cannot, and the files stay.
async fn delete_files(app: &App, chunk: &Chunk) -> Result<()> {
    if app.settings.offer == Offer::NoArtifacts {
        return Ok(());
    }
    let Some(location) = &chunk.artifact_location else {
        return Ok(());
    };
    let mut folders = Vec::with_capacity(chunk.trace_ids.len());
    folders.extend(chunk.trace_ids.iter().map(|id| records::artifact_folder(location, id)));
    let deletions = stream::iter(folders).map(|folder| artifacts::delete_below(app, folder));
    let mut deletions = deletions.buffer_unordered(FOLDERS_AT_ONCE);
    while let Some(deleted) = deletions.next().await {
        deleted?;
    }
    Ok(())
}

async fn delete_records(app: &App, caller: &Caller, experiment_id: i64, trace_ids: Vec<String>) -> Result<u64> {
    if trace_ids.is_empty() {
        return Ok(0);
    }
    let (caller, now_ms) = (caller.clone(), app.clock.now_ms());
    app.db
        .write(move |tx| {
            let deleted = deletion::delete(tx, caller.workspace_id, experiment_id, &trace_ids)?;
            if !deleted.is_empty() {
                let detail = json!({ "trace_ids": deleted });
                let id = experiment_id.to_string();
                let entity = Entity::of("experiment", &id);
                audit::record(tx, &caller, now_ms, "delete_traces", entity, Some(&detail))?;
            }
            Ok(deleted.len() as u64)
        })
        .await
}

/// What to delete, in pieces, and how much of it at most.
fn plan(request: DeleteTraces) -> Result<(Vec<Selection>, usize)> {
    let ids = request.request_ids.unwrap_or_default();
    let time = request.max_timestamp_millis.map(|time| time.0);
    let most = request.max_traces.map(|most| most.0);
    match (time, ids.is_empty(), most) {
        (None, true, _) => Err(invalid(
            "Either `max_timestamp_millis` or `trace_ids` must be specified.",
        )),
        (Some(_), false, _) => Err(invalid(
            "Only one of `max_timestamp_millis` and `trace_ids` can be specified.",
        )),
        (_, false, Some(_)) => Err(invalid("`max_traces` can't be specified if `trace_ids` is specified.")),
        (_, _, Some(most)) if most <= 0 => Err(invalid(format!(
            "`max_traces` must be a positive integer, received {most}."
        ))),
        (Some(time), true, most) => {
            let most = most.map_or(usize::MAX, |most| most as usize);
            Ok((vec![Selection::UpTo(time)], most))
        }
        (None, false, None) => {
            batch_limit("request_ids", IDS_MAX, ids.len())?;
            let chunks = ids.chunks(CHUNK).map(|ids| Selection::Ids(ids.to_vec())).collect();
            Ok((chunks, usize::MAX))
        }
    }
}
