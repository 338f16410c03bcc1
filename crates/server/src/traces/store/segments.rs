//! The index over spans as it is stored: rows as they came, and segments that many of them are folded into.

use crate::error::{ApiError, Result};
use fettle_db::{Tx, params};
use fettle_traces::{
    SpanQuery,
    index::{self, Entry, IndexRow},
    segment::{self, Blocks, Segment},
};
use std::collections::{BTreeSet, HashMap};

/// Advisory locks of the index: with the experiment's id, so that folding and deleting do not meet.
const LOCK: i64 = 0x7370_616e << 32;
/// Bytes of rows that are read for one fold. One more is always read.
const FOLD_BYTES_MAX: usize = 64 << 20;

/// The traces that the index does not rule out.
#[derive(Debug)]
pub enum Candidates {
    /// The index cannot tell.
    All,
    /// Keys in order, each once.
    Only(Vec<i64>),
}

impl Candidates {
    pub fn contains(&self, trace_key: i64) -> bool {
        match self {
            Self::All => true,
            Self::Only(keys) => keys.binary_search(&trace_key).is_ok(),
        }
    }
}

/// Which traces of `experiment_ids` may have a span that satisfies `query`. Quick, since it reads the index alone.
pub fn candidates(tx: &Tx, workspace_id: i64, experiment_ids: &[i64], query: &SpanQuery) -> Result<Candidates> {
    if query.needs().is_empty() {
        return Ok(Candidates::All);
    }
    let mut found = folded(tx, workspace_id, experiment_ids, query)?;
    let mut take = |terms: &[u8], text: &[u8]| {
        let entries = index::entries(terms, text).filter(|entry| query.may_match(entry));
        found.extend(entries.map(|entry| entry.trace_key));
    };
    let params = params![workspace_id, experiment_ids];
    if query.reads_text() {
        tx.for_each(
            "SELECT terms, text FROM span_index WHERE workspace_id = ?1 AND experiment_id IN_IDS(?2)",
            params,
            |row| {
                take(row.bytes(0)?, row.bytes(1)?);
                Ok::<_, ApiError>(())
            },
        )?;
    } else {
        tx.for_each(
            "SELECT terms FROM span_index WHERE workspace_id = ?1 AND experiment_id IN_IDS(?2)",
            params,
            |row| {
                take(row.bytes(0)?, &[]);
                Ok::<_, ApiError>(())
            },
        )?;
    }
    found.sort_unstable();
    found.dedup();
    Ok(Candidates::Only(found))
}

/// The candidates among the segments.
fn folded(tx: &Tx, workspace_id: i64, experiment_ids: &[i64], query: &SpanQuery) -> Result<Vec<i64>> {
    let mut found: Option<HashMap<i64, Blocks>> = None;
    for need in query.needs() {
        let mut passing: HashMap<i64, Option<Blocks>> = HashMap::new();
        for part in need.parts() {
            tx.for_each(
                "SELECT segment_id, data FROM span_postings
                 WHERE experiment_id IN_IDS(?1) AND part = ?2 AND workspace_id = ?3",
                params![experiment_ids, part, workspace_id],
                |row| {
                    let blocks = need.read(part, row.bytes(1)?).ok_or_else(damaged)?;
                    need.join(passing.entry(row.get(0)?).or_default(), blocks);
                    Ok::<_, ApiError>(())
                },
            )?;
        }
        let before = found.take();
        let joined = passing.into_iter().filter_map(|(segment, blocks)| {
            let mut blocks = blocks?;
            if let Some(before) = &before {
                blocks.intersect(before.get(&segment)?);
            }
            (!blocks.is_empty()).then_some((segment, blocks))
        });
        found = Some(joined.collect());
    }
    let found = found.unwrap_or_default();
    let segments: Vec<i64> = found.keys().copied().collect();
    let mut keys = Vec::new();
    tx.for_each(
        "SELECT id, traces FROM span_segments WHERE id IN_IDS(?1) ORDER BY id",
        params![&*segments],
        |row| {
            let traces = segment::traces(row.bytes(1)?);
            let blocks = found.get(&row.get::<i64>(0)?).into_iter().flat_map(Blocks::iter);
            keys.extend(blocks.filter_map(|block| traces.get(block)).filter(|key| **key != 0));
            Ok::<_, ApiError>(())
        },
    )?;
    Ok(keys)
}

fn damaged() -> ApiError {
    ApiError::from(fettle_traces::block::Damaged::new("a part of the index ends early"))
}

/// Adds what is found of one experiment's blocks; says under which row.
pub fn insert(tx: &Tx, workspace_id: i64, experiment_id: i64, row: &IndexRow) -> Result<i64> {
    Ok(tx.query_one(
        "INSERT INTO span_index (workspace_id, experiment_id, terms, text) VALUES (?1, ?2, ?3, ?4) RETURNING id",
        params![workspace_id, experiment_id, &row.terms, &row.text],
        |row| row.get(0),
    )?)
}

/// The experiments that have rows to fold.
pub fn unfolded(tx: &Tx, limit: i64) -> Result<Vec<i64>> {
    Ok(tx.query(
        "SELECT DISTINCT experiment_id FROM span_index LIMIT ?1",
        params![limit],
        |row| row.get(0),
    )?)
}

/// Rows of one experiment, and the segments that say the same.
#[derive(Debug)]
pub struct Fold {
    workspace_id: i64,
    experiment_id: i64,
    /// With the length of their terms: a row that lost a trace since is shorter.
    rows: Vec<(i64, i64)>,
    segments: Vec<(Segment, i64, i64)>,
}

