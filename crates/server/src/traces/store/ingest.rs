//! Spans on their way in: traces that are not there are made, and their records take what the spans say of them.

use super::{links, records, spans, totals};
use crate::{
    error::{ApiError, Result},
    traces::usage::{COST, COST_KEYS, TOKEN_KEYS, TOKEN_USAGE},
    tracking::store::{experiments, runs},
};
use fettle_db::{Row, Tx, params};
use fettle_traces::{
    block::{Block, Cost, SpanSummary, Usage},
    index::IndexRow,
    received::{ReceivedTrace, total_cost, total_usage},
};
use std::collections::BTreeMap;

const ARTIFACT_LOCATION: &str = "mlflow.artifactLocation";
pub const SPANS_LOCATION: &str = "mlflow.trace.spansLocation";
pub const TRACKING_STORE: &str = "TRACKING_STORE";
const SESSION: &str = "mlflow.trace.session";
const USER: &str = "mlflow.trace.user";

/// A trace of a request with its spans packed.
#[derive(Debug)]
pub struct PackedTrace {
    pub trace: ReceivedTrace,
    pub blocks: Vec<Block>,
}

/// Where the spans go.
#[derive(Debug, Clone)]
pub struct Destination {
    pub workspace_id: i64,
    /// Of traces that are not there yet.
    pub experiment_id: i64,
    /// Complete traces are linked to this run.
    pub run_uuid: Option<String>,
}

/// A trace's record as it was before these spans.
struct Known {
    id: i64,
    experiment_id: i64,
    created: bool,
    state: String,
    request_time: i64,
    execution_duration: Option<i64>,
    has_request_preview: bool,
    has_response_preview: bool,
}

/// Stores all or nothing.
pub fn ingest(tx: &Tx, to: &Destination, traces: &[PackedTrace]) -> Result<()> {
    let experiment = experiments::get(tx, to.workspace_id, to.experiment_id)?;
    let mut known = Vec::with_capacity(traces.len());
    for packed in traces {
        known.push(find_or_insert(tx, to, &packed.trace, &experiment.artifact_location)?);
    }
    insert_blocks(tx, to.workspace_id, traces, &known)?;
    for (packed, known) in traces.iter().zip(&known) {
        if !known.created {
            update_record(tx, &packed.trace, known)?;
        }
        update_totals(tx, to.workspace_id, &packed.trace, known)?;
        keep_first(
            tx,
            to.workspace_id,
            known.id,
            SESSION,
            packed.trace.session_id.as_deref(),
        )?;
        keep_first(tx, to.workspace_id, known.id, USER, packed.trace.user_id.as_deref())?;
    }
    link_to_run(tx, to, traces)
}

fn find_or_insert(tx: &Tx, to: &Destination, trace: &ReceivedTrace, artifact_location: &str) -> Result<Known> {
    let state = trace.state.unwrap_or("IN_PROGRESS");
    let duration = trace.end_ms.map(|end| end - trace.start_ms);
    let created = tx.query_opt(
        "INSERT INTO traces (workspace_id, experiment_id, trace_id, state, request_time, execution_duration,
             request_preview, response_preview)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (trace_id) DO NOTHING RETURNING id",
        params![
            to.workspace_id,
            to.experiment_id,
            &trace.trace_id,
            state,
            trace.start_ms,
            duration,
            &trace.request_preview,
            &trace.response_preview,
        ],
        |row| row.get::<i64>(0),
    )?;
    let known = match created {
        Some(id) => Known {
            id,
            experiment_id: to.experiment_id,
            created: true,
            state: state.to_owned(),
            request_time: trace.start_ms,
            execution_duration: duration,
            has_request_preview: trace.request_preview.is_some(),
            has_response_preview: trace.response_preview.is_some(),
        },
        // The update changes nothing, and keeps others from adding spans to the trace at the same time.
        None => tx
            .query_opt(
                "UPDATE traces SET state = state WHERE trace_id = ?1 AND workspace_id = ?2
                 RETURNING id, experiment_id, state, request_time, execution_duration,
                     CAST(CASE WHEN request_preview IS NULL THEN 0 ELSE 1 END AS BIGINT),
                     CAST(CASE WHEN response_preview IS NULL THEN 0 ELSE 1 END AS BIGINT)",
                params![&trace.trace_id, to.workspace_id],
                read_known,
            )?
            .ok_or_else(|| records::trace_not_found(&trace.trace_id))?,
    };
    let location = records::artifact_folder(artifact_location, &trace.trace_id);
    let tags = trace.tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let made = known.created.then_some((ARTIFACT_LOCATION, location.as_str()));
    let tags = tags.chain(made).chain([(SPANS_LOCATION, TRACKING_STORE)]);
    records::set_tags(tx, to.workspace_id, known.id, tags)?;
    Ok(known)
}

