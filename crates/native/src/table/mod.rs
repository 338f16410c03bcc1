//! What flows between the steps of a model: a data frame with a dtype for each column, or a dense array with one.
//!
//! Rounding depends on how Python would have converted the one to the other, so the rules of pandas and numpy are
//! written down here and nowhere else.

mod dense;
mod dtype;

use std::borrow::Cow;

pub(crate) use dense::{Dense, NonFinite, Values, check_finite_f32};
use dtype::Dtype;

use crate::error::PredictError;
use crate::rows::{Column, Rows};

pub(crate) enum Table<'a> {
    Frame(Frame<'a>),
    Dense(Dense<'a>),
}

/// Columns of their own dtypes; an array of text is a frame without names.
pub(crate) struct Frame<'a> {
    pub(crate) names: Option<Vec<&'a str>>,
    pub(crate) columns: Vec<Cow<'a, Column>>,
    pub(crate) rows: usize,
}

impl<'a> Table<'a> {
    pub(crate) fn from_rows(rows: &'a Rows) -> Self {
        Self::Frame(Frame {
            names: rows.names().map(|names| names.iter().map(String::as_str).collect()),
            columns: rows.columns().iter().map(Cow::Borrowed).collect(),
            rows: rows.count(),
        })
    }

    /// The same table once more, for another estimator of an ensemble.
    pub(crate) fn by_ref(&self) -> Table<'_> {
        match self {
            Self::Frame(frame) => Table::Frame(Frame {
                names: frame.names.clone(),
                columns: frame.columns.iter().map(|column| Cow::Borrowed(&**column)).collect(),
                rows: frame.rows,
            }),
            Self::Dense(dense) => Table::Dense(dense.by_ref()),
        }
    }

    pub(crate) fn rows(&self) -> usize {
        match self {
            Self::Frame(frame) => frame.rows,
            Self::Dense(dense) => dense.rows,
        }
    }

    pub(crate) fn columns(&self) -> usize {
        match self {
            Self::Frame(frame) => frame.columns.len(),
            Self::Dense(dense) => dense.columns,
        }
    }

    pub(crate) fn is_sparse(&self) -> bool {
        matches!(self, Self::Dense(dense) if dense.is_sparse)
    }

    pub(crate) fn names(&self) -> Option<&[&'a str]> {
        match self {
            Self::Frame(frame) => frame.names.as_deref(),
            Self::Dense(_) => None,
        }
    }

    /// How messages call a column.
    pub(crate) fn column_label(&self, column: usize) -> String {
        label(self.names(), column)
    }

    pub(crate) fn column(&self, column: usize) -> Cow<'_, Column> {
        match self {
            Self::Frame(frame) => Cow::Borrowed(&frame.columns[column]),
            Self::Dense(dense) => Cow::Owned(dense.column(column)),
        }
    }

    /// The columns at these positions, in this order.
    pub(crate) fn select(&self, positions: &[usize]) -> Table<'a>
    where
        Self: 'a,
    {
        match self {
            Self::Frame(frame) => Table::Frame(Frame {
                names: frame
                    .names
                    .as_ref()
                    .map(|names| positions.iter().map(|&at| names[at]).collect()),
                columns: positions.iter().map(|&at| frame.columns[at].clone()).collect(),
                rows: frame.rows,
            }),
            Self::Dense(dense) => Table::Dense(dense.select(positions)),
        }
    }

    /// One array of all columns, with the dtype that Python would give it.
    pub(crate) fn into_dense(self) -> Result<Dense<'a>, PredictError> {
        let frame = match self {
            Self::Dense(dense) => return Ok(dense),
            Self::Frame(frame) => frame,
        };
        let dtype = Dtype::of_frame(frame.columns.iter().map(AsRef::as_ref));
        let values = match dtype {
            Dtype::Text => return Err(frame.text_refused()),
            Dtype::Bool => Values::Bool(gather(&frame, boolean_at)),
            Dtype::F64 => Values::F64(Cow::Owned(gather(&frame, float64_at))),
            Dtype::F32 => Values::F32(Cow::Owned(gather(&frame, float32_at))),
            Dtype::I64 => Values::I64(gather(&frame, integer_at)),
        };
        Ok(Dense::new(frame.rows, frame.columns.len(), values))
    }
}

impl Frame<'_> {
    fn text_refused(&self) -> PredictError {
        let is_text = |column: &Cow<'_, Column>| matches!(**column, Column::Text(_) | Column::Object(_));
        let column = self.columns.iter().position(is_text).unwrap_or_default();
        PredictError::TextColumn(label(self.names.as_deref(), column))
    }
}

fn label(names: Option<&[&str]>, column: usize) -> String {
    match names.and_then(|names| names.get(column)) {
        Some(name) => format!("`{name}`"),
        None => column.to_string(),
    }
}

/// Row-major values of every column; `at` is only called with the dtypes that have led to its own.
fn gather<T: Copy + Default>(frame: &Frame<'_>, at: impl Fn(&Column, usize) -> T) -> Vec<T> {
    let width = frame.columns.len();
    let mut values = vec![T::default(); frame.rows * width];
    for (position, column) in frame.columns.iter().enumerate() {
        for row in 0..frame.rows {
            values[row * width + position] = at(column, row);
        }
    }
    values
}

fn float64_at(column: &Column, row: usize) -> f64 {
    match column {
        Column::F64(values) => values[row],
        Column::F32(values) => f64::from(values[row]),
        Column::I64(values) => values[row] as f64,
        Column::I32(values) => f64::from(values[row]),
        Column::Bool(values) => f64::from(u8::from(values[row])),
        Column::Text(_) | Column::Object(_) => f64::NAN,
    }
}

fn float32_at(column: &Column, row: usize) -> f32 {
    match column {
        Column::F32(values) => values[row],
        _ => f32::NAN,
    }
}

fn boolean_at(column: &Column, row: usize) -> bool {
    matches!(column, Column::Bool(values) if values[row])
}

fn integer_at(column: &Column, row: usize) -> i64 {
    match column {
        Column::I64(values) => values[row],
        Column::I32(values) => i64::from(values[row]),
        _ => 0,
    }
}
