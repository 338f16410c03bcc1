//! How much each feature has to do with an answer: Shapley values of trees by the paths that training data took through
//! them (Lundberg, Erion and Lee 2018, algorithm 2), as `shap.TreeExplainer` computes them without background data.

use super::{Categories, Feature, Trees};
use crate::attributions::Attributions;

/// Deeper trees are not explained: the time grows with the square of the depth.
const DEPTH_MAX: usize = 256;

/// One feature of the path from the root.
#[derive(Debug, Clone, Copy, Default)]
struct Step {
    feature: usize,
    /// The share of training data that goes this way when the feature is unknown.
    unknown: f64,
    /// 1 if the row goes this way, else 0.
    known: f64,
    /// The weight of all sets of features of this size that lead here.
    weight: f64,
}

impl Trees {
    /// The attributions of every row to `outputs` sums. `output` says which of them a tree with one value adds to,
    /// `scale` what its leaves are multiplied by. `None` if the file does not tell how training data took its ways, or
    /// a tree is too deep.
    pub(crate) fn attributions<T: Feature>(
        &self,
        x: &[T],
        rows: usize,
        outputs: usize,
        output: impl Fn(usize) -> usize,
        scale: impl Fn(usize) -> f64,
    ) -> Option<Attributions> {
        let covers = self.covers.as_deref()?;
        let depth = self.depth()?;
        let features = x.len() / rows.max(1);
        let mut found = Attributions::zeros(rows, features, outputs);
        let mut walk = Walk {
            trees: self,
            covers,
            // The paths of all ancestors of a node at once.
            steps: vec![Step::default(); (depth + 2) * (depth + 3) / 2],
        };
        for tree in 0..self.count() {
            let (root, scale) = (self.roots[tree], scale(tree));
            let expected = walk.expected(tree);
            self.spread(&mut found.base, output(tree), scale, &expected);
            for row in 0..rows {
                let values = &x[row * features..(row + 1) * features];
                let mut add = |feature: usize, weight: f64, leaf: &[f64]| {
                    let start = (row * features + feature) * outputs;
                    let place = &mut found.values[start..start + outputs];
                    self.spread(place, output(tree), scale * weight, leaf);
                };
                let whole = Step {
                    feature: usize::MAX,
                    unknown: 1.0,
                    known: 1.0,
                    weight: 0.0,
                };
                walk.explain(root, values, 0, 0, whole, &mut add);
            }
        }
        Some(found)
    }

    fn spread(&self, place: &mut [f64], output: usize, scale: f64, leaf: &[f64]) {
        if self.width == 1 {
            place[output] += scale * leaf[0];
        } else {
            for (sum, value) in place.iter_mut().zip(leaf) {
                *sum += scale * value;
            }
        }
    }

    /// The length of the longest way from a root; `None` if it is beyond what is explained.
    fn depth(&self) -> Option<usize> {
        let mut depths = vec![0_usize; self.nodes.len()];
        let mut deepest = 0;
        // Children lie behind their parents.
        for (at, node) in self.nodes.iter().enumerate() {
            deepest = deepest.max(depths[at]);
            if node.right as usize != at {
                let below = depths[at] + 1;
                depths[at + 1] = below;
                depths[node.right as usize] = below;
            }
        }
        (deepest <= DEPTH_MAX).then_some(deepest)
    }
}

struct Walk<'a> {
    trees: &'a Trees,
    covers: &'a [f32],
    steps: Vec<Step>,
}

impl Walk<'_> {
    /// The share of a node's training data that went on to `child`.
    fn share(&self, at: u32, child: u32) -> f64 {
        let of_node = f64::from(self.covers[at as usize]);
        if of_node > 0.0 {
            f64::from(self.covers[child as usize]) / of_node
        } else {
            0.5
        }
    }

    /// A tree's mean over its training data.
    fn expected(&self, tree: usize) -> Vec<f64> {
        let mut mean = vec![0.0; self.trees.width];
        let mut waiting = vec![(self.trees.roots[tree], 1.0)];
        while let Some((at, share)) = waiting.pop() {
            let node = self.trees.nodes[at as usize];
            if node.right == at {
                for (sum, value) in mean.iter_mut().zip(self.trees.leaf(at)) {
                    *sum += share * value;
                }
            } else {
                for child in [node.right, at + 1] {
                    waiting.push((child, share * self.share(at, child)));
                }
            }
        }
        mean
    }

    /// Goes down from `at`. The path so far lies at `start` and has `length` steps; `last` is the way to this node.
    fn explain<T: Feature>(
        &mut self,
        at: u32,
        row: &[T],
        start: usize,
        length: usize,
        last: Step,
        add: &mut impl FnMut(usize, f64, &[f64]),
    ) {
        // This node's own copy, behind that of its parent.
        let mine = start + length;
        self.steps.copy_within(start..start + length, mine);
        extend(&mut self.steps[mine..=mine + length], last);
        let length = length + 1;
        let node = self.trees.nodes[at as usize];
        if node.right == at {
            let path = &self.steps[mine..mine + length];
            for (place, step) in path.iter().enumerate().skip(1) {
                let weight = unwound_sum(path, place) * (step.known - step.unknown);
                add(step.feature, weight, self.trees.leaf(at));
            }
            return;
        }
        let feature = node.feature();
        let taken = self.trees.step(at, row, self.categories());
        let other = if taken == at + 1 { node.right } else { at + 1 };
        let known_before = (1..length).find(|&place| self.steps[mine + place].feature == feature);
        let (before, length) = match known_before {
            Some(place) => {
                let before = self.steps[mine + place];
                unwind(&mut self.steps[mine..mine + length], place);
                ((before.unknown, before.known), length - 1)
            }
            None => ((1.0, 1.0), length),
        };
        for (child, known) in [(taken, before.1), (other, 0.0)] {
            let step = Step {
                feature,
                unknown: before.0 * self.share(at, child),
                known,
                weight: 0.0,
            };
            // What neither this row nor training data reaches says nothing.
            if step.unknown > 0.0 || step.known > 0.0 {
                self.explain(child, row, mine, length, step, add);
            }
        }
    }

    fn categories(&self) -> Option<&Categories> {
        self.trees.categories.as_ref()
    }
}