fn read_known(row: &Row<'_>) -> fettle_db::Result<Known> {
    Ok(Known {
        id: row.get(0)?,
        experiment_id: row.get(1)?,
        created: false,
        state: row.get(2)?,
        request_time: row.get(3)?,
        execution_duration: row.get(4)?,
        has_request_preview: row.get(5)?,
        has_response_preview: row.get(6)?,
    })
}

/// One row of the index for all blocks of an experiment, and the blocks.
fn insert_blocks(tx: &Tx, workspace_id: i64, traces: &[PackedTrace], known: &[Known]) -> Result<()> {
    let mut rows: BTreeMap<i64, IndexRow> = BTreeMap::new();
    for (packed, known) in traces.iter().zip(known) {
        let row = rows.entry(known.experiment_id).or_default();
        packed
            .blocks
            .iter()
            .for_each(|block| row.push(known.id, &block.signature));
    }
    let mut index_ids = BTreeMap::new();
    for (experiment_id, row) in rows {
        let id: i64 = tx.query_one(
            "INSERT INTO span_index (workspace_id, experiment_id, terms, text) VALUES (?1, ?2, ?3, ?4) RETURNING id",
            params![workspace_id, experiment_id, &row.terms, &row.text],
            |row| row.get(0),
        )?;
        index_ids.insert(experiment_id, id);
    }
    let mut lists = Vec::new();
    for (packed, known) in traces.iter().zip(known) {
        let next = if known.created { 0 } else { next_block(tx, known.id)? };
        for (id, block) in (next..).zip(&packed.blocks) {
            lists.push(
                params![
                    workspace_id,
                    known.id,
                    id,
                    block.spans as i64,
                    index_ids.get(&known.experiment_id).copied(),
                    &block.summary,
                    &block.data,
                ]
                .to_vec(),
            );
        }
    }
    tx.execute_each(
        "INSERT INTO span_blocks (workspace_id, trace_key, id, spans, index_id, summary, data)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        lists,
    )?;
    Ok(())
}

fn next_block(tx: &Tx, trace_key: i64) -> Result<i64> {
    let last: Option<i64> = tx.query_one(
        "SELECT MAX(id) FROM span_blocks WHERE trace_key = ?1",
        params![trace_key],
        |row| row.get(0),
    )?;
    Ok(last.map_or(0, |last| last + 1))
}

/// Earliest start, latest end, the root's state and previews; what the client has said itself stays.
fn update_record(tx: &Tx, trace: &ReceivedTrace, known: &Known) -> Result<()> {
    let (mut request_time, mut duration) = (known.request_time, known.execution_duration);
    if !(carries_totals(trace) && is_finalized(tx, known.id)?) {
        request_time = request_time.min(trace.start_ms);
        let ended = duration.map(|duration| known.request_time + duration);
        duration = ended.max(trace.end_ms).map(|end| end - request_time);
    }
    let undecided = matches!(known.state.as_str(), "IN_PROGRESS" | "STATE_UNSPECIFIED");
    let state = trace.state.filter(|_| undecided).unwrap_or(&known.state);
    let request_preview = trace.request_preview.as_ref().filter(|_| !known.has_request_preview);
    let response_preview = trace.response_preview.as_ref().filter(|_| !known.has_response_preview);
    tx.execute(
        "UPDATE traces SET state = ?2, request_time = ?3, execution_duration = ?4,
             request_preview = COALESCE(request_preview, ?5), response_preview = COALESCE(response_preview, ?6)
         WHERE id = ?1",
        params![
            known.id,
            state,
            request_time,
            duration,
            request_preview.map(String::as_str),
            response_preview.map(String::as_str),
        ],
    )?;
    Ok(())
}

fn carries_totals(trace: &ReceivedTrace) -> bool {
    let mut spans = trace.spans.iter();
    trace.session_id.is_some() || spans.any(|(span, _)| span.usage.is_some() || span.cost.is_some())
}

