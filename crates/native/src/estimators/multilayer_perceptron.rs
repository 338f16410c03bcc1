//! `MLPClassifier` and `MLPRegressor`: layers of products and activations.

use super::labels::Labels;
use super::link::{both_classes, expit, softmax};
use super::{Estimator, Inputs};
use crate::error::{PredictError, Refusal};
use crate::exactness::{Exactness, ROUNDING};
use crate::rows::Output;
use crate::skops::{Node, Object};
use crate::table::{NonFinite, Table};

const KNOWN: &[&str] = &[
    "_best_coefs",
    "_best_intercepts",
    "_label_binarizer",
    "_no_improvement_count",
    "_optimizer",
    "_random_state",
    "activation",
    "alpha",
    "batch_size",
    "best_loss_",
    "best_validation_score_",
    "beta_1",
    "beta_2",
    "classes_",
    "coefs_",
    "early_stopping",
    "epsilon",
    "hidden_layer_sizes",
    "intercepts_",
    "learning_rate",
    "learning_rate_init",
    "loss",
    "loss_",
    "loss_curve_",
    "max_fun",
    "max_iter",
    "momentum",
    "n_iter_",
    "n_iter_no_change",
    "n_layers_",
    "n_outputs_",
    "nesterovs_momentum",
    "out_activation_",
    "power_t",
    "random_state",
    "shuffle",
    "solver",
    "t_",
    "tol",
    "validation_fraction",
    "validation_scores_",
    "verbose",
    "warm_start",
];
const REGRESSOR: &str = "MLPRegressor";
const CLASSIFIER: &str = "MLPClassifier";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Activation {
    Identity,
    Logistic,
    Tanh,
    Relu,
    Softmax,
    /// Of a Poisson loss.
    Exp,
}

impl Activation {
    fn read(node: &Node<'_>) -> Result<Self, Refusal> {
        Ok(match node.text()?.as_str() {
            "identity" => Self::Identity,
            "logistic" => Self::Logistic,
            "tanh" => Self::Tanh,
            "relu" => Self::Relu,
            "softmax" => Self::Softmax,
            "exp" => Self::Exp,
            other => return Err(node.refuse(format!("is {other:?}, which is not evaluated"))),
        })
    }

    fn apply(self, values: &mut [f64], width: usize) {
        let each: fn(f64) -> f64 = match self {
            Self::Identity => return,
            Self::Softmax => return softmax(values, width),
            Self::Logistic => expit,
            Self::Tanh => f64::tanh,
            Self::Relu => |value| if value < 0.0 { 0.0 } else { value },
            Self::Exp => f64::exp,
        };
        for value in values.iter_mut() {
            *value = each(*value);
        }
    }
}

struct Layer {
    /// One row for each input.
    weights: Vec<f64>,
    biases: Vec<f64>,
}

struct Network {
    name: &'static str,
    inputs: Inputs,
    layers: Vec<Layer>,
    hidden: Activation,
    last: Activation,
}

impl Network {
    fn read(object: &Object<'_>, name: &'static str) -> Result<Self, Refusal> {
        object.expect_only(KNOWN)?;
        let inputs = Inputs::read(object)?;
        let weights_node = object.get("coefs_")?;
        let weights = weights_node.items()?;
        let biases = object.get("intercepts_")?.items()?;
        if weights.is_empty() || weights.len() != biases.len() {
            return Err(weights_node.refuse(format!("has {} layers for {} biases", weights.len(), biases.len())));
        }
        let mut width = inputs.count;
        let mut layers = Vec::with_capacity(weights.len());
        for (node, biases) in weights.iter().zip(&biases) {
            let (rows, columns, weights) = node.matrix()?;
            let biases = biases.doubles()?.1;
            if rows != width || columns != biases.len() || columns == 0 || rows == 0 {
                return Err(node.refuse(format!("has {rows} rows of {columns} weights after {width} units")));
            }
            width = columns;
            layers.push(Layer { weights, biases });
        }
        Ok(Self {
            name,
            inputs,
            layers,
            hidden: Activation::read(&object.get("activation")?)?,
            last: Activation::read(&object.get("out_activation_")?)?,
        })
    }

    fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.biases.len())
    }

    fn answers(&self, table: Table<'_>) -> Result<Vec<f64>, PredictError> {
        self.inputs.check(&table)?;
        let rows = table.rows();
        let dense = table.into_dense()?;
        dense.check_finite(NonFinite::Refused, self.name)?;
        let mut values = dense.into_f64();
        for (number, layer) in self.layers.iter().enumerate() {
            values = layer.forward(&values, rows);
            let activation = if number + 1 == self.layers.len() {
                self.last
            } else {
                self.hidden
            };
            activation.apply(&mut values, layer.biases.len());
        }
        Ok(values)
    }

    fn describe(&self) -> String {
        let units: Vec<String> = self.layers.iter().map(|layer| layer.biases.len().to_string()).collect();
        format!("{}, layers of {} units", self.name, units.join(", "))
    }
}

impl Layer {
    fn forward(&self, values: &[f64], rows: usize) -> Vec<f64> {
        let width = self.biases.len();
        let mut sums = vec![0.0; rows * width];
        let inputs = values.chunks_exact(self.weights.len() / width);
        for (row, sums) in inputs.zip(sums.chunks_exact_mut(width)) {
            for (value, weights) in row.iter().zip(self.weights.chunks_exact(width)) {
                for (sum, weight) in sums.iter_mut().zip(weights) {
                    *sum += value * weight;
                }
            }
            for (sum, bias) in sums.iter_mut().zip(&self.biases) {
                *sum += bias;
            }
        }
        sums
    }
}

pub(super) fn regressor(object: &Object<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    Ok(Box::new(Regressor(Network::read(object, REGRESSOR)?)))
}

pub(super) fn classifier(object: &Object<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let network = Network::read(object, CLASSIFIER)?;
    let binarizer = object.get("_label_binarizer")?.object()?;
    let kind = binarizer.get("y_type_")?;
    if !matches!(kind.text()?.as_str(), "binary" | "multiclass") {
        return Err(kind.refuse(format!("is {}, which is not evaluated", kind.text()?)));
    }
    let labels = Labels::read(&object.get("classes_")?)?;
    let expected = if labels.count() == 2 { 1 } else { labels.count() };
    if labels.count() < 2 || network.outputs() != expected {
        return Err(object.refuse(format!(
            "has {} outputs for {} classes",
            network.outputs(),
            labels.count()
        )));
    }
    Ok(Box::new(Classifier { network, labels }))
}

struct Regressor(Network);

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

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        Ok(Output::F64 {
            values: self.0.answers(table)?,
            columns: self.0.outputs(),
        })
    }

    fn predict_proba(&self, _: Table<'_>) -> Result<Output, PredictError> {
        Err(PredictError::NoProbability(REGRESSOR))
    }
}

struct Classifier {
    network: Network,
    labels: Labels,
}

impl Estimator for Classifier {
    fn describe(&self) -> String {
        self.network.describe()
    }

    fn inputs(&self) -> Inputs {
        self.network.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        ROUNDING
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let answers = self.network.answers(table)?;
        if self.labels.count() > 2 {
            return Ok(self.labels.greatest(&answers));
        }
        Ok(self
            .labels
            .take(answers.iter().map(|&answer| usize::from(answer > 0.5))))
    }

    fn predict_proba(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let answers = self.network.answers(table)?;
        let columns = self.labels.count();
        let values = if columns == 2 {
            both_classes(answers.into_iter())
        } else {
            answers
        };
        Ok(Output::F64 { values, columns })
    }

    fn labels(&self) -> Option<&Labels> {
        Some(&self.labels)
    }
}
