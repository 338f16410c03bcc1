//! Spans as they are stored: reading, searching and deleting them.

use super::segments;
use crate::error::{ApiError, ErrorCode, Result};
use fettle_db::{Param, Tx, params};
use fettle_traces::{
    SpanQuery,
    block::{self, Content, Damaged, SpanPlace, SpanSummary},
    index::{IndexRow, Signer},
};
use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap, HashSet},
};

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

/// Those of `trace_keys` that have a span that satisfies `query`. Opens blocks, so ask for a page's worth at a time.
pub fn matching(tx: &Tx, trace_keys: &[i64], query: &SpanQuery) -> Result<HashSet<i64>> {
    let mut matching = Matching {
        query,
        found: HashSet::new(),
        trace_key: 0,
        seen: HashSet::new(),
    };
    for keys in trace_keys.chunks(TRACES_AT_ONCE) {
        let params = &[Param::from(keys)];
        // Newest first: a span that was sent again replaces the one before it.
        if query.reads_content() {
            tx.for_each(
                "SELECT trace_key, id, summary, data FROM span_blocks WHERE trace_key IN_IDS(?1)
                 ORDER BY trace_key, id DESC",
                params,
                |row| matching.look_into(row.get(0)?, row.get(1)?, row.bytes(2)?, row.bytes(3)?),
            )?;
        } else {
            tx.for_each(
                "SELECT trace_key, summary FROM span_blocks WHERE trace_key IN_IDS(?1) ORDER BY trace_key, id DESC",
                params,
                |row| matching.look_at(row.get(0)?, row.bytes(1)?),
            )?;
        }
    }
    Ok(matching.found)
}

/// Goes through blocks, trace by trace.
struct Matching<'q> {
    query: &'q SpanQuery,
    found: HashSet<i64>,
    trace_key: i64,
    /// Spans of this trace of which a newer form was met.
    seen: HashSet<u64>,
}

impl Matching<'_> {
    /// False if the trace is found already.
    fn goes_on(&mut self, trace_key: i64) -> bool {
        if std::mem::replace(&mut self.trace_key, trace_key) != trace_key {
            self.seen.clear();
        }
        !self.found.contains(&trace_key)
    }

    fn look_at(&mut self, trace_key: i64, summary: &[u8]) -> Result<()> {
        if self.goes_on(trace_key) {
            self.test(&block::summaries(summary)?, |_| "");
        }
        Ok(())
    }

    fn look_into(&mut self, trace_key: i64, block: i64, summary: &[u8], data: &[u8]) -> Result<()> {
        if !self.goes_on(trace_key) {
            return Ok(());
        }
        let text = Content::text(data)?;
        // The oldest block of a trace replaces nothing, so it need not be looked at further.
        if block == 0 && !self.query.may_be_in(&text) {
            return Ok(());
        }
        let summaries = block::summaries(summary)?;
        let content = Content::cut(text, summaries.iter().map(|span| span.size))?;
        self.test(&summaries, |index| content.span(index));
        Ok(())
    }

    fn test<'c>(&mut self, summaries: &[SpanSummary], content: impl Fn(usize) -> &'c str) {
        let mut spans = summaries.iter().enumerate().rev();
        let passes = |(index, span): (usize, &SpanSummary)| {
            self.seen.insert(span.span_id) && self.query.matches(span, content(index))
        };
        if spans.any(passes) {
            self.found.insert(self.trace_key);
        }
    }
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

/// Deletes the spans of these traces of an experiment, and what they are found by.
pub fn delete(tx: &Tx, experiment_id: i64, trace_keys: &[i64]) -> Result<()> {
    let index_ids: BTreeSet<i64> = tx
        .query(
            "SELECT DISTINCT index_id FROM span_blocks WHERE trace_key IN_IDS(?1)",
            &[Param::from(trace_keys)],
            |row| row.get(0),
        )?
        .into_iter()
        .collect();
    let gone: BTreeSet<i64> = trace_keys.iter().copied().collect();
    segments::delete(tx, experiment_id, &gone, &index_ids)?;
    tx.execute(
        "DELETE FROM span_blocks WHERE trace_key IN_IDS(?1)",
        &[Param::from(trace_keys)],
    )?;
    Ok(())
}

