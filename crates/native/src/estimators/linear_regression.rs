//! `LinearRegression`, `Ridge`, `Lasso` and `ElasticNet`, which differ only in training.

use super::linear_scores::LinearScores;
use super::{Estimator, Inputs};
use crate::error::{PredictError, Refusal};
use crate::exactness::{Exactness, ROUNDING};
use crate::rows::Output;
use crate::skops::Object;
use crate::table::Table;

const KNOWN: &[&str] = &[
    "alpha",
    "coef_",
    "copy_X",
    "dual_gap_",
    "fit_intercept",
    "intercept_",
    "l1_ratio",
    "max_iter",
    "n_iter_",
    "n_jobs",
    "positive",
    "precompute",
    "random_state",
    "rank_",
    "selection",
    "singular_",
    "solver",
    "solver_",
    "tol",
    "warm_start",
];

struct LinearRegression(LinearScores);

pub(super) fn read(object: &Object<'_>, name: &'static str) -> Result<Box<dyn Estimator>, Refusal> {
    object.expect_only(KNOWN)?;
    let scores = LinearScores::read(object, name)?;
    if !scores.is_vector && scores.outputs() == 1 {
        return Err(object.refuse("was trained on a target of one column, whose answers have two dimensions"));
    }
    Ok(Box::new(LinearRegression(scores)))
}

impl Estimator for LinearRegression {
    fn describe(&self) -> String {
        format!("{}, {} features", self.0.name, self.0.inputs.count)
    }

    fn inputs(&self) -> Inputs {
        self.0.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        ROUNDING
    }

    fn largest_term(&self, table: Table<'_>) -> Result<f64, PredictError> {
        self.0.largest_term(table)
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        Ok(Output::F64 {
            values: self.0.scores(table)?,
            columns: self.0.outputs(),
        })
    }

    fn predict_proba(&self, _: Table<'_>) -> Result<Output, PredictError> {
        Err(PredictError::NoProbability(self.0.name))
    }
}
