//! Charts of any length: the extremes of every stretch of a series, read mostly from summaries.
//!
//! Sampling can miss a spike between two rows; a chart of buckets cannot.

use std::ops::RangeInclusive;

use crate::point::Point;
use crate::store::Source;
use crate::summary::Summary;
use crate::view::View;
use crate::{block, ntile};

/// Most buckets in one chart.
pub const BUCKETS_MAX: u64 = 2_000;

/// Consecutive rows of a series, as drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    pub first: Point,
    pub last: Point,
    /// Smallest and greatest value that is not NaN, if there is one.
    pub extremes: Option<(f64, f64)>,
    pub has_nan: bool,
}

impl Bucket {
    /// `None` when there are no points.
    pub fn of(points: &[Point]) -> Option<Self> {
        Summary::of(points).map(|summary| Self::from(&summary))
    }

    fn include(&mut self, other: &Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.has_nan |= other.has_nan;
        self.extremes = match (self.extremes, other.extremes) {
            (Some((least, most)), Some((other_least, other_most))) => {
                Some((least.min(other_least), most.max(other_most)))
            }
            (mine, theirs) => mine.or(theirs),
        };
    }
}

impl From<&Summary> for Bucket {
    fn from(summary: &Summary) -> Self {
        Self {
            first: summary.first,
            last: summary.last,
            extremes: summary.extremes,
            has_nan: summary.has_nan,
        }
    }
}

impl<S: Source> View<'_, S> {
    /// At most `buckets` (and [`BUCKETS_MAX`]) stretches that cover the rows with a step in `steps`, in order.
    ///
    /// Rows are cut evenly when there are at most as many blocks as buckets, and at block boundaries otherwise, where
    /// summaries answer for all but the blocks at both ends. Either way the extremes are exact.
    pub fn chart(&mut self, buckets: u64, steps: Option<RangeInclusive<i64>>) -> Result<Vec<Bucket>, S::Error> {
        let buckets = buckets.clamp(1, BUCKETS_MAX);
        let window = self.window(steps)?;
        let total = window.end - window.start;
        if total <= buckets * u64::from(block::ROWS) {
            let rows = self.read(window)?;
            return Ok(cut(&rows, buckets).filter_map(Bucket::of).collect());
        }

        let tail = self.tail_below(window.start)..self.tail_below(window.end);
        let mut pieces = self.pieces(window.start - tail.start as u64, window.end - tail.end as u64)?;
        let firsts: Vec<Point> = pieces.iter().map(|piece| piece.first).collect();
        for placed in &self.tail[tail] {
            if let Some(bucket) = Bucket::of(&[placed.point]) {
                match firsts.partition_point(|&first| first < placed.point).saturating_sub(1) {
                    index if index < pieces.len() => pieces[index].include(&bucket),
                    _ => pieces.push(bucket),
                }
            }
        }
        let merge = |pieces: &[Bucket]| {
            pieces.iter().copied().reduce(|mut all, piece| {
                all.include(&piece);
                all
            })
        };
        Ok(cut(&pieces, buckets).filter_map(merge).collect())
    }

    /// One bucket for each block that holds folded rows `start..end`, of those rows only.
    fn pieces(&mut self, start: u64, end: u64) -> Result<Vec<Bucket>, S::Error> {
        let mut pieces = Vec::new();
        let mut rank = start;
        while rank < end {
            let number = block::holding(rank);
            let next = block::first_rank(number + 1);
            if rank == block::first_rank(number) && next <= end {
                pieces.push(Bucket::from(&self.directory()?[number as usize]));
            } else {
                pieces.extend(Bucket::of(&self.read_folded(rank..next.min(end))?));
            }
            rank = next;
        }
        Ok(pieces)
    }
}

/// Cuts items into at most `buckets` stretches whose lengths differ by one at most, longer ones first.
fn cut<T>(items: &[T], buckets: u64) -> impl Iterator<Item = &[T]> {
    let starts = ntile::starts(items.len() as u64, buckets);
    let ends = starts.clone().skip(1).chain(std::iter::once(items.len() as u64));
    starts
        .zip(ends)
        .map(|(start, end)| &items[start as usize..end as usize])
}
