//! A finished column: its values in the form that comparisons read.

use super::{ColumnProfile, Kind, values::Values};
use crate::{ecdf::Ecdf, sketch::moments::Moments, sort};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// `None` when all values are missing.
    pub kind: Option<Kind>,
    pub rows: u64,
    pub missing: u64,
    pub infinite: u64,
    pub mistyped: u64,
    /// Of all finite numbers, sampled or not.
    pub moments: Moments,
    pub data: Data,
    /// Rows that `data` was drawn from; equal to those in it unless it is a sample.
    pub valid: u64,
    /// An estimate once values are sampled.
    pub distinct: u64,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// Ascending finite numbers.
    Sorted(Vec<f64>),
    /// Ascending distinct numbers with their counts.
    Counted(Vec<(f64, u64)>),
    /// Levels with their counts, the most frequent first.
    Levels(Vec<(Box<str>, u64)>),
}

/// What a report shows of a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    pub kind: Option<Kind>,
    pub rows: u64,
    pub missing: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub infinite: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub type_errors: u64,
    pub distinct: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standard_deviation: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub median: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde calls")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Column {
    /// A column of the given finite numbers.
    pub fn of_numbers(kind: Kind, numbers: &[f64]) -> Self {
        let mut profile = ColumnProfile::of_kind(
            kind,
            super::Settings {
                sample: numbers.len(),
                levels: 1_000,
                seed: 0,
            },
        );
        profile.extend(kind, numbers);
        profile.into_column()
    }

    /// A column of the given levels.
    pub fn of_levels(levels: &[(&str, u64)]) -> Self {
        let mut profile = ColumnProfile::of_kind(
            Kind::Text,
            super::Settings {
                levels: levels.len(),
                ..super::Settings::default()
            },
        );
        for &(level, count) in levels {
            profile.push_many(super::Value::Text(level), count);
        }
        profile.into_column()
    }

    /// Rows in `data`.
    pub fn kept(&self) -> u64 {
        match &self.data {
            Data::Sorted(values) => values.len() as u64,
            Data::Counted(runs) => runs.iter().map(|run| run.1).sum(),
            Data::Levels(levels) => levels.iter().map(|level| level.1).sum(),
        }
    }

    /// Whether `data` is a draw of a part of the rows.
    pub fn is_sampled(&self) -> bool {
        self.kept() < self.valid
    }

    /// The numbers, if it is a column of numbers.
    pub fn numbers(&self) -> Option<Ecdf<'_>> {
        match &self.data {
            Data::Sorted(values) => Some(Ecdf::Sorted(values)),
            Data::Counted(runs) => Some(Ecdf::Counted(runs)),
            Data::Levels(_) => None,
        }
    }

    /// The levels with their counts; numbers become texts.
    pub fn levels(&self) -> HashMap<Box<str>, u64> {
        match &self.data {
            Data::Levels(levels) => levels.iter().cloned().collect(),
            Data::Counted(runs) => runs
                .iter()
                .map(|&(value, count)| (value.to_string().into_boxed_str(), count))
                .collect(),
            Data::Sorted(values) => {
                let mut levels = HashMap::new();
                for value in values {
                    *levels.entry(value.to_string().into_boxed_str()).or_default() += 1;
                }
                levels
            }
        }
    }

    pub fn summary(&self) -> Summary {
        let has_numbers = self.moments.count > 0;
        let number = |value: f64| has_numbers.then_some(value);
        Summary {
            kind: self.kind,
            rows: self.rows,
            missing: self.missing,
            infinite: self.infinite,
            type_errors: self.mistyped,
            distinct: self.distinct,
            mean: number(self.moments.mean),
            standard_deviation: number(self.moments.deviation()),
            min: number(self.moments.min),
            median: self
                .numbers()
                .filter(|numbers| !numbers.is_empty())
                .map(|numbers| numbers.quantiles(&[0.5])[0]),
            max: number(self.moments.max),
        }
    }
}

impl ColumnProfile {
    /// Sorts what was kept, for comparisons.
    pub fn into_column(self) -> Column {
        let valid = self.rows - self.missing - self.infinite - self.mistyped;
        let (data, distinct) = match self.values {
            Values::Empty => (Data::Levels(Vec::new()), 0),
            Values::CountedNumbers(counts) => {
                let mut runs: Vec<(f64, u64)> = counts
                    .into_iter()
                    .map(|(bits, count)| (f64::from_bits(bits), count))
                    .collect();
                runs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
                let distinct = runs.len() as u64;
                (Data::Counted(runs), distinct)
            }
            Values::Numbers(numbers) => {
                let estimate = numbers
                    .sketches
                    .as_ref()
                    .map(|(_, distinct)| distinct.estimate().round() as u64);
                let mut values = numbers.sample.into_values();
                sort::ascending(&mut values);
                let distinct = estimate.unwrap_or_else(|| Ecdf::Sorted(&values).distinct_up_to(usize::MAX) as u64);
                (Data::Sorted(values), distinct)
            }
            Values::CountedTexts(counts) => {
                let distinct = counts.len() as u64;
                (Data::Levels(by_frequency(counts)), distinct)
            }
            Values::Texts(texts) => {
                let estimate = (!texts.sample.is_whole()).then(|| texts.distinct.estimate().round() as u64);
                let mut counts: HashMap<Box<str>, u64> = HashMap::new();
                for level in texts.sample.into_values() {
                    *counts.entry(level).or_default() += 1;
                }
                let distinct = estimate.unwrap_or(counts.len() as u64);
                (Data::Levels(by_frequency(counts)), distinct)
            }
        };
        Column {
            kind: self.kind,
            rows: self.rows,
            missing: self.missing,
            infinite: self.infinite,
            mistyped: self.mistyped,
            moments: self.moments,
            data,
            valid,
            distinct,
        }
    }
}

fn by_frequency(counts: HashMap<Box<str>, u64>) -> Vec<(Box<str>, u64)> {
    let mut levels: Vec<_> = counts.into_iter().collect();
    levels.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    levels
}
