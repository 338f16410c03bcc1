//! `QuadraticDiscriminantAnalysis`: a normal distribution for each class.

use super::labels::Labels;
use super::link::softmax;
use super::sums::pairwise_sum;
use super::{Estimator, Inputs, Scores};
use crate::error::{PredictError, Refusal};
use crate::exactness::{Exactness, ROUNDING};
use crate::rows::Output;
use crate::skops::Object;
use crate::table::{NonFinite, Table};

const NAME: &str = "QuadraticDiscriminantAnalysis";
const KNOWN: &[&str] = &[
    "classes_",
    "covariance_",
    "covariance_estimator",
    "means_",
    "priors",
    "priors_",
    "reg_param",
    "rotations_",
    "scalings_",
    "shrinkage",
    "solver",
    "store_covariance",
    "tol",
];

struct QuadraticDiscriminant {
    inputs: Inputs,
    labels: Labels,
    classes: Vec<Normal>,
}

struct Normal {
    mean: Vec<f64>,
    /// One row for each column of input: rotated, and divided by the root of the variance.
    rotation: Vec<f64>,
    /// How many columns the rotation has.
    rank: usize,
    logarithm_of_variance: f64,
    logarithm_of_prior: f64,
}

pub(super) fn read(object: &Object<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    object.expect_only(KNOWN)?;
    let inputs = Inputs::read(object)?;
    let labels = Labels::read(&object.get("classes_")?)?;
    let (count, width, means) = object.get("means_")?.matrix()?;
    let priors = object.get("priors_")?.doubles()?.1;
    let rotations = object.get("rotations_")?.items()?;
    let scalings = object.get("scalings_")?.items()?;
    let lengths = [count, priors.len(), rotations.len(), scalings.len()];
    if lengths.iter().any(|&length| length != labels.count()) || width != inputs.count || width == 0 {
        return Err(object.refuse(format!("has {lengths:?} parameters for {} classes", labels.count())));
    }
    let mut classes = Vec::with_capacity(count);
    for (((mean, prior), rotation), scaling) in means.chunks_exact(width).zip(&priors).zip(&rotations).zip(&scalings) {
        let scales = scaling.doubles()?.1;
        let (rows, rank, mut values) = rotation.matrix()?;
        if rows != width || rank != scales.len() || rank == 0 {
            return Err(rotation.refuse(format!("has {rows} rows of {rank} for {} scalings", scales.len())));
        }
        for row in values.chunks_exact_mut(rank) {
            for (value, scale) in row.iter_mut().zip(&scales) {
                *value *= scale.powf(-0.5);
            }
        }
        let logarithms: Vec<f64> = scales.iter().map(|scale| scale.ln()).collect();
        classes.push(Normal {
            mean: mean.to_vec(),
            rotation: values,
            rank,
            logarithm_of_variance: pairwise_sum(&logarithms),
            logarithm_of_prior: prior.ln(),
        });
    }
    Ok(Box::new(QuadraticDiscriminant {
        inputs,
        labels,
        classes,
    }))
}

impl Normal {
    fn score(&self, row: &[f64]) -> f64 {
        let mut turned = vec![0.0; self.rank];
        for ((value, mean), weights) in row.iter().zip(&self.mean).zip(self.rotation.chunks_exact(self.rank)) {
            for (sum, weight) in turned.iter_mut().zip(weights) {
                *sum += (value - mean) * weight;
            }
        }
        let squares: Vec<f64> = turned.iter().map(|value| value * value).collect();
        -0.5 * (pairwise_sum(&squares) + self.logarithm_of_variance) + self.logarithm_of_prior
    }
}

impl QuadraticDiscriminant {
    fn scores(&self, table: Table<'_>) -> Result<Vec<f64>, PredictError> {
        self.inputs.check(&table)?;
        if table.is_sparse() {
            return Err(PredictError::Sparse(NAME));
        }
        let dense = table.into_dense()?;
        dense.check_finite(NonFinite::Refused, NAME)?;
        let x = dense.into_f64();
        let rows = x.chunks_exact(self.inputs.count);
        Ok(rows
            .flat_map(|row| self.classes.iter().map(|class| class.score(row)))
            .collect())
    }
}

impl Estimator for QuadraticDiscriminant {
    fn describe(&self) -> String {
        format!("{NAME}, {} features", self.inputs.count)
    }

    fn inputs(&self) -> Inputs {
        self.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        ROUNDING
    }

    fn largest_term(&self, table: Table<'_>) -> Result<f64, PredictError> {
        // Of the scores, whose rounding decides that of the probabilities.
        let scores = self.scores(table)?;
        Ok(scores.iter().fold(0.0, |most, score| most.max(score.abs())))
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        Ok(self.labels.greatest(&self.scores(table)?))
    }

    fn predict_proba(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let columns = self.labels.count();
        let mut values = self.scores(table)?;
        softmax(&mut values, columns);
        Ok(Output::F64 { values, columns })
    }

    fn decision(&self, table: Table<'_>) -> Result<Option<Scores>, PredictError> {
        let values = self.scores(table)?;
        let width = self.labels.count();
        Ok(Some(if width == 2 {
            Scores {
                values: values.chunks_exact(2).map(|row| row[1] - row[0]).collect(),
                width: 1,
            }
        } else {
            Scores { values, width }
        }))
    }

    fn labels(&self) -> Option<&Labels> {
        Some(&self.labels)
    }
}
