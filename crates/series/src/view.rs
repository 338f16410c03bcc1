//! One series as it is read: folded blocks and the unfolded tail, as one sorted history of distinct rows.

use std::ops::{Range, RangeInclusive};

use crate::place::{Placed, place};
use crate::point::Point;
use crate::store::{self, FETCH_MAX, Source};
use crate::summary::Summary;
use crate::{block, ntile};

/// Histories up to this length are sorted by time without asking first whether they already are.
const SORT_AT_ONCE: u64 = 65_536;

/// A series at one moment. Ranks count rows in the order of [`Point`].
pub struct View<'a, S> {
    pub(crate) source: &'a mut S,
    pub(crate) folded: u64,
    /// Points not among the folded rows, in order.
    pub(crate) tail: Vec<Placed>,
    /// Rank of each tail point among all rows.
    tail_ranks: Vec<u64>,
    directory: Option<Vec<Summary>>,
}

impl<'a, S: Source> View<'a, S> {
    /// Opens a series of `folded` rows with the points of its key that the log still holds, in any order.
    pub fn open(source: &'a mut S, folded: u64, tail: Vec<Point>) -> Result<Self, S::Error> {
        let tail = place(source, folded, tail)?.points;
        let tail_ranks = (0..).zip(&tail).map(|(index, placed)| placed.before + index).collect();
        Ok(Self {
            tail_ranks,
            source,
            folded,
            tail,
            directory: None,
        })
    }

    /// Number of rows.
    pub fn rows(&self) -> u64 {
        self.folded + self.tail.len() as u64
    }

    /// The rows that `MLflow` samples for a chart, of those with a step in `steps`: see [`ntile::ranks`].
    pub fn sample(&mut self, max_results: u64, steps: Option<RangeInclusive<i64>>) -> Result<Vec<Point>, S::Error> {
        let window = self.window(steps)?;
        let ranks: Vec<u64> = ntile::ranks(window.end - window.start, max_results)
            .into_iter()
            .map(|rank| window.start + rank)
            .collect();
        self.rows_at(&ranks)
    }

    /// A page of the history in `MLflow`'s order: timestamp, step, value.
    ///
    /// When timestamps ascend with the steps this reads the blocks of the page only. Otherwise it reads and sorts the
    /// whole series, 24 bytes a row.
    pub fn history(&mut self, offset: u64, limit: u64) -> Result<Vec<Point>, S::Error> {
        let total = self.rows();
        let page = offset.min(total)..offset.saturating_add(limit).min(total);
        if page.is_empty() {
            return Ok(Vec::new());
        }
        if total > SORT_AT_ONCE && self.ascends_in_time()? {
            return self.read(page);
        }
        let mut rows = self.read(0..total)?;
        rows.sort_by(Point::compare_by_time);
        rows.truncate(page.end as usize);
        rows.drain(..page.start as usize);
        Ok(rows)
    }

    /// Whether the order of rows is also their order in time.
    fn ascends_in_time(&mut self) -> Result<bool, S::Error> {
        let mut last = i64::MIN;
        for summary in self.directory()? {
            if !summary.ascends_in_time || summary.first.timestamp() < last {
                return Ok(false);
            }
            last = summary.last.timestamp();
        }
        let unfinished = self.read_folded(block::first_rank(block::full(self.folded))..self.folded)?;
        let appended = self.tail.first().is_none_or(|placed| placed.before == self.folded);
        let rest = unfinished
            .iter()
            .chain(self.tail.iter().map(|placed| &placed.point))
            .map(Point::timestamp);
        Ok(appended && std::iter::once(last).chain(rest).is_sorted())
    }

    /// Ranks of the rows with a step in `steps`; all rows without.
    pub(crate) fn window(&mut self, steps: Option<RangeInclusive<i64>>) -> Result<Range<u64>, S::Error> {
        let Some(steps) = steps else { return Ok(0..self.rows()) };
        let start = self.rank_of_step(*steps.start())?;
        let end = match steps.end().checked_add(1) {
            Some(after) => self.rank_of_step(after)?,
            None => self.rows(),
        };
        Ok(start..end.max(start))
    }

    /// Number of rows with a lower step.
    fn rank_of_step(&mut self, step: i64) -> Result<u64, S::Error> {
        let in_tail = self.tail.partition_point(|placed| placed.point.step() < step) as u64;
        Ok(self.folded_below_step(step)? + in_tail)
    }