/// Puts a step at the end of a path, whose last place is free.
fn extend(path: &mut [Step], mut last: Step) {
    let end = path.len() - 1;
    last.weight = if end == 0 { 1.0 } else { 0.0 };
    path[end] = last;
    for place in (0..end).rev() {
        let weight = path[place].weight;
        path[place + 1].weight += last.known * weight * (place + 1) as f64 / (end + 1) as f64;
        path[place].weight = last.unknown * weight * (end - place) as f64 / (end + 1) as f64;
    }
}

/// Takes a step out of a path, which is then one shorter.
fn unwind(path: &mut [Step], place: usize) {
    let end = path.len() - 1;
    let Step { unknown, known, .. } = path[place];
    let mut next = path[end].weight;
    for at in (0..end).rev() {
        if known == 0.0 {
            path[at].weight = path[at].weight * (end + 1) as f64 / (unknown * (end - at) as f64);
        } else {
            let weight = path[at].weight;
            path[at].weight = next * (end + 1) as f64 / ((at + 1) as f64 * known);
            next = weight - path[at].weight * unknown * (end - at) as f64 / (end + 1) as f64;
        }
    }
    for at in place..end {
        let behind = path[at + 1];
        path[at] = Step {
            weight: path[at].weight,
            ..behind
        };
    }
}

/// The sum of a path's weights once a step is taken out.
fn unwound_sum(path: &[Step], place: usize) -> f64 {
    let end = path.len() - 1;
    let Step { unknown, known, .. } = path[place];
    let mut next = path[end].weight;
    let mut total = 0.0;
    for at in (0..end).rev() {
        if known == 0.0 {
            total += path[at].weight * (end + 1) as f64 / (unknown * (end - at) as f64);
        } else {
            let weight = next * (end + 1) as f64 / ((at + 1) as f64 * known);
            total += weight;
            next = path[at].weight - weight * unknown * (end - at) as f64 / (end + 1) as f64;
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use crate::trees::{Split, TreeBuilder};

    /// Whether to go left at 0.5 on each feature in turn, all ways equally likely.
    fn three_levels() -> crate::trees::Trees {
        let mut builder = TreeBuilder::new(3, 1).expect("three features");
        let covers: Vec<f64> = [8, 4, 4, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1].map(f64::from).into();
        builder
            .add(
                15,
                Some(&covers),
                |at| {
                    (at < 7).then(|| Split {
                        // The first feature is asked once more below.
                        feature: [0, 1, 1, 2, 0, 2, 2][at],
                        threshold: 0.5,
                        missing_left: false,
                        zero_missing: false,
                        left: 2 * at as i64 + 1,
                        right: 2 * at as i64 + 2,
                        set: None,
                    })
                },
                |at, leaves| leaves.push((at * at) as f64),
            )
            .expect("a tree");
        builder.finish(None)
    }

    /// The mean answer when only some features are known, by definition.
    fn mean(at: usize, row: &[f64], known: usize) -> f64 {
        if at >= 7 {
            return (at * at) as f64;
        }
        let feature = [0, 1, 1, 2, 0, 2, 2][at];
        let children = [2 * at + 1, 2 * at + 2];
        if known >> feature & 1 == 1 {
            mean(children[usize::from(row[feature] > 0.5)], row, known)
        } else {
            f64::midpoint(mean(children[0], row, known), mean(children[1], row, known))
        }
    }

    #[test]
    fn they_are_shapley_values() {
        let trees = three_levels();
        for row in 0..8_usize {
            let row = [0, 1, 2].map(|feature| (row >> feature & 1) as f64);
            let found = trees.attributions(&row, 1, 1, |_| 0, |_| 2.0).expect("covers");
            for feature in 0..3 {
                let mut value = 0.0;
                for set in (0..8_usize).filter(|set| set >> feature & 1 == 0) {
                    let weight = [1.0 / 3.0, 1.0 / 6.0, 1.0 / 3.0][set.count_ones() as usize];
                    value += weight * (mean(0, &row, set | 1 << feature) - mean(0, &row, set));
                }
                assert!((found.values[feature] - 2.0 * value).abs() < 1e-12, "{row:?} {feature}");
            }
            assert!((found.base[0] - 2.0 * mean(0, &row, 0)).abs() < 1e-12);
        }
    }
}
