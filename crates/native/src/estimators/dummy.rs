//! `DummyClassifier` and `DummyRegressor`: constants, which gradient boosting starts from.

use super::labels::{Labels, greatest};
use super::{Estimator, Inputs};
use crate::error::{PredictError, Refusal};
use crate::exactness::Exactness;
use crate::rows::Output;
use crate::skops::Object;
use crate::table::Table;

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

const REGRESSOR: &str = "DummyRegressor";
const CLASSIFIER: &str = "DummyClassifier";

/// Dummies look at the number of rows and nothing else.
const NO_INPUTS: Inputs = Inputs { names: None, count: 0 };

struct Regressor(f64);

pub(super) fn regressor(object: &Object<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    Ok(Box::new(Regressor(constant(object)?)))
}

impl Estimator for Regressor {
    fn describe(&self) -> String {
        format!("{REGRESSOR}, always {}", self.0)
    }

    fn inputs(&self) -> Inputs {
        NO_INPUTS
    }

    fn exactness(&self) -> Exactness {
        Exactness::BitExact
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        Ok(Output::F64 {
            values: vec![self.0; table.rows()],
            columns: 1,
        })
    }

    fn predict_proba(&self, _: Table<'_>) -> Result<Output, PredictError> {
        Err(PredictError::NoProbability(REGRESSOR))
    }
}

struct Classifier {
    labels: Labels,
    chosen: usize,
    shares: Vec<f64>,
}

pub(super) fn classifier(object: &Object<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    expect(object, "sklearn.dummy.DummyClassifier")?;
    let labels = Labels::read(&object.get("classes_")?)?;
    let prior = object.get("class_prior_")?;
    let shares = prior.doubles()?.1;
    if shares.len() != labels.count() {
        return Err(prior.refuse(format!("has {} values for {} classes", shares.len(), labels.count())));
    }
    let chosen = greatest(&shares);
    let strategy = object.get("strategy")?;
    let shares = match strategy.text()?.as_str() {
        "prior" => shares,
        "most_frequent" => (0..shares.len())
            .map(|class| f64::from(u8::from(class == chosen)))
            .collect(),
        other => return Err(strategy.refuse(format!("is {other:?}, which is not evaluated"))),
    };
    Ok(Box::new(Classifier { labels, chosen, shares }))
}

impl Estimator for Classifier {
    fn describe(&self) -> String {
        format!("{CLASSIFIER}, {} classes", self.labels.count())
    }

    fn inputs(&self) -> Inputs {
        NO_INPUTS
    }

    fn exactness(&self) -> Exactness {
        Exactness::BitExact
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        Ok(self.labels.take(std::iter::repeat_n(self.chosen, table.rows())))
    }

    fn predict_proba(&self, table: Table<'_>) -> Result<Output, PredictError> {
        Ok(Output::F64 {
            values: self.shares.repeat(table.rows()),
            columns: self.labels.count(),
        })
    }

    fn labels(&self) -> Option<&Labels> {
        Some(&self.labels)
    }
}
