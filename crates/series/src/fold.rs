//! Moves points from the log into the blocks of their series.
//!
//! Points after the last row, the usual case, touch the unfinished block and what follows it. Points before it shift
//! every later row, so all blocks from the first insertion on are rewritten; they stream through, and memory stays
//! bounded. [`unfolded_limit`] keeps the cost of that in proportion.

use std::ops::Range;

use crate::block;
use crate::place::{Placed, place};
use crate::point::Point;
use crate::store::{self, Corrupt, ROWS_MAX, Store};
use crate::summary::{self, PAGE_BLOCKS, Summary};

/// Fold a run once its log holds this many points (see [`unfolded_limit`]),
pub const UNFOLDED_POINTS: u64 = 32_768;

/// or this many batches, as every read of the run's history reads them all;
pub const UNFOLDED_BATCHES: u64 = 1_024;

/// Blocks read at once while rows are shifted.
const CHUNK: u32 = 64;

/// What a fold did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folded {
    /// Rows in the series now: keep it with the series.
    pub rows: u64,
    /// Points that were not there before.
    pub added: u64,
    /// Rows that were already in full blocks and had to be written again.
    pub rewritten: u64,
}

/// but never before there are this many for each series on average, as every fold of a series rewrites its unfinished
/// block.
const UNFOLDED_POINTS_PER_SERIES: u64 = 64;

/// How many points a run of `series` keys may leave unfolded, given how many rows its last fold rewrote.
///
/// A run that logs old steps again rewrites its later blocks with every fold. Waiting until an eighth as many points
/// have come bounds that to eight rewritten rows for each new point; the tail that reads merge grows in exchange.
pub fn unfolded_limit(series: u64, rewritten: u64) -> u64 {
    UNFOLDED_POINTS
        .max(series.saturating_mul(UNFOLDED_POINTS_PER_SERIES))
        .max(rewritten / 8)
}

/// Merges points, in any order and with repeats, into a series of `rows` rows.
pub fn fold<S: Store>(store: &mut S, rows: u64, points: Vec<Point>) -> Result<Folded, S::Error> {
    let placement = place(store, rows, points)?;
    let Some(first) = placement.points.first() else {
        return Ok(Folded {
            rows,
            added: 0,
            rewritten: 0,
        });
    };
    let added = placement.points.len() as u64;
    if rows + added > ROWS_MAX {
        return Err(Corrupt::Full.into());
    }
    let block_count = block::full(rows) + u32::from(!rows.is_multiple_of(u64::from(block::ROWS)));
    let start = block::holding(first.before);

    let mut writer = Writer::open(store, start)?;
    let mut pending = placement.points.as_slice();
    let last = block_count.saturating_sub(1);
    if start == last
        && let Some(block) = placement.last_block
    {
        writer.merge(start, &block, &mut pending);
    } else {
        let mut number = start;
        while number < block_count {
            let chunk: Vec<u32> = (number..block_count.min(number + CHUNK)).collect();
            for (&number, block) in chunk.iter().zip(store::fetch(writer.store, &chunk)?) {
                writer.merge(number, &block, &mut pending);
            }
            number += chunk.len() as u32;
            // Never past what has been read, as those rows are still needed.
            writer.write_full(number)?;
        }
    }
    writer.rows.extend(pending.iter().map(|placed| placed.point));
    writer.finish()?;
    let rewritten = block::first_rank(block::full(rows)).saturating_sub(block::first_rank(start));
    Ok(Folded {
        rows: rows + added,
        added,
        rewritten,
    })
}

/// Cuts rows into blocks from a given number on, and keeps the summaries of the full ones.
struct Writer<'a, S> {
    store: &'a mut S,
    rows: Vec<Point>,
    next_block: u32,
    page: Vec<Summary>,
    page_changed: bool,
}

impl<'a, S: Store> Writer<'a, S> {
    fn open(store: &'a mut S, next_block: u32) -> Result<Self, S::Error> {
        let kept = (next_block % PAGE_BLOCKS) as usize;
        let mut page = Vec::new();
        if kept > 0 {
            let number = next_block / PAGE_BLOCKS;
            page = one_page(store, number..number + 1)?;
            if page.len() < kept {
                return Err(Corrupt::Invalid("summaries do not match the row count").into());
            }
            page.truncate(kept);
        }
        Ok(Self {
            store,
            rows: Vec::new(),
            next_block,
            page,
            page_changed: false,
        })
    }

    /// Queues the rows of a block with the points that belong between them.
    fn merge(&mut self, number: u32, block: &[Point], pending: &mut &[Placed]) {
        let mut copied = 0;
        while let Some((placed, rest)) = pending.split_first() {
            let index = (placed.before - block::first_rank(number)) as usize;
            if index >= block.len() {
                break;
            }
            self.rows.extend_from_slice(&block[copied..index]);
            self.rows.push(placed.point);
            copied = index;
            *pending = rest;
        }
        self.rows.extend_from_slice(&block[copied..]);
    }

    fn write_full(&mut self, end: u32) -> Result<(), S::Error> {
        let mut written = 0;
        for block in self.rows.chunks_exact(block::ROWS as usize) {
            if self.next_block == end {
                break;
            }
            self.store.put_block(self.next_block, &block::encode(block))?;
            self.page.extend(Summary::of(block));
            self.page_changed = true;
            if self.page.len() == PAGE_BLOCKS as usize {
                self.store
                    .put_page(self.next_block / PAGE_BLOCKS, &summary::encode(&self.page))?;
                self.page.clear();
                self.page_changed = false;
            }
            self.next_block += 1;
            written += block.len();
        }
        self.rows.drain(..written);
        Ok(())
    }

    fn finish(mut self) -> Result<(), S::Error> {
        self.write_full(u32::MAX)?;
        if !self.rows.is_empty() {
            self.store.put_block(self.next_block, &block::encode(&self.rows))?;
        }
        if self.page_changed {
            self.store
                .put_page((self.next_block - 1) / PAGE_BLOCKS, &summary::encode(&self.page))?;
        }
        Ok(())
    }
}

fn one_page<S: Store>(store: &mut S, numbers: Range<u32>) -> Result<Vec<Summary>, S::Error> {
    let number = numbers.start;
    let pages = store.pages(numbers)?;
    let (_, data) = pages.first().ok_or(Corrupt::MissingPage(number))?;
    Ok(summary::decode(data)?)
}
