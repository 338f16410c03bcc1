//! `MissingIndicator`: a column of booleans for each column that may be missing.

use super::Transformer;
use super::simple_imputer::{INDICATOR_KNOWN, indicated};
use crate::error::{PredictError, Refusal};
use crate::estimators::Inputs;
use crate::rows::Column;
use crate::skops::{Object, Scalar};
use crate::table::{Dense, Table, Values};

const NAME: &str = "MissingIndicator";

struct MissingIndicator {
    inputs: Inputs,
    columns: Vec<usize>,
    /// Missing values in other columns are an error.
    strict: bool,
    is_sparse: bool,
}

pub(super) fn read(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    object.expect_only(INDICATOR_KNOWN)?;
    let inputs = Inputs::read(object)?;
    let missing = object.get("missing_values")?;
    if !matches!(missing.scalar()?, Scalar::Float(value) if value.is_nan()) {
        return Err(missing.refuse("is not NaN, which is the only one evaluated"));
    }
    let only_missing = object.get("features")?.text()? == "missing-only";
    let is_sparse = match object.get("sparse")?.scalar()? {
        Scalar::Bool(sparse) => sparse,
        // "auto" follows the input, which is dense where this step is used.
        _ => false,
    };
    Ok(Box::new(MissingIndicator {
        columns: indicated(object, inputs.count)?,
        strict: only_missing && object.get("error_on_new")?.boolean()?,
        inputs,
        is_sparse,
    }))
}

impl Transformer for MissingIndicator {
    fn describe(&self) -> String {
        NAME.to_owned()
    }

    fn inputs(&self) -> Inputs {
        self.inputs.clone()
    }

    fn origins(&self) -> Option<Vec<usize>> {
        Some(self.columns.clone())
    }

    fn transform<'a>(&self, table: Table<'a>) -> Result<Table<'a>, PredictError> {
        self.inputs.check(&table)?;
        let rows = table.rows();
        let missing: Vec<Vec<bool>> = (0..table.columns()).map(|at| missing(&table.column(at))).collect();
        for (column, missing) in missing.iter().enumerate() {
            if self.strict && !self.columns.contains(&column) && missing.contains(&true) {
                return Err(PredictError::Value {
                    estimator: NAME,
                    what: "missing values in columns that had none in training",
                });
            }
        }
        let row = |row: usize| self.columns.iter().map(move |&column| (row, column));
        let values = (0..rows)
            .flat_map(row)
            .map(|(row, column)| missing[column][row])
            .collect();
        let mut dense = Dense::new(rows, self.columns.len(), Values::Bool(values));
        dense.is_sparse = self.is_sparse;
        Ok(Table::Dense(dense))
    }
}

fn missing(column: &Column) -> Vec<bool> {
    match column {
        Column::F64(values) => values.iter().map(|value| value.is_nan()).collect(),
        Column::F32(values) => values.iter().map(|value| value.is_nan()).collect(),
        Column::Text(values) => values.iter().map(Option::is_none).collect(),
        // None is not NaN.
        other => vec![false; other.len()],
    }
}
