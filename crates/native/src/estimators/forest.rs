//! `RandomForest` and `ExtraTrees`: the mean of many trees.

use super::averaged_trees::{AveragedTrees, Classifier, MultiClassifier, Regressor};
use super::labels::Labels;
use super::tree_nodes::{self, LeafRule};
use super::{Estimator, Inputs};
use crate::error::Refusal;
use crate::exactness::{Exactness, ROUNDING};
use crate::skops::{Object, Scalar};
use crate::table::NonFinite;
use crate::trees::TreeBuilder;

const KNOWN: &[&str] = &[
    "_n_samples",
    "_n_samples_bootstrap",
    "_sample_weight",
    "base_estimator",
    "base_estimator_",
    "bootstrap",
    "ccp_alpha",
    "class_weight",
    "classes_",
    "criterion",
    "estimator",
    "estimator_",
    "estimator_params",
    "estimators_",
    "max_depth",
    "max_features",
    "max_leaf_nodes",
    "max_samples",
    "min_impurity_decrease",
    "min_samples_leaf",
    "min_samples_split",
    "min_weight_fraction_leaf",
    "monotonic_cst",
    "n_classes_",
    "n_estimators",
    "n_jobs",
    "n_outputs_",
    "oob_decision_function_",
    "oob_prediction_",
    "oob_score",
    "oob_score_",
    "random_state",
    "verbose",
    "warm_start",
];

pub(super) fn regressor(object: &Object<'_>, name: &'static str) -> Result<Box<dyn Estimator>, Refusal> {
    let outputs = tree_nodes::outputs(object)?;
    Ok(Box::new(Regressor(averaged(
        object,
        name,
        outputs,
        LeafRule::Scaled(1.0),
    )?)))
}

pub(super) fn classifier(object: &Object<'_>, name: &'static str) -> Result<Box<dyn Estimator>, Refusal> {
    let outputs = tree_nodes::outputs(object)?;
    if outputs != 1 {
        let labels = tree_nodes::labels_of_outputs(object, outputs)?;
        let most = labels.iter().map(Labels::count).max().unwrap_or_default();
        return Ok(Box::new(MultiClassifier {
            averaged: averaged(object, name, outputs * most, LeafRule::SharesOfEach)?,
            labels,
        }));
    }
    let labels = Labels::read(&object.get("classes_")?)?;
    let classes = labels.count();
    Ok(Box::new(Classifier {
        averaged: averaged(object, name, classes, LeafRule::Shares(classes))?,
        labels,
    }))
}

fn averaged(object: &Object<'_>, name: &'static str, width: usize, rule: LeafRule) -> Result<AveragedTrees, Refusal> {
    object.expect_only(KNOWN)?;
    let inputs = Inputs::read(object)?;
    let trees = object.get("estimators_")?;
    let mut builder = TreeBuilder::new(inputs.count, width).map_err(|reason| object.refuse(reason))?;
    let mut non_finite = None;
    for tree in trees.items()? {
        let tree = tree.object()?;
        if non_finite.is_none() {
            non_finite = Some(tree_nodes::non_finite(&tree)?);
        }
        tree_nodes::add(&mut builder, &tree, rule)?;
    }
    let non_finite = match non_finite {
        Some(_) if !object.version()?.since(4) => NonFinite::Refused,
        Some(rule) => rule,
        None => return Err(trees.refuse("is empty")),
    };
    Ok(AveragedTrees {
        name,
        inputs,
        trees: builder.finish(None),
        non_finite,
        start: 0.0,
        exactness: exactness(object)?,
    })
}

/// With several jobs Python adds the trees in whatever order they finish, and its own last bits vary.
fn exactness(object: &Object<'_>) -> Result<Exactness, Refusal> {
    match object.find_some("n_jobs") {
        Some(jobs) if jobs.scalar()? != Scalar::Int(1) => Ok(ROUNDING),
        _ => Ok(Exactness::BitExact),
    }
}
