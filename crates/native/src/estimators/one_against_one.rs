//! A classifier for each pair of classes: `OneVsOneClassifier`, and the scores that its votes come to.

use super::labels::Labels;
use super::members::{self, Members};
use super::{Estimator, Inputs, Scores};
use crate::error::{PredictError, Refusal};
use crate::exactness::Exactness;
use crate::rows::Output;
use crate::skops::Object;
use crate::table::Table;

const NAME: &str = "OneVsOneClassifier";
const KNOWN: &[&str] = &["classes_", "estimator", "estimators_", "n_jobs", "pairwise_indices_"];

/// One score for each class of one row: its votes, and less than one more or less for how sure they were. `votes` says
/// of each pair whether the second class has won, `confidences` how surely.
pub(super) fn one_against_rest(votes: &[bool], confidences: &[f64], classes: usize) -> Vec<f64> {
    let mut counts = vec![0.0; classes];
    let mut sums = vec![0.0_f64; classes];
    let mut pair = 0;
    for first in 0..classes {
        for second in first + 1..classes {
            sums[first] -= confidences[pair];
            sums[second] += confidences[pair];
            counts[if votes[pair] { second } else { first }] += 1.0;
            pair += 1;
        }
    }
    let scores = counts.iter().zip(&sums);
    scores
        .map(|(count, sum)| count + sum / (3.0 * (sum.abs() + 1.0)))
        .collect()
}

struct OneAgainstOne {
    labels: Labels,
    pairs: Members,
    inputs: Inputs,
}

pub(super) fn read(object: &Object<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    object.expect_only(KNOWN)?;
    object.expect_none("pairwise_indices_")?;
    let labels = Labels::read(&object.get("classes_")?)?;
    let pairs = members::read_all(&object.get("estimators_")?)?;
    let classes = labels.count();
    if classes < 2 || pairs.len() != classes * (classes - 1) / 2 {
        return Err(object.refuse(format!("has {} classifiers for {classes} classes", pairs.len())));
    }
    for pair in &pairs {
        if pair.labels().is_none_or(|labels| labels.count() != 2) {
            return Err(object.refuse("has estimators_ that do not decide between two classes"));
        }
    }
    let inputs = Inputs::read(object)?;
    Ok(Box::new(OneAgainstOne { labels, pairs, inputs }))
}

impl OneAgainstOne {
    /// A score for each class of each row, and whether zero lies in the middle of what the classifiers said.
    fn scores(&self, table: Table<'_>) -> Result<(Vec<f64>, bool), PredictError> {
        self.inputs.check(&table)?;
        let rows = table.rows();
        let classes = self.labels.count();
        // The array that each of them is given has no names.
        let table = Table::Dense(table.into_dense()?);
        let mut votes = vec![false; rows * self.pairs.len()];
        let mut confidences = vec![0.0; rows * self.pairs.len()];
        let mut centred = false;
        for (pair, estimator) in self.pairs.iter().enumerate() {
            let won = members::chosen(estimator.as_ref(), table.by_ref())?;
            let (scores, decided) = members::sureness(estimator.as_ref(), table.by_ref())?;
            if pair == 0 {
                centred = decided;
            }
            for row in 0..rows {
                votes[row * self.pairs.len() + pair] = won[row] == 1;
                confidences[row * self.pairs.len() + pair] = scores[row];
            }
        }
        let votes = votes.chunks_exact(self.pairs.len());
        let confidences = confidences.chunks_exact(self.pairs.len());
        let scores = votes.zip(confidences);
        let scores = scores.flat_map(|(votes, confidences)| one_against_rest(votes, confidences, classes));
        Ok((scores.collect(), centred))
    }
}

impl Estimator for OneAgainstOne {
    fn describe(&self) -> String {
        members::describe(NAME, &self.pairs)
    }

    fn inputs(&self) -> Inputs {
        self.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        members::exactness(&self.pairs)
    }

    fn largest_term(&self, table: Table<'_>) -> Result<f64, PredictError> {
        members::largest_term(&self.pairs, &Table::Dense(table.into_dense()?))
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let (scores, centred) = self.scores(table)?;
        if self.labels.count() == 2 {
            let threshold = if centred { 0.0 } else { 0.5 };
            let second = scores.chunks_exact(2).map(|row| usize::from(row[1] > threshold));
            return Ok(self.labels.take(second));
        }
        Ok(self.labels.greatest(&scores))
    }

    fn predict_proba(&self, _: Table<'_>) -> Result<Output, PredictError> {
        Err(PredictError::NoProbability(NAME))
    }

    fn decision(&self, table: Table<'_>) -> Result<Option<Scores>, PredictError> {
        let (scores, _) = self.scores(table)?;
        let classes = self.labels.count();
        Ok(Some(if classes == 2 {
            Scores {
                values: scores.chunks_exact(2).map(|row| row[1]).collect(),
                width: 1,
            }
        } else {
            Scores {
                values: scores,
                width: classes,
            }
        }))
    }

    fn labels(&self) -> Option<&Labels> {
        Some(&self.labels)
    }
}
