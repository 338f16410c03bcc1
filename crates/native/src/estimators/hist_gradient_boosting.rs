//! `HistGradientBoostingRegressor` and `HistGradientBoostingClassifier`: trees over double-precision input that know
//! missing values and categories.

use super::hist_nodes::PredictorReader;
use super::labels::Labels;
use super::link::{both_classes, expit, softmax};
use super::{Estimator, Inputs, Scores};
use crate::attributions::Attributions;
use crate::error::{PredictError, Refusal};
use crate::exactness::{Exactness, ROUNDING};
use crate::rows::Output;
use crate::skops::Object;
use crate::table::Table;
use crate::transformers::{self, Transformer};
use crate::trees::Trees;

const KNOWN: &[&str] = &[
    "_baseline_prediction",
    "_bin_mapper",
    "_feature_subsample_rng",
    "_is_categorical_remapped",
    "_label_encoder",
    "_loss",
    "_n_features",
    "_predictors",
    "_preprocessor",
    "_random_seed",
    "_scorer",
    "_use_validation_data",
    "categorical_features",
    "class_weight",
    "classes_",
    "do_early_stopping_",
    "early_stopping",
    "interaction_cst",
    "is_categorical_",
    "l2_regularization",
    "learning_rate",
    "loss",
    "max_bins",
    "max_depth",
    "max_features",
    "max_iter",
    "max_leaf_nodes",
    "min_samples_leaf",
    "monotonic_cst",
    "n_iter_no_change",
    "n_trees_per_iteration_",
    "quantile",
    "random_state",
    "scoring",
    "tol",
    "train_score_",
    "validation_fraction",
    "validation_score_",
    "verbose",
    "warm_start",
];
const REGRESSOR: &str = "HistGradientBoostingRegressor";
const CLASSIFIER: &str = "HistGradientBoostingClassifier";

struct Boosted {
    name: &'static str,
    inputs: Inputs,
    /// Encodes categories as numbers and puts them in front; set if the model has categories.
    preprocessor: Option<Box<dyn Transformer>>,
    trees: Trees,
    start: Vec<f64>,
}

impl Boosted {
    fn read(object: &Object<'_>, name: &'static str, width: usize) -> Result<Self, Refusal> {
        object.expect_only(KNOWN)?;
        let version = object.version()?;
        if !version.since(5) {
            return Err(object.refuse(format!(
                "is a {name} of scikit-learn {version}; 1.5 and later are known"
            )));
        }
        let inputs = Inputs::read(object)?;
        let preprocessor = match object.find_some("_preprocessor") {
            Some(node) => Some(transformers::read(&node.object()?)?),
            None => None,
        };
        let baseline = object.get("_baseline_prediction")?;
        let start = baseline.doubles()?.1;
        if start.len() != width {
            return Err(baseline.refuse(format!("has {} values where {width} are expected", start.len())));
        }
        let mut reader = PredictorReader::new(object, inputs.count)?;
        for iteration in object.get("_predictors")?.items()? {
            let predictors = iteration.items()?;
            if predictors.len() != width {
                return Err(iteration.refuse(format!("has {} trees where {width} are expected", predictors.len())));
            }
            for predictor in predictors {
                reader.add(&predictor)?;
            }
        }
        Ok(Self {
            name,
            inputs,
            preprocessor,
            trees: reader.finish(),
            start,
        })
    }

    fn raw(&self, table: Table<'_>) -> Result<Vec<f64>, PredictError> {
        let rows = table.rows();
        let x = self.values(table)?;
        let width = self.start.len();
        // Python adds the baseline to zeros.
        let start: Vec<f64> = self.start.iter().map(|start| 0.0 + start).collect();
        let mut scores = start.repeat(rows);
        if width == 1 {
            self.trees.for_each(&x, rows, |row, _, leaf| scores[row] += leaf[0]);
        } else {
            self.trees.for_each(&x, rows, |row, tree, leaf| {
                scores[row * width + tree % width] += leaf[0];
            });
        }
        Ok(scores)
    }

