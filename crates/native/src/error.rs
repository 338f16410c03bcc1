//! What can go wrong: a file that is not read ([`Refusal`]) and rows that are not scored ([`PredictError`]).

use thiserror::Error;

/// Why a model file is not evaluated natively. The model may still be perfectly good in Python.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{subject}: {reason}")]
pub struct Refusal {
    /// The place in the file, class or parameter that was refused, such as `model.steps[1].kernel`.
    pub subject: String,
    /// What is wrong with it, as a sentence without a full stop.
    pub reason: String,
}

impl Refusal {
    pub(crate) fn new(subject: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            reason: reason.into(),
        }
    }
}

/// Why rows were not scored. Python nearly always raises too; where a caller can ask it, its word is the last.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PredictError {
    #[error("there are no rows to score")]
    NoRows,
    #[error("column {column} has {found} values where the first column has {expected}")]
    Ragged {
        column: usize,
        expected: usize,
        found: usize,
    },
    #[error("{names} names were given for {columns} columns")]
    NameCount { names: usize, columns: usize },
    #[error("the model takes {expected} columns and was given {found}")]
    ColumnCount { expected: usize, found: usize },
    #[error(
        "the columns must be those of training and in its order: column {position} should be `{expected}`, not `{found}`"
    )]
    ColumnName {
        position: usize,
        expected: String,
        found: String,
    },
    #[error("column `{0}` is missing")]
    ColumnMissing(String),
    #[error("column {0} holds text where the model takes numbers")]
    TextColumn(String),
    #[error("column {0} holds numbers where the model knows text categories, or the other way round")]
    CategoryType(String),
    #[error("column {column} holds `{value}`, a category that training never saw")]
    UnknownCategory { column: String, value: String },
    #[error("input contains NaN, which {0} does not take")]
    NotANumber(&'static str),
    #[error("input contains infinity or a value too large for float{bits}, which {estimator} does not take")]
    Infinite { estimator: &'static str, bits: u8 },
    #[error("{0} has no predict_proba")]
    NoProbability(&'static str),
    #[error("a model inside the model gives no numbers to go on with")]
    NoNumbers,
    #[error("{0} was trained on dense data and takes no sparse data")]
    Sparse(&'static str),
    #[error("{0} of single-precision input is not evaluated natively: its sums depend on the processor")]
    SinglePrecision(&'static str),
    #[error("{estimator} takes no {what}")]
    Value {
        estimator: &'static str,
        what: &'static str,
    },
}
