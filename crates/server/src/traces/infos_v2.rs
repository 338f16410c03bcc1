//! `traces` of the API v2, which clients before 3.0 speak: start, end, get

use super::{rules, store::records, validate};
use crate::{
    app::App,
    caller::Caller,
    error::Result,
    extract::{Args, Json, PathArg},
    tracking,
};
use axum::extract::State;
use fettle_db::Tx;
use fettle_wire::{
    Required,
    traces::{EndTrace, StartTrace, TraceInfoResponse},
};
use std::collections::BTreeMap;

pub async fn start_trace(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<StartTrace>,
) -> Result<Json<TraceInfoResponse>> {
    let experiment_id = tracking::validate::experiment_id(&request.experiment_id.required("experiment_id")?)?;
    let request_time = request.timestamp_ms.unwrap_or_default().0;
    let metadata = validate::metadata(validate::pairs("request_metadata", request.request_metadata)?)?;
    let tags = validate::tags(validate::pairs("tags", request.tags)?)?;
    let trace_id = uuid::Uuid::new_v4().simple().to_string();
    app.db
        .write(move |tx| {
            let experiment = tracking::store::experiments::get(tx, caller.workspace_id, experiment_id)?;
            let location = tracking::active_experiment(experiment)?.artifact_location;
            let key = records::start_v2(
                tx,
                caller.workspace_id,
                experiment_id,
                &trace_id,
                request_time,
                &location,
            )?;
            write_entries(tx, caller.workspace_id, (experiment_id, key), &metadata, &tags)?;
            answer(tx, caller.workspace_id, &trace_id)
        })
        .await
}

pub async fn end_trace(
    State(app): State<App>,
    caller: Caller,
    PathArg(trace_id): PathArg,
    Args(request): Args<EndTrace>,
) -> Result<Json<TraceInfoResponse>> {
    let end_time = request.timestamp_ms.required("timestamp_ms")?.0;
    let state = validate::end_state(request.status.as_ref())?;
    let metadata = validate::metadata(validate::pairs("request_metadata", request.request_metadata)?)?;
    let tags = validate::tags(validate::pairs("tags", request.tags)?)?;
    app.db
        .write(move |tx| {
            let trace = records::get(tx, caller.workspace_id, &trace_id)?;
            records::end(tx, trace.id, state, end_time.saturating_sub(trace.request_time))?;
            let place = (trace.experiment_id, trace.id);
            write_entries(tx, caller.workspace_id, place, &metadata, &tags)?;
            answer(tx, caller.workspace_id, &trace_id)
        })
        .await
}

fn write_entries(
    tx: &Tx,
    workspace_id: i64,
    (experiment_id, key): (i64, i64),
    metadata: &BTreeMap<String, String>,
    tags: &BTreeMap<String, String>,
) -> Result<()> {
    if let Some(rules) = rules::of(tx, workspace_id, experiment_id)? {
        let (metadata, tags) = (
            rules::apply_to_entries(&rules, metadata),
            rules::apply_to_entries(&rules, tags),
        );
        return set_entries(tx, workspace_id, key, &metadata, &tags);
    }
    set_entries(tx, workspace_id, key, metadata, tags)
}

fn set_entries(
    tx: &Tx,
    workspace_id: i64,
    key: i64,
    metadata: &BTreeMap<String, String>,
    tags: &BTreeMap<String, String>,
) -> Result<()> {
    records::set_metadata(tx, workspace_id, key, metadata)?;
    let tags = tags.iter().map(|(tag, value)| (tag.as_str(), value.as_str()));
    records::set_tags(tx, workspace_id, key, tags)
}

pub async fn get_trace_info(
    State(app): State<App>,
    caller: Caller,
    PathArg(trace_id): PathArg,
) -> Result<Json<TraceInfoResponse>> {
    app.db.read(move |tx| answer(tx, caller.workspace_id, &trace_id)).await
}

fn answer(tx: &Tx, workspace_id: i64, trace_id: &str) -> Result<Json<TraceInfoResponse>> {
    let record = records::get(tx, workspace_id, trace_id)?;
    let trace_info = records::load_one(tx, record)?.into();
    Ok(Json(TraceInfoResponse { trace_info }))
}
