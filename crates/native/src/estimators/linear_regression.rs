//! Linear regression in all its kinds, which differ only in training, and in whether the answer is an exponential.

use super::linear_scores::LinearScores;
use super::{Estimator, Inputs};
use crate::attributions::Attributions;
use crate::error::{PredictError, Refusal};
use crate::exactness::{Exactness, ROUNDING};
use crate::rows::Output;
use crate::skops::Object;
use crate::table::Table;

const KNOWN: &[&str] = &[
    "C",
    "X_offset_",
    "X_scale_",
    "_base_loss",
    "_store_cv_results",
    "active_",
    "alpha",
    "alpha_",
    "alpha_1",
    "alpha_2",
    "alpha_init",
    "alpha_per_target",
    "alphas",
    "alphas_",
    "average",
    "best_score_",
    "breakdown_",
    "coef_",
    "coef_path_",
    "compute_score",
    "copy",
    "copy_X",
    "criterion",
    "criterion_",
    "cv",
    "cv_alphas_",
    "cv_results_",
    "cv_values_",
    "dual",
    "dual_gap_",
    "early_stopping",
    "eps",
    "eps_",
    "epsilon",
    "eta0",
    "fit_intercept",
    "fit_path",
    "gcv_mode",
    "intercept_",
    "intercept_scaling",
    "jitter",
    "l1_ratio",
    "l1_ratio_",
    "lambda_",
    "lambda_1",
    "lambda_2",
    "lambda_init",
    "learning_rate",
    "link",
    "loss",
    "max_iter",
    "max_n_alphas",
    "max_subpopulation",
    "mse_path_",
    "n_alphas",
    "n_iter_",
    "n_iter_no_change",
    "n_jobs",
    "n_nonzero_coefs",
    "n_nonzero_coefs_",
    "n_subpopulation_",
    "n_subsamples",
    "noise_variance",
    "noise_variance_",
    "normalize",
    "outliers_",
    "penalty",
    "positive",
    "power",
    "power_t",
    "precompute",
    "quantile",
    "random_state",
    "rank_",
    "scale_",
    "scores_",
    "scoring",
    "selection",
    "shuffle",
    "sigma_",
    "singular_",
    "solver",
    "solver_",
    "solver_options",
    "store_cv_results",
    "store_cv_values",
    "t_",
    "threshold_lambda",
    "tol",
    "validation_fraction",
    "verbose",
    "warm_start",
];

struct LinearRegression {
    scores: LinearScores,
    /// The model is linear in the logarithm of its answer.
    exponential: bool,
}

pub(super) fn read(object: &Object<'_>, name: &'static str) -> Result<Box<dyn Estimator>, Refusal> {
    object.expect_only(KNOWN)?;
    let scores = LinearScores::read(object, name)?;
    let exponential = match name {
        "PoissonRegressor" | "GammaRegressor" => true,
        "TweedieRegressor" => has_logarithmic_link(object)?,
        _ => false,
    };
    Ok(Box::new(LinearRegression { scores, exponential }))
}

fn has_logarithmic_link(object: &Object<'_>) -> Result<bool, Refusal> {
    let link = object.get("link")?;
    match link.text()?.as_str() {
        "auto" => Ok(object.get("power")?.float()? > 0.0),
        "identity" => Ok(false),
        "log" => Ok(true),
        other => Err(link.refuse(format!("is {other:?}, which is not evaluated"))),
    }
}

impl Estimator for LinearRegression {
    fn describe(&self) -> String {
        format!("{}, {} features", self.scores.name, self.scores.inputs.count)
    }

    fn inputs(&self) -> Inputs {
        self.scores.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        ROUNDING
    }

    fn largest_term(&self, table: Table<'_>) -> Result<f64, PredictError> {
        self.scores.largest_term(table)
    }

    fn attributions(&self, table: Table<'_>, background: Table<'_>) -> Result<Option<Attributions>, PredictError> {
        self.scores.attributions(table, background).map(Some)
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let mut values = self.scores.scores(table)?;
        if self.exponential {
            for value in &mut values {
                *value = value.exp();
            }
        }
        let columns = self.scores.outputs();
        if columns == 1 && !self.scores.is_vector {
            return Ok(Output::Column(values));
        }
        Ok(Output::F64 { values, columns })
    }

    fn predict_proba(&self, _: Table<'_>) -> Result<Output, PredictError> {
        Err(PredictError::NoProbability(self.scores.name))
    }
}
