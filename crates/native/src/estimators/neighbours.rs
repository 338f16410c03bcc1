//! `KNeighborsClassifier` and `KNeighborsRegressor` over a tree: the mean of the nearest rows of training.
//!
//! Models that compare with every row (`brute`) are refused: Python takes their distances from a matrix product, whose
//! rounding, and with it the choice among equals, depends on processor, batch and number of threads.

use super::labels::Labels;
use super::space_tree::{Metric, SpaceTree};
use super::sums::pairwise_sum;
use super::{Estimator, Inputs};
use crate::error::{PredictError, Refusal};
use crate::exactness::{Exactness, ROUNDING};
use crate::rows::Output;
use crate::skops::{Items, Object};
use crate::table::{NonFinite, Table};

const REGRESSOR: &str = "KNeighborsRegressor";
const CLASSIFIER: &str = "KNeighborsClassifier";
const KNOWN: &[&str] = &[
    "_fit_X",
    "_fit_method",
    "_tree",
    "_y",
    "algorithm",
    "classes_",
    "effective_metric_",
    "effective_metric_params_",
    "leaf_size",
    "metric",
    "metric_params",
    "n_jobs",
    "n_neighbors",
    "n_samples_fit_",
    "outputs_2d_",
    "p",
    "radius",
    "weights",
];

struct Neighbours {
    name: &'static str,
    inputs: Inputs,
    tree: SpaceTree,
    metric: Metric,
    count: usize,
    /// Nearer rows weigh more.
    by_distance: bool,
}

impl Neighbours {
    fn read(object: &Object<'_>, name: &'static str) -> Result<Self, Refusal> {
        object.expect_only(KNOWN)?;
        let inputs = Inputs::read(object)?;
        let method = object.get("_fit_method")?;
        if !matches!(method.text()?.as_str(), "kd_tree" | "ball_tree") {
            return Err(method.refuse(format!(
                "is {:?}: its distances depend on the order of a matrix product; use algorithm='kd_tree'",
                method.text()?
            )));
        }
        object.expect_none("metric_params")?;
        let metric = Metric::read(&object.get("effective_metric_")?)?;
        let weights = object.get("weights")?;
        let kind = weights
            .text()
            .map_err(|_| weights.refuse("is a function, which is not evaluated"))?;
        let by_distance = match kind.as_str() {
            "uniform" => false,
            "distance" => true,
            other => return Err(weights.refuse(format!("is {other:?}, which is not evaluated"))),
        };
        let tree = SpaceTree::read(&object.get("_tree")?, metric, inputs.count)?;
        let node = object.get("n_neighbors")?;
        let count = node.count()?;
        if count == 0 || count > tree.rows() {
            return Err(node.refuse(format!("is {count} of {} rows", tree.rows())));
        }
        Ok(Self {
            name,
            inputs,
            tree,
            metric,
            count,
            by_distance,
        })
    }

    /// Calls `each(nearest rows, their weights)` for every row.
    fn for_each(&self, table: Table<'_>, mut each: impl FnMut(&[usize], &[f64])) -> Result<(), PredictError> {
        self.inputs.check(&table)?;
        if table.is_sparse() {
            return Err(PredictError::Sparse(self.name));
        }
        let dense = table.into_dense()?;
        dense.check_finite(NonFinite::Refused, self.name)?;
        for point in dense.into_f64().chunks_exact(self.inputs.count) {
            let nearest = self.tree.nearest(point, self.count);
            let rows: Vec<usize> = nearest.iter().map(|(_, row)| *row).collect();
            let weights: Vec<f64> = if self.by_distance {
                let inverse = nearest.iter().map(|(reduced, _)| 1.0 / self.metric.distance(*reduced));
                let inverse: Vec<f64> = inverse.collect();
                if inverse.iter().any(|weight| weight.is_infinite()) {
                    // Rows at no distance at all outweigh all others.
                    inverse
                        .iter()
                        .map(|weight| f64::from(u8::from(weight.is_infinite())))
                        .collect()
                } else {
                    inverse
                }
            } else {
                vec![1.0; rows.len()]
            };
            each(&rows, &weights);
        }
        Ok(())
    }

    fn describe(&self) -> String {
        format!("{}, {} of {} rows", self.name, self.count, self.tree.rows())
    }
}

