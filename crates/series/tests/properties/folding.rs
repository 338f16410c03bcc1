//! Folding batches, in whatever order they come, keeps exactly the distinct rows.

use fettle_series::block;
use fettle_series::fold::Folded;
use fettle_series::point::Point;
use fettle_series::summary::{self, PAGE_BLOCKS, Summary};
use proptest::prelude::*;

use crate::memory::Memory;
use crate::{naive, strategy};

/// Blocks hold the rows, all full but the last, and pages summarise the full ones.
fn check(memory: &Memory, rows: &[Point]) {
    assert_eq!(memory.rows, rows.len() as u64);
    let blocks: Vec<Vec<Point>> = memory
        .blocks
        .values()
        .map(|data| block::decode(data).expect("a block just written"))
        .collect();
    assert!(memory.blocks.keys().copied().eq(0..blocks.len() as u32));
    let expected: Vec<&[Point]> = rows.chunks(block::ROWS as usize).collect();
    assert_eq!(blocks, expected);

    let full: Vec<Summary> = rows
        .chunks_exact(block::ROWS as usize)
        .filter_map(Summary::of)
        .collect();
    let pages: Vec<Vec<Summary>> = memory
        .pages
        .values()
        .map(|data| summary::decode(data).expect("a page just written"))
        .collect();
    let expected: Vec<&[Summary]> = full.chunks(PAGE_BLOCKS as usize).collect();
    assert_eq!(pages, expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn folds_keep_the_distinct_rows(batches in strategy::batches()) {
        let mut memory = Memory::default();
        let mut all = Vec::new();
        for batch in batches {
            all.extend_from_slice(&batch);
            let before = memory.rows;
            let folded = memory.fold(batch);
            prop_assert_eq!(folded.rows, before + folded.added);
            check(&memory, &naive::rows(all.clone()));
        }
    }
}

fn line(steps: std::ops::Range<i64>) -> Vec<Point> {
    steps.map(|step| Point::new(step, step, step as f64)).collect()
}

#[test]
fn appending_rewrites_no_full_block() {
    let mut memory = Memory::default();
    memory.fold(line(0..100_000));
    memory.blocks_written = 0;
    memory.blocks_read = 0;
    let folded = memory.fold(line(100_000..101_000));
    assert_eq!(
        folded,
        Folded {
            rows: 101_000,
            added: 1_000,
            rewritten: 0
        }
    );
    assert!(memory.blocks_written <= 3 && memory.blocks_read == 1);
    check(&memory, &line(0..101_000));
}

#[test]
fn logging_old_rows_again_writes_nothing() {
    let mut memory = Memory::default();
    memory.fold(line(0..10_000));
    memory.blocks_written = 0;
    let folded = memory.fold(line(3_000..4_000));
    assert_eq!(
        folded,
        Folded {
            rows: 10_000,
            added: 0,
            rewritten: 0
        }
    );
    assert_eq!(memory.blocks_written, 0);
}

#[test]
fn an_insertion_rewrites_from_its_block_on_across_summary_pages() {
    let steps = i64::from(block::ROWS) * i64::from(PAGE_BLOCKS) * 2 + 700;
    let mut memory = Memory::default();
    memory.fold(line(0..steps));
    let early = Point::new(5 * i64::from(block::ROWS), -1, 0.0);
    let folded = memory.fold(vec![early]);
    assert_eq!(folded.rewritten, u64::from(block::ROWS * (PAGE_BLOCKS * 2 + 1 - 5)));
    let mut rows = line(0..steps);
    rows.push(early);
    check(&memory, &naive::rows(rows));
}
