//! The table a model is given: columns of one type each, after MLflow's coercion rules have been applied.
//!
//! Deliberately lighter than Arrow: building one for a single row is a handful of allocations. It becomes Arrow only
//! on its way to the Python worker.

use std::ops::Range;

/// How Python sees the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// A pandas `DataFrame`; the columns have names.
    Table,
    /// A `DataFrame` whose columns are numbered.
    NumberedTable,
    /// A two-dimensional numpy array; all columns have one type.
    Matrix,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ColumnData {
    Boolean(Vec<bool>),
    Integer(Vec<i32>),
    Long(Vec<i64>),
    Float(Vec<f32>),
    Double(Vec<f64>),
    Text(Vec<Option<String>>),
    /// Nanoseconds since the epoch.
    Datetime(Vec<Option<i64>>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Empty in numbered layouts.
    pub name: String,
    pub data: ColumnData,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    pub layout: Layout,
    pub rows: usize,
    pub columns: Vec<Column>,
}

impl ColumnData {
    pub fn len(&self) -> usize {
        match self {
            Self::Boolean(values) => values.len(),
            Self::Integer(values) => values.len(),
            Self::Long(values) => values.len(),
            Self::Float(values) => values.len(),
            Self::Double(values) => values.len(),
            Self::Text(values) => values.len(),
            Self::Datetime(values) => values.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn same_type(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    fn append(&mut self, other: &Self) {
        match (self, other) {
            (Self::Boolean(all), Self::Boolean(more)) => all.extend_from_slice(more),
            (Self::Integer(all), Self::Integer(more)) => all.extend_from_slice(more),
            (Self::Long(all), Self::Long(more)) => all.extend_from_slice(more),
            (Self::Float(all), Self::Float(more)) => all.extend_from_slice(more),
            (Self::Double(all), Self::Double(more)) => all.extend_from_slice(more),
            (Self::Text(all), Self::Text(more)) => all.extend_from_slice(more),
            (Self::Datetime(all), Self::Datetime(more)) => all.extend_from_slice(more),
            _ => unreachable!("only frames with `same_columns` are put together"),
        }
    }
}

impl Frame {
    /// Whether rows of both may travel in one batch.
    ///
    /// A text column without any text is an `object` column in pandas and a `str` column otherwise, so such frames
    /// are kept apart: a neighbour must not change what a model sees.
    pub fn same_columns(&self, other: &Self) -> bool {
        self.layout == other.layout
            && self.columns.len() == other.columns.len()
            && self
                .columns
                .iter()
                .zip(&other.columns)
                .all(|(a, b)| a.name == b.name && a.data.same_type(&b.data) && a.data.has_text() == b.data.has_text())
    }

    /// One frame with the rows of all, in order. All must have the same columns.
    pub fn concat<'a>(first: &Frame, rest: impl Iterator<Item = &'a Frame>) -> Frame {
        let mut all = first.clone();
        for frame in rest {
            all.rows += frame.rows;
            for (column, more) in all.columns.iter_mut().zip(&frame.columns) {
                column.data.append(&more.data);
            }
        }
        all
    }
}

impl Frame {
    /// Some of the rows, as a frame of their own.
    pub(crate) fn slice(&self, rows: Range<usize>) -> Frame {
        let column = |column: &Column| Column {
            name: column.name.clone(),
            data: column.data.slice(rows.clone()),
        };
        Frame {
            layout: self.layout,
            rows: rows.len(),
            columns: self.columns.iter().map(column).collect(),
        }
    }
}

impl ColumnData {
    fn slice(&self, rows: Range<usize>) -> Self {
        match self {
            Self::Boolean(values) => Self::Boolean(values[rows].to_vec()),
            Self::Integer(values) => Self::Integer(values[rows].to_vec()),
            Self::Long(values) => Self::Long(values[rows].to_vec()),
            Self::Float(values) => Self::Float(values[rows].to_vec()),
            Self::Double(values) => Self::Double(values[rows].to_vec()),
            Self::Text(values) => Self::Text(values[rows].to_vec()),
            Self::Datetime(values) => Self::Datetime(values[rows].to_vec()),
        }
    }

    fn has_text(&self) -> bool {
        matches!(self, Self::Text(values) if values.iter().any(Option::is_some))
    }
}
