//! `GradientBoostingRegressor` and `GradientBoostingClassifier`: a constant and a sum of scaled trees.

use super::labels::Labels;
use super::link::{both_classes, expit, logit, multinomial_logit, softmax};
use super::tree_nodes::{self, LeafRule};
use super::{Estimator, Inputs, Scores, dummy};
use crate::attributions::Attributions;
use crate::error::{PredictError, Refusal};
use crate::exactness::{Exactness, ROUNDING};
use crate::rows::Output;
use crate::skops::Object;
use crate::table::{NonFinite, Table, check_finite_f32};
use crate::trees::{TreeBuilder, Trees};

const KNOWN: &[&str] = &[
    "_loss",
    "_n_classes",
    "_rng",
    "alpha",
    "ccp_alpha",
    "classes_",
    "criterion",
    "estimators_",
    "init",
    "init_",
    "learning_rate",
    "loss",
    "max_depth",
    "max_features",
    "max_features_",
    "max_leaf_nodes",
    "min_impurity_decrease",
    "min_samples_leaf",
    "min_samples_split",
    "min_weight_fraction_leaf",
    "n_classes_",
    "n_estimators",
    "n_estimators_",
    "n_iter_no_change",
    "n_trees_per_iteration_",
    "oob_improvement_",
    "oob_score_",
    "oob_scores_",
    "random_state",
    "subsample",
    "tol",
    "train_score_",
    "validation_fraction",
    "verbose",
    "warm_start",
];
const REGRESSOR: &str = "GradientBoostingRegressor";
const CLASSIFIER: &str = "GradientBoostingClassifier";

struct Boosted {
    name: &'static str,
    inputs: Inputs,
    trees: Trees,
    /// Where the scores start, one for each tree of an iteration.
    start: Vec<f64>,
}

impl Boosted {
    fn read(object: &Object<'_>, name: &'static str, start: Vec<f64>) -> Result<Self, Refusal> {
        object.expect_only(KNOWN)?;
        let inputs = Inputs::read(object)?;
        let rule = LeafRule::Scaled(object.get("learning_rate")?.float()?);
        let iterations = object.get("estimators_")?;
        let mut builder = TreeBuilder::new(inputs.count, 1).map_err(|reason| object.refuse(reason))?;
        for iteration in iterations.items()? {
            let trees = iteration.items()?;
            if trees.len() != start.len() {
                return Err(iteration.refuse(format!("has {} trees where {} are expected", trees.len(), start.len())));
            }
            for tree in trees {
                let tree = tree.object()?;
                if tree_nodes::outputs(&tree)? != 1 {
                    return Err(tree.refuse("has several outputs"));
                }
                tree_nodes::add(&mut builder, &tree, rule)?;
            }
        }
        Ok(Self {
            name,
            inputs,
            trees: builder.finish(None),
            start,
        })
    }

    /// The raw scores, row by row: the trees are added one after the other, in double precision.
    fn raw(&self, table: Table<'_>) -> Result<Vec<f64>, PredictError> {
        let rows = table.rows();
        let x = self.values(table)?;
        let width = self.start.len();
        let mut scores = self.start.repeat(rows);
        if width == 1 {
            self.trees.for_each(&x, rows, |row, _, leaf| scores[row] += leaf[0]);
        } else {
            self.trees.for_each(&x, rows, |row, tree, leaf| {
                scores[row * width + tree % width] += leaf[0];
            });
        }
        Ok(scores)
    }

    fn values(&self, table: Table<'_>) -> Result<Vec<f32>, PredictError> {
        self.inputs.check(&table)?;
        let x = table.into_dense()?.into_f32();
        check_finite_f32(&x, NonFinite::Refused, self.name)?;
        Ok(x)
    }

    fn attributions(&self, table: Table<'_>) -> Result<Option<Attributions>, PredictError> {
        let (rows, width) = (table.rows(), self.start.len());
        let x = self.values(table)?;
        let found = self.trees.attributions(&x, rows, width, |tree| tree % width, |_| 1.0);
        Ok(found.map(|found| found.starting_from(&self.start)))
    }

    fn describe(&self) -> String {
        format!("{}, {} trees", self.name, self.trees.count())
    }
}

