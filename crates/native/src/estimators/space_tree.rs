//! `KDTree` and `BallTree` as scikit-learn keeps them, searched in its order: which of several rows at the same
//! distance is found depends on the path through the tree.

use crate::error::Refusal;
use crate::skops::{Items, Node};

/// Twice as deep as any tree that fits in memory.
const LEVELS_MAX: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Metric {
    /// The exponent is two; it is kept because Python raises to it where it could multiply.
    Euclidean {
        power: f64,
    },
    Manhattan,
    Chebyshev,
}

impl Metric {
    pub(super) fn read(node: &Node<'_>) -> Result<Self, Refusal> {
        Ok(match node.text()?.as_str() {
            "euclidean" | "l2" => Self::Euclidean { power: 2.0 },
            "manhattan" | "cityblock" | "l1" => Self::Manhattan,
            "chebyshev" | "infinity" => Self::Chebyshev,
            other => return Err(node.refuse(format!("is {other:?}, which is not evaluated"))),
        })
    }

    /// A number that grows with the distance: the square of a Euclidean one.
    fn reduced(self, left: &[f64], right: &[f64]) -> f64 {
        let gaps = left.iter().zip(right).map(|(left, right)| left - right);
        match self {
            Self::Euclidean { .. } => gaps.fold(0.0, |sum, gap| sum + gap * gap),
            Self::Manhattan => gaps.fold(0.0, |sum, gap| sum + gap.abs()),
            Self::Chebyshev => gaps.fold(0.0, |most, gap| gap.abs().max(most)),
        }
    }

    /// The distance from its reduced form.
    pub(super) fn distance(self, reduced: f64) -> f64 {
        match self {
            Self::Euclidean { .. } => reduced.sqrt(),
            Self::Manhattan | Self::Chebyshev => reduced,
        }
    }

    fn reduce(self, distance: f64) -> f64 {
        match self {
            Self::Euclidean { .. } => distance * distance,
            Self::Manhattan | Self::Chebyshev => distance,
        }
    }
}

pub(super) struct SpaceTree {
    metric: Metric,
    columns: usize,
    /// Row by row.
    data: Vec<f64>,
    /// The rows of `data` in the order of the tree.
    order: Vec<usize>,
    nodes: Vec<Part>,
    bounds: Bounds,
}

struct Part {
    start: usize,
    end: usize,
    is_leaf: bool,
    radius: f64,
}

/// For each node, row by row.
enum Bounds {
    Box { low: Vec<f64>, high: Vec<f64> },
    Ball { centres: Vec<f64> },
}

impl SpaceTree {
    pub(super) fn read(node: &Node<'_>, metric: Metric, columns: usize) -> Result<Self, Refusal> {
        let is_box = match node.class()?.as_str() {
            "sklearn.neighbors._kd_tree.KDTree" | "sklearn.neighbors._kd_tree.KDTree64" => true,
            "sklearn.neighbors._ball_tree.BallTree" | "sklearn.neighbors._ball_tree.BallTree64" => false,
            class => return Err(node.refuse(format!("is a {class}, which is not evaluated natively"))),
        };
        let state = node.state()?;
        let [data, order, node_data, node_bounds, ..] = state.as_slice() else {
            return Err(node.refuse("has no data"));
        };
        let (rows, width, data) = data.matrix()?;
        let place = |place: &i64| usize::try_from(*place).ok().filter(|place| *place < rows);
        let order: Option<Vec<usize>> = order.integers()?.iter().map(place).collect();
        let order = order.filter(|order| order.len() == rows && rows > 0);
        let order = order.ok_or_else(|| node.refuse("does not order its rows"))?;
        let nodes = parts(node_data, rows)?;
        let (shape, bounds) = node_bounds.doubles()?;
        let sides = if is_box { 2 } else { 1 };
        if width != columns || columns == 0 || shape != [sides, nodes.len(), columns] {
            return Err(node_bounds.refuse(format!("has shape {shape:?} for {} nodes", nodes.len())));
        }
        let bounds = if is_box {
            let (low, high) = bounds.split_at(bounds.len() / 2);
            Bounds::Box {
                low: low.to_vec(),
                high: high.to_vec(),
            }
        } else {
            Bounds::Ball { centres: bounds }
        };
        Ok(Self {
            metric,
            columns,
            data,
            order,
            nodes,
            bounds,
        })
    }

    pub(super) fn rows(&self) -> usize {
        self.order.len()
    }

