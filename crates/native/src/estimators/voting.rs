//! `VotingClassifier` and `VotingRegressor`: different models, averaged or outvoted.

use super::labels::{Labels, greatest};
use super::members::{self, Members};
use super::sums::pairwise_sum;
use super::{Estimator, Inputs};
use crate::error::{PredictError, Refusal};
use crate::exactness::Exactness;
use crate::rows::Output;
use crate::skops::Object;
use crate::table::Table;

const REGRESSOR: &str = "VotingRegressor";
const CLASSIFIER: &str = "VotingClassifier";
const KNOWN: &[&str] = &[
    "classes_",
    "estimators",
    "estimators_",
    "flatten_transform",
    "le_",
    "n_jobs",
    "named_estimators_",
    "verbose",
    "voting",
    "weights",
];

struct Voters {
    inputs: Inputs,
    members: Members,
    weights: Option<Vec<f64>>,
}

impl Voters {
    fn read(object: &Object<'_>) -> Result<Self, Refusal> {
        object.expect_only(KNOWN)?;
        let members = members::read_all(&object.get("estimators_")?)?;
        members::expect_double(object, members.iter())?;
        let kept = members::kept(object)?;
        Ok(Self {
            inputs: members::inputs(object, &members)?,
            weights: members::weights(object, &kept, members.len())?,
            members,
        })
    }

    /// The weighted mean of what `ask` gets from every member.
    fn mean(
        &self,
        table: &Table<'_>,
        ask: impl Fn(&dyn Estimator, Table<'_>) -> Result<super::Scores, PredictError>,
    ) -> Result<super::Scores, PredictError> {
        let mut mean: Option<super::Scores> = None;
        for (number, member) in self.members.iter().enumerate() {
            let weight = self.weights.as_ref().map_or(1.0, |weights| weights[number]);
            let mut answers = ask(member.as_ref(), table.by_ref())?;
            answers.values.iter_mut().for_each(|value| *value *= weight);
            match &mut mean {
                None => mean = Some(answers),
                Some(sums) if sums.width == answers.width => {
                    sums.values
                        .iter_mut()
                        .zip(answers.values)
                        .for_each(|(sum, value)| *sum += value);
                }
                Some(_) => return Err(PredictError::NoNumbers),
            }
        }
        let mut mean = mean.ok_or(PredictError::NoNumbers)?;
        let divisor = self
            .weights
            .as_ref()
            .map_or(self.members.len() as f64, |weights| pairwise_sum(weights));
        mean.values.iter_mut().for_each(|value| *value /= divisor);
        Ok(mean)
    }
}

pub(super) fn regressor(object: &Object<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    Ok(Box::new(Regressor(Voters::read(object)?)))
}

pub(super) fn classifier(object: &Object<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let voters = Voters::read(object)?;
    let labels = Labels::read(&object.get("le_")?.object()?.get("classes_")?)?;
    let voting = object.get("voting")?;
    let soft = match voting.text()?.as_str() {
        "soft" => true,
        "hard" => false,
        other => return Err(voting.refuse(format!("is {other:?}, which is not evaluated"))),
    };
    let numbered = |known: &Labels| {
        let known = known.numbers(labels.count());
        known.is_some_and(|known| known.into_iter().eq(0..labels.count()))
    };
    if !voters
        .members
        .iter()
        .all(|member| member.labels().is_some_and(numbered))
    {
        return Err(object.refuse("has models that do not decide between its classes"));
    }
    Ok(Box::new(Classifier { voters, labels, soft }))
}

struct Regressor(Voters);

impl Estimator for Regressor {
    fn describe(&self) -> String {
        members::describe(REGRESSOR, &self.0.members)
    }

    fn inputs(&self) -> Inputs {
        self.0.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        members::exactness(&self.0.members)
    }

    fn largest_term(&self, table: Table<'_>) -> Result<f64, PredictError> {
        members::largest_term(&self.0.members, &table)
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let mean = self.0.mean(&table, members::numbers)?;
        Ok(Output::F64 {
            values: mean.values,
            columns: mean.width,
        })
    }

    fn predict_proba(&self, _: Table<'_>) -> Result<Output, PredictError> {
        Err(PredictError::NoProbability(REGRESSOR))
    }
}

struct Classifier {
    voters: Voters,
    labels: Labels,
    /// By mean probability, not by count of votes.
    soft: bool,
}

impl Classifier {
    fn majority(&self, table: &Table<'_>) -> Result<Vec<usize>, PredictError> {
        let mut votes = vec![0.0; table.rows() * self.labels.count()];
        for (number, member) in self.voters.members.iter().enumerate() {
            let weight = self.voters.weights.as_ref().map_or(1.0, |weights| weights[number]);
            let chosen = members::chosen(member.as_ref(), table.by_ref())?;
            for (votes, chosen) in votes.chunks_exact_mut(self.labels.count()).zip(chosen) {
                votes[chosen] += weight;
            }
        }
        Ok(votes.chunks_exact(self.labels.count()).map(greatest).collect())
    }
}

impl Estimator for Classifier {
    fn describe(&self) -> String {
        members::describe(CLASSIFIER, &self.voters.members)
    }

    fn inputs(&self) -> Inputs {
        self.voters.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        members::exactness(&self.voters.members)
    }

    fn largest_term(&self, table: Table<'_>) -> Result<f64, PredictError> {
        members::largest_term(&self.voters.members, &table)
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        if !self.soft {
            return Ok(self.labels.take(self.majority(&table)?.into_iter()));
        }
        let mean = self.voters.mean(&table, members::probabilities)?;
        Ok(self.labels.greatest(&mean.values))
    }

    fn predict_proba(&self, table: Table<'_>) -> Result<Output, PredictError> {
        if !self.soft {
            return Err(PredictError::NoProbability(CLASSIFIER));
        }
        let mean = self.voters.mean(&table, members::probabilities)?;
        Ok(Output::F64 {
            values: mean.values,
            columns: mean.width,
        })
    }

    fn labels(&self) -> Option<&Labels> {
        Some(&self.labels)
    }
}
