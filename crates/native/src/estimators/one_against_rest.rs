//! `OneVsRestClassifier`: a classifier for each class, which tells it from all others.

use super::labels::Labels;
use super::link::both_classes;
use super::members::{self, Members};
use super::sums::pairwise_sum;
use super::{Estimator, Inputs, Scores};
use crate::error::{PredictError, Refusal};
use crate::exactness::Exactness;
use crate::rows::Output;
use crate::skops::Object;
use crate::table::Table;

const NAME: &str = "OneVsRestClassifier";
const KNOWN: &[&str] = &[
    "classes_",
    "estimator",
    "estimators_",
    "label_binarizer_",
    "n_jobs",
    "verbose",
];

struct OneAgainstRest {
    labels: Labels,
    /// One for each class, or one for both of two.
    each: Members,
    inputs: Inputs,
}

pub(super) fn read(object: &Object<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    object.expect_only(KNOWN)?;
    let binarizer = object.get("label_binarizer_")?.object()?;
    let labels = Labels::read(&binarizer.get("classes_")?)?;
    let kind = binarizer.get("y_type_")?;
    if !matches!(kind.text()?.as_str(), "binary" | "multiclass") {
        return Err(kind.refuse(format!("is {}, which is not evaluated", kind.text()?)));
    }
    let each = members::read_all(&object.get("estimators_")?)?;
    members::expect_double(object, each.iter())?;
    let expected = if labels.count() == 2 { 1 } else { labels.count() };
    if labels.count() < 2 || each.len() != expected {
        return Err(object.refuse(format!("has {} models for {} classes", each.len(), labels.count())));
    }
    let inputs = members::inputs(object, &each)?;
    Ok(Box::new(OneAgainstRest { labels, each, inputs }))
}

impl Estimator for OneAgainstRest {
    fn describe(&self) -> String {
        members::describe(NAME, &self.each)
    }

    fn inputs(&self) -> Inputs {
        self.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        members::exactness(&self.each)
    }

    fn largest_term(&self, table: Table<'_>) -> Result<f64, PredictError> {
        members::largest_term(&self.each, &table)
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let rows = table.rows();
        if let [only] = self.each.as_slice() {
            let (scores, centred) = members::sureness(only.as_ref(), table)?;
            let threshold = if centred { 0.0 } else { 0.5 };
            return Ok(self
                .labels
                .take(scores.iter().map(|&score| usize::from(score > threshold))));
        }
        // Backwards, as Python does it: the first of equals is the last to be looked at.
        let mut most = vec![f64::NEG_INFINITY; rows];
        let mut best = vec![0; rows];
        for (class, estimator) in self.each.iter().enumerate().rev() {
            let (scores, _) = members::sureness(estimator.as_ref(), table.by_ref())?;
            for (row, score) in scores.into_iter().enumerate() {
                if score >= most[row] {
                    most[row] = score;
                    best[row] = class;
                }
            }
        }
        Ok(self.labels.take(best.into_iter()))
    }

    fn predict_proba(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let rows = table.rows();
        let columns = self.labels.count();
        let mut second = Vec::with_capacity(self.each.len());
        for estimator in &self.each {
            let shares = members::probabilities(estimator.as_ref(), table.by_ref())?;
            if shares.width != 2 {
                return Err(PredictError::NoProbability(NAME));
            }
            second.push(shares.values.chunks_exact(2).map(|row| row[1]).collect::<Vec<f64>>());
        }
        let mut values: Vec<f64> = if let [only] = second.as_slice() {
            both_classes(only.iter().copied())
        } else {
            let row = |row: usize| second.iter().map(move |class| class[row]);
            (0..rows).flat_map(row).collect()
        };
        for row in values.chunks_exact_mut(columns) {
            let sum = pairwise_sum(row);
            if sum != 0.0 {
                for share in row.iter_mut() {
                    *share /= sum;
                }
            }
        }
        Ok(Output::F64 { values, columns })
    }

    fn decision(&self, table: Table<'_>) -> Result<Option<Scores>, PredictError> {
        let rows = table.rows();
        let mut columns = Vec::with_capacity(self.each.len());
        for estimator in &self.each {
            match estimator.decision(table.by_ref())? {
                Some(scores) if scores.width == 1 => columns.push(scores.values),
                _ => return Ok(None),
            }
        }
        let row = |row: usize| columns.iter().map(move |class| class[row]);
        Ok(Some(Scores {
            values: (0..rows).flat_map(row).collect(),
            width: columns.len(),
        }))
    }

    fn labels(&self) -> Option<&Labels> {
        Some(&self.labels)
    }
}
