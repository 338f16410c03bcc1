//! `AdaBoostClassifier` and `AdaBoostRegressor`: models that vote by weight.

use super::labels::Labels;
use super::link::softmax;
use super::members::{self, Members};
use super::sums::pairwise_sum;
use super::{Estimator, Inputs, Scores};
use crate::error::{PredictError, Refusal};
use crate::exactness::{Exactness, ROUNDING};
use crate::rows::Output;
use crate::skops::Object;
use crate::table::{NonFinite, Table};

const REGRESSOR: &str = "AdaBoostRegressor";
const CLASSIFIER: &str = "AdaBoostClassifier";
const KNOWN: &[&str] = &[
    "algorithm",
    "base_estimator",
    "base_estimator_",
    "classes_",
    "estimator",
    "estimator_",
    "estimator_errors_",
    "estimator_params",
    "estimator_weights_",
    "estimators_",
    "learning_rate",
    "loss",
    "n_classes_",
    "n_estimators",
    "random_state",
];

struct Boosted {
    name: &'static str,
    inputs: Inputs,
    members: Members,
    /// One for each member.
    weights: Vec<f64>,
    /// The sum of all that Python keeps, which may be more than there are members.
    weight_sum: f64,
}

impl Boosted {
    fn read(object: &Object<'_>, name: &'static str) -> Result<Self, Refusal> {
        object.expect_only(KNOWN)?;
        let members = members::read_all(&object.get("estimators_")?)?;
        let node = object.get("estimator_weights_")?;
        let mut weights = node.doubles()?.1;
        if weights.len() < members.len() {
            return Err(node.refuse(format!("has {} values for {} models", weights.len(), members.len())));
        }
        let weight_sum = pairwise_sum(&weights);
        weights.truncate(members.len());
        Ok(Self {
            name,
            inputs: Inputs::read(object)?,
            members,
            weights,
            weight_sum,
        })
    }

    /// The array that every member is given.
    fn array<'a>(&self, table: Table<'a>) -> Result<Table<'a>, PredictError> {
        self.inputs.check(&table)?;
        let dense = table.into_dense()?;
        dense.check_finite(NonFinite::Refused, self.name)?;
        Ok(Table::Dense(dense))
    }
}

pub(super) fn regressor(object: &Object<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    Ok(Box::new(Regressor(Boosted::read(object, REGRESSOR)?)))
}

pub(super) fn classifier(object: &Object<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let labels = Labels::read(&object.get("classes_")?)?;
    if labels.count() < 2 {
        return Err(object.refuse("has one class"));
    }
    let by_probability = match object.find_some("algorithm") {
        None => false,
        Some(node) => match node.text()?.as_str() {
            "SAMME.R" => true,
            "SAMME" | "deprecated" => false,
            other => return Err(node.refuse(format!("is {other:?}, which is not evaluated"))),
        },
    };
    Ok(Box::new(Classifier {
        boosted: Boosted::read(object, CLASSIFIER)?,
        labels,
        by_probability,
    }))
}

/// The weighted median of the members' answers.
struct Regressor(Boosted);

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
        members::largest_term(&self.0.members, &self.0.array(table)?)
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let rows = table.rows();
        let table = self.0.array(table)?;
        let answers: Vec<Vec<f64>> = self
            .0
            .members
            .iter()
            .map(|member| Ok(members::numbers(member.as_ref(), table.by_ref())?.values))
            .collect::<Result<_, PredictError>>()?;
        let median = |row: usize| {
            let mut order: Vec<usize> = (0..answers.len()).collect();
            order.sort_by(|&left, &right| answers[left][row].total_cmp(&answers[right][row]));
            let mut sum = 0.0;
            let sums: Vec<f64> = order
                .iter()
                .map(|&member| {
                    sum += self.0.weights[member];
                    sum
                })
                .collect();
            let middle = sums.iter().position(|below| *below >= 0.5 * sum).unwrap_or_default();
            answers[order[middle]][row]
        };
        Ok(Output::F64 {
            values: (0..rows).map(median).collect(),
            columns: 1,
        })
    }

    fn predict_proba(&self, _: Table<'_>) -> Result<Output, PredictError> {
        Err(PredictError::NoProbability(REGRESSOR))
    }
}

