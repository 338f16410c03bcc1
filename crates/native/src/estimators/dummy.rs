//! `DummyClassifier` and `DummyRegressor`, which gradient boosting starts from: constants.

use crate::error::Refusal;
use crate::skops::Object;

const KNOWN: &[&str] = &[
    "_strategy",
    "class_prior_",
    "classes_",
    "constant",
    "constant_",
    "n_classes_",
    "n_outputs_",
    "quantile",
    "random_state",
    "sparse_output_",
    "strategy",
];

/// The constant of a `DummyRegressor`.
pub(super) fn constant(object: &Object<'_>) -> Result<f64, Refusal> {
    expect(object, "sklearn.dummy.DummyRegressor")?;
    let node = object.get("constant_")?;
    match node.doubles()?.1.as_slice() {
        [constant] => Ok(*constant),
        _ => Err(node.refuse("is not one number")),
    }
}

/// The shares of the classes in training.
pub(super) fn prior(object: &Object<'_>) -> Result<Vec<f64>, Refusal> {
    expect(object, "sklearn.dummy.DummyClassifier")?;
    let strategy = object.get("strategy")?;
    match strategy.text()?.as_str() {
        "prior" => Ok(object.get("class_prior_")?.doubles()?.1),
        other => Err(strategy.refuse(format!("is {other:?}, which is not evaluated"))),
    }
}

fn expect(object: &Object<'_>, class: &str) -> Result<(), Refusal> {
    if object.class() != class {
        return Err(object.refuse(format!("starts from a {}, which is not evaluated", object.class())));
    }
    object.expect_only(KNOWN)
}
