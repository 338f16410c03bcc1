//! `TransformedTargetRegressor`: a regressor of a transformed target, whose answers are transformed back.

use super::members;
use super::{Estimator, Inputs};
use crate::error::{PredictError, Refusal};
use crate::exactness::{Exactness, ROUNDING};
use crate::rows::Output;
use crate::skops::Object;
use crate::table::Table;
use crate::transformers::Inverse;

const NAME: &str = "TransformedTargetRegressor";
const KNOWN: &[&str] = &[
    "_training_dim",
    "check_inverse",
    "func",
    "inverse_func",
    "regressor",
    "regressor_",
    "transformer",
    "transformer_",
];

struct TransformedTarget {
    inputs: Inputs,
    regressor: Box<dyn Estimator>,
    inverse: Inverse,
}

pub(super) fn read(object: &Object<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    object.expect_only(KNOWN)?;
    let dimensions = object.get("_training_dim")?;
    if dimensions.count()? != 1 {
        return Err(dimensions.refuse("is not 1: targets of several columns are not evaluated"));
    }
    let regressor = super::read(&object.get("regressor_")?.object()?)?;
    members::expect_double(object, std::iter::once(&regressor))?;
    Ok(Box::new(TransformedTarget {
        inputs: regressor.inputs(),
        regressor,
        inverse: Inverse::read(&object.get("transformer_")?.object()?, 1)?,
    }))
}

impl Estimator for TransformedTarget {
    fn describe(&self) -> String {
        format!("{NAME} of {}", self.regressor.describe())
    }

    fn inputs(&self) -> Inputs {
        self.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        let exactness = self.regressor.exactness();
        if self.inverse.is_rounded() {
            exactness.least(ROUNDING)
        } else {
            exactness
        }
    }

    fn largest_term(&self, table: Table<'_>) -> Result<f64, PredictError> {
        self.regressor.largest_term(table)
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let mut answers = members::numbers(self.regressor.as_ref(), table)?;
        if answers.width != 1 {
            return Err(PredictError::NoNumbers);
        }
        self.inverse.apply(&mut answers.values, 1);
        Ok(Output::F64 {
            values: answers.values,
            columns: 1,
        })
    }

    fn predict_proba(&self, _: Table<'_>) -> Result<Output, PredictError> {
        Err(PredictError::NoProbability(NAME))
    }
}
