//! `LogisticRegression` and `LogisticRegressionCV`, binary, multinomial and, from older releases, one against the rest.

use super::Estimator;
use super::linear_classifier::{LinearClassifier, Rule};
use crate::error::Refusal;
use crate::skops::Object;

const KNOWN: &[&str] = &[
    "C",
    "C_",
    "Cs",
    "Cs_",
    "class_weight",
    "classes_",
    "coef_",
    "coefs_paths_",
    "cv",
    "dual",
    "fit_intercept",
    "intercept_",
    "intercept_scaling",
    "l1_ratio",
    "l1_ratio_",
    "l1_ratios",
    "l1_ratios_",
    "max_iter",
    "multi_class",
    "n_iter_",
    "n_jobs",
    "penalty",
    "random_state",
    "refit",
    "scores_",
    "scoring",
    "solver",
    "tol",
    "use_legacy_attributes",
    "verbose",
    "warm_start",
];

pub(super) fn read(object: &Object<'_>, name: &'static str) -> Result<Box<dyn Estimator>, Refusal> {
    object.expect_only(KNOWN)?;
    let mut classifier = LinearClassifier::read(object, name)?;
    classifier.rule = Some(rule(object, classifier.labels.count())?);
    Ok(Box::new(classifier))
}

/// Until 1.8 a parameter had a say in how scores become probabilities.
fn rule(object: &Object<'_>, classes: usize) -> Result<Rule, Refusal> {
    let binary = if classes == 2 {
        Rule::OneAgainstRest
    } else {
        Rule::Softmax
    };
    let Some(multi_class) = object.find("multi_class") else {
        return Ok(binary);
    };
    let solver = object.get("solver")?.text()?;
    let older = !object.version()?.since(6);
    match multi_class.text()?.as_str() {
        "ovr" | "warn" => Ok(Rule::OneAgainstRest),
        "multinomial" => Ok(Rule::Softmax),
        "auto" | "deprecated" if solver == "liblinear" || (older && solver == "newton-cholesky") => {
            Ok(Rule::OneAgainstRest)
        }
        "auto" | "deprecated" => Ok(binary),
        other => Err(multi_class.refuse(format!("is {other:?}, which is not evaluated"))),
    }
}
