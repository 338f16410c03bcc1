//! Sketches of parts, merged, against the whole; and profiles through bytes.

mod data;

use data::{bells, skewed, uniforms};
use fettle_stats::{
    profile::{ColumnProfile, Kind, Settings, Value, column::Data, dataset::DatasetProfile},
    sketch::{
        distinct::{Distinct, RELATIVE_ERROR},
        mix,
        moments::Moments,
        quantiles::{Quantiles, RANK_ERROR},
        sample::Sample,
        top::{LEVELS, Top},
    },
};
use proptest::prelude::*;
use std::collections::HashMap;

fn settings(sample: usize, levels: usize, seed: u64) -> Settings {
    Settings { sample, levels, seed }
}

#[test]
fn quantiles_are_within_the_stated_rank_error_after_merging_parts() {
    for (seed, parts) in [(1, 1), (2, 7), (3, 64)] {
        let values = skewed(seed, 200_000, 0.0);
        let mut merged = Quantiles::new(seed);
        for part in values.chunks(values.len() / parts) {
            let mut sketch = Quantiles::new(mix(seed, part.len() as u64));
            for &value in part {
                sketch.push(value);
            }
            merged.merge(&sketch);
        }
        assert_eq!(merged.count(), values.len() as u64);
        let runs = merged.runs();
        assert_eq!(runs.iter().map(|run| run.1).sum::<u64>(), values.len() as u64);
        assert!(runs.len() < 3_000, "{} values are kept", runs.len());
        let sorted = data::sorted(values);
        let mut below = 0;
        let worst = runs
            .iter()
            .map(|&(value, weight)| {
                below += weight;
                let rank = sorted.partition_point(|&other| other <= value) as f64;
                (rank - below as f64).abs() / sorted.len() as f64
            })
            .fold(0.0, f64::max);
        assert!(worst <= 2.0 * RANK_ERROR, "the worst of all ranks is off by {worst}");
    }
}

#[test]
fn distinct_counts_are_within_four_standard_errors() {
    for count in [50_u64, 1_000, 40_000, 700_000] {
        let (mut left, mut right) = (Distinct::default(), Distinct::default());
        (0..count).for_each(|value| left.push(mix(value, 1)));
        (count / 2..count).for_each(|value| right.push(mix(value, 1)));
        left.merge(&right);
        let relative = left.estimate() / count as f64 - 1.0;
        assert!(relative.abs() < 4.0 * RELATIVE_ERROR, "{count}: off by {relative}");
    }
}

#[test]
fn a_sample_of_merged_parts_is_uniform() {
    // Four parts of very different sizes; each row has the same chance to be drawn.
    let sizes = [10_000_u64, 2_000, 500, 50];
    let total: u64 = sizes.iter().sum();
    let capacity = 200;
    let mut drawn = [0_u64; 4];
    let rounds = 400;
    for round in 0..rounds {
        let mut merged = Sample::new(capacity, mix(round, 99));
        for (part, &size) in sizes.iter().enumerate() {
            let mut sample = Sample::new(capacity, mix(round, part as u64));
            (0..size).for_each(|_| sample.push(part));
            merged.merge(sample);
        }
        assert_eq!(merged.seen(), total);
        merged.into_values().into_iter().for_each(|part| drawn[part] += 1);
    }
    for (part, &size) in sizes.iter().enumerate() {
        let expected = rounds as f64 * capacity as f64 * size as f64 / total as f64;
        let deviation = (drawn[part] as f64 - expected) / expected.sqrt();
        assert!(
            deviation.abs() < 4.5,
            "part {part}: {} drawn, {expected} expected",
            drawn[part]
        );
    }
}

