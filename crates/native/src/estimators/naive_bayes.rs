//! Naive Bayes: `GaussianNB`, `MultinomialNB`, `ComplementNB`, `BernoulliNB` and `CategoricalNB`.

use super::kernel::dot;
use super::labels::Labels;
use super::link::log_shares;
use super::sums::pairwise_sum;
use super::{Estimator, Inputs};
use crate::error::{PredictError, Refusal};
use crate::exactness::{Exactness, ROUNDING};
use crate::rows::Output;
use crate::skops::{Node, Object};
use crate::table::{NonFinite, Table};

const KNOWN: &[&str] = &[
    "alpha",
    "binarize",
    "category_count_",
    "class_count_",
    "class_log_prior_",
    "class_prior",
    "class_prior_",
    "classes_",
    "epsilon_",
    "feature_all_",
    "feature_count_",
    "feature_log_prob_",
    "fit_prior",
    "force_alpha",
    "min_categories",
    "n_categories_",
    "norm",
    "priors",
    "theta_",
    "var_",
    "var_smoothing",
];

struct NaiveBayes {
    name: &'static str,
    inputs: Inputs,
    labels: Labels,
    likelihood: Likelihood,
}

/// Parameters row by row, one row for each class.
enum Likelihood {
    Gaussian {
        means: Vec<f64>,
        variances: Vec<f64>,
        /// What does not depend on the row, one for each class.
        constants: Vec<f64>,
    },
    /// The product with weights, plus a constant for each class.
    Linear {
        weights: Vec<f64>,
        constants: Vec<f64>,
        /// Values become one where they are above it, zero elsewhere.
        threshold: Option<f64>,
    },
    Categorical {
        /// For each column the logarithms of class by category.
        columns: Vec<Categories>,
        constants: Vec<f64>,
    },
}

struct Categories {
    count: usize,
    logarithms: Vec<f64>,
}

pub(super) fn read(object: &Object<'_>, name: &'static str) -> Result<Box<dyn Estimator>, Refusal> {
    object.expect_only(KNOWN)?;
    let inputs = Inputs::read(object)?;
    let labels = Labels::read(&object.get("classes_")?)?;
    let classes = labels.count();
    let of_classes = |node: &Node<'_>| expect_shape(node, &[classes]);
    let priors = || of_classes(&object.get("class_log_prior_")?);
    let by_class = |name: &str| expect_shape(&object.get(name)?, &[classes, inputs.count]);
    let likelihood = match name {
        "GaussianNB" => {
            let variances = by_class("var_")?;
            let priors = of_classes(&object.get("class_prior_")?)?;
            let constant = |(variances, prior): (&[f64], &f64)| {
                let logarithms: Vec<f64> = variances
                    .iter()
                    .map(|variance| (2.0 * std::f64::consts::PI * variance).ln())
                    .collect();
                (prior.ln(), -0.5 * pairwise_sum(&logarithms))
            };
            let pairs = variances.chunks_exact(inputs.count.max(1)).zip(&priors).map(constant);
            // Python adds the prior last.
            let (logarithms, sums): (Vec<f64>, Vec<f64>) = pairs.unzip();
            Likelihood::Gaussian {
                means: by_class("theta_")?,
                variances,
                constants: logarithms.into_iter().chain(sums).collect(),
            }
        }
        "BernoulliNB" => {
            let logarithms = by_class("feature_log_prob_")?;
            let absent: Vec<f64> = logarithms.iter().map(|log| (1.0 - log.exp()).ln()).collect();
            let rows = absent.chunks_exact(inputs.count.max(1)).zip(priors()?);
            Likelihood::Linear {
                weights: logarithms
                    .iter()
                    .zip(&absent)
                    .map(|(log, absent)| log - absent)
                    .collect(),
                constants: rows.map(|(absent, prior)| prior + pairwise_sum(absent)).collect(),
                threshold: object.find_some("binarize").map(|node| node.float()).transpose()?,
            }
        }
        "CategoricalNB" => {
            let list = object.get("feature_log_prob_")?;
            let columns: Vec<Categories> = list
                .items()?
                .iter()
                .map(|node| {
                    let (rows, count, logarithms) = node.matrix()?;
                    if rows == classes {
                        Ok(Categories { count, logarithms })
                    } else {
                        Err(node.refuse(format!("has {rows} rows for {classes} classes")))
                    }
                })
                .collect::<Result<_, Refusal>>()?;
            if columns.len() != inputs.count {
                return Err(list.refuse(format!("has {} columns of {}", columns.len(), inputs.count)));
            }
            let constants = priors()?;
            Likelihood::Categorical { columns, constants }
        }
        _ => Likelihood::Linear {
            weights: by_class("feature_log_prob_")?,
            constants: if name == "ComplementNB" && classes > 1 {
                vec![0.0; classes]
            } else {
                priors()?
            },
            threshold: None,
        },
    };
    Ok(Box::new(NaiveBayes {
        name,
        inputs,
        labels,
        likelihood,
    }))
}

