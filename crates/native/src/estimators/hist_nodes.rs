//! Reads the trees of `HistGradientBoosting`: node records of their own kind, and sets of categories.

use super::tree_nodes::records;
use crate::error::Refusal;
use crate::skops::{Items, Node, Object};
use crate::trees::{Bitset, Categories, Split, TreeBuilder, Trees};

const PREDICTOR_CLASS: &str = "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor";

/// Collects the trees and the sets of categories that their splits name.
pub(super) struct PredictorReader {
    builder: TreeBuilder,
    left: Vec<Bitset>,
    known: Option<Vec<Bitset>>,
}

impl PredictorReader {
    pub(super) fn new(object: &Object<'_>, features: usize) -> Result<Self, Refusal> {
        let builder = TreeBuilder::new(features, 1).map_err(|reason| object.refuse(reason))?;
        let known = match object.find_some("is_categorical_") {
            Some(_) => Some(known_categories(&object.get("_bin_mapper")?.object()?, features)?),
            None => None,
        };
        Ok(Self {
            builder,
            left: Vec::new(),
            known,
        })
    }

    pub(super) fn add(&mut self, node: &Node<'_>) -> Result<(), Refusal> {
        let predictor = node.object()?;
        if predictor.class() != PREDICTOR_CLASS {
            return Err(predictor.refuse(format!("is a {}, not a {PREDICTOR_CLASS}", predictor.class())));
        }
        predictor.expect_only(&["nodes", "binned_left_cat_bitsets", "raw_left_cat_bitsets"])?;
        let first_set = self.left.len();
        self.left.extend(bitsets(&predictor.get("raw_left_cat_bitsets")?)?);
        let sets = self.left.len() - first_set;

        let nodes = predictor.get("nodes")?;
        let records = records(&nodes)?;
        let integers = |name| {
            records
                .integers(name)
                .ok_or_else(|| nodes.refuse(format!("has no field {name}")))
        };
        let floats = |name| {
            records
                .floats(name)
                .ok_or_else(|| nodes.refuse(format!("has no field {name}")))
        };
        let (is_leaf, feature, missing_left) = (
            integers("is_leaf")?,
            integers("feature_idx")?,
            integers("missing_go_to_left")?,
        );
        let (left, right) = (integers("left")?, integers("right")?);
        let (is_categorical, set) = (integers("is_categorical")?, integers("bitset_idx")?);
        let (threshold, value) = (floats("num_threshold")?, floats("value")?);
        let with_set = (0..records.count()).find(|&at| is_leaf[at] == 0 && is_categorical[at] != 0);
        if let Some(at) = with_set
            && self.known.is_none()
        {
            return Err(nodes.refuse(format!("splits on categories at node {at}, and the model has none")));
        }
        if (0..records.count()).any(|at| is_categorical[at] != 0 && is_leaf[at] == 0 && set[at] as usize >= sets) {
            return Err(nodes.refuse(format!("names a set of categories beyond its {sets}")));
        }
        let covers: Option<Vec<f64>> = records
            .integers("count")
            .map(|counts| counts.into_iter().map(|count| count as f64).collect());
        let split = |at: usize| {
            let categorical = is_categorical[at] != 0;
            (is_leaf[at] == 0).then(|| Split {
                feature: feature[at],
                threshold: if categorical { 0.0 } else { threshold[at] },
                missing_left: missing_left[at] != 0,
                zero_missing: false,
                left: left[at],
                right: right[at],
                set: categorical.then(|| (first_set + set[at] as usize) as u32),
            })
        };
        let add = self
            .builder
            .add(records.count(), covers.as_deref(), split, |at, leaves| {
                leaves.push(value[at]);
            });
        add.map_err(|reason| nodes.refuse(reason))
    }

    pub(super) fn finish(self) -> Trees {
        let left = self.left;
        self.builder
            .finish(self.known.map(|known| Categories::Bytes { left, known }))
    }
}

/// The categories that training saw, by feature.
fn known_categories(bin_mapper: &Object<'_>, features: usize) -> Result<Vec<Bitset>, Refusal> {
    let flags = bin_mapper.get("is_categorical_")?;
    let thresholds = bin_mapper.get("bin_thresholds_")?.items()?;
    let Items::I64(is_categorical) = flags.array()?.items else {
        return Err(flags.refuse("is not an array of flags"));
    };
    if is_categorical.len() != features || thresholds.len() != features {
        return Err(bin_mapper.refuse(format!("does not describe {features} features")));
    }
    let mut known = vec![Bitset::default(); features];
    for ((set, node), _) in known
        .iter_mut()
        .zip(&thresholds)
        .zip(&is_categorical)
        .filter(|(_, flag)| **flag != 0)
    {
        for category in node.doubles()?.1 {
            if !(0.0..256.0).contains(&category) {
                return Err(node.refuse(format!("has {category} as a category; 0 to 255 are possible")));
            }
            let category = category as u8;
            set[usize::from(category / 32)] |= 1 << (category % 32);
        }
    }
    Ok(known)
}

fn bitsets(node: &Node<'_>) -> Result<Vec<Bitset>, Refusal> {
    let array = node.array()?;
    match (&array.items, array.shape.as_slice()) {
        (Items::I64(words), [_, 8]) => Ok(words
            .as_chunks::<8>()
            .0
            .iter()
            .map(|words| words.map(|word| word as u32))
            .collect()),
        _ => Err(node.refuse("is not an array of sets of 256 bits")),
    }
}
