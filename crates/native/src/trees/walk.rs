//! Finding the leaf of every row in every tree.

use super::{Categories, Feature, Trees};

/// Walks that proceed together, so that the processor waits for several nodes at once. One row goes through this many
/// trees, a batch goes through one tree with this many rows.
const LANES: usize = 8;

impl Trees {
    /// Calls `add(row, tree, leaf)` for every row and tree. For any one row the trees come in order, however many rows
    /// there are: sums do not depend on the batch.
    ///
    /// `x` is row-major and holds at least as many features as any split names.
    pub(crate) fn for_each<T: Feature>(&self, x: &[T], rows: usize, mut add: impl FnMut(usize, usize, &[f64])) {
        let features = x.len() / rows.max(1);
        let row = |index: usize| &x[index * features..(index + 1) * features];
        if let Some(categories) = &self.categories {
            for (tree, &root) in self.roots.iter().enumerate() {
                for index in 0..rows {
                    add(
                        index,
                        tree,
                        self.leaf(self.walk_categories(root, row(index), categories)),
                    );
                }
            }
        } else if self.zeros_missing {
            for (tree, &root) in self.roots.iter().enumerate() {
                for index in 0..rows {
                    add(index, tree, self.leaf(self.walk_zeros(root, row(index))));
                }
            }
        } else if rows < LANES {
            for index in 0..rows {
                self.one_row(row(index), |tree, leaf| add(index, tree, leaf));
            }
        } else {
            for (tree, &root) in self.roots.iter().enumerate() {
                let mut index = 0;
                while index + LANES <= rows {
                    let found = self.walk([root; LANES], std::array::from_fn(|lane| row(index + lane)));
                    for (lane, at) in found.into_iter().enumerate() {
                        add(index + lane, tree, self.leaf(at));
                    }
                    index += LANES;
                }
                for index in index..rows {
                    let [at] = self.walk([root], [row(index)]);
                    add(index, tree, self.leaf(at));
                }
            }
        }
    }

    fn one_row<T: Feature>(&self, row: &[T], mut add: impl FnMut(usize, &[f64])) {
        let (groups, rest) = self.roots.as_chunks::<LANES>();
        let mut tree = 0;
        for group in groups {
            for at in self.walk(*group, [row; LANES]) {
                add(tree, self.leaf(at));
                tree += 1;
            }
        }
        for &root in rest {
            let [at] = self.walk([root], [row]);
            add(tree, self.leaf(at));
            tree += 1;
        }
    }

    /// Steps every lane until none moves: children lie behind their parents and leaves lead to themselves, so it ends.
    #[inline]
    fn walk<T: Feature, const N: usize>(&self, mut at: [u32; N], rows: [&[T]; N]) -> [u32; N] {
        loop {
            let mut moved = false;
            for lane in 0..N {
                let next = self.nodes[at[lane] as usize].next(at[lane], rows[lane]);
                moved |= next != at[lane];
                at[lane] = next;
            }
            if !moved {
                return at;
            }
        }
    }

    fn walk_zeros<T: Feature>(&self, mut at: u32, row: &[T]) -> u32 {
        loop {
            let node = self.nodes[at as usize];
            if node.right == at {
                return at;
            }
            at = node.next_with_zeros(at, row[node.feature()].widen());
        }
    }

    fn walk_categories<T: Feature>(&self, mut at: u32, row: &[T], categories: &Categories) -> u32 {
        loop {
            let next = self.step(at, row, Some(categories));
            if next == at {
                return at;
            }
            at = next;
        }
    }

    /// Where a node of any kind leads; a leaf leads to itself.
    pub(super) fn step<T: Feature>(&self, at: u32, row: &[T], categories: Option<&Categories>) -> u32 {
        let node = self.nodes[at as usize];
        match categories {
            Some(categories) if node.is_categorical() => {
                let feature = node.feature();
                let value = row[feature].widen();
                let left = categories.goes_left(value, feature, node.set_number(), node.missing_left());
                if left { at + 1 } else { node.right }
            }
            _ if node.right == at => at,
            _ => node.next_with_zeros(at, row[node.feature()].widen()),
        }
    }
}