    fn folded_below_step(&mut self, step: i64) -> Result<u64, S::Error> {
        let full = block::full(self.folded);
        let directory = self.directory()?;
        let starting_below = directory.partition_point(|summary| summary.first.step() < step);
        let reaches_in = starting_below > 0 && directory[starting_below - 1].last.step() >= step;
        let number = if reaches_in {
            starting_below as u32 - 1
        } else {
            starting_below as u32
        };
        let first_rank = block::first_rank(number);
        if !reaches_in && (number < full || first_rank == self.folded) {
            return Ok(first_rank);
        }
        let block = store::fetch(self.source, &[number])?.remove(0);
        Ok(first_rank + block.partition_point(|point| point.step() < step) as u64)
    }

    pub(crate) fn directory(&mut self) -> Result<&[Summary], S::Error> {
        let directory = match self.directory.take() {
            Some(directory) => directory,
            None => store::directory(self.source, self.folded)?,
        };
        Ok(self.directory.insert(directory))
    }

    /// How many tail points have a rank below `rank`. What is left of the rank counts folded rows.
    pub(crate) fn tail_below(&self, rank: u64) -> usize {
        self.tail_ranks.partition_point(|&tail_rank| tail_rank < rank)
    }

    /// Rows with these ascending ranks.
    fn rows_at(&mut self, ranks: &[u64]) -> Result<Vec<Point>, S::Error> {
        let mut rows = Vec::with_capacity(ranks.len());
        // Where in `rows` a folded row goes, and its rank among the folded.
        let mut wanted: Vec<(usize, u64)> = Vec::with_capacity(ranks.len());
        for (slot, &rank) in ranks.iter().enumerate() {
            let below = self.tail_below(rank);
            let folded = rank - below as u64;
            match self.tail.get(below) {
                Some(placed) if placed.before == folded => rows.push(placed.point),
                _ => {
                    wanted.push((slot, folded));
                    rows.push(Point::new(0, 0, 0.0));
                }
            }
        }
        let groups: Vec<&[(usize, u64)]> = wanted
            .chunk_by(|a, b| block::holding(a.1) == block::holding(b.1))
            .collect();
        for groups in groups.chunks(FETCH_MAX) {
            let numbers: Vec<u32> = groups.iter().map(|group| block::holding(group[0].1)).collect();
            for (group, block) in groups.iter().zip(store::fetch(self.source, &numbers)?) {
                for &(slot, rank) in *group {
                    rows[slot] = row(&block, rank)?;
                }
            }
        }
        Ok(rows)
    }

    /// Rows with consecutive ranks.
    pub(crate) fn read(&mut self, ranks: Range<u64>) -> Result<Vec<Point>, S::Error> {
        let tail = self.tail_below(ranks.start)..self.tail_below(ranks.end);
        let start = ranks.start - tail.start as u64;
        let folded = self.read_folded(start..ranks.end - tail.end as u64)?;
        let mut rows = Vec::with_capacity(folded.len() + tail.len());
        let mut copied = 0;
        for placed in &self.tail[tail] {
            let index = (placed.before - start) as usize;
            rows.extend_from_slice(&folded[copied..index]);
            rows.push(placed.point);
            copied = index;
        }
        rows.extend_from_slice(&folded[copied..]);
        Ok(rows)
    }

    /// Folded rows with consecutive ranks among the folded.
    pub(crate) fn read_folded(&mut self, ranks: Range<u64>) -> Result<Vec<Point>, S::Error> {
        let mut rows = Vec::new();
        if ranks.is_empty() {
            return Ok(rows);
        }
        let numbers: Vec<u32> = (block::holding(ranks.start)..=block::holding(ranks.end - 1)).collect();
        for numbers in numbers.chunks(FETCH_MAX) {
            for (&number, block) in numbers.iter().zip(store::fetch(self.source, numbers)?) {
                let first = block::first_rank(number);
                let from = ranks.start.saturating_sub(first) as usize;
                let to = (ranks.end - first).min(u64::from(block::ROWS)) as usize;
                rows.extend_from_slice(block.get(from..to).ok_or(SHORT)?);
            }
        }
        Ok(rows)
    }
}

const SHORT: store::Corrupt = store::Corrupt::Invalid("block holds fewer rows than the series has");

fn row(block: &[Point], rank: u64) -> Result<Point, store::Corrupt> {
    block
        .get((rank % u64::from(block::ROWS)) as usize)
        .copied()
        .ok_or(SHORT)
}
