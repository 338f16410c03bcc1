//! The proof that native scoring answers as Python does, on rows chosen to tell them apart.
//!
//! Both sides are compared as the JSON a client would get, so formatting, column order and the type of every number
//! are part of the proof. A row that both refuse counts as equal; a row that one refuses does not.

use serde_json::Value;

use crate::edge_rows;
use crate::error::ScoreError;
use crate::executor::NativeExecutor;
use crate::frame::Frame;
use crate::input::{mark_nonfinite, read_nonfinite};
use crate::model_folder::ModelFolder;
use crate::report::{Difference, ParityReport};
use crate::worker::{CallError, RowResult, Worker};

/// How closely native answers have to follow Python's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Tolerance {
    Exact,
    Relative(f64),
}

pub(crate) async fn compare(
    folder: &ModelFolder,
    native: &NativeExecutor,
    worker: &mut Worker,
) -> Result<ParityReport, CallError> {
    let tolerance = native.tolerance();
    let mut report = ParityReport {
        required: match tolerance {
            Tolerance::Exact => "bit-exact".into(),
            Tolerance::Relative(limit) => {
                format!("within {limit:e} of the largest value in the column or term of its sum")
            }
        },
        ..ParityReport::default()
    };
    for rows in edge_rows::for_model(folder, native.column_names(), native.column_count()) {
        let python = python_answers(worker, &rows.frame).await?;
        let scales = scales(&python);
        for (index, python) in python.iter().enumerate() {
            let row = rows.frame.slice(index..index + 1);
            let term = native.largest_term(row.clone());
            let native = native.score(row.clone());
            let scales: Vec<f64> = scales.iter().map(|scale| scale.max(term)).collect();
            report.row(rows.kind, &row, python, &native, tolerance, &scales);
        }
    }
    // Without a row that both could score nothing has been shown.
    report.passed = report.rows_differing == 0 && report.rows_compared > report.rows_both_refuse;
    report.verdict = report.in_a_sentence();
    Ok(report)
}

/// The largest magnitude of each value of a row's answer, over all rows.
fn scales(answers: &[RowResult]) -> Vec<f64> {
    let mut scales: Vec<f64> = Vec::new();
    for answer in answers.iter().filter(|answer| answer.status == 200) {
        let mut numbers = Vec::new();
        if let Some(value) = read(&answer.body) {
            collect_numbers(&value, &mut numbers);
        }
        scales.resize(scales.len().max(numbers.len()), 0.0);
        for (scale, number) in scales.iter_mut().zip(numbers) {
            *scale = scale.max(if number.is_finite() { number.abs() } else { 0.0 });
        }
    }
    scales
}

fn collect_numbers(value: &Value, numbers: &mut Vec<f64>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect_numbers(value, numbers)),
        Value::Object(values) => values.values().for_each(|value| collect_numbers(value, numbers)),
        Value::Number(number) => numbers.push(number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => numbers.extend(read_nonfinite(text)),
        Value::Null | Value::Bool(_) => {}
    }
}

/// Each row as a caller of its own: if the batch fails, the worker tries them one by one.
async fn python_answers(worker: &mut Worker, frame: &Frame) -> Result<Vec<RowResult>, CallError> {
    let (results, _) = worker.predict(frame, &vec![1; frame.rows], None).await?;
    Ok(results)
}

impl ParityReport {
    fn in_a_sentence(&self) -> String {
        let compared = self.rows_compared;
        if self.rows_differing > 0 {
            return format!(
                "native scoring differs from Python's on {} of {compared} rows",
                self.rows_differing
            );
        }
        if !self.passed {
            return "no row could be scored to compare native with Python".into();
        }
        match self.max_relative_difference {
            0.0 => format!("native scoring gave Python's answers on {compared} rows, to the bit"),
            most => format!("native scoring gave Python's answers on {compared} rows, within {most:.1e}"),
        }
    }

