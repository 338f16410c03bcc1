//! LightGBM models read from their text files: boosted trees in double precision.

mod file;
mod linear_leaves;
mod objective;

use file::{File, Section};
use linear_leaves::LinearLeaves;
use objective::Objective;

use crate::attributions::Attributions;
use crate::error::{PredictError, Refusal};
use crate::estimators::{Estimator, Inputs, Labels, both_classes};
use crate::exactness::{Exactness, ROUNDING};
use crate::rows::{Column, Output};
use crate::skops::{Object, Scalar};
use crate::table::Table;
use crate::trees::{Categories, Split, TreeBuilder, Trees};

/// The Python object that a model file stands for; it decides what `predict` answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LightgbmClass {
    /// `lightgbm.Booster`, `LGBMRegressor` and `LGBMRanker`: the objective's answer.
    Booster,
    /// `LGBMClassifier`, with its labels.
    Classifier(ClassLabels),
}

/// The labels of a classifier, in the order of its outputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClassLabels {
    Integers(Vec<i64>),
    Texts(Vec<String>),
}

impl ClassLabels {
    fn into_labels(self) -> Labels {
        match self {
            Self::Integers(values) => Labels::I64(values),
            Self::Texts(values) => Labels::Text(values),
        }
    }
}

pub(crate) struct Boosted {
    labels: Option<Labels>,
    inputs: Inputs,
    objective: Objective,
    trees: Trees,
    /// Of trees with linear leaves, whose values are the numbers of these.
    linear: LinearLeaves,
    /// Outputs of each iteration.
    width: usize,
    /// A random forest answers with the mean of its iterations.
    averaged: bool,
    /// Written by a release before 4.0.
    before_4: bool,
}

/// Reads a model; the second value names the format that it is written in.
pub(crate) fn read(bytes: &[u8], class: LightgbmClass) -> Result<(Boosted, String), Refusal> {
    let labels = match class {
        LightgbmClass::Booster => None,
        LightgbmClass::Classifier(labels) => Some(labels.into_labels()),
    };
    read_with(bytes, labels, None)
}

/// Reads an object of LightGBM's interface for scikit-learn, such as the last step of a pipeline.
pub(crate) fn from_skops(object: &Object<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    for name in ["objective", "_objective"] {
        if let Some(objective) = object.find_some(name)
            && objective.text().is_err()
        {
            return Err(objective.refuse("is a function, which is not evaluated"));
        }
    }
    let labels = if object.class_name() == "LGBMClassifier" {
        Some(Labels::read(&object.get("_classes")?)?)
    } else {
        None
    };
    let booster = object.get("_Booster")?.object()?;
    let best = match booster
        .find_some("best_iteration")
        .map(|node| node.scalar())
        .transpose()?
    {
        Some(Scalar::Int(best)) => usize::try_from(best).ok().filter(|best| *best > 0),
        _ => None,
    };
    // Called `handle` before 4.0.
    let handle = booster.find("_handle").map_or_else(|| booster.get("handle"), Ok)?;
    let (boosted, _) = read_with(handle.text()?.as_bytes(), labels, best)?;
    Ok(Box::new(boosted))
}

/// `best` is how many iterations answer, where it is not all.
fn read_with(bytes: &[u8], labels: Option<Labels>, best: Option<usize>) -> Result<(Boosted, String), Refusal> {
    let file = File::read(bytes)?;
    let header = &file.header;
    let last_feature: usize = header.number("max_feature_idx")?;
    let width: usize = header.number("num_tree_per_iteration")?;
    if width == 0 || !file.trees.len().is_multiple_of(width) {
        return Err(header.refuse(
            "num_tree_per_iteration",
            format!("is {width} where there are {} trees", file.trees.len()),
        ));
    }
    let count = last_feature.saturating_add(1);
    let mut reader = TreeReader {
        builder: TreeBuilder::new(count, 1).map_err(|reason| header.refuse("max_feature_idx", reason))?,
        sets: Vec::new(),
        linear: LinearLeaves::default(),
    };
    let used = best.map_or(usize::MAX, |best| best.saturating_mul(width));
    for tree in file.trees.iter().take(used) {
        reader.add(tree)?;
    }
    if let Some(labels) = &labels
        && labels.count() != width.max(2)
    {
        return Err(header.refuse(
            "num_class",
            format!("is {width} where the classifier has {} labels", labels.count()),
        ));
    }
    let linear = std::mem::take(&mut reader.linear);
    if !linear.is_empty() && linear.trees() != reader.builder.count() {
        return Err(header.refuse("tree_sizes", "has linear trees beside others"));
    }
    let boosted = Boosted {
        labels,
        // LightGBM counts columns and does not compare their names.
        inputs: Inputs { names: None, count },
        objective: Objective::read(header)?,
        linear,
        trees: reader.finish(),
        width,
        averaged: header.has("average_output"),
        before_4: header.text("version")? == "v3",
    };
    Ok((boosted, format!("LightGBM format {}", header.text("version")?)))
}

