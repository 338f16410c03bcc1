//! Points and batches worth trying.

use fettle_series::point::Point;
use proptest::collection::vec;
use proptest::prelude::*;

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => -3.0..3.0_f64,
        2 => (-4_i8..4).prop_map(f64::from),
        1 => any::<f32>().prop_map(f64::from),
        1 => any::<u64>().prop_map(f64::from_bits),
        1 => Just(f64::NAN),
        1 => Just(-0.0),
    ]
}

/// Points anywhere, with many repeats and collisions.
pub(crate) fn point() -> impl Strategy<Value = Point> {
    let step = prop_oneof![6 => -3_i64..40, 1 => any::<i64>()];
    let timestamp = prop_oneof![6 => 0_i64..5, 1 => any::<i64>()];
    (step, timestamp, value()).prop_map(|(step, timestamp, value)| Point::new(step, timestamp, value))
}

/// A stretch of training: consecutive steps from somewhere, time going on or coming back.
fn stretch() -> impl Strategy<Value = Vec<Point>> {
    (0_i64..6_000, 1_i64..2_000, 0_i64..3, -2_i64..4).prop_map(|(start, length, value, pace)| {
        (start..start + length)
            .map(|step| Point::new(step, 1_700_000_000_000 + step * pace, (step * (value + 1) % 97) as f64))
            .collect()
    })
}

/// Batches in the order they arrive.
pub(crate) fn batches() -> impl Strategy<Value = Vec<Vec<Point>>> {
    vec(prop_oneof![2 => stretch(), 1 => vec(point(), 0..200)], 0..6)
}
