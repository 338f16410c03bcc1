//! XGBoost models read from their own JSON or UBJ files: boosted trees in single precision.

mod file;
mod objective;
mod tree;
mod ubj;

use file::{BoosterModel, File};
use objective::{Objective, greatest};

use crate::attributions::Attributions;
use crate::error::{PredictError, Refusal};
use crate::estimators::{Estimator, Inputs, Labels};
use crate::exactness::Exactness;
use crate::rows::{Column, Output};
use crate::skops::Object;
use crate::table::{NonFinite, Table, check_finite_f32};
use crate::trees::Trees;

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
    /// Those of a classifier: it numbers its classes.
    labels: Labels,
    inputs: Inputs,
    objective: Objective,
    trees: Trees,
    /// What the leaves of each tree are multiplied by, in a booster that dropped trees in training (`dart`).
    drop_weights: Option<Vec<f32>>,
    /// The output that each tree adds to, where leaves have one value.
    outputs: Vec<usize>,
    /// The starting score of each output.
    start: Vec<f32>,
}

/// Reads a model; the second value names the release that wrote it.
pub(crate) fn read(bytes: &[u8], class: XgboostClass) -> Result<(Boosted, String), Refusal> {
    let file = File::read(bytes)?;
    let [major, minor, patch] = file.version;
    let boosted = from_file(&file, class)?;
    Ok((boosted, format!("XGBoost {major}.{minor}.{patch}")))
}

/// Reads an object of XGBoost's interface for scikit-learn, such as the last step of a pipeline.
pub(crate) fn from_skops(object: &Object<'_>, class: XgboostClass) -> Result<Box<dyn Estimator>, Refusal> {
    let missing = object.get("missing")?;
    if !missing.float()?.is_nan() {
        return Err(missing.refuse("is not NaN, which is the only one evaluated"));
    }
    if let Some(objective) = object.find_some("objective")
        && objective.text().is_err()
    {
        return Err(objective.refuse("is a function, which is not evaluated"));
    }
    let booster = object.get("_Booster")?.object()?;
    let file = File::read_pickled(&booster.get("handle")?.bytes()?)?;
    Ok(Box::new(from_file(&file, class)?))
}

fn from_file(file: &File, class: XgboostClass) -> Result<Boosted, Refusal> {
    let learner = &file.learner;
    let param = &learner.learner_model_param;
    let objective = Objective::find(&learner.objective.name)?;
    let booster = &learner.gradient_booster;
    let inner = booster.gbtree.as_deref().unwrap_or(booster);
    let (Some(model), "gbtree" | "dart") = (&inner.model, booster.name.as_str()) else {
        return Err(Refusal::new(
            "gradient_booster.name",
            format!("is {:?}; gbtree and dart are evaluated natively", booster.name),
        ));
    };
    if !model.cats.sorted_idx.is_empty() {
        return Err(Refusal::new(
            "gradient_booster.model.cats",
            "keeps the categories of a data frame, which only pandas' categories are compared with",
        ));
    }
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
    let drop_weights = match &booster.weight_drop {
        None => None,
        Some(weights) if weights.len() >= used => Some(weights[..used].to_vec()),
        Some(weights) => {
            let reason = format!("has {} weights for {used} trees", weights.len());
            return Err(Refusal::new("gradient_booster.weight_drop", reason));
        }
    };
    let outputs = model.tree_info[..used].to_vec();
    if let Some(output) = outputs.iter().find(|&&output| output >= width) {
        return Err(Refusal::new("tree_info", format!("names output {output} of {width}")));
    }
    Ok(Boosted {
        labels: Labels::I64((0..width.max(2) as i64).collect()),
        class,
        inputs: Inputs {
            names: (!names.is_empty()).then(|| names.clone()),
            count: param.num_feature,
        },
        objective,
        trees: tree::read_all(&model.trees[..used], param.num_feature, width)?,
        drop_weights,
        outputs,
        start,
    })
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
        if self.trees.width() > 1 {
            self.trees.for_each(&x, rows, |row, tree, leaf| {
                let weight = self.drop_weights.as_ref().map(|weights| weights[tree]);
                for (output, value) in leaf.iter().enumerate() {
                    let score = &mut scores[row * width + output];
                    *score += self.term(*value as f32, self.start[output], weight);
                }
            });
        } else {
            self.trees.for_each(&x, rows, |row, tree, leaf| {
                let weight = self.drop_weights.as_ref().map(|weights| weights[tree]);
                let output = self.outputs[tree];
                scores[row * width + output] += self.term(leaf[0] as f32, self.start[output], weight);
            });
        }
        Ok(scores)
    }

    /// What a leaf adds. scikit-learn's interface predicts in place, where XGBoost takes each weighted tree's leaf from
    /// a sum with the base score, and loses bits.
    fn term(&self, leaf: f32, base: f32, weight: Option<f32>) -> f32 {
        match weight {
            None => leaf,
            Some(weight) if self.class == XgboostClass::Booster => leaf * weight,
            Some(weight) => ((base + leaf) - base) * weight,
        }
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

/// Each value rounded to single precision once, from the type it came in. Zeros of a sparse matrix are missing.
fn singles(table: &Table<'_>) -> Result<Vec<f32>, PredictError> {
    let (rows, width) = (table.rows(), table.columns());
    let is_sparse = table.is_sparse();
    let mut x = vec![0.0; rows * width];
    for position in 0..width {
        let column = table.column(position);
        let mut place = x.iter_mut().skip(position).step_by(width);
        let mut put = |value: f32| {
            if let Some(place) = place.next() {
                *place = if is_sparse && value == 0.0 { f32::NAN } else { value };
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

    fn attributions(&self, table: Table<'_>, _: Table<'_>) -> Result<Option<Attributions>, PredictError> {
        self.inputs.check(&table)?;
        let (rows, width) = (table.rows(), self.start.len());
        let x = singles(&table)?;
        let weight = |tree: usize| {
            let weights = self.drop_weights.as_ref();
            weights.map_or(1.0, |weights| f64::from(weights[tree]))
        };
        let found = self
            .trees
            .attributions(&x, rows, width, |tree| self.outputs[tree], weight);
        Ok(found.map(|found| found.starting_from(&doubles(&self.start))))
    }

    fn is_single(&self) -> bool {
        true
    }

    fn labels(&self) -> Option<&Labels> {
        (self.class == XgboostClass::Classifier).then_some(&self.labels)
    }
}