#[test]
fn the_most_frequent_levels_are_kept_within_the_stated_error() {
    let levels = |seed: u64| uniforms(seed, 60_000).map(|u| (1.0 / (1.0 - u)).floor() as u64 * 7919 % 1_000_003);
    let mut truth: HashMap<String, u64> = HashMap::new();
    let mut merged = Top::default();
    for seed in 0..3 {
        let mut part = Top::default();
        for level in levels(seed) {
            *truth.entry(level.to_string()).or_default() += 1;
            part.push(&level.to_string(), 1);
        }
        merged.merge(&part);
    }
    assert!(merged.missed() <= 180_000 / LEVELS as u64);
    let kept: HashMap<Box<str>, u64> = merged.levels().into_iter().collect();
    for (level, &count) in &truth {
        let ours = kept.get(level.as_str()).copied().unwrap_or(0);
        assert!(
            ours <= count && count <= ours + merged.missed(),
            "{level}: {ours} for {count}"
        );
    }
}

#[test]
fn a_window_keeps_little_however_long_it_is() {
    let mut profile = ColumnProfile::new(Settings::default());
    let mut texts = ColumnProfile::new(Settings::default());
    for round in 0..100 {
        profile.extend(Kind::Float, &bells(round, 2_000, 0.0));
        (0..2_000_u64).for_each(|row| texts.push(Value::Text(&(mix(round, row) % 50_000).to_string())));
    }
    assert!(
        profile.encode().len() < 200_000,
        "{} bytes of numbers",
        profile.encode().len()
    );
    assert!(
        texts.encode().len() < 200_000,
        "{} bytes of texts",
        texts.encode().len()
    );
    let column = profile.into_column();
    assert_eq!((column.rows, column.valid, column.kept()), (200_000, 200_000, 10_000));
    assert!(column.is_sampled());
    let distinct = texts.into_column().distinct as f64;
    assert!((distinct / 49_000.0 - 1.0).abs() < 0.08, "{distinct} distinct texts");
}

#[test]
fn odd_values_are_counted_where_they_belong() {
    let mut column = ColumnProfile::of_kind(Kind::Float, Settings::default());
    for value in [
        Value::Float(1.5),
        Value::Integer(2),
        Value::Missing,
        Value::Float(f64::NAN),
        Value::Float(f64::INFINITY),
        Value::Text("three"),
        Value::Boolean(true),
        Value::Float(-0.0),
        Value::Float(0.0),
    ] {
        column.push(value);
    }
    let column = column.into_column();
    assert_eq!(
        (column.rows, column.missing, column.infinite, column.mistyped),
        (9, 2, 1, 2)
    );
    assert_eq!(column.data, Data::Counted(vec![(0.0, 2), (1.5, 1), (2.0, 1)]));
    let mut column = ColumnProfile::new(Settings::default());
    column.push(Value::Integer(1));
    column.push(Value::Float(0.5));
    assert_eq!(column.kind(), Some(Kind::Float), "integers become floats");
    let long = "é".repeat(1_000);
    let mut column = ColumnProfile::new(Settings::default());
    column.push(Value::Text(&long));
    assert_eq!(
        column.into_column().data,
        Data::Levels(vec![("é".repeat(128).into(), 1)])
    );
}

#[derive(Debug, Clone)]
enum Cell {
    Missing,
    Integer(i64),
    Float(f64),
    Boolean(bool),
    Text(String),
}

impl Cell {
    fn value(&self) -> Value<'_> {
        match self {
            Self::Missing => Value::Missing,
            Self::Integer(number) => Value::Integer(*number),
            Self::Float(number) => Value::Float(*number),
            Self::Boolean(value) => Value::Boolean(*value),
            Self::Text(text) => Value::Text(text),
        }
    }
}

fn cell() -> impl Strategy<Value = Cell> {
    prop_oneof![
        1 => Just(Cell::Missing),
        4 => (-20_i64..20).prop_map(Cell::Integer),
        4 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY), -1e6..1e6_f64].prop_map(Cell::Float),
        1 => any::<bool>().prop_map(Cell::Boolean),
        1 => "[a-d]{0,2}".prop_map(Cell::Text),
    ]
}

