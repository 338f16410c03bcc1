//! Checks trees as files have them and lays them out: every node in front of its left subtree, then its right one.

use super::node::{FEATURES_MAX, Node};
use super::{Categories, Trees};

/// Some 8 GB of Python; a forest of 1,000 deep trees has 10 million.
const NODES_MAX: usize = 1 << 28;

/// A node of a file that is not a leaf, children given by their place in the file's array.
pub(crate) struct Split {
    pub(crate) feature: i64,
    pub(crate) threshold: f64,
    pub(crate) missing_left: bool,
    /// Zero is missing too.
    pub(crate) zero_missing: bool,
    pub(crate) left: i64,
    pub(crate) right: i64,
    /// The set of categories that goes left, where the split is one of categories.
    pub(crate) set: Option<u32>,
}

pub(crate) struct TreeBuilder {
    trees: Trees,
    features: usize,
}

impl TreeBuilder {
    /// `width` is the number of values of a leaf. The error of all methods is a reason without a subject.
    pub(crate) fn new(features: usize, width: usize) -> Result<Self, String> {
        if features == 0 || features > FEATURES_MAX {
            return Err(format!(
                "has {features} features; between 1 and {FEATURES_MAX} are read"
            ));
        }
        if width == 0 {
            return Err("has leaves without values".to_owned());
        }
        let trees = Trees {
            nodes: Vec::new(),
            roots: Vec::new(),
            leaves: Vec::new(),
            covers: Some(Vec::new()),
            width,
            categories: None,
            zeros_missing: false,
        };
        Ok(Self { trees, features })
    }

    pub(crate) fn features(&self) -> usize {
        self.features
    }

    /// How many trees there are so far.
    pub(crate) fn count(&self) -> usize {
        self.trees.count()
    }

    pub(crate) fn width(&self) -> usize {
        self.trees.width
    }

    /// Adds a tree of `count` nodes of which the first is the root. `split` is `None` for a leaf, whose values `leaf`
    /// appends. `covers` is the weight of the rows that training saw in each node, where the file tells.
    pub(crate) fn add(
        &mut self,
        count: usize,
        covers: Option<&[f64]>,
        split: impl Fn(usize) -> Option<Split>,
        mut leaf: impl FnMut(usize, &mut Vec<f64>),
    ) -> Result<(), String> {
        if count == 0 {
            return Err("is a tree without nodes".to_owned());
        }
        let Trees {
            nodes,
            roots,
            leaves,
            covers: all_covers,
            width,
            zeros_missing,
            ..
        } = &mut self.trees;
        if nodes.len() + count > NODES_MAX {
            return Err(format!("has more than {NODES_MAX} nodes"));
        }
        roots.push(nodes.len() as u32);
        let covers = covers.filter(|covers| covers.len() == count && covers.iter().all(|cover| *cover >= 0.0));
        if covers.is_none() {
            *all_covers = None;
        }
        let mut visited = vec![false; count];
        let mut waiting: Vec<(usize, Option<u32>)> = vec![(0, None)];
        while let Some((place, parent)) = waiting.pop() {
            if std::mem::replace(&mut visited[place], true) {
                return Err(format!("reaches node {place} in two ways"));
            }
            let at = nodes.len() as u32;
            if let (Some(all), Some(covers)) = (all_covers.as_mut(), covers) {
                all.push(covers[place] as f32);
            }
            if let Some(parent) = parent {
                nodes[parent as usize].right = at;
            }
            let Some(split) = split(place) else {
                nodes.push(Node::leaf(at, (leaves.len() / *width) as u32));
                leaf(place, leaves);
                continue;
            };
            let child = |index: i64| {
                usize::try_from(index)
                    .ok()
                    .filter(|&index| index < count)
                    .ok_or_else(|| format!("has child {index} of node {place} outside its {count} nodes"))
            };
            let (left, right) = (child(split.left)?, child(split.right)?);
            let feature = u32::try_from(split.feature)
                .ok()
                .filter(|&feature| (feature as usize) < self.features)
                .ok_or_else(|| format!("splits on feature {} of {}", split.feature, self.features))?;
            if split.threshold.is_nan() {
                return Err(format!("has NaN as the threshold of node {place}"));
            }
            nodes.push(match split.set {
                Some(set) => Node::categorical(feature, set, split.missing_left),
                None if split.zero_missing => {
                    *zeros_missing = true;
                    Node::comparing(feature, split.threshold, split.missing_left).with_missing_zero()
                }
                None => Node::comparing(feature, split.threshold, split.missing_left),
            });
            waiting.push((right, Some(at)));
            waiting.push((left, None));
        }
        Ok(())
    }

    /// `categories` is needed if any split has a set, and has all the sets and features that they name.
    pub(crate) fn finish(self, categories: Option<Categories>) -> Trees {
        let mut trees = self.trees;
        trees.nodes.shrink_to_fit();
        trees.leaves.shrink_to_fit();
        if let Some(covers) = &mut trees.covers {
            covers.shrink_to_fit();
        }
        trees.categories = categories;
        trees
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(left: i64, right: i64, feature: i64) -> Split {
        Split {
            feature,
            threshold: 0.0,
            missing_left: false,
            zero_missing: false,
            left,
            right,
            set: None,
        }
    }

    fn check(nodes: &[(i64, i64, i64)], expected: Result<(), &str>) {
        let mut builder = TreeBuilder::new(2, 1).expect("two features");
        let found = builder.add(
            nodes.len(),
            None,
            |at| {
                let (left, right, feature) = nodes[at];
                (left >= 0 || right >= 0).then(|| split(left, right, feature))
            },
            |at, leaves| leaves.push(at as f64),
        );
        match (found, expected) {
            (Ok(()), Ok(())) => {}
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
            (found, expected) => panic!("{found:?} is not {expected:?}"),
        }
    }

    #[test]
    fn untrusted_children_are_checked() {
        check(&[(1, 2, 1), (-1, -1, 0), (-1, -1, 0)], Ok(()));
        check(&[(1, 3, 1), (-1, -1, 0), (-1, -1, 0)], Err("outside"));
        check(&[(1, -5, 1), (-1, -1, 0), (-1, -1, 0)], Err("outside"));
        check(&[(1, 0, 1), (-1, -1, 0)], Err("two ways"));
        check(&[(1, 1, 1), (-1, -1, 0)], Err("two ways"));
        check(&[(1, 2, 2), (-1, -1, 0), (-1, -1, 0)], Err("feature 2 of 2"));
        check(&[], Err("without nodes"));
    }

    #[test]
    fn any_order_of_children_is_walked_alike() {
        let mut builder = TreeBuilder::new(1, 1).expect("one feature");
        // The left child is stored last, as best-first growth stores it.
        builder
            .add(
                3,
                None,
                |at| (at == 0).then(|| split(2, 1, 0)),
                |at, leaves| leaves.push(at as f64),
            )
            .expect("a tree");
        let trees = builder.finish(None);
        let mut found = vec![0.0; 2];
        trees.for_each(&[-1.0_f64, 1.0], 2, |row, _, leaf| found[row] = leaf[0]);
        assert_eq!(found, [2.0, 1.0]);
    }
}
