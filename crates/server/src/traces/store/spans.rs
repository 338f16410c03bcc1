//! Spans as they are stored: reading, searching and deleting them.

use crate::error::{ApiError, ErrorCode, Result};
use fettle_db::{Param, Tx, params};
use fettle_traces::{
    SpanQuery,
    block::{self, Damaged, SpanSummary},
    index::{self, IndexRow},
};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Most blocks whose summaries are read at once.
const TRACES_AT_ONCE: usize = 256;

impl From<Damaged> for ApiError {
    fn from(error: Damaged) -> Self {
        Self::new(
            ErrorCode::InternalError,
            "Stored spans are not readable; the server's log says why.",
        )
        .because(error)
    }
}

/// Keys of the traces of `experiment_ids` that may have a span that satisfies `query`, each once and in order. Quick:
/// it reads the index alone, so some of them may not match; [`matching`] tells which do.
pub fn candidates(tx: &Tx, workspace_id: i64, experiment_ids: &[i64], query: &SpanQuery) -> Result<Vec<i64>> {
    let params = params![workspace_id, experiment_ids];
    let mut found = Vec::new();
    if query.reads_text() {
        tx.for_each(
            "SELECT terms, text FROM span_index WHERE workspace_id = ?1 AND experiment_id IN_IDS(?2)",
            params,
            |row| {
                index::candidates(query, row.bytes(0)?, row.bytes(1)?, &mut found);
                Ok::<_, ApiError>(())
            },
        )?;
    } else {
        tx.for_each(
            "SELECT terms FROM span_index WHERE workspace_id = ?1 AND experiment_id IN_IDS(?2)",
            params,
            |row| {
                index::candidates(query, row.bytes(0)?, &[], &mut found);
                Ok::<_, ApiError>(())
            },
        )?;
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// Those of `trace_keys` that have a span that satisfies `query`. Opens blocks, so ask for a page's worth at a time.
pub fn matching(tx: &Tx, trace_keys: &[i64], query: &SpanQuery) -> Result<HashSet<i64>> {
    let mut found = HashSet::new();
    for keys in trace_keys.chunks(TRACES_AT_ONCE) {
        let mut traces: HashMap<i64, HashMap<u64, (SpanSummary, String)>> = HashMap::new();
        for_each_block(tx, keys, |trace_key, summaries, data| {
            let contents = block::contents(&summaries, data)?;
            // A span that was sent again replaces the one before it.
            let spans = traces.entry(trace_key).or_default();
            for (summary, content) in summaries.into_iter().zip(contents) {
                spans.insert(summary.span_id, (summary, content));
            }
            Ok(())
        })?;
        let matches = |spans: &HashMap<u64, (SpanSummary, String)>| {
            let mut spans = spans.values();
            spans.any(|(summary, content)| query.matches(summary, content))
        };
        found.extend(traces.iter().filter(|(_, spans)| matches(spans)).map(|(key, _)| *key));
    }
    Ok(found)
}

/// Gives `visit` what is known of each span of these traces, without their content; a span that was sent again once.
pub fn for_each_summary(
    tx: &Tx,
    trace_keys: &[i64],
    mut visit: impl FnMut(i64, &SpanSummary) -> Result<()>,
) -> Result<()> {
    for keys in trace_keys.chunks(TRACES_AT_ONCE) {
        let mut last: Option<(i64, HashMap<u64, SpanSummary>)> = None;
        let mut flush = |spans: Option<(i64, HashMap<u64, SpanSummary>)>| {
            let spans = spans
                .into_iter()
                .flat_map(|(key, spans)| spans.into_values().map(move |span| (key, span)));
            spans.into_iter().try_for_each(|(key, span)| visit(key, &span))
        };
        tx.for_each(
            "SELECT trace_key, summary FROM span_blocks WHERE trace_key IN_IDS(?1) ORDER BY trace_key, id",
            &[Param::from(keys)],
            |row| {
                let trace_key = row.get::<i64>(0)?;
                if last.as_ref().is_none_or(|(key, _)| *key != trace_key) {
                    flush(last.replace((trace_key, HashMap::new())))?;
                }
                if let Some((_, spans)) = &mut last {
                    spans.extend(
                        block::summaries(row.bytes(1)?)?
                            .into_iter()
                            .map(|span| (span.span_id, span)),
                    );
                }
                Ok::<_, ApiError>(())
            },
        )?;
        flush(last)?;
    }
    Ok(())
}

/// Deletes the spans of these traces, and what they are found by.
pub fn delete(tx: &Tx, trace_keys: &[i64]) -> Result<()> {
    let index_ids: BTreeSet<i64> = tx
        .query(
            "SELECT DISTINCT index_id FROM span_blocks WHERE trace_key IN_IDS(?1)",
            &[Param::from(trace_keys)],
            |row| row.get(0),
        )?
        .into_iter()
        .collect();
    let gone: HashSet<i64> = trace_keys.iter().copied().collect();
    for index_id in index_ids {
        let row = tx.query_opt(
            "SELECT terms, text FROM span_index WHERE id = ?1",
            params![index_id],
            |row| {
                Ok(IndexRow {
                    terms: row.get(0)?,
                    text: row.get(1)?,
                })
            },
        )?;
        let Some(mut row) = row else { continue };
        row.retain(|trace_key| !gone.contains(&trace_key));
        if row.is_empty() {
            tx.execute("DELETE FROM span_index WHERE id = ?1", params![index_id])?;
        } else {
            tx.execute(
                "UPDATE span_index SET terms = ?2, text = ?3 WHERE id = ?1",
                params![index_id, &row.terms[..], &row.text[..]],
            )?;
        }
    }
    tx.execute(
        "DELETE FROM span_blocks WHERE trace_key IN_IDS(?1)",
        &[Param::from(trace_keys)],
    )?;
    Ok(())
}

/// Where a span lies.
#[derive(Debug, Clone)]
pub struct Place {
    pub summary: SpanSummary,
    block: i64,
    index: usize,
}

/// The spans of one trace in MLflow's order, with where they lie.
pub fn places(tx: &Tx, trace_key: i64) -> Result<Vec<Place>> {
    let mut places: HashMap<u64, Place> = HashMap::new();
    tx.for_each(
        "SELECT id, summary FROM span_blocks WHERE trace_key = ?1 ORDER BY id",
        params![trace_key],
        |row| {
            let block = row.get(0)?;
            for (index, summary) in block::summaries(row.bytes(1)?)?.into_iter().enumerate() {
                places.insert(summary.span_id, Place { summary, block, index });
            }
            Ok::<_, ApiError>(())
        },
    )?;
    let mut places: Vec<Place> = places.into_values().collect();
    places.sort_unstable_by_key(|place| (place.summary.place(), place.block, place.index));
    Ok(places)
}

/// The JSON of these spans of a trace, in the order asked for. Only the blocks they lie in are opened.
pub fn contents(tx: &Tx, trace_key: i64, places: &[Place]) -> Result<Vec<String>> {
    let mut wanted: HashMap<i64, Vec<(usize, usize)>> = HashMap::new();
    for (position, place) in places.iter().enumerate() {
        wanted.entry(place.block).or_default().push((place.index, position));
    }
    let mut contents = vec![String::new(); places.len()];
    let mut blocks: Vec<i64> = wanted.keys().copied().collect();
    blocks.sort_unstable();
    tx.for_each(
        "SELECT id, summary, data FROM span_blocks WHERE trace_key = ?1 AND id IN_IDS(?2)",
        params![trace_key, &blocks[..]],
        |row| {
            let summaries = block::summaries(row.bytes(1)?)?;
            let mut found = block::contents(&summaries, row.bytes(2)?)?;
            for (index, position) in wanted.get(&row.get::<i64>(0)?).into_iter().flatten() {
                contents[*position] = found.get_mut(*index).map(std::mem::take).unwrap_or_default();
            }
            Ok::<_, ApiError>(())
        },
    )?;
    Ok(contents)
}

fn for_each_block(
    tx: &Tx,
    trace_keys: &[i64],
    mut visit: impl FnMut(i64, Vec<SpanSummary>, &[u8]) -> Result<()>,
) -> Result<()> {
    tx.for_each(
        "SELECT trace_key, summary, data FROM span_blocks WHERE trace_key IN_IDS(?1) ORDER BY trace_key, id",
        &[Param::from(trace_keys)],
        |row| visit(row.get(0)?, block::summaries(row.bytes(1)?)?, row.bytes(2)?),
    )
}