/// The oldest rows of an experiment as segments; none if they are fewer than `least` blocks.
pub fn read_fold(tx: &Tx, experiment_id: i64, least: usize) -> Result<Option<Fold>> {
    let (mut workspace_id, mut rows, mut folded, mut blocks, mut bytes) = (0, Vec::new(), Vec::new(), 0, 0);
    let mut after = 0;
    loop {
        let row = tx.query_opt(
            "SELECT id, workspace_id, terms, text FROM span_index WHERE experiment_id = ?1 AND id > ?2 ORDER BY id LIMIT 1",
            params![experiment_id, after],
            |row| {
                let (terms, text) = (row.get(2)?, row.get(3)?);
                Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, IndexRow { terms, text }))
            },
        )?;
        let Some((id, workspace, row)) = row else { break };
        (after, workspace_id) = (id, workspace);
        blocks += row.entries().count();
        bytes += row.terms.len() + row.text.len();
        rows.push((id, row.terms.len() as i64));
        folded.push(row);
        if blocks >= segment::BLOCKS_MAX || bytes >= FOLD_BYTES_MAX {
            break;
        }
    }
    if blocks < least {
        return Ok(None);
    }
    let entries: Vec<Entry<'_>> = folded.iter().flat_map(IndexRow::entries).collect();
    let segments = entries.chunks(segment::BLOCKS_MAX).map(|entries| {
        let keys = || entries.iter().map(|entry| entry.trace_key);
        let (first, last) = (keys().min().unwrap_or(0), keys().max().unwrap_or(0));
        (segment::build(entries), first, last)
    });
    Ok(Some(Fold {
        workspace_id,
        experiment_id,
        rows,
        segments: segments.collect(),
    }))
}

/// Puts the segments in the place of their rows. False, and nothing is done, if the rows are no longer what they were.
pub fn write_fold(tx: &Tx, fold: &Fold) -> Result<bool> {
    lock(tx, fold.experiment_id)?;
    let ids: Vec<i64> = fold.rows.iter().map(|(id, _)| *id).collect();
    let rows = tx.query(
        "SELECT id, CAST(LENGTH(terms) AS BIGINT) FROM span_index WHERE id IN_IDS(?1) ORDER BY id",
        params![&*ids],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    if rows != fold.rows {
        return Ok(false);
    }
    for (segment, first, last) in &fold.segments {
        let id: i64 = tx.query_one(
            "INSERT INTO span_segments (workspace_id, experiment_id, blocks, trace_first, trace_last, traces)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING id",
            params![
                fold.workspace_id,
                fold.experiment_id,
                segment.blocks as i64,
                *first,
                *last,
                &segment.traces
            ],
            |row| row.get(0),
        )?;
        tx.execute_each(
            "INSERT INTO span_postings (workspace_id, experiment_id, part, segment_id, data) VALUES (?1, ?2, ?3, ?4, ?5)",
            segment
                .parts
                .iter()
                .map(|(part, data)| params![fold.workspace_id, fold.experiment_id, *part, id, data].to_vec()),
        )?;
    }
    tx.execute("DELETE FROM span_index WHERE id IN_IDS(?1)", params![&*ids])?;
    Ok(true)
}

fn lock(tx: &Tx, experiment_id: i64) -> Result<()> {
    Ok(tx.lock(LOCK ^ experiment_id)?)
}

/// Takes traces out of what is found in an experiment. `index_ids` are the rows under which their blocks came.
pub fn delete(tx: &Tx, experiment_id: i64, trace_keys: &BTreeSet<i64>, index_ids: &BTreeSet<i64>) -> Result<()> {
    lock(tx, experiment_id)?;
    for index_id in index_ids {
        delete_from_row(tx, *index_id, trace_keys)?;
    }
    let (Some(first), Some(last)) = (trace_keys.first(), trace_keys.last()) else {
        return Ok(());
    };
    let segments = tx.query(
        "SELECT id, traces FROM span_segments WHERE experiment_id = ?1 AND trace_last >= ?2 AND trace_first <= ?3",
        params![experiment_id, *first, *last],
        |row| Ok((row.get::<i64>(0)?, segment::traces(row.bytes(1)?))),
    )?;
    for (id, mut traces) in segments {
        let before = traces.clone();
        for key in traces.iter_mut().filter(|key| trace_keys.contains(key)) {
            *key = 0;
        }
        if traces.iter().all(|key| *key == 0) {
            tx.execute_each(
                "DELETE FROM span_postings WHERE experiment_id = ?1 AND part = ?2 AND segment_id = ?3",
                (0..segment::PARTS).map(|part| params![experiment_id, part, id].to_vec()),
            )?;
            tx.execute("DELETE FROM span_segments WHERE id = ?1", params![id])?;
        } else if traces != before {
            tx.execute(
                "UPDATE span_segments SET traces = ?2 WHERE id = ?1",
                params![id, segment::write_traces(&traces)],
            )?;
        }
    }
    Ok(())
}

fn delete_from_row(tx: &Tx, index_id: i64, trace_keys: &BTreeSet<i64>) -> Result<()> {
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
    let Some(mut row) = row else { return Ok(()) };
    row.retain(|trace_key| !trace_keys.contains(&trace_key));
    if row.is_empty() {
        tx.execute("DELETE FROM span_index WHERE id = ?1", params![index_id])?;
    } else {
        tx.execute(
            "UPDATE span_index SET terms = ?2, text = ?3 WHERE id = ?1",
            params![index_id, &row.terms[..], &row.text[..]],
        )?;
    }
    Ok(())
}
