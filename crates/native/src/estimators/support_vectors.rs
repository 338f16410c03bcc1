//! Support vector machines of libsvm: `SVC`, `NuSVC`, `SVR`, `NuSVR` and `OneClassSVM`.

use super::kernel::Kernel;
use super::labels::{Labels, greatest};
use super::one_against_one::one_against_rest;
use super::platt::Platt;
use super::{Estimator, Inputs, Scores};
use crate::error::{PredictError, Refusal};
use crate::exactness::{Exactness, ROUNDING};
use crate::rows::Output;
use crate::skops::Object;
use crate::table::{NonFinite, Table};

const KNOWN: &[&str] = &[
    "C",
    "_dual_coef_",
    "_effective_probability",
    "_gamma",
    "_intercept_",
    "_n_support",
    "_num_iter",
    "_probA",
    "_probB",
    "_sparse",
    "break_ties",
    "cache_size",
    "class_weight",
    "class_weight_",
    "classes_",
    "coef0",
    "decision_function_shape",
    "degree",
    "dual_coef_",
    "epsilon",
    "fit_status_",
    "gamma",
    "intercept_",
    "kernel",
    "max_iter",
    "n_iter_",
    "nu",
    "offset_",
    "probA_",
    "probB_",
    "probability",
    "random_state",
    "shape_fit_",
    "shrinking",
    "support_",
    "support_vectors_",
    "tol",
    "verbose",
];

struct Machine {
    name: &'static str,
    inputs: Inputs,
    kernel: Kernel,
    /// Row by row.
    vectors: Vec<f64>,
    /// One row for each class but one.
    weights: Vec<Vec<f64>>,
    intercepts: Vec<f64>,
    /// Whether training saw a sparse matrix; if not, none is taken.
    takes_sparse: bool,
}

impl Machine {
    fn read(object: &Object<'_>, name: &'static str) -> Result<Self, Refusal> {
        object.expect_only(KNOWN)?;
        let inputs = Inputs::read(object)?;
        let kernel = Kernel::read(object)?;
        let (count, columns, vectors) = object.get("support_vectors_")?.matrix()?;
        let weights_node = object.get("_dual_coef_")?;
        let (sets, of_each, weights) = weights_node.matrix()?;
        if columns != inputs.count || of_each != count || count == 0 || columns == 0 || sets == 0 {
            return Err(weights_node.refuse(format!(
                "has {of_each} weights for {count} support vectors of {columns} columns"
            )));
        }
        Ok(Self {
            name,
            inputs,
            kernel,
            vectors,
            weights: weights.chunks_exact(count).map(<[f64]>::to_vec).collect(),
            intercepts: object.get("_intercept_")?.doubles()?.1,
            takes_sparse: object.get("_sparse")?.boolean()?,
        })
    }

    fn values(&self, table: Table<'_>) -> Result<Vec<f64>, PredictError> {
        self.inputs.check(&table)?;
        if table.is_sparse() && !self.takes_sparse {
            return Err(PredictError::Sparse(self.name));
        }
        let dense = table.into_dense()?;
        dense.check_finite(NonFinite::Refused, self.name)?;
        Ok(dense.into_f64())
    }

    fn nearness<'a>(&'a self, row: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        self.vectors
            .chunks_exact(self.inputs.count)
            .map(|vector| self.kernel.between(row, vector))
    }

    /// The score of a machine that does not classify, for each row.
    fn single(&self, table: Table<'_>) -> Result<Vec<f64>, PredictError> {
        let x = self.values(table)?;
        let score = |row| {
            let terms = self.nearness(row).zip(&self.weights[0]);
            terms.fold(0.0, |sum, (near, weight)| sum + weight * near) + self.intercepts[0]
        };
        Ok(x.chunks_exact(self.inputs.count).map(score).collect())
    }

    fn describe(&self) -> String {
        let count = self.vectors.len() / self.inputs.count;
        format!("{}, {count} support vectors", self.name)
    }
}

fn single(object: &Object<'_>, name: &'static str) -> Result<Machine, Refusal> {
    let machine = Machine::read(object, name)?;
    if machine.weights.len() != 1 || machine.intercepts.len() != 1 {
        return Err(object.refuse("has the weights of a classifier"));
    }
    Ok(machine)
}

