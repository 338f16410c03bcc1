//! What this crate asks of the database: fetch and put blocks and summary pages of one series.

use std::ops::Range;

use crate::{block, point::Point, summary};

/// Stored bytes that are not what this crate wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Corrupt {
    #[error("metric data ends too early")]
    Truncated,
    #[error("metric data has version {0}, which this release does not know")]
    Version(u8),
    #[error("metric data is invalid: {0}")]
    Invalid(&'static str),
    #[error("metric series is full: it holds {ROWS_MAX} rows")]
    Full,
    #[error("metric block {0} is missing")]
    MissingBlock(u32),
    #[error("metric summary page {0} is missing")]
    MissingPage(u32),
}

/// The folded part of one series. All calls of one read must see one snapshot, together with the row count and the
/// log: use one transaction.
pub trait Source {
    type Error: From<Corrupt>;

    /// The blocks with these ascending numbers, with their numbers, in any order. One query; at most
    /// [`FETCH_MAX`] numbers are asked for at once.
    fn blocks(&mut self, numbers: &[u32]) -> Result<Vec<(u32, Vec<u8>)>, Self::Error>;

    /// The summary pages with these numbers, with their numbers, in any order.
    fn pages(&mut self, numbers: Range<u32>) -> Result<Vec<(u32, Vec<u8>)>, Self::Error>;
}

/// A series that can be folded into. Both calls insert the row or replace the one with the same number.
pub trait Store: Source {
    fn put_block(&mut self, number: u32, data: &[u8]) -> Result<(), Self::Error>;

    fn put_page(&mut self, number: u32, data: &[u8]) -> Result<(), Self::Error>;
}

/// The integer key under which to keep a block or a page of a series: `id BIGINT PRIMARY KEY`.
///
/// One integer rather than two columns, as SQLite then keeps the bytes in leaves only and the inner nodes stay small:
/// this made scattered reads of a long series about five times as fast.
pub fn row_id(series_id: i64, number: u32) -> i64 {
    debug_assert!((0..1 << (63 - NUMBER_BITS)).contains(&series_id) && number < 1 << NUMBER_BITS);
    series_id << NUMBER_BITS | i64::from(number)
}

/// The number that went into a [`row_id`].
pub fn number(row_id: i64) -> u32 {
    (row_id & ((1 << NUMBER_BITS) - 1)) as u32
}

/// Sixteen million blocks for each of five hundred billion series.
const NUMBER_BITS: u32 = 24;

/// Most rows in one series, so that every block has a number of its own.
pub const ROWS_MAX: u64 = (block::ROWS as u64) << NUMBER_BITS;

/// Most blocks asked for in one call, which bounds memory and the parameters of a query.
pub const FETCH_MAX: usize = 256;

/// Fetches and decodes one chunk of blocks, in the order asked.
pub(crate) fn fetch<S: Source>(source: &mut S, numbers: &[u32]) -> Result<Vec<Vec<Point>>, S::Error> {
    debug_assert!(numbers.len() <= FETCH_MAX && numbers.is_sorted());
    let mut found = source.blocks(numbers)?;
    found.sort_unstable_by_key(|&(number, _)| number);
    let mut found = found.into_iter();
    let mut blocks = Vec::with_capacity(numbers.len());
    for &number in numbers {
        match found.next() {
            Some((got, data)) if got == number => blocks.push(block::decode(&data)?),
            _ => return Err(Corrupt::MissingBlock(number).into()),
        }
    }
    Ok(blocks)
}

/// Summaries of all full blocks of a series of `rows` rows.
pub(crate) fn directory<S: Source>(source: &mut S, rows: u64) -> Result<Vec<summary::Summary>, S::Error> {
    let full = block::full(rows);
    let page_count = full.div_ceil(summary::PAGE_BLOCKS);
    let mut pages = source.pages(0..page_count)?;
    pages.sort_unstable_by_key(|&(number, _)| number);
    let mut pages = pages.into_iter();
    let mut summaries = Vec::with_capacity(full as usize);
    for number in 0..page_count {
        match pages.next() {
            Some((got, data)) if got == number => summaries.extend(summary::decode(&data)?),
            _ => return Err(Corrupt::MissingPage(number).into()),
        }
    }
    if summaries.len() == full as usize {
        Ok(summaries)
    } else {
        Err(Corrupt::Invalid("summaries do not match the row count").into())
    }
}