fn is_finalized(tx: &Tx, trace_key: i64) -> Result<bool> {
    let found = tx.query_opt(
        "SELECT trace_key FROM trace_metadata WHERE trace_key = ?1 AND key = ?2",
        params![trace_key, records::FINALIZED],
        |row| row.get::<i64>(0),
    )?;
    Ok(found.is_some())
}

/// Tokens and cost, over all spans there are. What a client has summed itself is not summed again.
fn update_totals(tx: &Tx, workspace_id: i64, trace: &ReceivedTrace, known: &Known) -> Result<()> {
    let mut usage = total_usage(trace.spans.iter().map(|(span, _)| span));
    let mut cost = total_cost(trace.spans.iter().map(|(span, _)| span));
    if usage.is_none() && cost.is_none() {
        return Ok(());
    }
    if !known.created {
        let said = if is_finalized(tx, known.id)? {
            totals::of(tx, known.id)?
        } else {
            BTreeMap::new()
        };
        let is_said = |keys: &[&str]| keys.iter().any(|key| said.contains_key(*key));
        let mut all: Vec<SpanSummary> = Vec::new();
        spans::for_each_summary(tx, &[known.id], |_, span| {
            all.push(span.clone());
            Ok(())
        })?;
        usage = usage.and_then(|_| total_usage(&all)).filter(|_| !is_said(&TOKEN_KEYS));
        cost = cost.and_then(|_| total_cost(&all)).filter(|_| !is_said(&COST_KEYS));
    }
    let mut metadata = BTreeMap::new();
    if let Some(usage) = usage {
        metadata.insert(TOKEN_USAGE.to_owned(), usage_json(&usage));
    }
    if let Some(cost) = cost {
        metadata.insert(COST.to_owned(), cost_json(&cost));
    }
    records::set_metadata(tx, workspace_id, known.id, &metadata)
}

fn usage_json(usage: &Usage) -> String {
    let counts = [
        usage.input_tokens,
        usage.output_tokens,
        usage.total_tokens,
        usage.cache_read_input_tokens,
        usage.cache_creation_input_tokens,
        usage.cache_creation_input_tokens_above_1hr,
    ];
    let told = TOKEN_KEYS
        .iter()
        .zip(counts)
        .filter_map(|(key, count)| Some((*key, count?)));
    told.map(|(key, count)| (key.to_owned(), count))
        .collect::<serde_json::Value>()
        .to_string()
}

fn cost_json(cost: &Cost) -> String {
    let costs = [cost.input_cost, cost.output_cost, cost.total_cost];
    let told = COST_KEYS
        .iter()
        .zip(costs)
        .filter_map(|(key, cost)| Some((*key, cost?)));
    told.map(|(key, cost)| (key.to_owned(), cost))
        .collect::<serde_json::Value>()
        .to_string()
}

fn keep_first(tx: &Tx, workspace_id: i64, trace_key: i64, key: &str, value: Option<&str>) -> Result<()> {
    if let Some(value) = value {
        tx.execute(
            "INSERT INTO trace_metadata (workspace_id, trace_key, key, value) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (trace_key, key) DO NOTHING",
            params![workspace_id, trace_key, key, value],
        )?;
    }
    Ok(())
}

/// A run that is not there is no reason to lose the spans.
fn link_to_run(tx: &Tx, to: &Destination, traces: &[PackedTrace]) -> Result<()> {
    let Some(run_uuid) = &to.run_uuid else { return Ok(()) };
    let run_id = if let Some(run) = runs::find(tx, to.workspace_id, run_uuid)? {
        run.id
    } else {
        tracing::debug!(run.id = run_uuid, "Traces name a run that is not there: {run_uuid}");
        return Ok(());
    };
    let complete = traces.iter().filter(|packed| packed.trace.has_root());
    let trace_ids = complete.map(|packed| packed.trace.trace_id.as_str());
    links::link_to_run(tx, to.workspace_id, trace_ids, run_id)
}

/// The rules of an experiment, as they were given.
pub fn rules(tx: &Tx, workspace_id: i64, experiment_id: i64) -> Result<Option<String>, ApiError> {
    Ok(tx.query_opt(
        "SELECT rules FROM trace_rules WHERE experiment_id = ?1 AND workspace_id = ?2",
        params![experiment_id, workspace_id],
        |row| row.get(0),
    )?)
}
