//! Element-wise arithmetic with one parameter for each column, rounded as numpy rounds it.

use crate::error::Refusal;
use crate::skops::{Items, Node};
use crate::table::{Dense, Values};

/// One number for each column, kept in double precision; single-precision parameters are exact in it.
pub(super) fn parameters(node: &Node<'_>, columns: usize) -> Result<Vec<f64>, Refusal> {
    let values = match node.array()?.items {
        Items::F64(values) => values,
        Items::F32(values) => values.into_iter().map(f64::from).collect(),
        other => return Err(node.refuse(format!("is a {} array where floats are expected", other.kind()))),
    };
    if values.len() == columns {
        Ok(values)
    } else {
        Err(node.refuse(format!("has {} values for {columns} columns", values.len())))
    }
}

/// Applies `each(value, column)` in place. Single-precision values are computed in double and rounded once, which is
/// what numpy does with a double parameter and equal to single arithmetic with a single one.
pub(super) fn map(dense: &mut Dense<'_>, each: impl Fn(f64, usize) -> f64) {
    let columns = dense.columns.max(1);
    match &mut dense.values {
        Values::F64(values) => {
            for row in values.to_mut().chunks_exact_mut(columns) {
                for (column, value) in row.iter_mut().enumerate() {
                    *value = each(*value, column);
                }
            }
        }
        Values::F32(values) => {
            for row in values.to_mut().chunks_exact_mut(columns) {
                for (column, value) in row.iter_mut().enumerate() {
                    *value = each(f64::from(*value), column) as f32;
                }
            }
        }
        // Callers pass the result of `into_float`.
        Values::I64(_) | Values::Bool(_) => {}
    }
}

/// Whether the values are single precision.
pub(super) fn is_single(dense: &Dense<'_>) -> bool {
    matches!(dense.values, Values::F32(_))
}

pub(super) fn rounded_to_single(values: &[f64]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value as f32)).collect()
}
