//! `LogisticRegression`, binary, multinomial and, from older releases, one against the rest.

use super::labels::Labels;
use super::linear_scores::LinearScores;
use super::link::{both_classes, expit, softmax};
use super::{Estimator, Inputs};
use crate::error::{PredictError, Refusal};
use crate::exactness::{Exactness, ROUNDING};
use crate::rows::Output;
use crate::skops::Object;
use crate::table::Table;

const KNOWN: &[&str] = &[
    "C",
    "class_weight",
    "classes_",
    "coef_",
    "dual",
    "fit_intercept",
    "intercept_",
    "intercept_scaling",
    "l1_ratio",
    "max_iter",
    "multi_class",
    "n_iter_",
    "n_jobs",
    "penalty",
    "random_state",
    "solver",
    "tol",
    "verbose",
    "warm_start",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// Each class by itself, then divided by the sum.
    OneAgainstRest,
    Softmax,
}

struct LogisticRegression {
    scores: LinearScores,
    labels: Labels,
    rule: Rule,
}

pub(super) fn read(object: &Object<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    object.expect_only(KNOWN)?;
    let labels = Labels::read(&object.get("classes_")?)?;
    let scores = LinearScores::read(object, "LogisticRegression")?;
    let expected = if labels.count() == 2 { 1 } else { labels.count() };
    if labels.count() < 2 || scores.outputs() != expected {
        return Err(object.refuse(format!(
            "has {} rows of weights for {} classes",
            scores.outputs(),
            labels.count()
        )));
    }
    let rule = rule(object, labels.count())?;
    Ok(Box::new(LogisticRegression { scores, labels, rule }))
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

impl Estimator for LogisticRegression {
    fn describe(&self) -> String {
        format!("LogisticRegression, {} features", self.scores.inputs.count)
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

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let scores = self.scores.scores(table)?;
        if self.labels.count() > 2 {
            return Ok(self.labels.greatest(&scores));
        }
        Ok(self.labels.take(scores.iter().map(|&score| usize::from(score > 0.0))))
    }

    fn predict_proba(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let mut scores = self.scores.scores(table)?;
        let columns = self.labels.count();
        let values = match self.rule {
            Rule::OneAgainstRest if columns == 2 => both_classes(scores.into_iter().map(expit)),
            Rule::OneAgainstRest => {
                one_against_rest(&mut scores, columns);
                scores
            }
            Rule::Softmax => {
                if columns == 2 {
                    scores = scores.into_iter().flat_map(|score| [-score, score]).collect();
                }
                softmax(&mut scores, columns);
                scores
            }
        };
        Ok(Output::F64 { values, columns })
    }
}

fn one_against_rest(scores: &mut [f64], width: usize) {
    for row in scores.chunks_exact_mut(width) {
        for score in row.iter_mut() {
            *score = expit(*score);
        }
        let sum: f64 = row.iter().sum();
        for score in row.iter_mut() {
            *score = if sum == 0.0 { 1.0 / width as f64 } else { *score / sum };
        }
    }
}
