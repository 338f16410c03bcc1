//! `IsolationForest`: 1 for rows that take long to tell apart from all others, -1 for those that do not.

use super::tree_nodes;
use super::{Estimator, Inputs};
use crate::error::{PredictError, Refusal};
use crate::exactness::{Exactness, ROUNDING};
use crate::rows::Output;
use crate::skops::{Node, Object};
use crate::table::{NonFinite, Table, check_finite_f32};
use crate::trees::{TreeBuilder, Trees};

const NAME: &str = "IsolationForest";
const KNOWN: &[&str] = &[
    "_average_path_length_per_tree",
    "_decision_path_lengths",
    "_max_features",
    "_max_samples",
    "_n_samples",
    "_sample_weight",
    "_seeds",
    "base_estimator",
    "base_estimator_",
    "bootstrap",
    "bootstrap_features",
    "contamination",
    "estimator",
    "estimator_",
    "estimator_params",
    "estimators_",
    "estimators_features_",
    "max_features",
    "max_samples",
    "max_samples_",
    "n_estimators",
    "n_jobs",
    "offset_",
    "oob_score",
    "random_state",
    "verbose",
    "warm_start",
];
const EULER: f64 = 0.577_215_664_901_532_9;

struct IsolationForest {
    inputs: Inputs,
    /// Since 1.6 anything is taken, missing and infinite values too.
    takes_all: bool,
    /// The leaves hold the depth of a row.
    trees: Trees,
    /// What the sum of the depths is divided by.
    depth: f64,
    offset: f64,
}

pub(super) fn read(object: &Object<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    object.expect_only(KNOWN)?;
    let inputs = Inputs::read(object)?;
    let estimators = object.get("estimators_")?;
    let trees = estimators.items()?;
    let lists = |name: &str| {
        let node = object.get(name)?;
        let items = node.items()?;
        if items.len() == trees.len() {
            Ok(items)
        } else {
            Err(node.refuse(format!("has {} lists for {} trees", items.len(), trees.len())))
        }
    };
    let depths = lists("_decision_path_lengths")?;
    let further = lists("_average_path_length_per_tree")?;
    let features = lists("estimators_features_")?;
    let all_features = object.get("_max_features")?.count()? == inputs.count;
    let mut builder = TreeBuilder::new(inputs.count, 1).map_err(|reason| object.refuse(reason))?;
    for (((tree, depths), further), features) in trees.iter().zip(&depths).zip(&further).zip(&features) {
        let depths = numbers(depths)?;
        let further = numbers(further)?;
        let values: Vec<f64> = depths
            .iter()
            .zip(&further)
            .map(|(depth, further)| depth + further - 1.0)
            .collect();
        let features = if all_features { None } else { Some(features.integers()?) };
        tree_nodes::add_with(&mut builder, &tree.object()?, features.as_deref(), &values)?;
    }
    if trees.is_empty() {
        return Err(estimators.refuse("is empty"));
    }
    Ok(Box::new(IsolationForest {
        inputs,
        takes_all: object.version()?.since(6),
        depth: trees.len() as f64 * path_length(object.get("_max_samples")?.count()?),
        trees: builder.finish(None),
        offset: object.get("offset_")?.float()?,
    }))
}

fn numbers(node: &Node<'_>) -> Result<Vec<f64>, Refusal> {
    match node.array()?.items {
        crate::skops::Items::F64(values) => Ok(values),
        crate::skops::Items::I64(values) => Ok(values.into_iter().map(|value| value as f64).collect()),
        other => Err(node.refuse(format!("is a {} array where numbers are expected", other.kind()))),
    }
}

/// How deep a row of so many lies on average.
fn path_length(rows: usize) -> f64 {
    match rows {
        0 | 1 => 0.0,
        2 => 1.0,
        rows => {
            let rows = rows as f64;
            2.0 * ((rows - 1.0).ln() + EULER) - 2.0 * (rows - 1.0) / rows
        }
    }
}

impl Estimator for IsolationForest {
    fn describe(&self) -> String {
        format!("{NAME}, {} trees", self.trees.count())
    }

    fn inputs(&self) -> Inputs {
        self.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        ROUNDING
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        self.inputs.check(&table)?;
        let rows = table.rows();
        let x = table.into_dense()?.into_f32();
        if !self.takes_all {
            check_finite_f32(&x, NonFinite::Refused, NAME)?;
        }
        let mut depths = vec![0.0; rows];
        self.trees.for_each(&x, rows, |row, _, leaf| depths[row] += leaf[0]);
        let answer = |depth: f64| {
            let share = if self.depth == 0.0 { 1.0 } else { depth / self.depth };
            let score = -(2.0_f64.powf(-share));
            if score - self.offset < 0.0 { -1 } else { 1 }
        };
        Ok(Output::I64(depths.into_iter().map(answer).collect()))
    }

    fn predict_proba(&self, _: Table<'_>) -> Result<Output, PredictError> {
        Err(PredictError::NoProbability(NAME))
    }
}
