//! `FunctionTransformer`: without a function, with one of numpy's, or as `HistGradientBoosting` uses it: numbers become
//! doubles and may be anything.

use super::Transformer;
use super::functions::Function;
use crate::error::{PredictError, Refusal};
use crate::estimators::Inputs;
use crate::exactness::{Exactness, ROUNDING};
use crate::rows::Column;
use crate::skops::{Node, Object};
use crate::table::{Dense, NonFinite, Table};

const NAME: &str = "FunctionTransformer";
const KNOWN: &[&str] = &[
    "accept_sparse",
    "check_inverse",
    "feature_names_out",
    "func",
    "inv_kw_args",
    "inverse_func",
    "kw_args",
    "validate",
];

pub(super) fn read(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    object.expect_only(KNOWN)?;
    let kw_args = object.find_some("kw_args");
    if let Some(kw_args) = kw_args
        && !kw_args.entries()?.is_empty()
    {
        return Err(kw_args.refuse("is set, which is not evaluated"));
    }
    let function = object.find_some("func");
    if let Some(function) = &function
        && function.is_partial()
    {
        object.expect_none("feature_names_out")?;
        expect_check_array(function)?;
        return Ok(Box::new(ToDouble(Inputs::read(object)?)));
    }
    Ok(Box::new(Applied {
        inputs: Inputs::read(object)?,
        function: Function::read(function.as_ref())?,
        validates: object.get("validate")?.boolean()?,
    }))
}

fn expect_check_array(function: &Node<'_>) -> Result<(), Refusal> {
    for (name, value) in function.partial("sklearn.utils.validation.check_array")? {
        let known = match name {
            "dtype" => value
                .items()?
                .iter()
                .all(|item| item.type_name().is_ok_and(|name| name == "numpy.float64")),
            "ensure_all_finite" | "force_all_finite" => !value.boolean()?,
            _ => false,
        };
        if !known {
            return Err(value.refuse("is an argument of check_array that is not known"));
        }
    }
    Ok(())
}

struct ToDouble(Inputs);

impl Transformer for ToDouble {
    fn describe(&self) -> String {
        NAME.to_owned()
    }

    fn inputs(&self) -> Inputs {
        self.0.clone()
    }

    fn origins(&self) -> Option<Vec<usize>> {
        Some((0..self.0.count).collect())
    }

    fn transform<'a>(&self, table: Table<'a>) -> Result<Table<'a>, PredictError> {
        let dense = table.into_dense()?;
        let (rows, columns) = (dense.rows, dense.columns);
        Ok(Table::Dense(Dense::from_f64(rows, columns, dense.into_f64())))
    }
}

struct Applied {
    inputs: Inputs,
    function: Function,
    /// Checks that the input is finite numbers of as many columns as in training.
    validates: bool,
}

impl Transformer for Applied {
    fn describe(&self) -> String {
        match self.function {
            Function::Identity => NAME.to_owned(),
            function => format!("{NAME} ({function:?})"),
        }
    }

    fn inputs(&self) -> Inputs {
        self.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        if self.function.is_rounded() {
            ROUNDING
        } else {
            Exactness::BitExact
        }
    }

    fn origins(&self) -> Option<Vec<usize>> {
        Some((0..self.inputs.count).collect())
    }

    fn transform<'a>(&self, table: Table<'a>) -> Result<Table<'a>, PredictError> {
        if !self.validates && self.function == Function::Identity {
            return Ok(table);
        }
        if table.is_sparse() {
            return Err(PredictError::Sparse(NAME));
        }
        if self.validates {
            self.inputs.check(&table)?;
            let narrow = is_narrow(&table);
            let dense = table.into_dense()?;
            dense.check_finite(NonFinite::Refused, NAME)?;
            if narrow && self.function.at_integer().is_some() {
                return Err(PredictError::Value {
                    estimator: NAME,
                    what: "integers of 32 bits",
                });
            }
            return Ok(Table::Dense(self.function.apply(dense, NAME)?));
        }
        Ok(match table {
            Table::Dense(dense) => Table::Dense(self.function.apply(dense, NAME)?),
            Table::Frame(frame) => Table::Frame(self.function.apply_to_each(frame, NAME)?),
        })
    }
}

/// Whether numpy would keep to 32 bits.
fn is_narrow(table: &Table<'_>) -> bool {
    matches!(table, Table::Frame(frame) if frame.columns.iter().all(|column| matches!(**column, Column::I32(_))))
}