struct TreeReader {
    builder: TreeBuilder,
    /// The categories that go left, for each categorical node of all trees.
    sets: Vec<Box<[u32]>>,
    linear: LinearLeaves,
}

/// The bits of `decision_type` (include/LightGBM/tree.h).
const CATEGORICAL: u8 = 1;
const DEFAULT_LEFT: u8 = 2;
const MISSING_SHIFT: u8 = 2;
const MISSING_NONE: u8 = 0;
const MISSING_ZERO: u8 = 1;
const MISSING_NAN: u8 = 2;

impl TreeReader {
    fn add(&mut self, tree: &Section<'_>) -> Result<(), Refusal> {
        let leaves: usize = tree.number("num_leaves")?;
        if leaves == 0 {
            return Err(tree.refuse("num_leaves", "is 0"));
        }
        let mut values: Vec<f64> = tree.list("leaf_value", leaves)?;
        if tree.find("is_linear").is_some_and(|flag| flag != "0") {
            values = self.linear.add(tree, &values, self.builder.features())?;
        }
        // A tree that is one leaf has nothing else.
        let splits = leaves - 1;
        let nodes = if splits == 0 {
            Nodes::default()
        } else {
            Nodes::read(tree, splits)?
        };
        let sets = nodes.sets(tree)?;
        let first_set = self.sets.len();
        self.sets.extend(sets);
        // Leaves are numbered behind the splits; a child below zero is a leaf.
        let place = |child: i64| if child < 0 { splits as i64 + !child } else { child };
        let split = |at: usize| {
            (at < splits).then(|| {
                let threshold = nodes.thresholds[at];
                Split {
                    feature: nodes.features[at],
                    threshold: if nodes.is_categorical(at) { 0.0 } else { threshold },
                    missing_left: nodes.missing_left(at),
                    zero_missing: nodes.zero_missing(at),
                    left: place(nodes.left[at]),
                    right: place(nodes.right[at]),
                    set: nodes
                        .is_categorical(at)
                        .then(|| (first_set + threshold as usize) as u32),
                }
            })
        };
        let covers = covers(tree, splits, leaves);
        self.builder
            .add(splits + leaves, covers.as_deref(), split, |at, leaves| {
                leaves.push(values[at - splits]);
            })
            .map_err(|reason| tree.refuse("left_child", reason))
    }

    fn finish(self) -> Trees {
        let categories = (!self.sets.is_empty()).then_some(Categories::Sets(self.sets));
        self.builder.finish(categories)
    }
}

/// The rows of training that came to each node; what else the file may hold there is no reason to refuse it.
fn covers(tree: &Section<'_>, splits: usize, leaves: usize) -> Option<Vec<f64>> {
    if splits == 0 {
        return Some(vec![1.0]);
    }
    let mut covers: Vec<f64> = tree.list("internal_count", splits).ok()?;
    covers.extend(tree.list::<f64>("leaf_count", leaves).ok()?);
    Some(covers)
}

/// The splits of one tree.
#[derive(Default)]
struct Nodes {
    features: Vec<i64>,
    /// For a split of categories the number of its set.
    thresholds: Vec<f64>,
    decisions: Vec<u8>,
    left: Vec<i64>,
    right: Vec<i64>,
}

impl Nodes {
    fn read(tree: &Section<'_>, splits: usize) -> Result<Self, Refusal> {
        let nodes = Self {
            features: tree.list("split_feature", splits)?,
            thresholds: tree.list("threshold", splits)?,
            decisions: tree.list("decision_type", splits)?,
            left: tree.list("left_child", splits)?,
            right: tree.list("right_child", splits)?,
        };
        for (at, decision) in nodes.decisions.iter().enumerate() {
            let missing = decision >> MISSING_SHIFT & 3;
            if !nodes.is_categorical(at) && ![MISSING_NONE, MISSING_ZERO, MISSING_NAN].contains(&missing) {
                return Err(tree.refuse("decision_type", format!("has {missing} as its kind of missing value")));
            }
        }
        Ok(nodes)
    }

    fn is_categorical(&self, at: usize) -> bool {
        self.decisions[at] & CATEGORICAL != 0
    }

    /// A missing value goes right at a split of categories, the default way where training saw missing values, and
    /// otherwise the way of zero.
    fn missing_left(&self, at: usize) -> bool {
        if self.is_categorical(at) {
            false
        } else if self.decisions[at] >> MISSING_SHIFT & 3 != MISSING_NONE {
            self.decisions[at] & DEFAULT_LEFT != 0
        } else {
            0.0 <= self.thresholds[at]
        }
    }

    fn zero_missing(&self, at: usize) -> bool {
        !self.is_categorical(at) && self.decisions[at] >> MISSING_SHIFT & 3 == MISSING_ZERO
    }

