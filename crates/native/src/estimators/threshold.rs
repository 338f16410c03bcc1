//! `TunedThresholdClassifierCV` and `FixedThresholdClassifier`: a classifier of two classes that says yes from another
//! score on.

use super::labels::Labels;
use super::members;
use super::{Estimator, Inputs, Scores};
use crate::error::{PredictError, Refusal};
use crate::exactness::Exactness;
use crate::rows::Output;
use crate::skops::{Object, Scalar};
use crate::table::Table;

const KNOWN: &[&str] = &[
    "_curve_scorer",
    "best_score_",
    "best_threshold_",
    "cv",
    "cv_results_",
    "estimator",
    "estimator_",
    "n_jobs",
    "pos_label",
    "random_state",
    "refit",
    "response_method",
    "scoring",
    "store_cv_results",
    "threshold",
    "thresholds",
];

struct Threshold {
    name: &'static str,
    member: Box<dyn Estimator>,
    labels: Labels,
    by_decision: bool,
    threshold: f64,
}

pub(super) fn read(object: &Object<'_>, name: &'static str) -> Result<Box<dyn Estimator>, Refusal> {
    object.expect_only(KNOWN)?;
    object.expect_none("pos_label")?;
    if let Some(scorer) = object.find_some("_curve_scorer")
        && let Some(arguments) = scorer.object()?.find_some("_kwargs")
        && arguments.entries()?.iter().any(|(name, _)| *name == "pos_label")
    {
        return Err(scorer.refuse("has a positive class of its own (pos_label), which is not evaluated"));
    }
    let member = super::read(
        &object
            .find("estimator_")
            .map_or_else(|| object.get("estimator"), Ok)?
            .object()?,
    )?;
    let labels = member.labels().filter(|labels| labels.count() == 2).cloned();
    let labels = labels.ok_or_else(|| object.refuse("has a model that does not decide between two classes"))?;
    let method = object.get("response_method")?;
    let by_decision = match method.text()?.as_str() {
        "auto" | "predict_proba" => false,
        "decision_function" => true,
        other => return Err(method.refuse(format!("is {other:?}, which is not evaluated"))),
    };
    let node = object
        .find("best_threshold_")
        .map_or_else(|| object.get("threshold"), Ok)?;
    let threshold = match node.scalar()? {
        Scalar::Text(text) if text == "auto" => {
            if by_decision {
                0.0
            } else {
                0.5
            }
        }
        _ => node.float()?,
    };
    Ok(Box::new(Threshold {
        name,
        member,
        labels,
        by_decision,
        threshold,
    }))
}

impl Estimator for Threshold {
    fn describe(&self) -> String {
        format!("{} at {} of {}", self.name, self.threshold, self.member.describe())
    }

    fn inputs(&self) -> Inputs {
        self.member.inputs()
    }

    fn exactness(&self) -> Exactness {
        self.member.exactness()
    }

    fn largest_term(&self, table: Table<'_>) -> Result<f64, PredictError> {
        self.member.largest_term(table)
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let scores = if self.by_decision {
            self.member.decision(table)?.ok_or(PredictError::NoNumbers)?.values
        } else {
            let shares = members::probabilities(self.member.as_ref(), table)?;
            shares.values.chunks_exact(2).map(|row| row[1]).collect()
        };
        Ok(self
            .labels
            .take(scores.iter().map(|&score| usize::from(score >= self.threshold))))
    }

    fn predict_proba(&self, table: Table<'_>) -> Result<Output, PredictError> {
        self.member.predict_proba(table)
    }

    fn decision(&self, table: Table<'_>) -> Result<Option<Scores>, PredictError> {
        self.member.decision(table)
    }

    fn labels(&self) -> Option<&Labels> {
        Some(&self.labels)
    }
}