pub(super) fn regressor(object: &Object<'_>, name: &'static str) -> Result<Box<dyn Estimator>, Refusal> {
    Ok(Box::new(Regressor(single(object, name)?)))
}

pub(super) fn one_class(object: &Object<'_>, name: &'static str) -> Result<Box<dyn Estimator>, Refusal> {
    Ok(Box::new(OneClass(single(object, name)?)))
}

pub(super) fn classifier(object: &Object<'_>, name: &'static str) -> Result<Box<dyn Estimator>, Refusal> {
    let machine = Machine::read(object, name)?;
    let labels = Labels::read(&object.get("classes_")?)?;
    let classes = labels.count();
    let pairs = classes * (classes - 1) / 2;
    let support = object.get("_n_support")?;
    let counts = support.integers()?;
    let counts: Option<Vec<usize>> = counts.iter().map(|&count| usize::try_from(count).ok()).collect();
    let counts = counts.ok_or_else(|| support.refuse("has a negative count"))?;
    let sum = counts.iter().try_fold(0_usize, |sum, &count| sum.checked_add(count));
    if classes < 2
        || counts.len() != classes
        || sum != Some(machine.vectors.len() / machine.inputs.count)
        || machine.weights.len() + 1 != classes
        || machine.intercepts.len() != pairs
    {
        return Err(support.refuse(format!("is {counts:?}, which does not fit {classes} classes")));
    }
    let platt = match object.get("probability")?.scalar()? {
        crate::skops::Scalar::Bool(true) => Platt::read(object, pairs)?,
        _ => None,
    };
    let one_against_rest = object.get("decision_function_shape")?.text()? == "ovr";
    let break_ties = object.get("break_ties")?.boolean()? && classes > 2;
    if break_ties && !one_against_rest {
        return Err(object.refuse("breaks ties (break_ties) with decision_function_shape 'ovo', which always fails"));
    }
    Ok(Box::new(Classifier {
        machine,
        labels,
        counts,
        platt,
        break_ties,
        one_against_rest,
    }))
}

struct Regressor(Machine);

impl Estimator for Regressor {
    fn describe(&self) -> String {
        self.0.describe()
    }

    fn inputs(&self) -> Inputs {
        self.0.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        ROUNDING
    }

    fn largest_term(&self, table: Table<'_>) -> Result<f64, PredictError> {
        self.0.largest_term(table)
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let values = self.0.single(table)?;
        Ok(Output::F64 { values, columns: 1 })
    }

    fn predict_proba(&self, _: Table<'_>) -> Result<Output, PredictError> {
        Err(PredictError::NoProbability(self.0.name))
    }
}

impl Machine {
    /// The largest product of a weight and the nearness to its vector.
    fn largest_term(&self, table: Table<'_>) -> Result<f64, PredictError> {
        let x = self.values(table)?;
        let mut largest = self.intercepts.iter().fold(0.0_f64, |most, term| most.max(term.abs()));
        for row in x.chunks_exact(self.inputs.count) {
            for (at, near) in self.nearness(row).enumerate() {
                let weights = self.weights.iter().map(|weights| weights[at]);
                largest = weights.fold(largest, |most, weight| most.max((weight * near).abs()));
            }
        }
        Ok(largest)
    }
}

/// `OneClassSVM`: 1 for what is like the training rows, -1 for what is not.
struct OneClass(Machine);

impl Estimator for OneClass {
    fn describe(&self) -> String {
        self.0.describe()
    }

    fn inputs(&self) -> Inputs {
        self.0.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        ROUNDING
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let scores = self.0.single(table)?;
        Ok(Output::I64(
            scores.iter().map(|&score| if score > 0.0 { 1 } else { -1 }).collect(),
        ))
    }

    fn predict_proba(&self, _: Table<'_>) -> Result<Output, PredictError> {
        Err(PredictError::NoProbability(self.0.name))
    }
}