    fn sets(&self, tree: &Section<'_>) -> Result<Vec<Box<[u32]>>, Refusal> {
        let count: usize = tree.number("num_cat")?;
        if count == 0 {
            return if self.decisions.iter().any(|decision| decision & CATEGORICAL != 0) {
                Err(tree.refuse("num_cat", "is 0 where splits are of categories"))
            } else {
                Ok(Vec::new())
            };
        }
        for (at, threshold) in self.thresholds.iter().enumerate() {
            if self.is_categorical(at) && !(*threshold >= 0.0 && (*threshold as usize) < count) {
                return Err(tree.refuse("threshold", format!("names set {threshold} of {count}")));
            }
        }
        let bounds: Vec<usize> = tree.list("cat_boundaries", count.saturating_add(1))?;
        let words: Vec<u32> = tree.list("cat_threshold", bounds.last().copied().unwrap_or_default())?;
        bounds
            .windows(2)
            .map(|bound| words.get(bound[0]..bound[1]).map(Box::from))
            .collect::<Option<_>>()
            .ok_or_else(|| tree.refuse("cat_boundaries", "are not in order"))
    }
}

impl Boosted {
    fn answers(&self, table: Table<'_>) -> Result<Vec<f64>, PredictError> {
        let rows = table.rows();
        let x = self.values(table)?;
        let mut scores = vec![0.0; rows * self.width];
        if self.linear.is_empty() {
            self.trees.for_each(&x, rows, |row, tree, leaf| {
                scores[row * self.width + tree % self.width] += leaf[0];
            });
        } else {
            let count = self.inputs.count;
            self.trees.for_each(&x, rows, |row, tree, leaf| {
                let values = &x[row * count..(row + 1) * count];
                scores[row * self.width + tree % self.width] += self.linear.at(leaf[0], values);
            });
        }
        if self.averaged {
            let iterations = (self.trees.count() / self.width).max(1) as f64;
            for score in &mut scores {
                *score /= iterations;
            }
        }
        self.objective.apply(&mut scores, self.width);
        Ok(scores)
    }

    fn values(&self, table: Table<'_>) -> Result<Vec<f64>, PredictError> {
        self.inputs.check(&table)?;
        let single = self.is_single(&table);
        let dense = table.into_dense()?;
        Ok(if single {
            dense.into_f32().into_iter().map(f64::from).collect()
        } else {
            dense.into_f64()
        })
    }

    /// Whether Python's LightGBM hands these columns over in single precision. An array of integers it does; a data
    /// frame only before 4.0, if pandas has no float type for all of its columns.
    fn is_single(&self, table: &Table<'_>) -> bool {
        let any = |wanted: fn(&Column) -> bool| (0..table.columns()).any(|at| wanted(&table.column(at)));
        let is_float = any(|column| matches!(column, Column::F64(_) | Column::F32(_)));
        if table.names().is_none() {
            return !is_float;
        }
        self.before_4 && (!is_float || any(|column| matches!(column, Column::Bool(_))))
    }

    fn name(&self) -> &'static str {
        if self.labels.is_some() {
            "LGBMClassifier"
        } else {
            "Booster"
        }
    }

    /// The probabilities of every class.
    fn probabilities(&self, table: Table<'_>) -> Result<Vec<f64>, PredictError> {
        let answers = self.answers(table)?;
        Ok(if self.width == 1 {
            both_classes(answers.into_iter())
        } else {
            answers
        })
    }
}

impl Estimator for Boosted {
    fn describe(&self) -> String {
        format!("{}, {} trees", self.name(), self.trees.count())
    }

    fn inputs(&self) -> Inputs {
        self.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        if self.objective.is_rounded() {
            ROUNDING
        } else {
            Exactness::BitExact
        }
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        if let Some(labels) = &self.labels {
            return Ok(labels.greatest(&self.probabilities(table)?));
        }
        Ok(Output::F64 {
            values: self.answers(table)?,
            columns: self.width,
        })
    }

    fn predict_proba(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let Some(labels) = &self.labels else {
            return Err(PredictError::NoProbability(self.name()));
        };
        Ok(Output::F64 {
            values: self.probabilities(table)?,
            columns: labels.count(),
        })
    }

    fn attributions(&self, table: Table<'_>, _: Table<'_>) -> Result<Option<Attributions>, PredictError> {
        if !self.linear.is_empty() {
            return Ok(None);
        }
        let (rows, width) = (table.rows(), self.width);
        let x = self.values(table)?;
        let share = if self.averaged {
            1.0 / (self.trees.count() / width).max(1) as f64
        } else {
            1.0
        };
        Ok(self.trees.attributions(&x, rows, width, |tree| tree % width, |_| share))
    }

    fn labels(&self) -> Option<&Labels> {
        self.labels.as_ref()
    }
}
