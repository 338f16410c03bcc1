//! The matrix product of linear models.

use super::Inputs;
use crate::attributions::Attributions;
use crate::error::{PredictError, Refusal};
use crate::skops::Object;
use crate::table::{NonFinite, Table};

pub(super) struct LinearScores {
    pub(super) name: &'static str,
    pub(super) inputs: Inputs,
    /// One row of weights for each output.
    weights: Vec<f64>,
    intercepts: Vec<f64>,
    /// Whether `coef_` has one dimension, as it does for a single target.
    pub(super) is_vector: bool,
}

impl LinearScores {
    pub(super) fn read(object: &Object<'_>, name: &'static str) -> Result<Self, Refusal> {
        let inputs = Inputs::read(object)?;
        let coef = object.get("coef_")?;
        let (shape, weights) = coef.doubles()?;
        let outputs = match shape.as_slice() {
            [features] if *features == inputs.count => 1,
            [outputs, features] if *features == inputs.count && *outputs > 0 => *outputs,
            _ => {
                return Err(coef.refuse(format!(
                    "has shape {shape:?}, which does not fit {} features",
                    inputs.count
                )));
            }
        };
        let intercept = object.get("intercept_")?;
        let intercepts = if intercept.is_array() {
            intercept.doubles()?.1
        } else {
            vec![intercept.float()?]
        };
        let intercepts = match intercepts.as_slice() {
            [one] => vec![*one; outputs],
            several if several.len() == outputs => intercepts,
            several => return Err(intercept.refuse(format!("has {} values for {outputs} outputs", several.len()))),
        };
        Ok(Self {
            name,
            inputs,
            weights,
            intercepts,
            is_vector: shape.len() == 1,
        })
    }

    pub(super) fn outputs(&self) -> usize {
        self.intercepts.len()
    }

    fn values(&self, table: Table<'_>) -> Result<Vec<f64>, PredictError> {
        self.inputs.check(&table)?;
        let dense = table.into_dense()?;
        dense.check_finite(NonFinite::Refused, self.name)?;
        Ok(dense.into_f64())
    }

    /// The largest product of a value and its weight, or intercept.
    pub(super) fn largest_term(&self, table: Table<'_>) -> Result<f64, PredictError> {
        let x = self.values(table)?;
        let features = self.inputs.count;
        let products = x.chunks_exact(features).flat_map(|row| {
            self.weights
                .chunks_exact(features)
                .flat_map(move |weights| row.iter().zip(weights).map(|(x, weight)| x * weight))
        });
        Ok(products
            .chain(self.intercepts.iter().copied())
            .fold(0.0, |largest, term| largest.max(term.abs())))
    }

    /// Weight times distance from the mean of the background.
    pub(super) fn attributions(&self, table: Table<'_>, background: Table<'_>) -> Result<Attributions, PredictError> {
        let (features, outputs) = (self.inputs.count, self.outputs());
        let (x, background) = (self.values(table)?, self.values(background)?);
        let count = (background.len() / features) as f64;
        let mut means = vec![0.0; features];
        for row in background.chunks_exact(features) {
            for (mean, value) in means.iter_mut().zip(row) {
                *mean += value / count;
            }
        }
        let mut found = Attributions::zeros(x.len() / features, features, outputs);
        for (output, weights) in self.weights.chunks_exact(features).enumerate() {
            let product: f64 = means.iter().zip(weights).map(|(mean, weight)| mean * weight).sum();
            found.base[output] = product + self.intercepts[output];
        }
        for (place, (value, values)) in x.iter().zip(found.values.chunks_exact_mut(outputs)).enumerate() {
            let feature = place % features;
            for (output, attribution) in values.iter_mut().enumerate() {
                *attribution = self.weights[output * features + feature] * (value - means[feature]);
            }
        }
        Ok(found)
    }

    /// A score for each row and output.
    pub(super) fn scores(&self, table: Table<'_>) -> Result<Vec<f64>, PredictError> {
        let x = self.values(table)?;
        let features = self.inputs.count;
        let mut scores = Vec::with_capacity(x.len() / features.max(1) * self.outputs());
        for row in x.chunks_exact(features) {
            for (weights, intercept) in self.weights.chunks_exact(features).zip(&self.intercepts) {
                let product: f64 = row.iter().zip(weights).map(|(value, weight)| value * weight).sum();
                scores.push(product + intercept);
            }
        }
        Ok(scores)
    }
}
