//! Summaries: what is known about a full block without reading it, many blocks to a page.
//!
//! The last, unfinished block has none: it changes with every fold, and reading it is one row.

use crate::pack::{self, Reader};
use crate::point::Point;
use crate::store::Corrupt;

/// Full blocks summarised in one page. A page is rewritten whenever a block in it is finished, so it is small.
pub const PAGE_BLOCKS: u32 = 128;

const VERSION: u8 = 1;

/// What a chart and a search need to know about consecutive rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    pub first: Point,
    pub last: Point,
    /// Smallest and greatest value that is not NaN, if there is one.
    pub extremes: Option<(f64, f64)>,
    pub has_nan: bool,
    /// Whether no timestamp is below the one before it.
    pub ascends_in_time: bool,
}

impl Summary {
    /// Summarises ascending points; `None` when there are none.
    pub fn of(points: &[Point]) -> Option<Self> {
        let (&first, &last) = (points.first()?, points.last()?);
        let mut extremes = None;
        let mut has_nan = false;
        for point in points {
            let value = point.value();
            if value.is_nan() {
                has_nan = true;
            } else {
                let (least, most) = extremes.unwrap_or((value, value));
                extremes = Some((value.min(least), value.max(most)));
            }
        }
        let ascends_in_time = points.is_sorted_by_key(Point::timestamp);
        Some(Self {
            first,
            last,
            extremes,
            has_nan,
            ascends_in_time,
        })
    }
}

/// Encodes one page.
pub fn encode(summaries: &[Summary]) -> Vec<u8> {
    debug_assert!(summaries.len() <= PAGE_BLOCKS as usize);
    let extreme = |pick: fn((f64, f64)) -> f64| {
        summaries
            .iter()
            .map(move |summary| summary.extremes.map_or(f64::NAN, pick))
    };
    let mut out = Vec::with_capacity(16 + summaries.len() * 48);
    out.push(VERSION);
    pack::put_varint(&mut out, summaries.len() as u64);
    pack::put_points(&mut out, summaries.iter().map(|summary| &summary.first));
    pack::put_points(&mut out, summaries.iter().map(|summary| &summary.last));
    pack::put_floats(&mut out, extreme(|(least, _)| least));
    pack::put_floats(&mut out, extreme(|(_, most)| most));
    out.extend(
        summaries
            .iter()
            .map(|summary| u8::from(summary.has_nan) | u8::from(summary.ascends_in_time) << 1),
    );
    out
}

/// Decodes one page.
pub fn decode(data: &[u8]) -> Result<Vec<Summary>, Corrupt> {
    let mut reader = Reader::new(data);
    reader.version(VERSION)?;
    let count = reader.count(PAGE_BLOCKS as usize)?;
    let firsts = pack::points(&mut reader, count)?;
    let lasts = pack::points(&mut reader, count)?;
    let least = pack::floats(&mut reader, count)?;
    let most = pack::floats(&mut reader, count)?;
    let flags = reader.take(count)?;
    reader.end()?;
    Ok((0..count)
        .map(|index| Summary {
            first: firsts[index],
            last: lasts[index],
            extremes: (!least[index].is_nan()).then(|| (least[index], most[index])),
            has_nan: flags[index] & 1 != 0,
            ascends_in_time: flags[index] & 2 != 0,
        })
        .collect())
}
