//! Reads the `tree_` of a decision tree: an array of node records and an array of leaf values.

use crate::error::Refusal;
use crate::skops::{Items, Node, Object, Records};
use crate::table::NonFinite;
use crate::trees::{Split, TreeBuilder};

pub(super) const TREE_CLASS: &str = "sklearn.tree._tree.Tree";
/// `TREE_LEAF`: the left child of a leaf.
const LEAF: i64 = -1;

/// What the values of a leaf are turned into.
#[derive(Debug, Clone, Copy)]
pub(super) enum LeafRule {
    /// The value of each output, multiplied.
    Scaled(f64),
    /// A share for each of so many classes.
    Shares(usize),
}

/// Attributes of every class of decision tree.
pub(super) const KNOWN: &[&str] = &[
    "ccp_alpha",
    "class_weight",
    "classes_",
    "criterion",
    "max_depth",
    "max_features",
    "max_features_",
    "max_leaf_nodes",
    "min_impurity_decrease",
    "min_samples_leaf",
    "min_samples_split",
    "min_weight_fraction_leaf",
    "monotonic_cst",
    "n_classes_",
    "n_outputs_",
    "random_state",
    "splitter",
    "tree_",
];

/// Whether a decision tree takes missing values, which changed from release to release.
pub(super) fn non_finite(tree: &Object<'_>) -> Result<NonFinite, Refusal> {
    let version = tree.version()?;
    let criterion = tree.get("criterion")?.text()?;
    let splitter = tree.get("splitter")?.text()?;
    let extra = tree.class_name().starts_with("ExtraTree");
    let splitter_takes = if extra || splitter == "random" {
        version.since(6) && splitter == "random"
    } else {
        version.since(3)
    };
    let criterion_takes = version.since(9)
        || matches!(
            criterion.as_str(),
            "gini" | "entropy" | "log_loss" | "squared_error" | "friedman_mse" | "poisson"
        );
    let constraint_takes = version.since(9) || tree.find_some("monotonic_cst").is_none();
    Ok(if splitter_takes && criterion_takes && constraint_takes {
        NonFinite::NanTaken
    } else {
        NonFinite::Refused
    })
}

/// Adds the tree of `estimator`, a decision tree of any class.
pub(super) fn add(builder: &mut TreeBuilder, estimator: &Object<'_>, rule: LeafRule) -> Result<(), Refusal> {
    estimator.expect_only(KNOWN)?;
    let version = estimator.version()?;
    let tree = estimator.get("tree_")?.object()?;
    if tree.class() != TREE_CLASS {
        return Err(tree.refuse(format!("is a {} where a {TREE_CLASS} is expected", tree.class())));
    }
    let nodes = tree.get("nodes")?;
    let records = records(&nodes)?;
    let columns = Columns::read(&nodes, &records)?;
    let node_values = tree.get("values")?;
    let (shape, values) = node_values.doubles()?;
    let &[count, outputs, classes] = shape.as_slice() else {
        return Err(node_values.refuse("does not have three dimensions"));
    };
    let fits = match rule {
        LeafRule::Scaled(_) => classes == 1,
        LeafRule::Shares(expected) => outputs == 1 && classes == expected,
    };
    if count != records.count() || outputs.checked_mul(classes) != Some(builder.width()) || !fits {
        return Err(node_values.refuse(format!("has shape {shape:?}, which does not fit the model")));
    }
    let width = outputs * classes;
    let leaf = |at: usize, leaves: &mut Vec<f64>| {
        let values = &values[at * width..(at + 1) * width];
        match rule {
            LeafRule::Scaled(scale) => leaves.extend(values.iter().map(|value| scale * value)),
            LeafRule::Shares(_) if version.since(4) => leaves.extend_from_slice(values),
            LeafRule::Shares(_) => leaves.extend(shares_of_counts(values)),
        }
    };
    builder
        .add(count, |at| columns.split(at), leaf)
        .map_err(|reason| nodes.refuse(reason))
}

/// How many outputs the values of a decision tree have.
pub(super) fn outputs(estimator: &Object<'_>) -> Result<usize, Refusal> {
    estimator.get("n_outputs_")?.count()
}

pub(super) fn records(node: &Node<'_>) -> Result<Records, Refusal> {
    match node.array()?.items {
        Items::Records(records) => Ok(records),
        other => Err(node.refuse(format!("is a {} array where nodes are expected", other.kind()))),
    }
}

struct Columns {
    left: Vec<i64>,
    right: Vec<i64>,
    feature: Vec<i64>,
    threshold: Vec<f64>,
    /// Absent before scikit-learn 1.3.
    missing_left: Option<Vec<i64>>,
}

impl Columns {
    fn read(node: &Node<'_>, records: &Records) -> Result<Self, Refusal> {
        let integers = |name| {
            records
                .integers(name)
                .ok_or_else(|| node.refuse(format!("has no field {name}")))
        };
        Ok(Self {
            left: integers("left_child")?,
            right: integers("right_child")?,
            feature: integers("feature")?,
            threshold: records
                .floats("threshold")
                .ok_or_else(|| node.refuse("has no field threshold"))?,
            missing_left: records.integers("missing_go_to_left"),
        })
    }

    fn split(&self, at: usize) -> Option<Split> {
        (self.left[at] != LEAF).then(|| Split {
            feature: self.feature[at],
            threshold: self.threshold[at],
            missing_left: self.missing_left.as_ref().is_some_and(|missing| missing[at] != 0),
            left: self.left[at],
            right: self.right[at],
            set: None,
        })
    }
}

/// Before scikit-learn 1.4 leaves hold weighted counts and every prediction divides by their sum.
fn shares_of_counts(counts: &[f64]) -> impl Iterator<Item = f64> {
    let sum = pairwise_sum(counts);
    let divisor = if sum == 0.0 { 1.0 } else { sum };
    counts.iter().map(move |count| count / divisor)
}

/// Numpy's order of addition, which matters once weights are not whole numbers. Blocks above 128 are halved.
fn pairwise_sum(values: &[f64]) -> f64 {
    if values.len() < 8 {
        return values.iter().fold(0.0, |sum, value| sum + value);
    }
    if values.len() > 128 {
        let half = values.len() / 2;
        let (left, right) = values.split_at(half - half % 8);
        return pairwise_sum(left) + pairwise_sum(right);
    }
    let (blocks, rest) = values.as_chunks::<8>();
    let mut lanes = [0.0; 8];
    for (number, block) in blocks.iter().enumerate() {
        for (lane, value) in lanes.iter_mut().zip(block) {
            *lane = if number == 0 { *value } else { *lane + value };
        }
    }
    let pairs = [
        lanes[0] + lanes[1],
        lanes[2] + lanes[3],
        lanes[4] + lanes[5],
        lanes[6] + lanes[7],
    ];
    let sum = (pairs[0] + pairs[1]) + (pairs[2] + pairs[3]);
    rest.iter().fold(sum, |sum, value| sum + value)
}
