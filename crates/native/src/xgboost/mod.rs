//! XGBoost models read from their own JSON or UBJ files: boosted trees in single precision.

mod file;
mod objective;
mod ubj;

use file::{BoosterModel, File, Tree};
use objective::{Objective, greatest};

use crate::error::{PredictError, Refusal};
use crate::estimators::{Estimator, Inputs};
use crate::exactness::Exactness;
use crate::rows::{Column, Output};
use crate::table::{NonFinite, Table, check_finite_f32};
use crate::trees::{Split, TreeBuilder, Trees};

/// What `exp` of two C libraries may differ by, in single precision.
const ROUNDING: Exactness = Exactness::WithinRelative(3e-7);

/// The Python object that a model file stands for; it decides what `predict` answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum XgboostClass {
    /// `xgboost.Booster`: probabilities of a classifier, and all trees.
    Booster,
    /// `XGBRegressor`, `XGBRanker` and their forests: up to the best iteration.
    Regressor,
    /// `XGBClassifier` and its forest: labels, and up to the best iteration.
    Classifier,
}

pub(crate) struct Boosted {
    class: XgboostClass,
    inputs: Inputs,
    objective: Objective,
    trees: Trees,
    /// The output that each tree adds to.
    outputs: Vec<usize>,
    /// The starting score of each output.
    start: Vec<f32>,
}

/// Reads a model; the second value names the release that wrote it.
pub(crate) fn read(bytes: &[u8], class: XgboostClass) -> Result<(Boosted, String), Refusal> {
    let file = File::read(bytes)?;
    let [major, minor, patch] = file.version;
    let learner = &file.learner;
    let param = &learner.learner_model_param;
    let objective = Objective::find(&learner.objective.name)?;
    let booster = &learner.gradient_booster;
    let (Some(model), "gbtree") = (&booster.model, booster.name.as_str()) else {
        return Err(Refusal::new(
            "gradient_booster.name",
            format!("is {:?}; only gbtree is evaluated natively", booster.name),
        ));
    };
    if param.num_class > 0 && param.num_target > 1 {
        return Err(Refusal::new(
            "learner_model_param",
            "has several targets of several classes",
        ));
    }
    let width = param.num_class.max(param.num_target).max(1);
    if class == XgboostClass::Classifier && (param.num_target > 1 || objective == Objective::SoftmaxLabel) {
        return Err(Refusal::new(
            "objective.name",
            "is one of several labels, which is not evaluated natively",
        ));
    }
    let mut start = file.base_scores()?;
    if start.len() == 1 {
        start = vec![start[0]; width];
    }
    if start.len() != width {
        return Err(Refusal::new(
            "learner_model_param.base_score",
            format!("has {} values for {width} outputs", start.len()),
        ));
    }
    for base in &mut start {
        *base = objective.margin(*base);
    }
    let used = trees_used(model, class, width, learner.attributes.best_iteration.as_deref())?;
    let names = &learner.feature_names;
    if !names.is_empty() && names.len() != param.num_feature {
        return Err(Refusal::new(
            "feature_names",
            format!("has {} names for {} columns", names.len(), param.num_feature),
        ));
    }
    let outputs = model.tree_info[..used].to_vec();
    if let Some(output) = outputs.iter().find(|&&output| output >= width) {
        return Err(Refusal::new("tree_info", format!("names output {output} of {width}")));
    }
    let boosted = Boosted {
        class,
        inputs: Inputs {
            names: (!names.is_empty()).then(|| names.clone()),
            count: param.num_feature,
        },
        objective,
        trees: read_trees(&model.trees[..used], param.num_feature)?,
        outputs,
        start,
    };
    Ok((boosted, format!("XGBoost {major}.{minor}.{patch}")))
}

/// How many trees answer. scikit-learn's interface stops at the best iteration, a booster does not.
fn trees_used(model: &BoosterModel, class: XgboostClass, width: usize, best: Option<&str>) -> Result<usize, Refusal> {
    let all = model.trees.len();
    if model.tree_info.len() != all {
        return Err(Refusal::new(
            "tree_info",
            format!("has {} entries for {all} trees", model.tree_info.len()),
        ));
    }
    let Some(best) = best.filter(|_| class != XgboostClass::Booster) else {
        return Ok(all);
    };
    let refuse = || {
        Refusal::new(
            "attributes.best_iteration",
            format!("is `{best}`, which no iteration is"),
        )
    };
    let next = best
        .parse::<usize>()
        .ok()
        .and_then(|best| best.checked_add(1))
        .ok_or_else(refuse)?;
    let used = if model.iteration_indptr.is_empty() {
        next.checked_mul(width * model.gbtree_model_param.num_parallel_tree)
    } else {
        model.iteration_indptr.get(next).copied()
    };
    used.filter(|&used| used <= all).ok_or_else(refuse)
}

