//! What a comparison says, in the shape of the API and of reports.

use super::rule::{Metric, Profile};
use crate::profile::{Kind, column::Summary};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    pub profile: Profile,
    pub reference_rows: u64,
    pub current_rows: u64,
    /// Whether the table has drifted: any column has, or as many as the profile's rule asks for.
    pub drifted: bool,
    pub compared_columns: usize,
    pub drifted_columns: usize,
    /// Columns with a significant difference too small to matter.
    pub immaterial_columns: usize,
    pub insufficient_columns: usize,
    /// The chance that `drifted` is said of a table that has not drifted, at most. `None` for rules that promise nothing.
    pub false_alarm_rate: Option<f64>,
    pub columns: Vec<ColumnVerdict>,
    /// Columns of the reference that the current data lack.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_columns: Vec<String>,
    /// Columns of the current data that the reference lacks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub new_columns: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Drift,
    /// A difference that is no chance, and too small to matter.
    ImmaterialChange,
    NoDrift,
    /// Too few rows to judge.
    InsufficientData,
    NotCompared,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            Self::Drift => "drift",
            Self::ImmaterialChange => "immaterial_change",
            Self::NoDrift => "no_drift",
            Self::InsufficientData => "insufficient_data",
            Self::NotCompared => "not_compared",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnVerdict {
    pub column: String,
    pub state: State,
    /// A sentence that says why.
    pub reason: String,
    /// How large the difference is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// How surprising it would be if nothing had drifted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub significance: Option<Significance>,
    /// The chance of saying drift of this column when nothing has drifted, at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub false_alarm_rate: Option<f64>,
    /// The smallest change that these rows would have shown four times in five.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smallest_detectable_shift: Option<Detectable>,
    /// All measures of the difference, whether they decide or not.
    pub measures: BTreeMap<Metric, f64>,
    pub reference: Summary,
    pub current: Summary,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distribution: Option<Distribution>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    pub metric: Metric,
    pub value: f64,
    pub threshold: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Significance {
    pub test: Metric,
    pub statistic: f64,
    pub p_value: f64,
    /// Adjusted for the number of columns (Benjamini-Hochberg); significant when at most the false discovery rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adjusted_p_value: Option<f64>,
    /// Rows that the test saw.
    pub reference_rows: u64,
    pub current_rows: u64,
    /// Whether those rows are a uniform sample of more.
    pub is_sampled: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Detectable {
    pub value: f64,
    pub unit: ShiftUnit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShiftUnit {
    /// All values move by this many standard deviations of the reference.
    StandardDeviations,
    /// This share of all rows moves from the most frequent category to the next.
    ShareOfRows,
}

/// Both sides over the same bins or categories, as shares of the valid rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    pub bins: Bins,
    pub reference: Vec<f64>,
    pub current: Vec<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bins {
    /// One more edge than there are bins; values outside count for the first and the last bin.
    Edges(Vec<f64>),
    Levels(Vec<String>),
}

/// A column before all columns are judged together.
#[derive(Debug, Clone)]
pub struct Measured {
    pub verdict: ColumnVerdict,
    pub kind: Option<Kind>,
    /// The chance that the effect reaches its threshold when nothing has drifted.
    pub chance_effect: f64,
    /// What the smallest detectable shift is computed from, which depends on the number of columns.
    pub power: super::power::Basis,
}