    fn row(
        &mut self,
        kind: &'static str,
        row: &Frame,
        python: &RowResult,
        native: &Result<bytes::Bytes, ScoreError>,
        tolerance: Tolerance,
        scales: &[f64],
    ) {
        self.rows_compared += 1;
        *self.rows_by_kind.entry(kind).or_default() += 1;
        let of_kind = self.kinds.entry(kind).or_default();
        of_kind.rows += 1;
        let equal = match (python.status, native) {
            (200, Ok(native)) => {
                let gap = Gap::between(&python.body, native, scales);
                self.max_absolute_difference = self.max_absolute_difference.max(gap.absolute);
                self.max_relative_difference = self.max_relative_difference.max(gap.relative);
                of_kind.max_relative_difference = of_kind.max_relative_difference.max(gap.relative);
                match tolerance {
                    Tolerance::Exact => gap.same_shape && gap.relative == 0.0,
                    Tolerance::Relative(limit) => gap.same_shape && gap.relative <= limit,
                }
            }
            (200, Err(_)) | (_, Ok(_)) => false,
            (_, Err(_)) => {
                self.rows_both_refuse += 1;
                of_kind.both_refuse += 1;
                true
            }
        };
        if !equal {
            self.rows_differing += 1;
            of_kind.differing += 1;
            self.first_difference.get_or_insert_with(|| Difference {
                kind,
                row: shortened(&format!(
                    "{:?}",
                    row.columns.iter().map(|column| &column.data).collect::<Vec<_>>()
                )),
                python: shortened(&String::from_utf8_lossy(&python.body)),
                native: match native {
                    Ok(body) => shortened(&String::from_utf8_lossy(body)),
                    Err(error) => shortened(&error.to_string()),
                },
            });
        }
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(500).collect()
}

/// How far apart two answers are; structure, texts and number types have to be the same.
struct Gap<'s> {
    same_shape: bool,
    absolute: f64,
    relative: f64,
    /// For each number still to come, the magnitude its difference is measured by.
    scales: std::slice::Iter<'s, f64>,
}

fn read(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body)
        .ok()
        .or_else(|| serde_json::from_slice(&mark_nonfinite(body)?).ok())
}

impl<'s> Gap<'s> {
    fn between(python: &[u8], native: &[u8], scales: &'s [f64]) -> Self {
        let mut gap = Self {
            same_shape: python == native,
            absolute: 0.0,
            relative: 0.0,
            scales: scales.iter(),
        };
        if !gap.same_shape
            && let (Some(python), Some(native)) = (read(python), read(native))
        {
            gap.same_shape = true;
            gap.values(&python, &native);
        }
        gap
    }

    fn values(&mut self, python: &Value, native: &Value) {
        match (python, native) {
            (Value::Array(python), Value::Array(native)) if python.len() == native.len() => {
                python
                    .iter()
                    .zip(native)
                    .for_each(|(python, native)| self.values(python, native));
            }
            (Value::Object(python), Value::Object(native)) if python.len() == native.len() => {
                for (key, python) in python {
                    self.values(python, native.get(key).unwrap_or(&Value::Null));
                }
            }
            (Value::Number(a), Value::Number(b)) if a.is_f64() && b.is_f64() => {
                self.numbers(a.as_f64().unwrap_or_default(), b.as_f64().unwrap_or_default());
            }
            (Value::String(a), Value::String(b)) if a != b => match (read_nonfinite(a), read_nonfinite(b)) {
                (Some(a), Some(b)) => self.numbers(a, b),
                _ => self.same_shape = false,
            },
            (python, native) => {
                if python.is_number() {
                    self.scales.next();
                }
                self.same_shape &= python == native;
            }
        }
    }

    fn numbers(&mut self, python: f64, native: f64) {
        let scale = self
            .scales
            .next()
            .copied()
            .unwrap_or_default()
            .max(python.abs())
            .max(native.abs());
        if python.to_bits() == native.to_bits() || (python.is_nan() && native.is_nan()) {
            return;
        }
        let absolute = (python - native).abs();
        // Two zeros of different sign are told apart only by their bits.
        let relative = if absolute == 0.0 {
            f64::MIN_POSITIVE
        } else {
            absolute / scale
        };
        self.absolute = self
            .absolute
            .max(if absolute.is_nan() { f64::INFINITY } else { absolute });
        self.relative = self
            .relative
            .max(if relative.is_nan() { f64::INFINITY } else { relative });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(python: &str, native: &str, same_shape: bool, relative: f64) {
        let gap = Gap::between(python.as_bytes(), native.as_bytes(), &[]);
        assert_eq!(
            (gap.same_shape, gap.relative),
            (same_shape, relative),
            "{python} against {native}"
        );
    }

    #[test]
    fn answers_are_compared_by_structure_and_by_bits() {
        check("[1.0, 2.0]", "[1.0, 2.0]", true, 0.0);
        check("[1.0]", "[1]", false, 0.0);
        check("[1]", "[2]", false, 0.0);
        check("[1.0]", "[1.0, 2.0]", false, 0.0);
        check(r#"["a"]"#, r#"["b"]"#, false, 0.0);
        check("[NaN]", "[NaN]", true, 0.0);
        check("[NaN]", "[1.0]", false, 0.0);
        check("[NaN, 1.0]", "[Infinity, 1.0]", true, f64::INFINITY);
        check("[0.0]", "[-0.0]", true, f64::MIN_POSITIVE);
        check("[2.0]", "[1.0]", true, 0.5);
    }
}