struct Classifier {
    machine: Machine,
    labels: Labels,
    /// How many of the vectors are of each class.
    counts: Vec<usize>,
    platt: Option<Platt>,
    /// Decide by scores where classes have as many votes as each other.
    break_ties: bool,
    /// The decision function has a column for each class, not for each pair.
    one_against_rest: bool,
}

impl Classifier {
    /// A score for each pair of classes of each row, above zero for the first of the pair.
    fn pairs(&self, table: Table<'_>) -> Result<Vec<f64>, PredictError> {
        let x = self.machine.values(table)?;
        let mut first = 0;
        let ranges: Vec<std::ops::Range<usize>> = self
            .counts
            .iter()
            .map(|count| {
                first += count;
                first - count..first
            })
            .collect();
        let mut scores = Vec::new();
        for row in x.chunks_exact(self.machine.inputs.count) {
            let near: Vec<f64> = self.machine.nearness(row).collect();
            let add = |sum: f64, weights: &[f64], range: &std::ops::Range<usize>| {
                let terms = weights[range.clone()].iter().zip(&near[range.clone()]);
                terms.fold(sum, |sum, (weight, near)| sum + weight * near)
            };
            let start = scores.len();
            for one in 0..ranges.len() {
                for other in one + 1..ranges.len() {
                    let sum = add(0.0, &self.machine.weights[other - 1], &ranges[one]);
                    let sum = add(sum, &self.machine.weights[one], &ranges[other]);
                    scores.push(sum + self.machine.intercepts[scores.len() - start]);
                }
            }
        }
        Ok(scores)
    }

    fn pair_count(&self) -> usize {
        self.machine.intercepts.len()
    }

    /// One score for each class of each row, from votes and scores of the pairs.
    fn of_classes(&self, pairs: &[f64]) -> Vec<f64> {
        let confidences: Vec<f64> = pairs.iter().map(|score| -score).collect();
        let votes: Vec<bool> = pairs.iter().map(|&score| score < 0.0).collect();
        let rows = votes.chunks_exact(self.pair_count());
        rows.zip(confidences.chunks_exact(self.pair_count()))
            .flat_map(|(votes, confidences)| one_against_rest(votes, confidences, self.labels.count()))
            .collect()
    }

    /// The class with most votes, the first of equals.
    fn winner(&self, pairs: &[f64]) -> usize {
        let classes = self.labels.count();
        let mut votes = vec![0.0; classes];
        let mut pair = 0;
        for first in 0..classes {
            for second in first + 1..classes {
                votes[if pairs[pair] > 0.0 { first } else { second }] += 1.0;
                pair += 1;
            }
        }
        greatest(&votes)
    }
}

impl Estimator for Classifier {
    fn describe(&self) -> String {
        self.machine.describe()
    }

    fn inputs(&self) -> Inputs {
        self.machine.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        ROUNDING
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let pairs = self.pairs(table)?;
        if self.break_ties {
            return Ok(self.labels.greatest(&self.of_classes(&pairs)));
        }
        let rows = pairs.chunks_exact(self.pair_count());
        Ok(self.labels.take(rows.map(|pairs| self.winner(pairs))))
    }

    fn predict_proba(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let Some(platt) = &self.platt else {
            return Err(PredictError::NoProbability(self.machine.name));
        };
        let columns = self.labels.count();
        let pairs = self.pairs(table)?;
        let rows = pairs.chunks_exact(self.pair_count());
        Ok(Output::F64 {
            values: rows.flat_map(|pairs| platt.probabilities(pairs, columns)).collect(),
            columns,
        })
    }

    fn decision(&self, table: Table<'_>) -> Result<Option<Scores>, PredictError> {
        let pairs = self.pairs(table)?;
        Ok(Some(if self.labels.count() == 2 {
            Scores {
                values: pairs.into_iter().map(|score| -score).collect(),
                width: 1,
            }
        } else if self.one_against_rest {
            Scores {
                values: self.of_classes(&pairs),
                width: self.labels.count(),
            }
        } else {
            Scores {
                values: pairs,
                width: self.pair_count(),
            }
        }))
    }

    fn labels(&self) -> Option<&Labels> {
        Some(&self.labels)
    }
}
