//! Reads the `tree_` of a decision tree: an array of node records and an array of leaf values.

use super::labels::Labels;
use super::sums::pairwise_sum;
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
    /// A share for each class of each output; outputs of fewer classes than others are filled up with zeros.
    SharesOfEach,
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
    let version = estimator.version()?;
    let tree = tree(estimator)?;
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
        LeafRule::SharesOfEach => true,
    };
    if count != records.count() || outputs.checked_mul(classes) != Some(builder.width()) || !fits {
        return Err(node_values.refuse(format!("has shape {shape:?}, which does not fit the model")));
    }
    let width = outputs * classes;
    let leaf = |at: usize, leaves: &mut Vec<f64>| {
        let values = &values[at * width..(at + 1) * width];
        match rule {
            LeafRule::Scaled(scale) => leaves.extend(values.iter().map(|value| scale * value)),
            LeafRule::Shares(_) | LeafRule::SharesOfEach if version.since(4) => leaves.extend_from_slice(values),
            LeafRule::Shares(_) | LeafRule::SharesOfEach => {
                for of_output in values.chunks_exact(classes) {
                    leaves.extend(shares_of_counts(of_output));
                }
            }
        }
    };
    builder
        .add(count, columns.covers.as_deref(), |at| columns.split(at), leaf)
        .map_err(|reason| nodes.refuse(reason))
}

/// Adds the tree of `estimator` with a value of the caller's for each node. `features` tells which columns its own
/// columns are, where they are not all.
pub(super) fn add_with(
    builder: &mut TreeBuilder,
    estimator: &Object<'_>,
    features: Option<&[i64]>,
    values: &[f64],
) -> Result<(), Refusal> {
    let tree = tree(estimator)?;
    let nodes = tree.get("nodes")?;
    let records = records(&nodes)?;
    let columns = Columns::read(&nodes, &records)?;
    if values.len() != records.count() {
        return Err(nodes.refuse(format!("has {} nodes for {} values", records.count(), values.len())));
    }
    let split = |at: usize| {
        let mut split = columns.split(at)?;
        if let Some(features) = features {
            let feature = usize::try_from(split.feature).ok();
            // What no column is becomes a feature that none is either.
            split.feature = feature.and_then(|feature| features.get(feature).copied()).unwrap_or(-1);
        }
        Some(split)
    };
    builder
        .add(records.count(), None, split, |at, leaves| leaves.push(values[at]))
        .map_err(|reason| nodes.refuse(reason))
}

fn tree<'a>(estimator: &Object<'a>) -> Result<Object<'a>, Refusal> {
    estimator.expect_only(KNOWN)?;
    let tree = estimator.get("tree_")?.object()?;
    if tree.class() != TREE_CLASS {
        return Err(tree.refuse(format!("is a {} where a {TREE_CLASS} is expected", tree.class())));
    }
    Ok(tree)
}

/// How many outputs the values of a decision tree have.
pub(super) fn outputs(estimator: &Object<'_>) -> Result<usize, Refusal> {
    estimator.get("n_outputs_")?.count()
}

/// The labels of each output of a classifier of several.
pub(super) fn labels_of_outputs(object: &Object<'_>, outputs: usize) -> Result<Vec<Labels>, Refusal> {
    let node = object.get("classes_")?;
    let labels = node.items()?.iter().map(Labels::read).collect::<Result<Vec<_>, _>>()?;
    if labels.len() == outputs && outputs > 1 {
        Ok(labels)
    } else {
        Err(node.refuse(format!("has labels for {} outputs of {outputs}", labels.len())))
    }
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
    covers: Option<Vec<f64>>,
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
            covers: records.floats("weighted_n_node_samples"),
        })
    }

    fn split(&self, at: usize) -> Option<Split> {
        (self.left[at] != LEAF).then(|| Split {
            feature: self.feature[at],
            threshold: self.threshold[at],
            zero_missing: false,
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
