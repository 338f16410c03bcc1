//! XGBoost's trees, laid out for walking.

use super::file::Tree;
use crate::error::Refusal;
use crate::trees::{Categories, Split, TreeBuilder, Trees};

/// The largest number that a category may have, and one.
const CATEGORIES_MAX: i64 = 1 << 24;
/// The words of all sets of categories together.
const WORDS_MAX: usize = 1 << 26;

/// Reads trees for a model of `width` outputs.
pub(super) fn read_all(trees: &[Tree], features: usize, width: usize) -> Result<Trees, Refusal> {
    let is_vector = |tree: &Tree| tree.tree_param.size_leaf_vector > 1;
    let of_vectors = trees.iter().any(is_vector);
    let leaf_width = if of_vectors { width } else { 1 };
    let builder = TreeBuilder::new(features, leaf_width);
    let mut builder = builder.map_err(|reason| Refusal::new("learner_model_param", reason))?;
    let mut sets = Sets::default();
    for (number, tree) in trees.iter().enumerate() {
        let refuse = |reason: String| Refusal::new(format!("trees[{number}]"), reason);
        tree.expect_lengths().map_err(refuse)?;
        if is_vector(tree) != of_vectors || (of_vectors && tree.tree_param.size_leaf_vector != width) {
            let size = tree.tree_param.size_leaf_vector;
            return Err(refuse(format!("has {size} values in a leaf for {width} outputs")));
        }
        let set_of = sets.add(tree).map_err(refuse)?;
        let split = |at: usize| {
            (tree.left_children[at] != -1).then(|| Split {
                feature: tree.split_indices[at],
                // XGBoost asks for less, these trees for less or equal: of the next smaller single.
                threshold: match set_of[at] {
                    Some(_) => 0.0,
                    None => f64::from(tree.split_conditions[at].next_down()),
                },
                missing_left: tree.default_left[at].0,
                zero_missing: false,
                left: tree.left_children[at],
                right: tree.right_children[at],
                set: set_of[at],
            })
        };
        let covers: Option<Vec<f64>> = (tree.sum_hessian.len() == tree.left_children.len())
            .then(|| tree.sum_hessian.iter().map(|&hessian| f64::from(hessian)).collect());
        if of_vectors {
            let starts = tree.leaf_starts(width).map_err(refuse)?;
            let weights = tree.leaf_weights.as_ref().unwrap_or(&tree.base_weights);
            let leaf = |at: usize, leaves: &mut Vec<f64>| {
                leaves.extend(
                    weights[starts[at]..starts[at] + width]
                        .iter()
                        .map(|&weight| f64::from(weight)),
                );
            };
            builder
                .add(tree.left_children.len(), covers.as_deref(), split, leaf)
                .map_err(refuse)?;
        } else {
            let leaf = |at: usize, leaves: &mut Vec<f64>| leaves.push(f64::from(tree.split_conditions[at]));
            builder
                .add(tree.left_children.len(), covers.as_deref(), split, leaf)
                .map_err(refuse)?;
        }
    }
    let categories = (!sets.all.is_empty()).then_some(Categories::RightSets(sets.all));
    Ok(builder.finish(categories))
}

impl Tree {
    fn expect_lengths(&self) -> Result<(), String> {
        let count = self.left_children.len();
        let lengths = [
            self.right_children.len(),
            self.split_indices.len(),
            self.split_conditions.len(),
            self.default_left.len(),
        ];
        if lengths.iter().any(|&length| length != count) {
            return Err(format!("has lists of unequal length for its {count} nodes"));
        }
        Ok(())
    }

    /// Where the values of each leaf begin. Since 3.1 leaves are numbered, in place of their right child.
    fn leaf_starts(&self, width: usize) -> Result<Vec<usize>, String> {
        let length = self.leaf_weights.as_ref().map_or(self.base_weights.len(), Vec::len);
        let start = |at: usize| {
            if self.left_children[at] != -1 {
                return Ok(0);
            }
            let number = match self.leaf_weights {
                Some(_) => usize::try_from(self.right_children[at]).ok(),
                None => Some(at),
            };
            let start = number.and_then(|number| number.checked_mul(width));
            start
                .filter(|start| start.checked_add(width).is_some_and(|end| end <= length))
                .ok_or_else(|| format!("has no values for the leaf at node {at}"))
        };
        (0..self.left_children.len()).map(start).collect()
    }
}

/// The sets of categories of all trees: what is in a node's set goes right.
#[derive(Default)]
struct Sets {
    all: Vec<Box<[u32]>>,
    words: usize,
}

impl Sets {
    /// The number of the set of each node that has one.
    fn add(&mut self, tree: &Tree) -> Result<Vec<Option<u32>>, String> {
        let mut of_node = vec![None; tree.left_children.len()];
        let lengths = (tree.categories_segments.len(), tree.categories_sizes.len());
        if lengths != (tree.categories_nodes.len(), tree.categories_nodes.len()) {
            return Err("has lists of unequal length for its sets of categories".to_owned());
        }
        let segments = tree.categories_segments.iter().zip(&tree.categories_sizes);
        for (&node, (&start, &size)) in tree.categories_nodes.iter().zip(segments) {
            let place = |value: i64| usize::try_from(value).ok();
            let range = place(start)
                .zip(place(size))
                .and_then(|(start, size)| Some(start..start.checked_add(size)?));
            let set = range.and_then(|range| tree.categories.get(range));
            let (Some(set), Some(of_node)) = (set, place(node).and_then(|node| of_node.get_mut(node))) else {
                return Err(format!("has a set of categories for node {node} that is not there"));
            };
            *of_node = Some(self.all.len() as u32);
            self.push(set)?;
        }
        for (at, kind) in tree.split_type.iter().enumerate() {
            let splits = tree.left_children.get(at).is_some_and(|child| *child != -1);
            if splits && (*kind != 0) != of_node[at].is_some() {
                return Err(format!(
                    "has node {at}, of which it is not clear whether it splits on categories"
                ));
            }
        }
        Ok(of_node)
    }

    fn push(&mut self, categories: &[i64]) -> Result<(), String> {
        if let Some(category) = categories
            .iter()
            .find(|category| !(0..CATEGORIES_MAX).contains(*category))
        {
            return Err(format!("has category {category}; 0 to {CATEGORIES_MAX} are possible"));
        }
        let greatest = categories.iter().max().map_or(0, |greatest| greatest + 1) as usize;
        self.words += greatest.div_ceil(32);
        if self.words > WORDS_MAX {
            return Err("has larger sets of categories than are read".to_owned());
        }
        let mut set = vec![0_u32; greatest.div_ceil(32)];
        for category in categories {
            set[*category as usize / 32] |= 1 << (*category % 32);
        }
        self.all.push(set.into_boxed_slice());
        Ok(())
    }
}