fn expect_shape(node: &Node<'_>, expected: &[usize]) -> Result<Vec<f64>, Refusal> {
    let (shape, values) = node.doubles()?;
    if shape == expected {
        Ok(values)
    } else {
        Err(node.refuse(format!("has shape {shape:?}, not {expected:?}")))
    }
}

impl NaiveBayes {
    fn values(&self, table: Table<'_>) -> Result<Vec<f64>, PredictError> {
        self.inputs.check(&table)?;
        let is_sparse = table.is_sparse();
        if is_sparse
            && matches!(
                self.likelihood,
                Likelihood::Gaussian { .. } | Likelihood::Categorical { .. }
            )
        {
            return Err(PredictError::Sparse(self.name));
        }
        let dense = table.into_dense()?;
        dense.check_finite(NonFinite::Refused, self.name)?;
        Ok(dense.into_f64())
    }

    /// The logarithm of the likelihood of each class, up to what all of them share.
    fn scores(&self, table: Table<'_>) -> Result<Vec<f64>, PredictError> {
        let mut x = self.values(table)?;
        let width = self.inputs.count;
        if let Likelihood::Linear {
            threshold: Some(threshold),
            ..
        } = self.likelihood
        {
            for value in &mut x {
                *value = f64::from(u8::from(*value > threshold));
            }
        }
        let mut scores = Vec::with_capacity(x.len() / width.max(1) * self.labels.count());
        for row in x.chunks_exact(width.max(1)) {
            self.likelihood.scores(row, &mut scores, self.name)?;
        }
        Ok(scores)
    }
}

impl Likelihood {
    fn scores(&self, row: &[f64], scores: &mut Vec<f64>, name: &'static str) -> Result<(), PredictError> {
        match self {
            Self::Gaussian {
                means,
                variances,
                constants,
            } => {
                let width = row.len();
                let (logarithms, sums) = constants.split_at(constants.len() / 2);
                for (class, (logarithm, sum)) in logarithms.iter().zip(sums).enumerate() {
                    let of_class = class * width..(class + 1) * width;
                    let parameters = means[of_class.clone()].iter().zip(&variances[of_class]);
                    let terms: Vec<f64> = row
                        .iter()
                        .zip(parameters)
                        .map(|(value, (mean, variance))| (value - mean) * (value - mean) / variance)
                        .collect();
                    scores.push(logarithm + (sum - 0.5 * pairwise_sum(&terms)));
                }
            }
            Self::Linear { weights, constants, .. } => {
                let products = weights.chunks_exact(row.len()).zip(constants);
                scores.extend(products.map(|(weights, constant)| dot(row, weights) + constant));
            }
            Self::Categorical { columns, constants } => {
                let numbers = row
                    .iter()
                    .zip(columns)
                    .map(|(&value, column)| category(value, column.count, name))
                    .collect::<Result<Vec<usize>, _>>()?;
                for (class, constant) in constants.iter().enumerate() {
                    let terms = columns.iter().zip(&numbers);
                    let sum = terms.fold(0.0, |sum, (column, number)| {
                        sum + column.logarithms[class * column.count + number]
                    });
                    scores.push(sum + constant);
                }
            }
        }
        Ok(())
    }
}

/// Python cuts off the fraction, and raises for what is negative or was never seen.
fn category(value: f64, count: usize, estimator: &'static str) -> Result<usize, PredictError> {
    let number = value.trunc();
    if number >= 0.0 && number < count as f64 {
        return Ok(number as usize);
    }
    let what = "categories that training never saw";
    Err(PredictError::Value { estimator, what })
}

impl Estimator for NaiveBayes {
    fn describe(&self) -> String {
        format!("{}, {} features", self.name, self.inputs.count)
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
        log_shares(&mut values, columns);
        for value in &mut values {
            *value = value.exp();
        }
        Ok(Output::F64 { values, columns })
    }

    fn labels(&self) -> Option<&Labels> {
        Some(&self.labels)
    }
}
