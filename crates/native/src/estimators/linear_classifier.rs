//! Classifiers that compare linear scores: they differ in training, and in how scores become probabilities.

use super::labels::Labels;
use super::linear_scores::LinearScores;
use super::link::{both_classes, expit, share_out, softmax};
use super::{Estimator, Inputs, Scores};
use crate::attributions::Attributions;
use crate::error::{PredictError, Refusal};
use crate::exactness::{Exactness, ROUNDING};
use crate::rows::Output;
use crate::skops::Object;
use crate::table::Table;

const KNOWN: &[&str] = &[
    "C",
    "_expanded_class_weight",
    "_label_binarizer",
    "_loss_function_",
    "_max_components",
    "_n_features_out",
    "_store_cv_results",
    "alpha",
    "alpha_",
    "alpha_per_target",
    "alphas",
    "average",
    "best_score_",
    "class_weight",
    "classes_",
    "coef_",
    "copy_X",
    "covariance_",
    "covariance_estimator",
    "cv",
    "cv_results_",
    "cv_values_",
    "dual",
    "early_stopping",
    "epsilon",
    "eta0",
    "explained_variance_ratio_",
    "fit_intercept",
    "gcv_mode",
    "intercept_",
    "intercept_scaling",
    "l1_ratio",
    "learning_rate",
    "loss",
    "loss_function_",
    "max_iter",
    "means_",
    "multi_class",
    "n_components",
    "n_iter_",
    "n_iter_no_change",
    "n_jobs",
    "penalty",
    "positive",
    "power_t",
    "priors",
    "priors_",
    "random_state",
    "scalings_",
    "scoring",
    "shrinkage",
    "shuffle",
    "solver",
    "solver_",
    "store_covariance",
    "store_cv_results",
    "store_cv_values",
    "t_",
    "tol",
    "validation_fraction",
    "verbose",
    "warm_start",
    "xbar_",
];

/// How scores become probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// Each class by itself, then divided by the sum.
    OneAgainstRest,
    Softmax,
    /// As [`Self::OneAgainstRest`], each class on a line from -1 to 1.
    Clipped,
}

pub(super) struct LinearClassifier {
    scores: LinearScores,
    pub(super) labels: Labels,
    /// `None` where the class has no `predict_proba`.
    pub(super) rule: Option<Rule>,
}

impl LinearClassifier {
    pub(super) fn read(object: &Object<'_>, name: &'static str) -> Result<Self, Refusal> {
        // A ridge classifier before 1.8 keeps its classes inside its binarizer only.
        let labels = match (object.find("classes_"), object.find("_label_binarizer")) {
            (None, Some(binarizer)) => Labels::read(&binarizer.object()?.get("classes_")?)?,
            _ => Labels::read(&object.get("classes_")?)?,
        };
        let scores = LinearScores::read(object, name)?;
        let expected = if labels.count() == 2 { 1 } else { labels.count() };
        if labels.count() < 2 || scores.outputs() != expected {
            return Err(object.refuse(format!(
                "has {} rows of weights for {} classes",
                scores.outputs(),
                labels.count()
            )));
        }
        Ok(Self {
            scores,
            labels,
            rule: None,
        })
    }
}

/// Classes without probabilities.
pub(super) fn read(object: &Object<'_>, name: &'static str) -> Result<Box<dyn Estimator>, Refusal> {
    object.expect_only(KNOWN)?;
    Ok(Box::new(LinearClassifier::read(object, name)?))
}

pub(super) fn ridge(object: &Object<'_>, name: &'static str) -> Result<Box<dyn Estimator>, Refusal> {
    let binarizer = object.get("_label_binarizer")?.object()?;
    let kind = binarizer.get("y_type_")?.text()?;
    if !matches!(kind.as_str(), "binary" | "multiclass") {
        return Err(object.refuse(format!("was trained on {kind} labels, which is not evaluated")));
    }
    read(object, name)
}

pub(super) fn stochastic(object: &Object<'_>, name: &'static str) -> Result<Box<dyn Estimator>, Refusal> {
    object.expect_only(KNOWN)?;
    let mut classifier = LinearClassifier::read(object, name)?;
    classifier.rule = match object.get("loss")?.text()?.as_str() {
        "log_loss" => Some(Rule::OneAgainstRest),
        "modified_huber" => Some(Rule::Clipped),
        _ => None,
    };
    Ok(Box::new(classifier))
}

pub(super) fn discriminant(object: &Object<'_>, name: &'static str) -> Result<Box<dyn Estimator>, Refusal> {
    object.expect_only(KNOWN)?;
    let mut classifier = LinearClassifier::read(object, name)?;
    classifier.rule = Some(if classifier.labels.count() == 2 {
        Rule::OneAgainstRest
    } else {
        Rule::Softmax
    });
    Ok(Box::new(classifier))
}

impl Estimator for LinearClassifier {
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
        let scores = self.scores.scores(table)?;
        if self.labels.count() > 2 {
            return Ok(self.labels.greatest(&scores));
        }
        Ok(self.labels.take(scores.iter().map(|&score| usize::from(score > 0.0))))
    }

    fn predict_proba(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let Some(rule) = self.rule else {
            return Err(PredictError::NoProbability(self.scores.name));
        };
        let mut scores = self.scores.scores(table)?;
        let columns = self.labels.count();
        let each: fn(f64) -> f64 = match rule {
            Rule::OneAgainstRest => expit,
            Rule::Clipped => |score| f64::midpoint(score.clamp(-1.0, 1.0), 1.0),
            Rule::Softmax => {
                if columns == 2 {
                    scores = scores.into_iter().flat_map(|score| [-score, score]).collect();
                }
                softmax(&mut scores, columns);
                return Ok(Output::F64 {
                    values: scores,
                    columns,
                });
            }
        };
        for score in &mut scores {
            *score = each(*score);
        }
        if columns == 2 {
            scores = both_classes(scores.into_iter());
        } else {
            share_out(&mut scores, columns);
        }
        Ok(Output::F64 {
            values: scores,
            columns,
        })
    }

    fn decision(&self, table: Table<'_>) -> Result<Option<Scores>, PredictError> {
        let width = self.scores.outputs();
        let values = self.scores.scores(table)?;
        Ok(Some(Scores { values, width }))
    }

    fn labels(&self) -> Option<&Labels> {
        Some(&self.labels)
    }
}