pub(super) fn regressor(object: &Object<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let neighbours = Neighbours::read(object, REGRESSOR)?;
    let node = object.get("_y")?;
    let array = node.array()?;
    let targets = match array.items {
        Items::F64(values) => values,
        Items::I64(values) => values.into_iter().map(|value| value as f64).collect(),
        other => return Err(node.refuse(format!("is a {} array where targets are expected", other.kind()))),
    };
    let width = match array.shape.as_slice() {
        [rows] if *rows == neighbours.tree.rows() => 1,
        [rows, width] if *rows == neighbours.tree.rows() && *width > 1 => *width,
        shape => return Err(node.refuse(format!("has shape {shape:?}, which does not fit the tree"))),
    };
    Ok(Box::new(Regressor {
        neighbours,
        targets,
        width,
    }))
}

pub(super) fn classifier(object: &Object<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    if object.get("outputs_2d_")?.boolean()? {
        return Err(object.refuse("predicts several outputs (outputs_2d_), which is not evaluated for classifiers"));
    }
    let neighbours = Neighbours::read(object, CLASSIFIER)?;
    let labels = Labels::read(&object.get("classes_")?)?;
    let node = object.get("_y")?;
    let class = |class: &i64| usize::try_from(*class).ok().filter(|class| *class < labels.count());
    let classes: Option<Vec<usize>> = node.integers()?.iter().map(class).collect();
    let classes = classes.filter(|classes| classes.len() == neighbours.tree.rows());
    let classes = classes.ok_or_else(|| node.refuse("does not give each row of the tree its class"))?;
    Ok(Box::new(Classifier {
        neighbours,
        labels,
        classes,
    }))
}

struct Regressor {
    neighbours: Neighbours,
    /// Row by row.
    targets: Vec<f64>,
    width: usize,
}

impl Estimator for Regressor {
    fn describe(&self) -> String {
        self.neighbours.describe()
    }

    fn inputs(&self) -> Inputs {
        self.neighbours.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        ROUNDING
    }

    fn largest_term(&self, _: Table<'_>) -> Result<f64, PredictError> {
        Ok(self.targets.iter().fold(0.0, |most, target| most.max(target.abs())))
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let mut values = Vec::new();
        self.neighbours.for_each(table, |rows, weights| {
            let total = pairwise_sum(weights);
            for output in 0..self.width {
                let terms: Vec<f64> = rows
                    .iter()
                    .zip(weights)
                    .map(|(row, weight)| self.targets[row * self.width + output] * weight)
                    .collect();
                values.push(pairwise_sum(&terms) / total);
            }
        })?;
        Ok(Output::F64 {
            values,
            columns: self.width,
        })
    }

    fn predict_proba(&self, _: Table<'_>) -> Result<Output, PredictError> {
        Err(PredictError::NoProbability(REGRESSOR))
    }
}

struct Classifier {
    neighbours: Neighbours,
    labels: Labels,
    /// The class of each row of the tree.
    classes: Vec<usize>,
}

impl Classifier {
    /// The sum of the weights of each class.
    fn votes(&self, table: Table<'_>) -> Result<Vec<f64>, PredictError> {
        let width = self.labels.count();
        let mut votes: Vec<f64> = Vec::new();
        self.neighbours.for_each(table, |rows, weights| {
            let start = votes.len();
            votes.resize(start + width, 0.0);
            for (row, weight) in rows.iter().zip(weights) {
                votes[start + self.classes[*row]] += weight;
            }
        })?;
        Ok(votes)
    }
}

impl Estimator for Classifier {
    fn describe(&self) -> String {
        self.neighbours.describe()
    }

    fn inputs(&self) -> Inputs {
        self.neighbours.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        if self.neighbours.by_distance {
            ROUNDING
        } else {
            Exactness::BitExact
        }
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        Ok(self.labels.greatest(&self.votes(table)?))
    }

    fn predict_proba(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let columns = self.labels.count();
        let mut values = self.votes(table)?;
        for row in values.chunks_exact_mut(columns) {
            let sum = pairwise_sum(row);
            for vote in row.iter_mut() {
                *vote /= sum;
            }
        }
        Ok(Output::F64 { values, columns })
    }

    fn labels(&self) -> Option<&Labels> {
        Some(&self.labels)
    }
}
