//! Spans on their way in: traces that are not there are made, and their records take what the spans say of them.

use super::{links, records, segments, spans, totals};
use crate::{
    error::{ApiError, Result},
    traces::usage::{self, COST_KEYS, TOKEN_KEYS, Total},
    tracking::store::{experiments, runs},
};
use fettle_db::{Column, Row, Tx, params};
use fettle_traces::{
    block::{Block, Cost, SpanSummary, Usage},
    index::IndexRow,
    received::{ReceivedTrace, total_cost, total_usage},
};
use std::collections::{BTreeMap, HashMap};

const ARTIFACT_LOCATION: &str = "mlflow.artifactLocation";
pub const SPANS_LOCATION: &str = "mlflow.trace.spansLocation";
pub const TRACKING_STORE: &str = "TRACKING_STORE";
const SESSION: &str = "mlflow.trace.session";
const USER: &str = "mlflow.trace.user";

/// A trace of a request with its spans packed, and what they used together.
#[derive(Debug)]
pub struct PackedTrace {
    pub trace: ReceivedTrace,
    pub usage: Option<Usage>,
    pub cost: Option<Cost>,
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

/// Stores all or nothing, in a few statements however many traces there are. Says how many blocks each experiment got.
pub fn ingest(tx: &Tx, to: &Destination, traces: &[PackedTrace]) -> Result<BTreeMap<i64, usize>> {
    let experiment = experiments::get(tx, to.workspace_id, to.experiment_id)?;
    let known = find_or_insert(tx, to, traces)?;
    let pairs = || traces.iter().zip(&known);
    set_tags(tx, to.workspace_id, pairs(), &experiment.artifact_location)?;
    let stored = insert_blocks(tx, to.workspace_id, traces, &known)?;
    for (packed, known) in pairs().filter(|(_, known)| !known.created) {
        update_record(tx, packed, known)?;
        update_totals(tx, to.workspace_id, packed, known)?;
    }
    insert_totals(tx, to.workspace_id, pairs().filter(|(_, known)| known.created))?;
    keep_first(tx, to.workspace_id, pairs())?;
    link_to_run(tx, to, traces)?;
    Ok(stored)
}

/// The traces' records. Those that are there are held, so that nobody else adds spans to them at the same time.
fn find_or_insert(tx: &Tx, to: &Destination, traces: &[PackedTrace]) -> Result<Vec<Known>> {
    let made: Vec<Known> = traces.iter().map(|packed| Known::made(to, &packed.trace)).collect();
    let count = traces.len();
    let said = || traces.iter().map(|packed| &packed.trace);
    let columns = [
        Column::Ints(vec![to.workspace_id; count]),
        Column::Ints(vec![to.experiment_id; count]),
        Column::Texts(said().map(|trace| trace.trace_id.as_str()).collect()),
        Column::Texts(made.iter().map(|made| made.state.as_str()).collect()),
        Column::Ints(made.iter().map(|made| made.request_time).collect()),
        Column::MaybeInts(made.iter().map(|made| made.execution_duration).collect()),
        Column::MaybeTexts(said().map(|trace| trace.request_preview.as_deref()).collect()),
        Column::MaybeTexts(said().map(|trace| trace.response_preview.as_deref()).collect()),
    ];
    let created: HashMap<String, i64> = tx
        .insert_rows_returning(
            "traces (workspace_id, experiment_id, trace_id, state, request_time, execution_duration,
                 request_preview, response_preview)",
            &columns,
            "ON CONFLICT (trace_id) DO NOTHING RETURNING trace_id, id",
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?
        .into_iter()
        .collect();
    let created: Vec<Option<i64>> = said().map(|trace| created.get(&trace.trace_id).copied()).collect();
    let there = traces.iter().zip(&created).filter(|(_, created)| created.is_none());
    let there = there.map(|(packed, _)| params![&packed.trace.trace_id, to.workspace_id].to_vec());
    // The update changes nothing but holds the row.
    let found = tx.query_each(
        "UPDATE traces SET state = state WHERE trace_id = ?1 AND workspace_id = ?2
         RETURNING id, experiment_id, state, request_time, execution_duration,
             CAST(CASE WHEN request_preview IS NULL THEN 0 ELSE 1 END AS BIGINT),
             CAST(CASE WHEN response_preview IS NULL THEN 0 ELSE 1 END AS BIGINT)",
        there,
        read_known,
    )?;
    let mut found = found.into_iter();
    let all = traces.iter().zip(created).zip(made);
    all.map(|((packed, created), made)| match created {
        Some(id) => Ok(Known { id, ..made }),
        None => found
            .next()
            .flatten()
            .ok_or_else(|| records::trace_not_found(&packed.trace.trace_id)),
    })
    .collect()
}

impl Known {
    /// The record that spans make of a trace that is not there; without its key.
    fn made(to: &Destination, trace: &ReceivedTrace) -> Self {
        Self {
            id: 0,
            experiment_id: to.experiment_id,
            created: true,
            state: trace.state.unwrap_or("IN_PROGRESS").to_owned(),
            request_time: trace.start_ms,
            execution_duration: trace.end_ms.map(|end| end - trace.start_ms),
            has_request_preview: trace.request_preview.is_some(),
            has_response_preview: trace.response_preview.is_some(),
        }
    }
}

fn set_tags<'a>(
    tx: &Tx,
    workspace_id: i64,
    traces: impl Iterator<Item = (&'a PackedTrace, &'a Known)> + Clone,
    artifact_location: &str,
) -> Result<()> {
    let made = traces.clone().filter(|(_, known)| known.created);
    let folders: Vec<(i64, String)> = made
        .map(|(packed, known)| {
            let folder = records::artifact_folder(artifact_location, &packed.trace.trace_id);
            (known.id, folder)
        })
        .collect();
    let folders = folders
        .iter()
        .map(|(key, folder)| (*key, ARTIFACT_LOCATION, folder.as_str()));
    let said = traces.flat_map(|(packed, known)| {
        let tags = packed
            .trace
            .tags
            .iter()
            .map(|(tag, value)| (tag.as_str(), value.as_str()));
        tags.chain([(SPANS_LOCATION, TRACKING_STORE)])
            .map(|(tag, value)| (known.id, tag, value))
    });
    // The folder of a trace that is made here goes before what spans say of it.
    records::set_tags_of_many(tx, workspace_id, said.chain(folders))
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
fn insert_blocks(tx: &Tx, workspace_id: i64, traces: &[PackedTrace], known: &[Known]) -> Result<BTreeMap<i64, usize>> {
    let mut rows: BTreeMap<i64, (IndexRow, usize)> = BTreeMap::new();
    for (packed, known) in traces.iter().zip(known) {
        let (row, blocks) = rows.entry(known.experiment_id).or_default();
        for block in &packed.blocks {
            row.push(known.id, &block.signature);
        }
        *blocks += packed.blocks.len();
    }
    let mut index_ids = BTreeMap::new();
    for (experiment_id, (row, _)) in &rows {
        let id = segments::insert(tx, workspace_id, *experiment_id, row)?;
        index_ids.insert(*experiment_id, id);
    }
    let first = next_blocks(tx, known)?;
    let rows_of_blocks: Vec<(&Known, i64, &Block)> = traces
        .iter()
        .zip(known)
        .zip(first)
        .flat_map(|((packed, known), first)| (first..).zip(&packed.blocks).map(move |(id, block)| (known, id, block)))
        .collect();
    let of = || rows_of_blocks.iter();
    let columns = [
        Column::Ints(vec![workspace_id; rows_of_blocks.len()]),
        Column::Ints(of().map(|(known, ..)| known.id).collect()),
        Column::Ints(of().map(|(_, id, _)| *id).collect()),
        Column::Ints(of().map(|(.., block)| block.spans as i64).collect()),
        Column::Ints(of().map(|(known, ..)| index_ids[&known.experiment_id]).collect()),
        Column::Bytes(of().map(|(.., block)| &block.summary[..]).collect()),
        Column::Bytes(of().map(|(.., block)| &block.data[..]).collect()),
    ];
    let into = "span_blocks (workspace_id, trace_key, id, spans, index_id, summary, data)";
    tx.insert_rows(into, &columns, "")?;
    Ok(rows
        .into_iter()
        .map(|(experiment_id, (_, blocks))| (experiment_id, blocks))
        .collect())
}

/// The number of the next block of each trace.
fn next_blocks(tx: &Tx, known: &[Known]) -> Result<Vec<i64>> {
    let there = known.iter().filter(|known| !known.created);
    let last = tx.query_each(
        "SELECT MAX(id) FROM span_blocks WHERE trace_key = ?1",
        there.map(|known| params![known.id].to_vec()),
        |row| row.get::<Option<i64>>(0),
    )?;
    let mut last = last.into_iter();
    let next = |known: &Known| {
        if known.created {
            0
        } else {
            last.next().flatten().flatten().map_or(0, |last| last + 1)
        }
    };
    Ok(known.iter().map(next).collect())
}

/// Earliest start, latest end, the root's state and previews; what the client has said itself stays.
fn update_record(tx: &Tx, packed: &PackedTrace, known: &Known) -> Result<()> {
    let trace = &packed.trace;
    let (mut request_time, mut duration) = (known.request_time, known.execution_duration);
    let carries_totals = trace.session_id.is_some() || packed.usage.is_some() || packed.cost.is_some();
    if !(carries_totals && is_finalized(tx, known.id)?) {
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

fn is_finalized(tx: &Tx, trace_key: i64) -> Result<bool> {
    let found = tx.query_opt(
        "SELECT trace_key FROM trace_metadata WHERE trace_key = ?1 AND key = ?2",
        params![trace_key, records::FINALIZED],
        |row| row.get::<i64>(0),
    )?;
    Ok(found.is_some())
}

/// Tokens and cost, over all spans there are. What a client has summed itself is not summed again.
fn update_totals(tx: &Tx, workspace_id: i64, packed: &PackedTrace, known: &Known) -> Result<()> {
    let (mut usage, mut cost) = (packed.usage.is_some(), packed.cost.is_some());
    if (usage || cost) && is_finalized(tx, known.id)? {
        let said = totals::of(tx, known.id)?;
        let is_said = |keys: &[&str]| keys.iter().any(|key| said.contains_key(*key));
        usage &= !is_said(&TOKEN_KEYS);
        cost &= !is_said(&COST_KEYS);
    }
    if !usage && !cost {
        return Ok(());
    }
    let mut all: Vec<SpanSummary> = Vec::new();
    spans::for_each_summary(tx, &[known.id], |_, span| {
        all.push(span.clone());
        Ok(())
    })?;
    let usage = total_usage(&all).filter(|_| usage);
    let cost = total_cost(&all).filter(|_| cost);
    let given: Vec<Total> = sums(usage.as_ref(), cost.as_ref())
        .map(|(name, value)| (name, Some(value)))
        .collect();
    records::set_totals(tx, workspace_id, known.id, &given)
}

/// Tokens and cost of traces that are new: what these spans say is all there is.
fn insert_totals<'a>(
    tx: &Tx,
    workspace_id: i64,
    traces: impl Iterator<Item = (&'a PackedTrace, &'a Known)>,
) -> Result<()> {
    let (mut values, mut texts) = (Vec::new(), Vec::new());
    for (packed, known) in traces {
        let sums: BTreeMap<String, f64> = sums(packed.usage.as_ref(), packed.cost.as_ref())
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        texts.extend(
            usage::metadata(&sums)
                .into_iter()
                .map(|(name, text)| (known.id, name, text)),
        );
        values.extend(sums.into_iter().map(|(name, value)| (known.id, name, value)));
    }
    totals::insert(tx, workspace_id, &values)?;
    let texts = texts.iter().map(|(key, name, text)| (*key, *name, text.as_str()));
    records::set_metadata_of_many(tx, workspace_id, texts)
}

/// Under their names; costs that are no finite numbers count as none.
fn sums(usage: Option<&Usage>, cost: Option<&Cost>) -> impl Iterator<Item = (&'static str, f64)> {
    let usage = usage.copied().unwrap_or_default();
    let tokens = [
        usage.input_tokens,
        usage.output_tokens,
        usage.total_tokens,
        usage.cache_read_input_tokens,
        usage.cache_creation_input_tokens,
        usage.cache_creation_input_tokens_above_1hr,
    ];
    let cost = cost.copied().unwrap_or_default();
    let costs = [cost.input_cost, cost.output_cost, cost.total_cost];
    let tokens = TOKEN_KEYS.into_iter().zip(tokens);
    let tokens = tokens.filter_map(|(name, count)| Some((name, count? as f64)));
    let costs = COST_KEYS.into_iter().zip(costs);
    let costs = costs.filter_map(|(name, cost)| Some((name, cost.filter(|cost| cost.is_finite())?)));
    tokens.chain(costs)
}

/// Sessions and users: the first that is named stays.
fn keep_first<'a>(
    tx: &Tx,
    workspace_id: i64,
    traces: impl Iterator<Item = (&'a PackedTrace, &'a Known)>,
) -> Result<()> {
    let named = traces.flat_map(|(packed, known)| {
        let (session, user) = (&packed.trace.session_id, &packed.trace.user_id);
        let named = [(SESSION, session.as_deref()), (USER, user.as_deref())];
        named
            .into_iter()
            .filter_map(move |(key, value)| Some(params![workspace_id, known.id, key, value?].to_vec()))
    });
    tx.execute_each(
        "INSERT INTO trace_metadata (workspace_id, trace_key, key, value) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (trace_key, key) DO NOTHING",
        named,
    )?;
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