    fn values(&self, table: Table<'_>) -> Result<Vec<f64>, PredictError> {
        let table = if let Some(preprocessor) = &self.preprocessor {
            let table = preprocessor.transform(table)?;
            if table.columns() != self.inputs.count {
                return Err(PredictError::ColumnCount {
                    expected: self.inputs.count,
                    found: table.columns(),
                });
            }
            table
        } else {
            self.inputs.check(&table)?;
            table
        };
        Ok(table.into_dense()?.into_f64())
    }

    fn attributions(&self, table: Table<'_>) -> Result<Option<Attributions>, PredictError> {
        let (rows, width) = (table.rows(), self.start.len());
        let x = self.values(table)?;
        let found = self.trees.attributions(&x, rows, width, |tree| tree % width, |_| 1.0);
        let found = found.map(|found| found.starting_from(&self.start));
        Ok(match &self.preprocessor {
            None => found,
            Some(preprocessor) => found
                .zip(preprocessor.origins())
                .and_then(|(found, origins)| found.of_origins(&origins, self.inputs.count)),
        })
    }

    fn describe(&self) -> String {
        format!("{}, {} trees", self.name, self.trees.count())
    }
}

pub(super) fn regressor(object: &Object<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let loss = object.get("loss")?;
    let exponential = match loss.text()?.as_str() {
        "squared_error" | "absolute_error" | "quantile" => false,
        "poisson" | "gamma" => true,
        other => return Err(loss.refuse(format!("is {other:?}, which is not evaluated"))),
    };
    Ok(Box::new(Regressor {
        boosted: Boosted::read(object, REGRESSOR, 1)?,
        exponential,
    }))
}

pub(super) fn classifier(object: &Object<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let loss = object.get("loss")?;
    if loss.text()? != "log_loss" {
        return Err(loss.refuse(format!("is {:?}, which is not evaluated", loss.text()?)));
    }
    let labels = Labels::read(&object.get("classes_")?)?;
    let width = match labels.count() {
        1 => return Err(object.refuse("has one class")),
        2 => 1,
        count => count,
    };
    Ok(Box::new(Classifier {
        boosted: Boosted::read(object, CLASSIFIER, width)?,
        labels,
    }))
}

struct Regressor {
    boosted: Boosted,
    /// The loss has a logarithmic link.
    exponential: bool,
}

impl Estimator for Regressor {
    fn describe(&self) -> String {
        self.boosted.describe()
    }

    fn inputs(&self) -> Inputs {
        self.boosted.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        if self.exponential {
            ROUNDING
        } else {
            Exactness::BitExact
        }
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let mut values = self.boosted.raw(table)?;
        if self.exponential {
            for value in &mut values {
                *value = value.exp();
            }
        }
        Ok(Output::F64 { values, columns: 1 })
    }

    fn predict_proba(&self, _: Table<'_>) -> Result<Output, PredictError> {
        Err(PredictError::NoProbability(REGRESSOR))
    }

    fn attributions(&self, table: Table<'_>, _: Table<'_>) -> Result<Option<Attributions>, PredictError> {
        self.boosted.attributions(table)
    }
}

struct Classifier {
    boosted: Boosted,
    labels: Labels,
}

impl Estimator for Classifier {
    fn describe(&self) -> String {
        self.boosted.describe()
    }

    fn inputs(&self) -> Inputs {
        self.boosted.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        ROUNDING
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let raw = self.boosted.raw(table)?;
        if self.labels.count() > 2 {
            return Ok(self.labels.greatest(&raw));
        }
        Ok(self.labels.take(raw.iter().map(|&score| usize::from(score > 0.0))))
    }

    fn predict_proba(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let mut raw = self.boosted.raw(table)?;
        let columns = self.labels.count();
        if columns == 2 {
            return Ok(Output::F64 {
                values: both_classes(raw.into_iter().map(expit)),
                columns,
            });
        }
        softmax(&mut raw, columns);
        Ok(Output::F64 { values: raw, columns })
    }

    fn attributions(&self, table: Table<'_>, _: Table<'_>) -> Result<Option<Attributions>, PredictError> {
        self.boosted.attributions(table)
    }

    fn decision(&self, table: Table<'_>) -> Result<Option<Scores>, PredictError> {
        Ok(Some(Scores {
            values: self.boosted.raw(table)?,
            width: self.boosted.start.len(),
        }))
    }

    fn labels(&self) -> Option<&Labels> {
        Some(&self.labels)
    }
}
