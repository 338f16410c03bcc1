//! Decision trees laid out for walking. Every ensemble here is a list of them and a rule for adding up their leaves.

mod build;
mod categories;
mod node;
mod shap;
mod walk;

pub(crate) use build::{Split, TreeBuilder};
pub(crate) use categories::{Bitset, Categories};
pub(crate) use node::Feature;
use node::Node;

/// The trees of one model in one array of nodes.
pub(crate) struct Trees {
    nodes: Vec<Node>,
    /// The root of each tree, in the order in which the answers are added.
    roots: Vec<u32>,
    /// `width` values for each leaf.
    leaves: Vec<f64>,
    /// How much of the training data came to each node; `None` if a file does not tell. Single precision holds whole
    /// numbers of rows up to 16 million.
    covers: Option<Vec<f32>>,
    width: usize,
    categories: Option<Categories>,
    /// Whether a node takes zeros for missing.
    zeros_missing: bool,
}

impl Trees {
    pub(crate) fn count(&self) -> usize {
        self.roots.len()
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    fn leaf(&self, at: u32) -> &[f64] {
        let start = self.nodes[at as usize].leaf_number() as usize * self.width;
        &self.leaves[start..start + self.width]
    }
}