    /// The nearest rows and their reduced distances, nearest first. `count` is between one and the number of rows.
    pub(super) fn nearest(&self, point: &[f64], count: usize) -> Vec<(f64, usize)> {
        let mut found = Nearest(vec![(f64::INFINITY, 0); count]);
        self.search(0, point, self.least(0, point), &mut found);
        found.0.sort_by(|left, right| left.0.total_cmp(&right.0));
        found.0
    }

    fn search(&self, at: usize, point: &[f64], least: f64, found: &mut Nearest) {
        if least > found.farthest() {
            return;
        }
        let part = &self.nodes[at];
        if part.is_leaf {
            for &row in &self.order[part.start..part.end] {
                let values = &self.data[row * self.columns..(row + 1) * self.columns];
                found.push(self.metric.reduced(point, values), row);
            }
            return;
        }
        let children = [2 * at + 1, 2 * at + 2];
        let least = children.map(|child| self.least(child, point));
        let first = usize::from(least[0] > least[1] || least[0].is_nan() || least[1].is_nan());
        for child in [first, 1 - first] {
            self.search(children[child], point, least[child], found);
        }
    }

    /// No row of the node is nearer than this, in reduced form.
    fn least(&self, at: usize, point: &[f64]) -> f64 {
        let of_node = at * self.columns..(at + 1) * self.columns;
        match &self.bounds {
            Bounds::Ball { centres } => {
                let distance = self.metric.distance(self.metric.reduced(point, &centres[of_node]));
                self.metric.reduce((distance - self.nodes[at].radius).max(0.0))
            }
            Bounds::Box { low, high } => {
                let sides = low[of_node.clone()].iter().zip(&high[of_node]);
                let outside = point.iter().zip(sides).map(|(value, (low, high))| {
                    let (below, above) = (low - value, value - high);
                    0.5 * ((below + below.abs()) + (above + above.abs()))
                });
                match self.metric {
                    Metric::Euclidean { power } => outside.fold(0.0, |sum, gap| sum + gap.powf(power)),
                    Metric::Manhattan => outside.fold(0.0, |sum, gap| sum + gap),
                    Metric::Chebyshev => outside.fold(0.0, f64::max),
                }
            }
        }
    }
}

/// The nodes of the tree: the children of node `i` are `2i + 1` and `2i + 2`.
fn parts(node: &Node<'_>, rows: usize) -> Result<Vec<Part>, Refusal> {
    let Items::Records(records) = node.array()?.items else {
        return Err(node.refuse("is not an array of nodes"));
    };
    let integers = |name: &str| {
        let values = records.integers(name);
        values.ok_or_else(|| node.refuse(format!("has no field {name}")))
    };
    let (starts, ends, leaves) = (integers("idx_start")?, integers("idx_end")?, integers("is_leaf")?);
    let radii = records
        .floats("radius")
        .ok_or_else(|| node.refuse("has no field radius"))?;
    let count = radii.len();
    if count == 0 || count.ilog2() as usize >= LEVELS_MAX {
        return Err(node.refuse(format!("has {count} nodes")));
    }
    (0..count)
        .map(|at| {
            let bound = |value: i64| usize::try_from(value).ok().filter(|bound| *bound <= rows);
            let is_leaf = leaves[at] != 0;
            match (bound(starts[at]), bound(ends[at])) {
                (Some(start), Some(end)) if start <= end && (is_leaf || 2 * at + 2 < count) => Ok(Part {
                    start,
                    end,
                    is_leaf,
                    radius: radii[at],
                }),
                _ => Err(node.refuse(format!("has node {at} outside its {count} nodes or {rows} rows"))),
            }
        })
        .collect()
}

/// A heap whose first entry is the farthest; `Nearest::push` takes the steps of scikit-learn's `heap_push`, because of
/// several rows at the same distance the steps decide which one leaves.
struct Nearest(Vec<(f64, usize)>);

impl Nearest {
    fn farthest(&self) -> f64 {
        self.0[0].0
    }

    fn push(&mut self, distance: f64, row: usize) {
        if distance >= self.farthest() {
            return;
        }
        let heap = &mut self.0;
        let mut at = 0;
        loop {
            let (left, right) = (2 * at + 1, 2 * at + 2);
            if left >= heap.len() {
                break;
            }
            let child = if right >= heap.len() || heap[left].0 >= heap[right].0 {
                left
            } else {
                right
            };
            if heap[child].0 <= distance {
                break;
            }
            heap[at] = heap[child];
            at = child;
        }
        heap[at] = (distance, row);
    }
}
