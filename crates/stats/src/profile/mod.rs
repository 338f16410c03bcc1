//! What is remembered of a column: a window of captured requests, a training set, a file.
//!
//! A [`ColumnProfile`] takes values one by one in bounded memory, merges with those of other replicas, and travels as
//! bytes ([`codec`]). [`ColumnProfile::into_column`] makes of it a [`column::Column`], which is what comparisons take.
//!
//! How much is kept: up to `levels` distinct values are counted exactly, however many rows there are. Beyond that a
//! column keeps all values up to `sample` rows, and from there on a uniform sample of that many rows beside sketches of
//! all of them.

pub mod codec;
pub mod column;
pub mod dataset;
mod values;

use crate::sketch::moments::Moments;
use serde::{Deserialize, Serialize};
use values::{Values, cut};

/// Longer texts are cut: a level is a name, not a document.
pub const TEXT_BYTES_MAX: usize = 256;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Integer,
    Float,
    Boolean,
    Text,
    /// Moments in time: profiled, never compared, because time only moves on.
    Time,
}

impl Kind {
    pub fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Float | Self::Time)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Settings {
    /// Rows kept as they are, or drawn as a sample when there are more.
    pub sample: usize,
    /// Distinct values counted exactly.
    pub levels: usize,
    /// For the draw; replicas take different ones.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            sample: 10_000,
            levels: 1_000,
            seed: 0,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    Missing,
    Integer(i64),
    /// NaN is missing; infinities are counted and belong to no distribution.
    Float(f64),
    Boolean(bool),
    Text(&'a str),
    /// Milliseconds since 1970.
    Time(i64),
}

#[derive(Debug, Clone, PartialEq)]
pub struct ColumnProfile {
    settings: Settings,
    /// `None` until the first value that is not missing.
    kind: Option<Kind>,
    rows: u64,
    missing: u64,
    infinite: u64,
    mistyped: u64,
    moments: Moments,
    values: Values,
}

impl ColumnProfile {
    /// A column whose kind is that of its first value; integers become floats when a float comes.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            kind: None,
            rows: 0,
            missing: 0,
            infinite: 0,
            mistyped: 0,
            moments: Moments::default(),
            values: Values::Empty,
        }
    }

    /// A column of a known kind, such as the reference's: values of another kind count as type errors.
    pub fn of_kind(kind: Kind, settings: Settings) -> Self {
        Self {
            kind: Some(kind),
            values: Values::of(kind),
            ..Self::new(settings)
        }
    }

    pub fn kind(&self) -> Option<Kind> {
        self.kind
    }

    pub fn rows(&self) -> u64 {
        self.rows
    }

    pub fn push(&mut self, value: Value<'_>) {
        self.push_many(value, 1);
    }

    /// `count` rows of the same value, such as an entry of a dictionary.
    pub fn push_many(&mut self, value: Value<'_>, count: u64) {
        if count == 0 {
            return;
        }
        self.rows += count;
        match value {
            Value::Missing => self.missing += count,
            Value::Float(number) if number.is_nan() => self.missing += count,
            Value::Integer(number) => self.push_number(Kind::Integer, number as f64, count),
            Value::Float(number) => self.push_number(Kind::Float, number, count),
            Value::Time(number) => self.push_number(Kind::Time, number as f64, count),
            Value::Boolean(value) => self.push_level(Kind::Boolean, if value { "true" } else { "false" }, count),
            Value::Text(text) => self.push_level(Kind::Text, cut(text), count),
        }
    }

    /// Many numbers of one kind at once, faster than one by one. NaN is missing.
    pub fn extend(&mut self, kind: Kind, numbers: &[f64]) {
        self.rows += numbers.len() as u64;
        if !self.takes(kind, numbers.len() as u64) {
            return;
        }
        let finite: Vec<f64>;
        let finite = if numbers.iter().all(|number| number.is_finite()) {
            numbers
        } else {
            let nans = numbers.iter().filter(|number| number.is_nan()).count() as u64;
            let infinite = numbers.iter().filter(|number| number.is_infinite()).count() as u64;
            self.missing += nans;
            self.infinite += infinite;
            finite = numbers.iter().copied().filter(|number| number.is_finite()).collect();
            &finite
        };
        self.moments.merge(&Moments::of(finite));
        self.values.extend(finite, &self.settings);
    }

    /// Takes what `other` has seen, too. Kinds that do not go together leave `other`'s values as type errors.
    pub fn merge(&mut self, other: Self) {
        let Some(kind) = other.kind else {
            self.rows += other.rows;
            self.missing += other.missing;
            return;
        };
        let values = other.rows - other.missing - other.infinite - other.mistyped;
        self.rows += other.rows;
        self.missing += other.missing;
        self.mistyped += other.mistyped;
        if self.takes(kind, values + other.infinite) {
            self.infinite += other.infinite;
            self.moments.merge(&other.moments);
            self.values.merge(other.values, &self.settings);
        }
    }

    fn push_number(&mut self, kind: Kind, number: f64, count: u64) {
        if !self.takes(kind, count) {
            return;
        }
        if number.is_infinite() {
            self.infinite += count;
            return;
        }
        // One zero: negative zero is the same value.
        let number = number + 0.0;
        if count == 1 {
            self.moments.push(number);
        } else {
            self.moments.merge(&Moments {
                count,
                mean: number,
                squares: 0.0,
                min: number,
                max: number,
            });
        }
        self.values.push_number(number, count, &self.settings);
    }

    fn push_level(&mut self, kind: Kind, level: &str, count: u64) {
        if self.takes(kind, count) {
            self.values.push_level(level, count, &self.settings);
        }
    }

    /// Whether values of `kind` belong to this column; if not they are counted as type errors.
    fn takes(&mut self, kind: Kind, count: u64) -> bool {
        let fits = match (self.kind, kind) {
            (None, kind) => {
                self.kind = Some(kind);
                self.values = Values::of(kind);
                true
            }
            (Some(Kind::Float), Kind::Integer) => true,
            (Some(Kind::Integer), Kind::Float) => {
                self.kind = Some(Kind::Float);
                true
            }
            (Some(mine), theirs) => mine == theirs,
        };
        if !fits {
            self.mistyped += count;
        }
        fits
    }
}
