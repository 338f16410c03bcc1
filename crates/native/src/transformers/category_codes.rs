//! From values to the numbers of their categories, for both encoders.

use std::collections::HashMap;

use crate::error::{PredictError, Refusal};
use crate::rows::Column;
use crate::skops::{Items, Node, Scalar};
use crate::table::Table;

/// The categories of one column, numbered in the order of training.
pub(super) enum CategoryCodes {
    Texts {
        numbers: HashMap<String, usize>,
        /// The number of NaN, if training saw it.
        nan: Option<usize>,
        /// The number of None, if training saw it.
        none: Option<usize>,
    },
    /// Ascending. Booleans are 0 and 1, to which Python too finds them equal.
    Integers(Vec<i64>),
    /// Ascending; NaN, if training saw it, is last.
    Floats(Vec<f64>),
}

impl CategoryCodes {
    /// Reads `categories_`.
    pub(super) fn read_all(node: &Node<'_>, columns: usize) -> Result<Vec<Self>, Refusal> {
        let all: Vec<Self> = node.items()?.iter().map(Self::read).collect::<Result<_, _>>()?;
        if all.len() == columns {
            Ok(all)
        } else {
            Err(node.refuse(format!("has {} lists for {columns} columns", all.len())))
        }
    }

    fn read(node: &Node<'_>) -> Result<Self, Refusal> {
        if !node.is_array() {
            let items = node.items()?;
            let scalars = items.iter().map(Node::scalar).collect::<Result<Vec<_>, _>>()?;
            return Self::from_objects(&scalars).map_err(|reason| node.refuse(reason));
        }
        match booleans_as_integers(node.array()?.items) {
            Items::I64(values) if values.is_sorted_by(|left, right| left < right) => Ok(Self::Integers(values)),
            Items::F64(values) if values.is_sorted_by(|left, right| left < right || right.is_nan()) => {
                Ok(Self::Floats(values))
            }
            Items::I64(_) | Items::F64(_) => Err(node.refuse("is not in ascending order")),
            Items::Text(values) => {
                let scalars: Vec<Scalar> = values.into_iter().map(Scalar::Text).collect();
                Self::from_objects(&scalars).map_err(|reason| node.refuse(reason))
            }
            other => Err(node.refuse(format!("holds {} categories, which are not evaluated", other.kind()))),
        }
    }

    fn from_objects(scalars: &[Scalar]) -> Result<Self, &'static str> {
        if !scalars.is_empty() && scalars.iter().all(|scalar| matches!(scalar, Scalar::Bool(_))) {
            return match scalars
                .iter()
                .map(|scalar| i64::from(*scalar == Scalar::Bool(true)))
                .collect::<Vec<_>>()
            {
                values if values.is_sorted_by(|left, right| left < right) => Ok(Self::Integers(values)),
                _ => Err("is not in ascending order"),
            };
        }
        let mut numbers = HashMap::with_capacity(scalars.len());
        let (mut nan, mut none) = (None, None);
        for (number, scalar) in scalars.iter().enumerate() {
            let earlier = match scalar {
                Scalar::Text(text) => numbers.insert(text.clone(), number),
                Scalar::Float(value) if value.is_nan() => nan.replace(number),
                Scalar::None => none.replace(number),
                _ => return Err("mixes text with other categories, which is not evaluated"),
            };
            if earlier.is_some() {
                return Err("has a category twice");
            }
        }
        Ok(Self::Texts { numbers, nan, none })
    }

    pub(super) fn count(&self) -> usize {
        match self {
            Self::Texts { numbers, nan, none } => {
                numbers.len() + usize::from(nan.is_some()) + usize::from(none.is_some())
            }
            Self::Integers(values) => values.len(),
            Self::Floats(values) => values.len(),
        }
    }

    /// The number of NaN, if it is a category.
    pub(super) fn nan(&self) -> Option<usize> {
        match self {
            Self::Texts { nan, .. } => *nan,
            Self::Floats(values) => values.last().filter(|value| value.is_nan()).map(|_| values.len() - 1),
            Self::Integers(_) => None,
        }
    }

    /// Calls `each(row, number)` for every row of a column; the number is `None` where the category is unknown.
    pub(super) fn for_each(
        &self,
        table: &Table<'_>,
        column: usize,
        estimator: &'static str,
        mut each: impl FnMut(usize, Option<usize>) -> Result<(), PredictError>,
    ) -> Result<(), PredictError> {
        let values = table.column(column);
        for row in 0..table.rows() {
            let number = match (self, &*values) {
                (Self::Texts { numbers, nan, .. }, Column::Text(values)) => {
                    values[row].as_ref().map_or(*nan, |text| numbers.get(text).copied())
                }
                (Self::Texts { numbers, none, .. }, Column::Object(values)) => {
                    values[row].as_ref().map_or(*none, |text| numbers.get(text).copied())
                }
                (Self::Texts { .. }, _) | (_, Column::Text(_) | Column::Object(_)) => {
                    return Err(PredictError::CategoryType(table.column_label(column)));
                }
                (Self::Integers(known), Column::I64(values)) => known.binary_search(&values[row]).ok(),
                (Self::Integers(known), Column::I32(values)) => known.binary_search(&i64::from(values[row])).ok(),
                (_, Column::I64(values)) => self.number_of_float(values[row] as f64),
                (_, Column::I32(values)) => self.number_of_float(f64::from(values[row])),
                (_, Column::Bool(values)) => self.number_of_float(f64::from(u8::from(values[row]))),
                (_, Column::F32(values)) => self.number_of_float(finite(f64::from(values[row]), 32, estimator)?),
                (_, Column::F64(values)) => self.number_of_float(finite(values[row], 64, estimator)?),
            };
            each(row, number)?;
        }
        Ok(())
    }

    fn number_of_float(&self, value: f64) -> Option<usize> {
        match self {
            Self::Floats(known) if value.is_nan() => known.last().filter(|last| last.is_nan()).map(|_| known.len() - 1),
            Self::Floats(known) => {
                let at = known.partition_point(|category| *category < value);
                known.get(at).filter(|category| **category == value).map(|_| at)
            }
            Self::Integers(known) => {
                let at = known.partition_point(|category| (*category as f64) < value);
                known.get(at).filter(|category| **category as f64 == value).map(|_| at)
            }
            Self::Texts { .. } => None,
        }
    }
}

fn booleans_as_integers(items: Items) -> Items {
    match items {
        Items::Bool(values) => Items::I64(values.into_iter().map(i64::from).collect()),
        items => items,
    }
}

fn finite(value: f64, bits: u8, estimator: &'static str) -> Result<f64, PredictError> {
    if value.is_infinite() {
        Err(PredictError::Infinite { estimator, bits })
    } else {
        Ok(value)
    }
}

/// The error for a category that training never saw.
pub(super) fn unknown(table: &Table<'_>, column: usize, row: usize) -> PredictError {
    let value = match &*table.column(column) {
        Column::F64(values) => values[row].to_string(),
        Column::F32(values) => values[row].to_string(),
        Column::I64(values) => values[row].to_string(),
        Column::I32(values) => values[row].to_string(),
        Column::Bool(values) => values[row].to_string(),
        Column::Text(values) => values[row].clone().unwrap_or_else(|| "nan".to_owned()),
        Column::Object(values) => values[row].clone().unwrap_or_else(|| "None".to_owned()),
    };
    PredictError::UnknownCategory {
        column: table.column_label(column),
        value,
    }
}
