//! `traces/delete-traces`

use super::store::deletion::{self, Selection};
use crate::{
    app::App,
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
use serde_json::json;

const IDS_MAX: usize = 10_000;
/// Traces in one transaction, so that a large deletion does not keep other writers waiting.
const CHUNK: usize = 500;

/// Deletes by id, or all up to a time, oldest first. What one transaction deleted stays deleted if a later one fails.
pub async fn delete_traces(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<DeleteTraces>,
) -> Result<Json<DeleteTracesResponse>> {
    let experiment_id = experiment_id(&request.experiment_id.clone().required("experiment_id")?)?;
    let (selections, mut left) = plan(request)?;
    let now_ms = app.clock.now_ms();
    let mut traces_deleted = 0;
    for selection in selections {
        loop {
            let (limit, caller, selection) = (left.min(CHUNK), caller.clone(), selection.clone());
            let deleted = app
                .db
                .write(move |tx| {
                    let deleted = deletion::delete(tx, caller.workspace_id, experiment_id, &selection, limit)?;
                    if !deleted.is_empty() {
                        let detail = json!({ "trace_ids": deleted });
                        let id = experiment_id.to_string();
                        let entity = Entity {
                            kind: "experiment",
                            id: &id,
                        };
                        audit::record(tx, &caller, now_ms, "delete_traces", entity, Some(&detail))?;
                    }
                    Ok::<_, crate::error::ApiError>(deleted.len())
                })
                .await?;
            traces_deleted += deleted as u64;
            left -= deleted;
            if deleted < limit || left == 0 {
                break;
            }
        }
    }
    Ok(Json(DeleteTracesResponse { traces_deleted }))
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
