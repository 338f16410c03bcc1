//! `MultiOutputRegressor` and `MultiOutputClassifier`: a model for each output.

use super::members::{self, Members};
use super::{Estimator, Inputs};
use crate::error::{PredictError, Refusal};
use crate::exactness::Exactness;
use crate::rows::Output;
use crate::skops::Object;
use crate::table::Table;

const KNOWN: &[&str] = &["classes_", "estimator", "estimators_", "n_jobs"];

struct MultiOutput {
    name: &'static str,
    inputs: Inputs,
    members: Members,
}

pub(super) fn read(object: &Object<'_>, name: &'static str) -> Result<Box<dyn Estimator>, Refusal> {
    object.expect_only(KNOWN)?;
    let members = members::read_all(&object.get("estimators_")?)?;
    if members.len() < 2 {
        return Err(object.refuse("has one output, whose answers have two dimensions"));
    }
    let inputs = members::inputs(object, &members)?;
    Ok(Box::new(MultiOutput { name, inputs, members }))
}

impl Estimator for MultiOutput {
    fn describe(&self) -> String {
        members::describe(self.name, &self.members)
    }

    fn inputs(&self) -> Inputs {
        self.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        members::exactness(&self.members)
    }

    fn largest_term(&self, table: Table<'_>) -> Result<f64, PredictError> {
        members::largest_term(&self.members, &table)
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let answers = self
            .members
            .iter()
            .map(|member| member.predict(table.by_ref()))
            .collect::<Result<Vec<Output>, _>>()?;
        Output::beside(answers).ok_or(PredictError::NoNumbers)
    }

    fn predict_proba(&self, _: Table<'_>) -> Result<Output, PredictError> {
        Err(PredictError::NoProbability(self.name))
    }
}
