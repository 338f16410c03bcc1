//! What goes in and what comes out: columns of equal length, and a vector or matrix of answers.

use crate::error::PredictError;

/// One column of input. The variant is the dtype that Python would have seen, because dtypes decide rounding.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    F64(Vec<f64>),
    F32(Vec<f32>),
    I64(Vec<i64>),
    I32(Vec<i32>),
    Bool(Vec<bool>),
    /// Text whose missing values are `NaN`, as in pandas' `str` columns and in object columns read from CSV.
    Text(Vec<Option<String>>),
    /// Text whose missing values are Python's `None`. Imputers leave those alone and encoders tell them from `NaN`.
    Object(Vec<Option<String>>),
}

impl Column {
    pub fn len(&self) -> usize {
        match self {
            Self::F64(values) => values.len(),
            Self::F32(values) => values.len(),
            Self::I64(values) => values.len(),
            Self::I32(values) => values.len(),
            Self::Bool(values) => values.len(),
            Self::Text(values) | Self::Object(values) => values.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A data frame when its columns are named, an array when they are not.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    names: Option<Vec<String>>,
    columns: Vec<Column>,
    count: usize,
}

impl Rows {
    pub fn new(names: Option<Vec<String>>, columns: Vec<Column>) -> Result<Self, PredictError> {
        if let Some(names) = &names
            && names.len() != columns.len()
        {
            return Err(PredictError::NameCount {
                names: names.len(),
                columns: columns.len(),
            });
        }
        let count = columns.first().map_or(0, Column::len);
        if let Some(column) = columns.iter().position(|column| column.len() != count) {
            return Err(PredictError::Ragged {
                column,
                expected: count,
                found: columns[column].len(),
            });
        }
        Ok(Self { names, columns, count })
    }

    pub fn names(&self) -> Option<&[String]> {
        self.names.as_deref()
    }

    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    pub fn count(&self) -> usize {
        self.count
    }
}

/// The model's answers, one row of values or one label for each row of input.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Row by row; `columns` is 1 for a plain vector, otherwise the width of a matrix.
    F64 {
        values: Vec<f64>,
        columns: usize,
    },
    /// A matrix of one column.
    Column(Vec<f64>),
    I64(Vec<i64>),
    Bool(Vec<bool>),
    Text(Vec<String>),
    /// The labels of several outputs: a vector for each, all of one kind and length.
    Labels(Vec<Output>),
}

impl Output {
    /// The answers for several outputs side by side; `None` if they do not go together.
    pub(crate) fn beside(outputs: Vec<Self>) -> Option<Self> {
        let kind = std::mem::discriminant(outputs.first()?);
        if outputs.iter().any(|output| std::mem::discriminant(output) != kind) {
            return None;
        }
        let mut columns = Vec::with_capacity(outputs.len());
        for output in &outputs {
            match output {
                Self::F64 { values, columns: 1 } => columns.push(values),
                Self::F64 { .. } | Self::Column(_) | Self::Labels(_) => return None,
                _ => return Some(Self::Labels(outputs)),
            }
        }
        let rows = columns.first()?.len();
        if columns.iter().any(|column| column.len() != rows) {
            return None;
        }
        let row = |row: usize| columns.iter().map(move |column| column[row]);
        Some(Self::F64 {
            values: (0..rows).flat_map(row).collect(),
            columns: columns.len(),
        })
    }
}