struct Classifier {
    boosted: Boosted,
    labels: Labels,
    /// Until 1.5 members voted by the logarithms of their probabilities, unless told otherwise (`SAMME.R`).
    by_probability: bool,
}

impl Classifier {
    /// A score for each class, or one for both of two.
    fn scores(&self, table: Table<'_>) -> Result<Vec<f64>, PredictError> {
        let rows = table.rows();
        let classes = self.labels.count();
        let table = self.boosted.array(table)?;
        let mut scores = vec![0.0; rows * classes];
        for (member, weight) in self.boosted.members.iter().zip(&self.boosted.weights) {
            if self.by_probability {
                let shares = members::probabilities(member.as_ref(), table.by_ref())?;
                if shares.width != classes {
                    return Err(PredictError::NoProbability(CLASSIFIER));
                }
                let shares = shares.values.chunks_exact(classes);
                for (scores, shares) in scores.chunks_exact_mut(classes).zip(shares) {
                    let logarithms: Vec<f64> = shares.iter().map(|share| share.max(f64::EPSILON).ln()).collect();
                    let mean = 1.0 / classes as f64 * pairwise_sum(&logarithms);
                    for (score, logarithm) in scores.iter_mut().zip(logarithms) {
                        *score += (classes as f64 - 1.0) * (logarithm - mean);
                    }
                }
            } else {
                let against = -1.0 / (classes as f64 - 1.0) * weight;
                let chosen = self.chosen(member.as_ref(), &table)?;
                for (scores, chosen) in scores.chunks_exact_mut(classes).zip(chosen) {
                    for (class, score) in scores.iter_mut().enumerate() {
                        *score += if class == chosen { *weight } else { against };
                    }
                }
            }
        }
        for score in &mut scores {
            *score /= self.boosted.weight_sum;
        }
        if classes == 2 {
            return Ok(scores.chunks_exact(2).map(|row| -row[0] + row[1]).collect());
        }
        Ok(scores)
    }

    /// The class that a member votes for, by its place among all classes; a member may know fewer.
    fn chosen(&self, member: &dyn Estimator, table: &Table<'_>) -> Result<Vec<usize>, PredictError> {
        let answers = member.predict(table.by_ref())?;
        self.labels.places(&answers).ok_or(PredictError::NoNumbers)
    }
}

impl Estimator for Classifier {
    fn describe(&self) -> String {
        members::describe(CLASSIFIER, &self.boosted.members)
    }

    fn inputs(&self) -> Inputs {
        self.boosted.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        ROUNDING
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let scores = self.scores(table)?;
        if self.labels.count() == 2 {
            return Ok(self.labels.take(scores.iter().map(|&score| usize::from(score > 0.0))));
        }
        Ok(self.labels.greatest(&scores))
    }

    fn predict_proba(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let columns = self.labels.count();
        let scores = self.scores(table)?;
        let mut values: Vec<f64> = if columns == 2 {
            scores.iter().flat_map(|score| [-score / 2.0, score / 2.0]).collect()
        } else {
            scores.iter().map(|score| score / (columns as f64 - 1.0)).collect()
        };
        softmax(&mut values, columns);
        Ok(Output::F64 { values, columns })
    }

    fn decision(&self, table: Table<'_>) -> Result<Option<Scores>, PredictError> {
        let classes = self.labels.count();
        Ok(Some(Scores {
            values: self.scores(table)?,
            width: if classes == 2 { 1 } else { classes },
        }))
    }

    fn labels(&self) -> Option<&Labels> {
        Some(&self.labels)
    }
}
