//! Trees whose leaves are averaged: forests, and single trees as forests of one.

use super::{Estimator, Inputs};
use crate::attributions::Attributions;
use crate::error::PredictError;
use crate::estimators::labels::{Labels, greatest};
use crate::exactness::Exactness;
use crate::rows::Output;
use crate::table::{NonFinite, Table, check_finite_f32};
use crate::trees::Trees;

pub(super) struct AveragedTrees {
    pub(super) name: &'static str,
    pub(super) inputs: Inputs,
    pub(super) trees: Trees,
    pub(super) non_finite: NonFinite,
    /// What the sum starts from: `0.0` in a forest; `-0.0`, which changes nothing, for a single tree.
    pub(super) start: f64,
    pub(super) exactness: Exactness,
}

impl AveragedTrees {
    /// Input is rounded to single precision, leaves are added in double precision in the order of the trees.
    fn mean(&self, table: Table<'_>) -> Result<Vec<f64>, PredictError> {
        let rows = table.rows();
        let x = self.values(table)?;
        let width = self.trees.width();
        let mut sums = vec![self.start; rows * width];
        if width == 1 {
            self.trees.for_each(&x, rows, |row, _, leaf| sums[row] += leaf[0]);
        } else {
            self.trees.for_each(&x, rows, |row, _, leaf| {
                for (sum, value) in sums[row * width..(row + 1) * width].iter_mut().zip(leaf) {
                    *sum += value;
                }
            });
        }
        let count = self.trees.count() as f64;
        for sum in &mut sums {
            *sum /= count;
        }
        Ok(sums)
    }

    fn values(&self, table: Table<'_>) -> Result<Vec<f32>, PredictError> {
        self.inputs.check(&table)?;
        // Missing values are taken in dense input only.
        let non_finite = if table.is_sparse() {
            NonFinite::Refused
        } else {
            self.non_finite
        };
        let x = table.into_dense()?.into_f32();
        check_finite_f32(&x, non_finite, self.name)?;
        Ok(x)
    }

    fn attributions(&self, table: Table<'_>) -> Result<Option<Attributions>, PredictError> {
        let rows = table.rows();
        let x = self.values(table)?;
        let share = 1.0 / self.trees.count() as f64;
        Ok(self.trees.attributions(&x, rows, self.trees.width(), |_| 0, |_| share))
    }

    fn describe(&self) -> String {
        match self.trees.count() {
            1 => format!("{}, 1 tree", self.name),
            count => format!("{}, {count} trees", self.name),
        }
    }
}

pub(super) struct Regressor(pub(super) AveragedTrees);

impl Estimator for Regressor {
    fn describe(&self) -> String {
        self.0.describe()
    }

    fn inputs(&self) -> Inputs {
        self.0.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        self.0.exactness
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        Ok(Output::F64 {
            values: self.0.mean(table)?,
            columns: self.0.trees.width(),
        })
    }

    fn predict_proba(&self, _: Table<'_>) -> Result<Output, PredictError> {
        Err(PredictError::NoProbability(self.0.name))
    }

    fn attributions(&self, table: Table<'_>, _: Table<'_>) -> Result<Option<Attributions>, PredictError> {
        self.0.attributions(table)
    }
}

pub(super) struct Classifier {
    pub(super) averaged: AveragedTrees,
    /// As many as a leaf has values.
    pub(super) labels: Labels,
}

impl Estimator for Classifier {
    fn describe(&self) -> String {
        self.averaged.describe()
    }

    fn inputs(&self) -> Inputs {
        self.averaged.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        self.averaged.exactness
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        Ok(self.labels.greatest(&self.averaged.mean(table)?))
    }

    fn predict_proba(&self, table: Table<'_>) -> Result<Output, PredictError> {
        Ok(Output::F64 {
            values: self.averaged.mean(table)?,
            columns: self.labels.count(),
        })
    }

    fn attributions(&self, table: Table<'_>, _: Table<'_>) -> Result<Option<Attributions>, PredictError> {
        self.averaged.attributions(table)
    }

    fn labels(&self) -> Option<&Labels> {
        Some(&self.labels)
    }
}

/// A classifier of several outputs.
pub(super) struct MultiClassifier {
    pub(super) averaged: AveragedTrees,
    /// Those of each output; a leaf has values for the most classes that any output has.
    pub(super) labels: Vec<Labels>,
}

impl Estimator for MultiClassifier {
    fn describe(&self) -> String {
        format!("{}, {} outputs", self.averaged.describe(), self.labels.len())
    }

    fn inputs(&self) -> Inputs {
        self.averaged.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        self.averaged.exactness
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let shares = self.averaged.mean(table)?;
        let width = self.averaged.trees.width();
        let most = width / self.labels.len();
        let of_output = |(output, labels): (usize, &Labels)| {
            let first = output * most;
            labels.take(
                shares
                    .chunks_exact(width)
                    .map(|row| greatest(&row[first..first + labels.count()])),
            )
        };
        let outputs = self.labels.iter().enumerate().map(of_output).collect();
        Output::beside(outputs).ok_or(PredictError::NoNumbers)
    }

    fn predict_proba(&self, _: Table<'_>) -> Result<Output, PredictError> {
        Err(PredictError::NoProbability(self.averaged.name))
    }
}
