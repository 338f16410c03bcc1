//! Two tables compared column by column, and what to make of it.
//!
//! [`measure::column`] looks at one column and lets go of its values; [`judge::judge`] looks at all columns together,
//! because how surprising the least p-value of twenty is depends on there being twenty.

mod azure;
mod evidently;
pub mod judge;
pub mod levels;
pub mod measure;
pub mod nannyml;
pub mod power;
pub mod rule;
pub mod verdict;

use crate::profile::{column::Column, dataset::DatasetProfile};
use rule::Rule;
use verdict::Comparison;

/// Compares the columns that both tables have, and names those that one lacks.
pub fn datasets(rule: &Rule, reference: DatasetProfile, mut current: DatasetProfile) -> Comparison {
    let (reference_rows, current_rows) = (reference.rows(), current.rows());
    let mut measured = Vec::new();
    let mut missing_columns = Vec::new();
    for (name, column) in reference.columns {
        match current.columns.remove(&name) {
            Some(other) => measured.push(measure::column(
                rule,
                &name,
                &column.into_column(),
                &other.into_column(),
            )),
            None => missing_columns.push(name),
        }
    }
    let new_columns = current.columns.into_keys().collect();
    let mut comparison = judge::judge(rule, measured, reference_rows, current_rows);
    comparison.missing_columns = missing_columns;
    comparison.new_columns = new_columns;
    comparison
}

/// Compares named pairs of columns.
pub fn columns<'a>(rule: &Rule, pairs: impl IntoIterator<Item = (&'a str, &'a Column, &'a Column)>) -> Comparison {
    let (mut reference_rows, mut current_rows) = (0, 0);
    let measured = pairs
        .into_iter()
        .map(|(name, reference, current)| {
            reference_rows = reference_rows.max(reference.rows);
            current_rows = current_rows.max(current.rows);
            measure::column(rule, name, reference, current)
        })
        .collect();
    judge::judge(rule, measured, reference_rows, current_rows)
}
