//! `FunctionTransformer`, only as `HistGradientBoosting` uses it: numbers become doubles and may be anything.

use super::Transformer;
use crate::error::{PredictError, Refusal};
use crate::estimators::Inputs;
use crate::skops::Object;
use crate::table::{Dense, Table};

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

struct ToDouble(Inputs);

pub(super) fn read(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    object.expect_only(KNOWN)?;
    for parameter in ["kw_args", "feature_names_out"] {
        object.expect_none(parameter)?;
    }
    let function = object.get("func")?;
    let arguments = function.partial("sklearn.utils.validation.check_array")?;
    for (name, value) in arguments {
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
    Ok(Box::new(ToDouble(Inputs::read(object)?)))
}

impl Transformer for ToDouble {
    fn describe(&self) -> String {
        "FunctionTransformer".to_owned()
    }

    fn inputs(&self) -> Inputs {
        self.0.clone()
    }

    fn transform<'a>(&self, table: Table<'a>) -> Result<Table<'a>, PredictError> {
        let dense = table.into_dense()?;
        let (rows, columns) = (dense.rows, dense.columns);
        Ok(Table::Dense(Dense::from_f64(rows, columns, dense.into_f64())))
    }
}