fn profile(kind: Option<Kind>, settings: Settings, cells: &[Cell]) -> ColumnProfile {
    let mut profile = kind.map_or_else(
        || ColumnProfile::new(settings),
        |kind| ColumnProfile::of_kind(kind, settings),
    );
    for cell in cells {
        profile.push(cell.value());
    }
    profile
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    /// While nothing is sampled, parts merged are the whole, whatever is in them.
    #[test]
    fn merged_parts_are_the_whole(
        cells in proptest::collection::vec(cell(), 0..200),
        cut in 0_usize..200,
        levels in prop_oneof![Just(5_usize), Just(1_000)],
        kind in prop_oneof![Just(Kind::Float), Just(Kind::Text), Just(Kind::Boolean)],
    ) {
        let cut = cut.min(cells.len());
        let mut merged = profile(Some(kind), settings(1_000, levels, 1), &cells[..cut]);
        merged.merge(profile(Some(kind), settings(1_000, levels, 2), &cells[cut..]));
        let (merged, whole) = (merged.into_column(), profile(Some(kind), settings(1_000, levels, 3), &cells).into_column());
        prop_assert_eq!(&merged.data, &whole.data);
        prop_assert_eq!(
            (merged.rows, merged.missing, merged.infinite, merged.mistyped, merged.valid, merged.distinct),
            (whole.rows, whole.missing, whole.infinite, whole.mistyped, whole.valid, whole.distinct)
        );
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * (a.abs() + b.abs() + 1.0);
        prop_assert!(whole.moments.count == 0 || close(merged.moments.mean, whole.moments.mean));
        prop_assert!(whole.moments.count == 0 || close(merged.moments.deviation(), whole.moments.deviation()));
        prop_assert_eq!((merged.moments.min, merged.moments.max), (whole.moments.min, whole.moments.max));
    }

    /// Sampled or not, a profile says as many rows after merging and comes back the same from its bytes.
    #[test]
    fn profiles_travel(
        cells in proptest::collection::vec(cell(), 0..300),
        more in proptest::collection::vec(cell(), 0..300),
        sample in 0_usize..60,
        levels in 0_usize..8,
    ) {
        let mut column = profile(None, settings(sample, levels, 5), &cells);
        column.merge(profile(None, settings(sample, levels, 6), &more));
        prop_assert_eq!(column.rows(), (cells.len() + more.len()) as u64);
        let bytes = column.encode();
        let back = ColumnProfile::decode(&bytes).unwrap();
        prop_assert_eq!(back.encode(), bytes);
        prop_assert_eq!(back.clone().into_column(), column.clone().into_column());
        let kept = column.clone().into_column();
        prop_assert!(kept.kept() <= kept.valid);
        let mut dataset = DatasetProfile::new(settings(sample, levels, 5));
        dataset.columns.insert("a".to_owned(), column);
        prop_assert_eq!(DatasetProfile::decode(&dataset.encode()).unwrap().encode(), dataset.encode());
    }

    /// Damaged bytes are refused or read as another profile; they never panic, now or when used.
    #[test]
    fn damaged_profiles_do_no_harm(
        cells in proptest::collection::vec(cell(), 0..100),
        sample in 0_usize..60,
        levels in 0_usize..8,
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        length in any::<prop::sample::Index>(),
    ) {
        let mut bytes = profile(None, settings(sample, levels, 5), &cells).encode();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        let length = if byte % 2 == 0 { bytes.len() } else { length.index(bytes.len()) };
        if let Ok(mut profile) = ColumnProfile::decode(&bytes[..length]) {
            profile.merge(self::profile(None, settings(20, 3, 1), &cells));
            let column = profile.into_column();
            let _ = (column.summary(), column.is_sampled());
        }
    }

    #[test]
    fn moments_of_parts(values in proptest::collection::vec(-1e9..1e9_f64, 1..100), cut in 0_usize..100) {
        let cut = cut.min(values.len());
        let mut merged = Moments::of(&values[..cut]);
        merged.merge(&Moments::of(&values[cut..]));
        let mut one_by_one = Moments::default();
        for &value in &values {
            one_by_one.push(value);
        }
        for (a, b) in [(merged.mean, one_by_one.mean), (merged.squares, one_by_one.squares)] {
            prop_assert!((a - b).abs() <= 1e-9 * (a.abs() + b.abs() + 1.0));
        }
    }
}
