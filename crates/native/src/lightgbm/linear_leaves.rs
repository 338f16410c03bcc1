//! Leaves that are linear functions of the input (`linear_tree`).

use super::file::Section;
use crate::error::Refusal;

/// The leaves of all trees, numbered in the order of the trees.
#[derive(Default)]
pub(super) struct LinearLeaves {
    leaves: Vec<LinearLeaf>,
    trees: usize,
}

struct LinearLeaf {
    constant: f64,
    features: Vec<usize>,
    coefficients: Vec<f64>,
    /// The answer where one of the features is missing.
    value: f64,
}

impl LinearLeaves {
    pub(super) fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }

    pub(super) fn trees(&self) -> usize {
        self.trees
    }

    /// Adds the leaves of a tree; answers with their numbers.
    pub(super) fn add(&mut self, tree: &Section<'_>, values: &[f64], features: usize) -> Result<Vec<f64>, Refusal> {
        let constants: Vec<f64> = tree.list("leaf_const", values.len())?;
        let counts: Vec<usize> = tree.list("num_features", values.len())?;
        let total = counts.iter().try_fold(0_usize, |sum, &count| sum.checked_add(count));
        let total = total.ok_or_else(|| tree.refuse("num_features", "is too large"))?;
        let (mut places, mut coefficients) = (Vec::new(), Vec::new());
        if total > 0 {
            places = tree.list::<usize>("leaf_features", total)?;
            coefficients = tree.list::<f64>("leaf_coeff", total)?;
        }
        if let Some(place) = places.iter().find(|place| **place >= features) {
            return Err(tree.refuse("leaf_features", format!("names column {place} of {features}")));
        }
        let first = self.leaves.len();
        let mut start = 0;
        for ((&value, constant), count) in values.iter().zip(constants).zip(counts) {
            self.leaves.push(LinearLeaf {
                constant,
                features: places[start..start + count].to_vec(),
                coefficients: coefficients[start..start + count].to_vec(),
                value,
            });
            start += count;
        }
        self.trees += 1;
        Ok((first..self.leaves.len()).map(|number| number as f64).collect())
    }

    /// The value of the leaf of this number.
    pub(super) fn at(&self, number: f64, row: &[f64]) -> f64 {
        let leaf = &self.leaves[number as usize];
        let mut sum = leaf.constant;
        for (&feature, coefficient) in leaf.features.iter().zip(&leaf.coefficients) {
            if row[feature].is_nan() {
                return leaf.value;
            }
            sum += coefficient * row[feature];
        }
        sum
    }
}
