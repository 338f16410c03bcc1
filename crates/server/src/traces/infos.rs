//! `traces` of the API v3: start and end, get

use super::{
    rules,
    store::{self, records},
    validate,
};
use crate::{
    app::App,
    caller::Caller,
    error::Result,
    extract::{Args, Json, PathArg},
    tracking::{
        self,
        validate::{batch_limit, experiment_id},
    },
};
use axum::extract::State;
use fettle_db::Tx;
use fettle_wire::{
    Missing,
    traces::{BatchGetTraceInfos, BatchGetTraceInfosResponse, StartTraceV3, TraceOfInfo, TraceResponse},
};
use std::collections::HashMap;

const BATCH_MAX: usize = 10_000;
/// Ids in one statement.
const CHUNK: usize = 500;

/// Starts a trace, or ends it: a client sends the whole record each time, before or after the trace's spans. Traces are
/// themselves the record of what happened, so logging them leaves no audit entry.
pub async fn start_trace(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<StartTraceV3>,
) -> Result<Json<TraceResponse>> {
    let new = validate::new_trace(request, app.clock.now_ms())?;
    app.db
        .write(move |tx| {
            let experiment = tracking::store::experiments::get(tx, caller.workspace_id, new.experiment_id)?;
            let experiment = tracking::active_experiment(experiment)?;
            let rules = rules::of(tx, caller.workspace_id, new.experiment_id)?;
            let kept = rules.map(|rules| rules::apply(&rules, &new));
            let new = kept.as_ref().unwrap_or(&new);
            records::start(tx, caller.workspace_id, new, &experiment.artifact_location)?;
            answer(tx, caller.workspace_id, &new.trace_id)
        })
        .await
}

pub async fn get_trace_info(
    State(app): State<App>,
    caller: Caller,
    PathArg(trace_id): PathArg,
) -> Result<Json<TraceResponse>> {
    app.db.read(move |tx| answer(tx, caller.workspace_id, &trace_id)).await
}

fn answer(tx: &Tx, workspace_id: i64, trace_id: &str) -> Result<Json<TraceResponse>> {
    let record = records::get(tx, workspace_id, trace_id)?;
    let trace_info = records::load_one(tx, record)?;
    Ok(Json(TraceResponse {
        trace: TraceOfInfo { trace_info },
    }))
}

/// The traces there are of those asked for, in the order in which they were asked for.
pub async fn batch_get_trace_infos(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<BatchGetTraceInfos>,
) -> Result<Json<BatchGetTraceInfosResponse>> {
    let trace_ids = request.trace_ids.ok_or_else(|| Missing {
        field: "trace_ids".to_owned(),
    })?;
    batch_limit("trace_ids", BATCH_MAX, trace_ids.len())?;
    let experiments = request
        .experiment_ids
        .map(|ids| ids.iter().map(|id| experiment_id(id)).collect::<Result<Vec<i64>>>())
        .transpose()?;
    app.db
        .read(move |tx| {
            let mut found = Vec::new();
            for ids in trace_ids.chunks(CHUNK) {
                found.extend(records::list(tx, caller.workspace_id, ids, experiments.as_deref())?);
            }
            let place: HashMap<&str, usize> = trace_ids.iter().enumerate().map(|(at, id)| (id.as_str(), at)).collect();
            found.sort_by_key(|record| place.get(record.trace_id.as_str()).copied());
            found.dedup_by_key(|record| record.id);
            Ok(Json(BatchGetTraceInfosResponse {
                trace_infos: store::records::load(tx, found)?,
            }))
        })
        .await
}
