//! One logged value and the order in which a history is kept.

use std::cmp::Ordering;

/// One value of a metric at a step and a time.
///
/// Points compare as `MLflow` sorts and identifies metric rows: by step, timestamp, value and whether the value is
/// NaN, where NaN counts as zero in the value column. Hence NaN sorts directly after 0.0, all NaNs are one value, and
/// -0.0 is 0.0. Two equal points are the same row.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    step: i64,
    timestamp: i64,
    value: f64,
}

impl Point {
    /// A point with its value in canonical form, so that equal points are also bitwise equal.
    pub fn new(step: i64, timestamp: i64, value: f64) -> Self {
        // Adding zero turns -0.0 into 0.0 and changes nothing else.
        let value = if value.is_nan() { f64::NAN } else { value + 0.0 };
        Self { step, timestamp, value }
    }

    /// The step, which may be negative.
    pub fn step(&self) -> i64 {
        self.step
    }

    /// Milliseconds since the epoch.
    pub fn timestamp(&self) -> i64 {
        self.timestamp
    }

    /// The value, which may be NaN or infinite.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// The order in which `MLflow` lists a whole history: timestamp, step, value.
    pub fn compare_by_time(&self, other: &Self) -> Ordering {
        self.timestamp.cmp(&other.timestamp).then_with(|| self.cmp(other))
    }
}

/// Maps values to integers that sort as the values do, NaN directly after zero.
///
/// The usual mapping of IEEE bits leaves two slots for the two zeros. There is only one zero here, so it takes the
/// lower slot and NaN the upper.
fn value_order(value: f64) -> u64 {
    const SIGN: u64 = 1 << 63;
    if value == 0.0 {
        SIGN - 1
    } else if value.is_nan() {
        SIGN
    } else {
        let bits = value.to_bits();
        if bits & SIGN == 0 { bits | SIGN } else { !bits }
    }
}

impl Ord for Point {
    fn cmp(&self, other: &Self) -> Ordering {
        self.step
            .cmp(&other.step)
            .then(self.timestamp.cmp(&other.timestamp))
            .then_with(|| value_order(self.value).cmp(&value_order(other.value)))
    }
}

impl PartialOrd for Point {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Point {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Point {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_sort_with_nan_directly_after_zero() {
        let ascending = [
            f64::NEG_INFINITY,
            -1.5,
            -f64::MIN_POSITIVE,
            -0.0,
            f64::NAN,
            f64::from_bits(1),
            1.0,
            f64::MAX,
            f64::INFINITY,
        ];
        let points: Vec<_> = ascending.iter().map(|&value| Point::new(0, 0, value)).collect();
        assert!(points.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn zeros_are_one_value_and_nans_are_one_value() {
        assert_eq!(Point::new(1, 2, -0.0), Point::new(1, 2, 0.0));
        assert!(Point::new(1, 2, -0.0).value().is_sign_positive());
        assert_eq!(Point::new(1, 2, -f64::NAN), Point::new(1, 2, f64::NAN));
        assert_ne!(Point::new(1, 2, 0.0), Point::new(1, 2, f64::NAN));
    }
}