/// Older releases compute the same from other attributes.
fn expect_release(object: &Object<'_>) -> Result<(), Refusal> {
    let version = object.version()?;
    if version.since(4) {
        Ok(())
    } else {
        Err(object.refuse(format!(
            "is gradient boosting of scikit-learn {version}; 1.4 and later are known"
        )))
    }
}

fn starts_from_zero(object: &Object<'_>) -> Result<bool, Refusal> {
    let init = object.get("init_")?;
    if init.is_object() {
        return Ok(false);
    }
    match init.text()?.as_str() {
        "zero" => Ok(true),
        other => Err(init.refuse(format!("is {other:?}, which is not evaluated"))),
    }
}

pub(super) fn regressor(object: &Object<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    expect_release(object)?;
    let start = if starts_from_zero(object)? {
        0.0
    } else {
        dummy::constant(&object.get("init_")?.object()?)?
    };
    Ok(Box::new(Regressor(Boosted::read(object, REGRESSOR, vec![start])?)))
}

pub(super) fn classifier(object: &Object<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    expect_release(object)?;
    let labels = Labels::read(&object.get("classes_")?)?;
    let loss = object.get("loss")?;
    let loss = match (loss.text()?.as_str(), labels.count()) {
        ("log_loss", 2) => Loss::Binomial,
        ("log_loss", 3..) => Loss::Multinomial,
        ("exponential", 2) => Loss::Exponential,
        (other, count) => {
            return Err(loss.refuse(format!("is {other:?} with {count} classes, which is not evaluated")));
        }
    };
    let start = start_scores(object, loss, labels.count())?;
    Ok(Box::new(Classifier {
        boosted: Boosted::read(object, CLASSIFIER, start)?,
        labels,
        loss,
    }))
}

fn start_scores(object: &Object<'_>, loss: Loss, classes: usize) -> Result<Vec<f64>, Refusal> {
    let width = if loss == Loss::Multinomial { classes } else { 1 };
    if starts_from_zero(object)? {
        return Ok(vec![0.0; width]);
    }
    let init = object.get("init_")?.object()?;
    let least = if object.version()?.since(8) {
        f64::EPSILON
    } else {
        f64::from(f32::EPSILON)
    };
    let shares: Vec<f64> = dummy::prior(&init)?
        .iter()
        .map(|share| share.clamp(least, 1.0 - least))
        .collect();
    if shares.len() != classes {
        return Err(init.refuse(format!("knows {} classes where the model has {classes}", shares.len())));
    }
    Ok(match loss {
        Loss::Binomial => vec![logit(shares[1])],
        Loss::Exponential => vec![0.5 * logit(shares[1])],
        Loss::Multinomial => multinomial_logit(&shares),
    })
}

struct Regressor(Boosted);

impl Estimator for Regressor {
    fn describe(&self) -> String {
        self.0.describe()
    }

    fn inputs(&self) -> Inputs {
        self.0.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        Exactness::BitExact
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        Ok(Output::F64 {
            values: self.0.raw(table)?,
            columns: 1,
        })
    }

    fn predict_proba(&self, _: Table<'_>) -> Result<Output, PredictError> {
        Err(PredictError::NoProbability(REGRESSOR))
    }

    fn attributions(&self, table: Table<'_>, _: Table<'_>) -> Result<Option<Attributions>, PredictError> {
        self.0.attributions(table)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loss {
    Binomial,
    Multinomial,
    Exponential,
}

struct Classifier {
    boosted: Boosted,
    labels: Labels,
    loss: Loss,
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
        Ok(match self.loss {
            Loss::Multinomial => self.labels.greatest(&raw),
            Loss::Binomial | Loss::Exponential => self.labels.take(raw.iter().map(|&score| usize::from(score >= 0.0))),
        })
    }

    fn predict_proba(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let mut raw = self.boosted.raw(table)?;
        let columns = self.labels.count();
        let values = match self.loss {
            Loss::Binomial => both_classes(raw.into_iter().map(expit)),
            Loss::Exponential => both_classes(raw.into_iter().map(|score| expit(2.0 * score))),
            Loss::Multinomial => {
                softmax(&mut raw, columns);
                raw
            }
        };
        Ok(Output::F64 { values, columns })
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
