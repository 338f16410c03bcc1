//! Blocks: sorted rows of one series, a fixed number in each but the last.

use crate::pack::{self, Reader};
use crate::point::Point;
use crate::store::Corrupt;

/// Rows in every block but the last. Measured in `docs/metric-storage.md`.
pub const ROWS: u32 = 512;

const VERSION: u8 = 1;

/// Number of full blocks in a series of `rows` rows.
pub(crate) fn full(rows: u64) -> u32 {
    (rows / u64::from(ROWS)) as u32
}

/// Number of the block that holds the row with this rank.
pub(crate) fn holding(rank: u64) -> u32 {
    (rank / u64::from(ROWS)) as u32
}

/// Rank of the first row of a block.
pub(crate) fn first_rank(number: u32) -> u64 {
    u64::from(number) * u64::from(ROWS)
}

/// Encodes at most [`ROWS`] strictly ascending points.
pub fn encode(points: &[Point]) -> Vec<u8> {
    debug_assert!(points.len() <= ROWS as usize && points.is_sorted_by(|a, b| a < b));
    let mut out = Vec::with_capacity(32 + points.len() * 12);
    out.push(VERSION);
    pack::put_varint(&mut out, points.len() as u64);
    pack::put_points(&mut out, points.iter());
    out
}

/// Decodes a block and checks that its rows ascend, which every search in it relies on.
pub fn decode(data: &[u8]) -> Result<Vec<Point>, Corrupt> {
    let mut reader = Reader::new(data);
    reader.version(VERSION)?;
    let count = reader.count(ROWS as usize)?;
    let points = pack::points(&mut reader, count)?;
    reader.end()?;
    if points.is_empty() {
        return Err(Corrupt::Invalid("empty block"));
    }
    if !points.is_sorted_by(|a, b| a < b) {
        return Err(Corrupt::Invalid("rows out of order"));
    }
    Ok(points)
}
