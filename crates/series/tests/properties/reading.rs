//! Reading blocks with a tail gives what reading the whole sorted history gives.

use std::ops::RangeInclusive;

use fettle_series::chart::Bucket;
use fettle_series::point::Point;
use fettle_series::store::Corrupt;
use fettle_series::{block, ntile};
use proptest::prelude::*;

use crate::memory::Memory;
use crate::{naive, strategy};

fn steps() -> impl Strategy<Value = Option<RangeInclusive<i64>>> {
    prop_oneof![
        2 => Just(None),
        3 => (-10_i64..8_000, 0_i64..4_000).prop_map(|(start, length)| Some(start..=start + length)),
        1 => (any::<i64>(), any::<i64>()).prop_map(|(start, end)| Some(start..=end)),
        1 => Just(Some(i64::MIN..=i64::MAX)),
    ]
}

/// A series with some batches folded and the rest as its tail.
fn split(batches: &[Vec<Point>], unfolded: usize) -> (Memory, Vec<Point>, Vec<Point>) {
    let cut = batches.len().saturating_sub(unfolded);
    let mut memory = Memory::default();
    for batch in &batches[..cut] {
        memory.fold(batch.clone());
    }
    (memory, batches[cut..].concat(), naive::rows(batches.concat()))
}

/// Buckets tile the rows in order, and each says the truth about its rows.
fn check_chart(chart: &[Bucket], rows: &[Point], buckets: u64) {
    assert!(chart.len() as u64 <= buckets);
    let mut rest = rows;
    for bucket in chart {
        let (mine, others) = rest.split_at(rest.partition_point(|row| *row <= bucket.last));
        assert_eq!(Some(*bucket), Bucket::of(mine));
        rest = others;
    }
    assert!(rest.is_empty());
}

proptest! {
    #[test]
    fn ranks_are_those_of_ntile(total in 0_usize..400, max_results in 1_usize..450) {
        let rows: Vec<_> = (0..total as i64).map(|step| Point::new(step, 0, 0.0)).collect();
        let sample: Vec<_> = naive::sample(&rows, max_results).iter().map(|row| row.step() as u64).collect();
        prop_assert_eq!(ntile::ranks(total as u64, max_results as u64), sample);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn samples_are_those_of_mlflow(
        batches in strategy::batches(), unfolded in 0_usize..4, max_results in 0_usize..700, steps in steps(),
    ) {
        let (mut memory, tail, rows) = split(&batches, unfolded);
        let expected = naive::sample(&naive::within(&rows, steps.as_ref()), max_results);
        prop_assert_eq!(memory.view(tail).sample(max_results as u64, steps).unwrap(), expected);
    }

    #[test]
    fn histories_are_whole_and_in_order_of_time(
        batches in strategy::batches(), unfolded in 0_usize..4, offset in 0_u64..4_000, limit in 0_u64..4_000,
    ) {
        let (mut memory, tail, rows) = split(&batches, unfolded);
        let history = naive::history(&rows);
        let mut view = memory.view(tail);
        prop_assert_eq!(view.rows(), rows.len() as u64);
        prop_assert_eq!(view.history(0, u64::MAX).unwrap(), history.clone());
        let page: Vec<_> = history.into_iter().skip(offset as usize).take(limit as usize).collect();
        prop_assert_eq!(view.history(offset, limit).unwrap(), page);
    }

    #[test]
    fn charts_cover_all_rows_and_keep_every_extreme(
        batches in strategy::batches(), unfolded in 0_usize..4, buckets in 1_u64..12, steps in steps(),
    ) {
        let (mut memory, tail, rows) = split(&batches, unfolded);
        let chart = memory.view(tail).chart(buckets, steps.clone()).unwrap();
        check_chart(&chart, &naive::within(&rows, steps.as_ref()), buckets);
    }
}

fn wave(steps: std::ops::Range<i64>) -> Vec<Point> {
    steps
        .map(|step| Point::new(step, step * 10, (step as f64 / 100.0).sin()))
        .collect()
}

#[test]
fn a_page_of_a_long_history_reads_its_own_blocks() {
    let mut memory = Memory::default();
    memory.fold(wave(0..200_000));
    memory.blocks_read = 0;
    let tail = wave(200_000..200_100);
    let rows = memory.view(tail).history(150_000, 1_000).unwrap();
    assert_eq!(rows, wave(150_000..151_000));
    assert!(memory.blocks_read < 8, "{}", memory.blocks_read);
}

#[test]
fn a_long_history_out_of_time_order_is_sorted() {
    let mut memory = Memory::default();
    let rows: Vec<_> = (0..70_000).map(|step| Point::new(step, -step, 0.0)).collect();
    memory.fold(rows.clone());
    assert_eq!(
        memory.view(Vec::new()).history(10, 20).unwrap(),
        naive::history(&rows)[10..30]
    );
}

#[test]
fn a_chart_of_a_long_series_reads_almost_no_blocks() {
    let mut memory = Memory::default();
    memory.fold(wave(0..300_000));
    memory.blocks_read = 0;
    let chart = memory.view(Vec::new()).chart(100, Some(1_000..=299_999)).unwrap();
    check_chart(&chart, &wave(1_000..300_000), 100);
    assert_eq!(chart.len(), 100);
    assert!(memory.blocks_read <= 4, "{}", memory.blocks_read);
}

#[test]
fn one_result_is_the_last_row() {
    let mut memory = Memory::default();
    memory.fold(wave(0..1_000));
    assert_eq!(memory.view(Vec::new()).sample(1, None).unwrap(), wave(999..1_000));
}

#[test]
fn a_missing_block_is_an_error() {
    let mut memory = Memory::default();
    memory.fold(wave(0..2_000));
    memory.blocks.remove(&1);
    assert_eq!(
        memory.view(Vec::new()).sample(2_000, None),
        Err(Corrupt::MissingBlock(1))
    );
    memory.rows += u64::from(block::ROWS);
    assert!(memory.view(Vec::new()).history(0, 10).is_err());
}
