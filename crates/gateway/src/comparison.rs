//! Whether two answers to one request say the same: rules only.

use bytes::Bytes;
use serde_json::Value;

/// How two answers compare, row by row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Comparison {
    pub(crate) rows: u64,
    pub(crate) rows_differing: u64,
    /// Of the numbers that differ, as a share of the greater.
    pub(crate) greatest_difference: f64,
}

/// Compares two bodies of answers. Numbers agree if they lie within `tolerance`, a share of the greater one.
pub(crate) fn compare(a: &Bytes, b: &Bytes, tolerance: f64) -> Comparison {
    let parsed = serde_json::from_slice::<Value>(a)
        .ok()
        .zip(serde_json::from_slice::<Value>(b).ok());
    let Some((a_value, b_value)) = parsed else {
        // NaN is no JSON: what cannot be read is compared as it is.
        return of_rows(1, u64::from(a != b), f64::from(u8::from(a != b)));
    };
    let (a, b) = (predictions(&a_value), predictions(&b_value));
    if a.len() != b.len() {
        let rows = a.len().max(b.len()) as u64;
        return of_rows(rows, rows, 1.0);
    }
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| difference(a, b)).collect();
    let differing = differences.iter().filter(|difference| **difference > tolerance).count();
    let greatest = differences.iter().copied().fold(0.0, f64::max);
    of_rows(a.len() as u64, differing as u64, greatest)
}

fn of_rows(rows: u64, rows_differing: u64, greatest_difference: f64) -> Comparison {
    Comparison {
        rows,
        rows_differing,
        greatest_difference,
    }
}

/// The list of predictions, or whatever else was answered as one row.
fn predictions(answer: &Value) -> &[Value] {
    match &answer["predictions"] {
        Value::Array(rows) => rows,
        Value::Null => std::slice::from_ref(answer),
        other => std::slice::from_ref(other),
    }
}

/// 0 for what is the same, 1 for what cannot be compared.
fn difference(a: &Value, b: &Value) -> f64 {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) if a == b => 0.0,
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap_or(f64::MAX), b.as_f64().unwrap_or(f64::MAX));
            let greater = a.abs().max(b.abs());
            if greater == 0.0 {
                0.0
            } else {
                ((a - b).abs() / greater).min(1.0)
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).map(|(a, b)| difference(a, b)).fold(0.0, f64::max)
        }
        (Value::Object(a), Value::Object(b)) if a.len() == b.len() => a
            .iter()
            .map(|(key, a)| b.get(key).map_or(1.0, |b| difference(a, b)))
            .fold(0.0, f64::max),
        (a, b) => f64::from(u8::from(a != b)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(a: &str, b: &str, tolerance: f64, rows: u64, rows_differing: u64) {
        let both =
            [(a, b), (b, a)].map(|(a, b)| compare(&Bytes::from(a.to_owned()), &Bytes::from(b.to_owned()), tolerance));
        for found in both {
            assert_eq!(
                (found.rows, found.rows_differing),
                (rows, rows_differing),
                "{a} and {b}"
            );
        }
    }

    #[test]
    fn rows_are_compared_one_by_one() {
        check(
            r#"{"predictions": [1, 2, 3]}"#,
            r#"{"predictions": [1, 2.0, 4]}"#,
            0.0,
            3,
            1,
        );
        check(
            r#"{"predictions": ["a", "b"]}"#,
            r#"{"predictions": ["a", "c"]}"#,
            0.5,
            2,
            1,
        );
        check(
            r#"{"predictions": [[0.1, 0.9]]}"#,
            r#"{"predictions": [[0.1, 0.8]]}"#,
            0.0,
            1,
            1,
        );
        check(
            r#"{"predictions": [{"a": 1}]}"#,
            r#"{"predictions": [{"b": 1}]}"#,
            0.0,
            1,
            1,
        );
        check(r#"{"predictions": [1, 2]}"#, r#"{"predictions": [1]}"#, 0.0, 2, 2);
        check(r#"{"predictions": []}"#, r#"{"predictions": []}"#, 0.0, 0, 0);
        check(r#"{"predictions": [NaN]}"#, r#"{"predictions": [NaN]}"#, 0.0, 1, 0);
        check(r#"{"predictions": [NaN]}"#, r#"{"predictions": [1]}"#, 0.0, 1, 1);
    }

    #[test]
    fn numbers_within_the_tolerance_agree() {
        check(r#"{"predictions": [100]}"#, r#"{"predictions": [100.5]}"#, 0.01, 1, 0);
        check(r#"{"predictions": [100]}"#, r#"{"predictions": [102]}"#, 0.01, 1, 1);
        check(r#"{"predictions": [0]}"#, r#"{"predictions": [-0.0]}"#, 0.0, 1, 0);
        check(r#"{"predictions": [1]}"#, r#"{"predictions": [-1]}"#, 0.9, 1, 1);
    }
}
