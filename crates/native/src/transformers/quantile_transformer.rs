//! `QuantileTransformer` to a uniform distribution: the share of training rows below a value.

use super::Transformer;
use crate::error::{PredictError, Refusal};
use crate::estimators::{Inputs, interpolate};
use crate::skops::Object;
use crate::table::{Dense, NonFinite, Table, Values};

const NAME: &str = "QuantileTransformer";
const KNOWN: &[&str] = &[
    "copy",
    "ignore_implicit_zeros",
    "n_quantiles",
    "n_quantiles_",
    "output_distribution",
    "quantiles_",
    "random_state",
    "references_",
    "subsample",
];

struct QuantileTransformer {
    inputs: Inputs,
    columns: Vec<Quantiles>,
    references: Vec<f64>,
    references_backwards: Vec<f64>,
}

struct Quantiles {
    ascending: Vec<f64>,
    /// The same with the sign changed, from the other end.
    backwards: Vec<f64>,
}

pub(super) fn read(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    object.expect_only(KNOWN)?;
    let inputs = Inputs::read(object)?;
    let distribution = object.get("output_distribution")?;
    if distribution.text()? != "uniform" {
        return Err(distribution.refuse(format!(
            "is {:?}, whose quantiles are not computed natively",
            distribution.text()?
        )));
    }
    let node = object.get("quantiles_")?;
    let (count, columns, quantiles) = node.matrix()?;
    let references = object.get("references_")?.doubles()?.1;
    if columns != inputs.count || count != references.len() || count == 0 || columns == 0 {
        return Err(node.refuse(format!("has {count} rows of {columns} columns")));
    }
    let column = |column: usize| -> Vec<f64> { quantiles.iter().skip(column).step_by(columns).copied().collect() };
    let columns: Vec<Quantiles> = (0..columns)
        .map(|at| {
            let ascending = column(at);
            Quantiles {
                backwards: ascending.iter().rev().map(|value| -value).collect(),
                ascending,
            }
        })
        .collect();
    if columns.iter().any(|column| !column.ascending.is_sorted()) || !references.is_sorted() {
        return Err(node.refuse("is not in ascending order"));
    }
    Ok(Box::new(QuantileTransformer {
        inputs,
        columns,
        references_backwards: references.iter().rev().map(|value| -value).collect(),
        references,
    }))
}

impl QuantileTransformer {
    fn at(&self, x: f64, column: &Quantiles) -> f64 {
        if x.is_nan() {
            return x;
        }
        // The lower bound comes last and so has precedence.
        if x == column.ascending[0] {
            return 0.0;
        }
        if x == column.ascending[column.ascending.len() - 1] {
            return 1.0;
        }
        let up = interpolate(x, &column.ascending, &self.references);
        let down = interpolate(-x, &column.backwards, &self.references_backwards);
        0.5 * (up - down)
    }
}

impl Transformer for QuantileTransformer {
    fn describe(&self) -> String {
        NAME.to_owned()
    }

    fn inputs(&self) -> Inputs {
        self.inputs.clone()
    }

    fn origins(&self) -> Option<Vec<usize>> {
        Some((0..self.inputs.count).collect())
    }

    fn transform<'a>(&self, table: Table<'a>) -> Result<Table<'a>, PredictError> {
        self.inputs.check(&table)?;
        if table.is_sparse() {
            return Err(PredictError::Sparse(NAME));
        }
        let dense = table.into_dense()?.into_float();
        dense.check_finite(NonFinite::NanTaken, NAME)?;
        if matches!(dense.values, Values::F32(_)) {
            return Err(PredictError::SinglePrecision(NAME));
        }
        let (rows, columns) = (dense.rows, dense.columns);
        let mut values = dense.into_f64();
        for row in values.chunks_exact_mut(columns) {
            for (value, column) in row.iter_mut().zip(&self.columns) {
                *value = self.at(*value, column);
            }
        }
        Ok(Table::Dense(Dense::from_f64(rows, columns, values)))
    }
}