fn read_trees(trees: &[Tree], features: usize) -> Result<Trees, Refusal> {
    let mut builder = TreeBuilder::new(features, 1).map_err(|reason| Refusal::new("learner_model_param", reason))?;
    for (number, tree) in trees.iter().enumerate() {
        let refuse = |reason: String| Refusal::new(format!("trees[{number}]"), reason);
        let count = tree.left_children.len();
        let lengths = [
            tree.right_children.len(),
            tree.split_indices.len(),
            tree.split_conditions.len(),
            tree.default_left.len(),
        ];
        if lengths.iter().any(|&length| length != count) {
            return Err(refuse(format!("has lists of unequal length for its {count} nodes")));
        }
        if tree.tree_param.size_leaf_vector > 1 {
            return Err(refuse(
                "has a vector in each leaf, which is not evaluated natively".into(),
            ));
        }
        if tree.split_type.iter().any(|&kind| kind != 0) {
            return Err(refuse("splits on categories, which is not evaluated natively".into()));
        }
        let split = |at: usize| {
            (tree.left_children[at] != -1).then(|| Split {
                feature: tree.split_indices[at],
                // XGBoost asks for less, these trees for less or equal: of the next smaller single.
                threshold: f64::from(tree.split_conditions[at].next_down()),
                missing_left: tree.default_left[at].0,
                left: tree.left_children[at],
                right: tree.right_children[at],
                set: None,
            })
        };
        builder
            .add(count, split, |at, leaves| {
                leaves.push(f64::from(tree.split_conditions[at]));
            })
            .map_err(refuse)?;
    }
    Ok(builder.finish(None))
}

impl Boosted {
    /// The scores of each row, before the objective has its say.
    fn scores(&self, table: &Table<'_>) -> Result<Vec<f32>, PredictError> {
        self.inputs.check(table)?;
        let x = singles(table)?;
        // scikit-learn's interface hands the array over as it is; a `DMatrix` is checked.
        if self.class == XgboostClass::Booster {
            check_finite_f32(&x, NonFinite::NanTaken, "XGBoost")?;
        }
        let rows = table.rows();
        let width = self.start.len();
        let mut scores = self.start.repeat(rows);
        self.trees.for_each(&x, rows, |row, tree, leaf| {
            scores[row * width + self.outputs[tree]] += leaf[0] as f32;
        });
        Ok(scores)
    }

    fn answers(&self, table: &Table<'_>) -> Result<Vec<f32>, PredictError> {
        let mut scores = self.scores(table)?;
        self.objective.apply(&mut scores, self.start.len());
        Ok(scores)
    }

    fn name(&self) -> &'static str {
        match self.class {
            XgboostClass::Booster => "Booster",
            XgboostClass::Regressor => "XGBRegressor",
            XgboostClass::Classifier => "XGBClassifier",
        }
    }
}

/// Each value rounded to single precision once, from the type it came in.
fn singles(table: &Table<'_>) -> Result<Vec<f32>, PredictError> {
    let (rows, width) = (table.rows(), table.columns());
    let mut x = vec![0.0; rows * width];
    for position in 0..width {
        let column = table.column(position);
        let mut place = x.iter_mut().skip(position).step_by(width);
        let mut put = |value: f32| {
            if let Some(place) = place.next() {
                *place = value;
            }
        };
        match &*column {
            Column::F64(values) => values.iter().for_each(|&value| put(value as f32)),
            Column::F32(values) => values.iter().for_each(|&value| put(value)),
            Column::I64(values) => values.iter().for_each(|&value| put(value as f32)),
            Column::I32(values) => values.iter().for_each(|&value| put(value as f32)),
            Column::Bool(values) => values.iter().for_each(|&value| put(f32::from(u8::from(value)))),
            Column::Text(_) | Column::Object(_) => return Err(PredictError::TextColumn(table.column_label(position))),
        }
    }
    Ok(x)
}

fn doubles(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
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
        let answers = self.answers(&table)?;
        let width = self.start.len();
        if self.class == XgboostClass::Classifier {
            let labels = if self.objective == Objective::Softmax {
                answers.chunks_exact(width).map(|row| greatest(row) as i64).collect()
            } else {
                answers.iter().map(|&answer| i64::from(answer > 0.5)).collect()
            };
            return Ok(Output::I64(labels));
        }
        if self.objective == Objective::SoftmaxLabel {
            let labels: Vec<f32> = answers.chunks_exact(width).map(|row| row[0]).collect();
            return Ok(Output::F64 {
                values: doubles(&labels),
                columns: 1,
            });
        }
        Ok(Output::F64 {
            values: doubles(&answers),
            columns: width,
        })
    }

    fn predict_proba(&self, table: Table<'_>) -> Result<Output, PredictError> {
        if self.class != XgboostClass::Classifier {
            return Err(PredictError::NoProbability(self.name()));
        }
        let answers = self.answers(&table)?;
        let width = self.start.len();
        if width > 1 {
            return Ok(Output::F64 {
                values: doubles(&answers),
                columns: width,
            });
        }
        // numpy subtracts in single precision.
        let both: Vec<f32> = answers.iter().flat_map(|&p| [1.0 - p, p]).collect();
        Ok(Output::F64 {
            values: doubles(&both),
            columns: 2,
        })
    }
}
