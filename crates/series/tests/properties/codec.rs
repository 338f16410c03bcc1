//! Encodings give back what went in and take any bytes without a panic.

use std::collections::BTreeMap;

use fettle_series::batch::{self, POINTS_MAX, TooLarge};
use fettle_series::block;
use fettle_series::point::Point;
use fettle_series::store::Corrupt;
use fettle_series::summary::{self, Summary};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::{naive, strategy};

fn bits(points: &[Point]) -> Vec<(i64, i64, u64)> {
    points
        .iter()
        .map(|point| (point.step(), point.timestamp(), point.value().to_bits()))
        .collect()
}

/// Valid encodings with some bytes changed reach deeper than random ones.
fn damage(mut data: Vec<u8>, changes: &[(prop::sample::Index, u8)], keep: prop::sample::Index) -> Vec<u8> {
    for (index, byte) in changes {
        let index = index.index(data.len());
        data[index] = *byte;
    }
    data.truncate(keep.index(data.len() + 1));
    data
}

fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, u8)>> {
    vec((any::<prop::sample::Index>(), any::<u8>()), 0..4)
}

fn decode_everything(data: &[u8]) {
    let _ = block::decode(data);
    let _ = summary::decode(data);
    let _ = batch::group(data, &mut BTreeMap::new());
    let _ = batch::points_of(data, "a", &mut Vec::new());
}

proptest! {
    #[test]
    fn blocks_round_trip(points in vec(strategy::point(), 1..=block::ROWS as usize)) {
        let rows = naive::rows(points);
        prop_assert_eq!(bits(&block::decode(&block::encode(&rows)).unwrap()), bits(&rows));
    }

    #[test]
    fn batches_round_trip(points in vec(("[a-d]{0,2}", strategy::point()), 0..300)) {
        let points: Vec<(&str, Point)> = points.iter().map(|(key, point)| (key.as_str(), *point)).collect();
        let data = batch::encode(&points).unwrap();
        let mut expected: BTreeMap<String, Vec<Point>> = BTreeMap::new();
        for (key, point) in &points {
            expected.entry((*key).to_owned()).or_default().push(*point);
        }
        let mut grouped = BTreeMap::new();
        batch::group(&data, &mut grouped).unwrap();
        prop_assert_eq!(grouped.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
        for (key, points) in &expected {
            prop_assert_eq!(bits(&grouped[key]), bits(points));
            let mut tail = Vec::new();
            batch::points_of(&data, key, &mut tail).unwrap();
            prop_assert_eq!(bits(&tail), bits(points));
        }
        let mut tail = Vec::new();
        batch::points_of(&data, "absent", &mut tail).unwrap();
        prop_assert!(tail.is_empty());
    }

    #[test]
    fn summary_pages_round_trip(blocks in vec(vec(strategy::point(), 1..9), 0..40)) {
        let summaries: Vec<_> =
            blocks.into_iter().filter_map(|points| Summary::of(&naive::rows(points))).collect();
        let decoded = summary::decode(&summary::encode(&summaries)).unwrap();
        prop_assert_eq!(decoded, summaries);
    }

    #[test]
    fn arbitrary_bytes_never_panic(mut data in vec(any::<u8>(), 0..200)) {
        decode_everything(&data);
        if let Some(version) = data.first_mut() {
            *version = 1;
        }
        decode_everything(&data);
    }

    #[test]
    fn damaged_encodings_never_panic(
        points in vec(strategy::point(), 1..40), changes in changes(), keep in any::<prop::sample::Index>(),
    ) {
        let rows = naive::rows(points);
        let keyed: Vec<_> = rows.iter().map(|&point| ("a", point)).collect();
        let summaries: Vec<_> = rows.chunks(3).filter_map(Summary::of).collect();
        for data in [block::encode(&rows), batch::encode(&keyed).unwrap(), summary::encode(&summaries)] {
            decode_everything(&damage(data, &changes, keep));
        }
    }
}

#[test]
fn a_batch_too_large_is_refused() {
    let point = Point::new(0, 0, 0.0);
    assert!(batch::encode(&vec![("a", point); POINTS_MAX]).is_ok());
    assert_eq!(
        batch::encode(&vec![("a", point); POINTS_MAX + 1]),
        Err(TooLarge(POINTS_MAX + 1))
    );
}

#[test]
fn other_versions_are_named() {
    assert_eq!(block::decode(&[7]), Err(Corrupt::Version(7)));
    assert_eq!(block::decode(&[]), Err(Corrupt::Truncated));
}

#[test]
fn counting_steps_and_regular_times_cost_no_bytes() {
    let rows: Vec<_> = (0..512)
        .map(|step| Point::new(step, 1_700_000_000_000 + step * 250, 0.5))
        .collect();
    assert!(block::encode(&rows).len() < 32);
}

#[test]
fn values_from_32_bit_floats_cost_at_most_four_bytes() {
    let rows: Vec<_> = (0..512)
        .map(|step| Point::new(step, 0, f64::from(1.0 / (step as f32 + 1.5))))
        .collect();
    assert!(block::encode(&rows).len() < 512 * 4 + 32);
}
