//! Classes that answer as the model inside them does: searches for parameters, and frozen models.

use super::Estimator;
use crate::error::Refusal;
use crate::skops::Object;

const SEARCH_KNOWN: &[&str] = &[
    "_checked_cv_orig",
    "_required_parameters",
    "aggressive_elimination",
    "best_estimator_",
    "best_index_",
    "best_params_",
    "best_score_",
    "cv",
    "cv_results_",
    "error_score",
    "estimator",
    "factor",
    "max_resources",
    "max_resources_",
    "min_resources",
    "min_resources_",
    "multimetric_",
    "n_candidates",
    "n_candidates_",
    "n_iter",
    "n_iterations_",
    "n_jobs",
    "n_possible_iterations_",
    "n_remaining_candidates_",
    "n_required_iterations_",
    "n_resources_",
    "n_splits_",
    "param_distributions",
    "param_grid",
    "pre_dispatch",
    "random_state",
    "refit",
    "refit_time_",
    "resource",
    "return_train_score",
    "scorer_",
    "scoring",
    "verbose",
];

/// `GridSearchCV` and its kind: the best model that was found.
pub(super) fn search(object: &Object<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    object.expect_only(SEARCH_KNOWN)?;
    super::read(&object.get("best_estimator_")?.object()?)
}

pub(super) fn frozen(object: &Object<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    object.expect_only(&["estimator"])?;
    super::read(&object.get("estimator")?.object()?)
}