/// Has the spans of a trace found in the experiment that the trace is moved to. Entries that stay behind find nothing.
pub fn index_again(tx: &Tx, workspace_id: i64, experiment_id: i64, trace_key: i64) -> Result<()> {
    let (mut signer, mut row) = (Signer::default(), IndexRow::default());
    tx.for_each(
        "SELECT summary, data FROM span_blocks WHERE trace_key = ?1 ORDER BY id",
        params![trace_key],
        |stored| {
            let summaries = block::summaries(stored.bytes(0)?)?;
            let content = Content::open(summaries.iter().map(|span| span.size), stored.bytes(1)?)?;
            for (index, summary) in summaries.iter().enumerate() {
                block::sign(&mut signer, summary, content.span(index));
            }
            row.push(trace_key, &signer.finish());
            Ok::<_, ApiError>(())
        },
    )?;
    if row.is_empty() {
        return Ok(());
    }
    let index_id = segments::insert(tx, workspace_id, experiment_id, &row)?;
    tx.execute(
        "UPDATE span_blocks SET index_id = ?2 WHERE trace_key = ?1",
        params![trace_key, index_id],
    )?;
    Ok(())
}

/// Where a span lies.
#[derive(Debug, Clone)]
pub struct Place {
    pub span: SpanPlace,
    block: i64,
    index: usize,
}

/// A span's place in the pages of its trace: roots first, then by time.
pub type PageOrder = (bool, u64, u64);

impl Place {
    pub fn page_order(&self) -> PageOrder {
        let (is_child, start_ns) = self.span.order();
        (is_child, start_ns, self.span.span_id)
    }
}

/// The spans of one trace in MLflow's order, with where they lie.
pub fn places(tx: &Tx, trace_key: i64) -> Result<Vec<Place>> {
    let mut places = all_places(tx, trace_key)?;
    places.sort_unstable_by_key(|place| (place.span.order(), place.block, place.index));
    Ok(places)
}

/// The spans of one page, whether others follow them, and how many the whole trace has.
pub fn page(tx: &Tx, trace_key: i64, after: Option<PageOrder>, limit: usize) -> Result<(Vec<Place>, bool, usize)> {
    let mut places = all_places(tx, trace_key)?;
    let total = places.len();
    places.retain(|place| after.is_none_or(|after| place.page_order() > after));
    let is_more = places.len() > limit;
    if is_more {
        // Only the page is put in order, not the whole trace.
        places.select_nth_unstable_by_key(limit, Place::page_order);
        places.truncate(limit);
    }
    places.sort_unstable_by_key(Place::page_order);
    Ok((places, is_more, total))
}

/// The spans of one trace in no order that means something; of a span that was sent again the last.
fn all_places(tx: &Tx, trace_key: i64) -> Result<Vec<Place>> {
    let mut places = Vec::new();
    tx.for_each(
        "SELECT id, summary FROM span_blocks WHERE trace_key = ?1 ORDER BY id",
        params![trace_key],
        |row| {
            let block = row.get(0)?;
            let spans = block::places(row.bytes(1)?)?.into_iter().enumerate();
            places.extend(spans.map(|(index, span)| Place { span, block, index }));
            Ok::<_, ApiError>(())
        },
    )?;
    places.sort_unstable_by_key(|place| (place.span.span_id, Reverse((place.block, place.index))));
    places.dedup_by_key(|place| place.span.span_id);
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
            let spans = block::places(row.bytes(1)?)?;
            let content = Content::open(spans.iter().map(|span| span.size), row.bytes(2)?)?;
            for (index, position) in wanted.get(&row.get::<i64>(0)?).into_iter().flatten() {
                content.span(*index).clone_into(&mut contents[*position]);
            }
            Ok::<_, ApiError>(())
        },
    )?;
    Ok(contents)
}
