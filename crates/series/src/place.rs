//! Finds where new points belong among the folded rows, and which of them are already there.

use crate::point::Point;
use crate::store::{self, FETCH_MAX, Source};
use crate::{block, summary::Summary};

/// A point that is not among the folded rows, and how many of those sort before it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placed {
    pub(crate) point: Point,
    pub(crate) before: u64,
}

/// New points in order, and the last block, which had to be read anyway.
pub(crate) struct Placement {
    pub(crate) points: Vec<Placed>,
    pub(crate) last_block: Option<Vec<Point>>,
}

/// Sorts `points`, drops repeats, and places the rest. Points after the last row cost one block; points before it
/// cost the summaries and each block that one of them falls into.
pub(crate) fn place<S: Source>(source: &mut S, rows: u64, mut points: Vec<Point>) -> Result<Placement, S::Error> {
    points.sort_unstable();
    points.dedup();
    let at_end = |&point: &Point| Placed { point, before: rows };
    if rows == 0 || points.is_empty() {
        return Ok(Placement {
            points: points.iter().map(at_end).collect(),
            last_block: None,
        });
    }

    let last_number = block::holding(rows - 1);
    let last_block = store::fetch(source, &[last_number])?.remove(0);
    let last_row = last_block[last_block.len() - 1];
    let (earlier, later) = points.split_at(points.partition_point(|&point| point <= last_row));
    let mut placed = Vec::with_capacity(points.len());
    let (earliest, in_last) = earlier.split_at(earlier.partition_point(|&point| point < last_block[0]));
    if !earliest.is_empty() {
        let summaries = store::directory(source, rows)?;
        place_in_blocks(source, &summaries, earliest, &mut placed)?;
    }
    place_in_block(last_number, &last_block, in_last, &mut placed);
    placed.extend(later.iter().map(at_end));
    Ok(Placement {
        points: placed,
        last_block: Some(last_block),
    })
}

/// Number of the block in which a point belongs; points before everything belong in the first.
pub(crate) fn block_for(summaries: &[Summary], point: Point) -> u32 {
    summaries
        .partition_point(|summary| summary.first <= point)
        .saturating_sub(1) as u32
}

fn place_in_blocks<S: Source>(
    source: &mut S,
    summaries: &[Summary],
    points: &[Point],
    placed: &mut Vec<Placed>,
) -> Result<(), S::Error> {
    let groups: Vec<&[Point]> = points
        .chunk_by(|&a, &b| block_for(summaries, a) == block_for(summaries, b))
        .collect();
    for groups in groups.chunks(FETCH_MAX) {
        let numbers: Vec<u32> = groups.iter().map(|group| block_for(summaries, group[0])).collect();
        for ((&number, block), group) in numbers.iter().zip(store::fetch(source, &numbers)?).zip(groups) {
            place_in_block(number, &block, group, placed);
        }
    }
    Ok(())
}

fn place_in_block(number: u32, block: &[Point], points: &[Point], placed: &mut Vec<Placed>) {
    for &point in points {
        if let Err(index) = block.binary_search(&point) {
            placed.push(Placed {
                point,
                before: block::first_rank(number) + index as u64,
            });
        }
    }
}
