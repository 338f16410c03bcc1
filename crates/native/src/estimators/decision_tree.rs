//! `DecisionTreeClassifier`, `DecisionTreeRegressor` and their `ExtraTree` forms.

use super::averaged_trees::{AveragedTrees, Classifier, MultiClassifier, Regressor};
use super::labels::Labels;
use super::tree_nodes::{self, LeafRule};
use super::{Estimator, Inputs};
use crate::error::Refusal;
use crate::exactness::Exactness;
use crate::skops::Object;
use crate::trees::TreeBuilder;

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
    let inputs = Inputs::read(object)?;
    let non_finite = tree_nodes::non_finite(object)?;
    let mut builder = TreeBuilder::new(inputs.count, width).map_err(|reason| object.refuse(reason))?;
    tree_nodes::add(&mut builder, object, rule)?;
    Ok(AveragedTrees {
        name,
        inputs,
        trees: builder.finish(None),
        non_finite,
        start: -0.0,
        exactness: Exactness::BitExact,
    })
}
