//! `BaggingClassifier` and `BaggingRegressor`: the mean of models of different rows and columns.

use super::labels::Labels;
use super::members::{self, Members};
use super::{Estimator, Inputs};
use crate::error::{PredictError, Refusal};
use crate::exactness::{Exactness, ROUNDING};
use crate::rows::Output;
use crate::skops::{Object, Scalar};
use crate::table::Table;

const REGRESSOR: &str = "BaggingRegressor";
const CLASSIFIER: &str = "BaggingClassifier";
const KNOWN: &[&str] = &[
    "_max_features",
    "_max_samples",
    "_n_samples",
    "_sample_weight",
    "_seeds",
    "base_estimator",
    "base_estimator_",
    "bootstrap",
    "bootstrap_features",
    "classes_",
    "estimator",
    "estimator_",
    "estimator_params",
    "estimators_",
    "estimators_features_",
    "max_features",
    "max_samples",
    "n_classes_",
    "n_estimators",
    "n_jobs",
    "oob_decision_function_",
    "oob_prediction_",
    "oob_score",
    "oob_score_",
    "random_state",
    "verbose",
    "warm_start",
];

struct Bag {
    inputs: Inputs,
    members: Members,
    /// The columns that each member is given.
    columns: Vec<Vec<usize>>,
    exactness: Exactness,
}

impl Bag {
    fn read(object: &Object<'_>) -> Result<Self, Refusal> {
        object.expect_only(KNOWN)?;
        let inputs = Inputs::read(object)?;
        let members = members::read_all(&object.get("estimators_")?)?;
        let node = object.get("estimators_features_")?;
        let columns: Vec<Vec<usize>> = node
            .items()?
            .iter()
            .map(|item| {
                let columns = item.integers()?;
                let places = columns.iter().map(|&column| usize::try_from(column).ok());
                let places: Option<Vec<usize>> = places.map(|place| place.filter(|at| *at < inputs.count)).collect();
                places.ok_or_else(|| item.refuse(format!("names a column beyond {}", inputs.count)))
            })
            .collect::<Result<_, Refusal>>()?;
        let widths = members.iter().map(|member| member.inputs().count);
        if !widths.eq(columns.iter().map(Vec::len)) {
            return Err(node.refuse("does not fit the models (estimators_)"));
        }
        // With several jobs Python adds up in several parts.
        let alone = object
            .find_some("n_jobs")
            .is_none_or(|jobs| jobs.scalar() == Ok(Scalar::Int(1)));
        let exactness = if alone { members::exactness(&members) } else { ROUNDING };
        Ok(Self {
            inputs,
            members,
            columns,
            exactness,
        })
    }

    fn array<'a>(&self, table: Table<'a>) -> Result<Table<'a>, PredictError> {
        self.inputs.check(&table)?;
        Ok(Table::Dense(table.into_dense()?))
    }

    /// Calls `each(member, its columns)` in order.
    fn for_each<'a>(
        &self,
        table: &'a Table<'_>,
        mut each: impl FnMut(&dyn Estimator, Table<'a>) -> Result<(), PredictError>,
    ) -> Result<(), PredictError> {
        for (member, columns) in self.members.iter().zip(&self.columns) {
            let all =
                columns.len() == self.inputs.count && columns.iter().enumerate().all(|(at, &column)| at == column);
            let given = table.by_ref();
            each(member.as_ref(), if all { given } else { given.select(columns) })?;
        }
        Ok(())
    }

    fn largest_term(&self, table: Table<'_>) -> Result<f64, PredictError> {
        let table = self.array(table)?;
        let mut largest = 0.0_f64;
        self.for_each(&table, |member, table| {
            largest = largest.max(member.largest_term(table)?);
            Ok(())
        })?;
        Ok(largest)
    }
}

pub(super) fn regressor(object: &Object<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let bag = Bag::read(object)?;
    members::expect_double(object, bag.members.iter())?;
    Ok(Box::new(Regressor(bag)))
}

pub(super) fn classifier(object: &Object<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let labels = Labels::read(&object.get("classes_")?)?;
    let bag = Bag::read(object)?;
    let classes = bag
        .members
        .iter()
        .map(|member| member.labels().and_then(|known| known.numbers(labels.count())))
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| object.refuse("has models that do not decide between its classes"))?;
    Ok(Box::new(Classifier { bag, labels, classes }))
}

struct Regressor(Bag);

impl Estimator for Regressor {
    fn describe(&self) -> String {
        members::describe(REGRESSOR, &self.0.members)
    }

    fn inputs(&self) -> Inputs {
        self.0.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        self.0.exactness
    }

    fn largest_term(&self, table: Table<'_>) -> Result<f64, PredictError> {
        self.0.largest_term(table)
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let table = self.0.array(table)?;
        let mut sums: Vec<f64> = Vec::new();
        let mut columns = 1;
        self.0.for_each(&table, |member, table| {
            let answers = members::numbers(member, table)?;
            columns = answers.width;
            sums.resize(answers.values.len(), 0.0);
            sums.iter_mut()
                .zip(answers.values)
                .for_each(|(sum, value)| *sum += value);
            Ok(())
        })?;
        let count = self.0.members.len() as f64;
        for sum in &mut sums {
            *sum /= count;
        }
        Ok(Output::F64 { values: sums, columns })
    }

    fn predict_proba(&self, _: Table<'_>) -> Result<Output, PredictError> {
        Err(PredictError::NoProbability(REGRESSOR))
    }
}

struct Classifier {
    bag: Bag,
    labels: Labels,
    /// The classes that each member knows, by their places among all.
    classes: Vec<Vec<usize>>,
}

impl Classifier {
    /// Probabilities where a member has them, votes where it has not.
    fn shares(&self, table: Table<'_>) -> Result<Vec<f64>, PredictError> {
        let width = self.labels.count();
        let mut sums = vec![0.0; table.rows() * width];
        let table = self.bag.array(table)?;
        let mut number = 0;
        self.bag.for_each(&table, |member, table| {
            let known = &self.classes[number];
            number += 1;
            match members::probabilities(member, table.by_ref()) {
                Ok(shares) if shares.width == known.len() => {
                    let shares = shares.values.chunks_exact(known.len());
                    for (sums, shares) in sums.chunks_exact_mut(width).zip(shares) {
                        known
                            .iter()
                            .zip(shares)
                            .for_each(|(&class, share)| sums[class] += share);
                    }
                }
                Err(PredictError::NoProbability(_)) => {
                    let chosen = members::chosen(member, table)?;
                    for (sums, chosen) in sums.chunks_exact_mut(width).zip(chosen) {
                        sums[known[chosen]] += 1.0;
                    }
                }
                Ok(_) => return Err(PredictError::NoNumbers),
                Err(error) => return Err(error),
            }
            Ok(())
        })?;
        let count = self.bag.members.len() as f64;
        for sum in &mut sums {
            *sum /= count;
        }
        Ok(sums)
    }
}

impl Estimator for Classifier {
    fn describe(&self) -> String {
        members::describe(CLASSIFIER, &self.bag.members)
    }

    fn inputs(&self) -> Inputs {
        self.bag.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        self.bag.exactness
    }

    fn largest_term(&self, table: Table<'_>) -> Result<f64, PredictError> {
        self.bag.largest_term(table)
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        Ok(self.labels.greatest(&self.shares(table)?))
    }

    fn predict_proba(&self, table: Table<'_>) -> Result<Output, PredictError> {
        Ok(Output::F64 {
            values: self.shares(table)?,
            columns: self.labels.count(),
        })
    }

    fn labels(&self) -> Option<&Labels> {
        Some(&self.labels)
    }
}
