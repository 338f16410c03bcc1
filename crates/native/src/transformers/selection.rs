//! Selectors of columns: `SelectKBest` and its kind, `VarianceThreshold`, `RFE`, `SequentialFeatureSelector`.

use super::Transformer;
use crate::error::{PredictError, Refusal};
use crate::estimators::Inputs;
use crate::skops::{Items, Object, Scalar};
use crate::table::{NonFinite, Table};

const UNIVARIATE_KNOWN: &[&str] = &["alpha", "k", "percentile", "pvalues_", "score_func", "scores_"];
const VARIANCE_KNOWN: &[&str] = &["threshold", "variances_"];
const SUPPORT_KNOWN: &[&str] = &[
    "classes_",
    "cv",
    "cv_results_",
    "direction",
    "estimator",
    "estimator_",
    "grid_scores_",
    "importance_getter",
    "min_features_to_select",
    "n_features_",
    "n_features_to_select",
    "n_features_to_select_",
    "n_jobs",
    "ranking_",
    "scoring",
    "step",
    "support_",
    "tol",
    "verbose",
];

struct Selection {
    name: String,
    inputs: Inputs,
    columns: Vec<usize>,
    /// `VarianceThreshold`, `RFE` and `SequentialFeatureSelector` let missing values pass.
    takes_missing: bool,
}

fn selection(object: &Object<'_>, chosen: &[bool], takes_missing: bool) -> Result<Box<dyn Transformer>, Refusal> {
    let inputs = Inputs::read(object)?;
    if chosen.len() != inputs.count {
        return Err(object.refuse(format!("scores {} of {} columns", chosen.len(), inputs.count)));
    }
    let columns: Vec<usize> = (0..inputs.count).filter(|&column| chosen[column]).collect();
    if columns.is_empty() {
        return Err(object.refuse("selects no columns"));
    }
    Ok(Box::new(Selection {
        name: object.class_name().to_owned(),
        inputs,
        columns,
        takes_missing,
    }))
}

/// Scores of which NaN is the least.
fn scores(object: &Object<'_>) -> Result<Vec<f64>, Refusal> {
    let scores = object.get("scores_")?.doubles()?.1;
    Ok(scores
        .into_iter()
        .map(|score| if score.is_nan() { f64::MIN } else { score })
        .collect())
}

pub(super) fn best(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    object.expect_only(UNIVARIATE_KNOWN)?;
    let scores = scores(object)?;
    let node = object.get("k")?;
    let count = match node.scalar()? {
        Scalar::Text(text) if text == "all" => scores.len(),
        _ => node.count()?.min(scores.len()),
    };
    // Of equals the later are taken first.
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&left, &right| scores[left].total_cmp(&scores[right]));
    let mut chosen = vec![false; scores.len()];
    for &column in &order[scores.len() - count..] {
        chosen[column] = true;
    }
    selection(object, &chosen, false)
}

pub(super) fn percentile(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    object.expect_only(UNIVARIATE_KNOWN)?;
    let scores = scores(object)?;
    let percentile = object.get("percentile")?.float()?;
    if percentile >= 100.0 || scores.is_empty() {
        return selection(object, &vec![true; scores.len()], false);
    }
    let threshold = at_percentile(&scores, 100.0 - percentile);
    let mut chosen: Vec<bool> = scores.iter().map(|score| *score > threshold).collect();
    let most = (scores.len() as f64 * percentile / 100.0) as usize;
    let mut left = most.saturating_sub(chosen.iter().filter(|chosen| **chosen).count());
    for (chosen, score) in chosen.iter_mut().zip(&scores) {
        if *score == threshold && left > 0 {
            *chosen = true;
            left -= 1;
        }
    }
    selection(object, &chosen, false)
}

/// `numpy.percentile`, which interpolates from the nearer end.
fn at_percentile(scores: &[f64], percent: f64) -> f64 {
    let mut sorted = scores.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = percent / 100.0 * (sorted.len() - 1) as f64;
    let below = (place.floor() as usize).min(sorted.len() - 1);
    let above = (below + 1).min(sorted.len() - 1);
    let share = place - below as f64;
    let gap = sorted[above] - sorted[below];
    if share >= 0.5 {
        sorted[above] - gap * (1.0 - share)
    } else {
        sorted[below] + gap * share
    }
}

fn p_values(object: &Object<'_>) -> Result<(Vec<f64>, f64), Refusal> {
    object.expect_only(UNIVARIATE_KNOWN)?;
    Ok((object.get("pvalues_")?.doubles()?.1, object.get("alpha")?.float()?))
}

pub(super) fn false_positive(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    let (values, alpha) = p_values(object)?;
    selection(
        object,
        &values.iter().map(|value| *value < alpha).collect::<Vec<_>>(),
        false,
    )
}

pub(super) fn family_wise(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    let (values, alpha) = p_values(object)?;
    let alpha = alpha / values.len() as f64;
    selection(
        object,
        &values.iter().map(|value| *value < alpha).collect::<Vec<_>>(),
        false,
    )
}

pub(super) fn false_discovery(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    let (values, alpha) = p_values(object)?;
    let mut sorted = values.clone();
    sorted.sort_by(f64::total_cmp);
    let count = values.len() as f64;
    let below = sorted
        .iter()
        .enumerate()
        .filter(|(at, value)| **value <= alpha / count * (*at as f64 + 1.0));
    let greatest = below.map(|(_, value)| *value).fold(f64::NEG_INFINITY, f64::max);
    selection(
        object,
        &values.iter().map(|value| *value <= greatest).collect::<Vec<_>>(),
        false,
    )
}

pub(super) fn variance(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    object.expect_only(VARIANCE_KNOWN)?;
    let threshold = object.get("threshold")?.float()?;
    let variances = object.get("variances_")?.doubles()?.1;
    let chosen: Vec<bool> = variances.iter().map(|variance| *variance > threshold).collect();
    selection(object, &chosen, true)
}

pub(super) fn by_support(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    object.expect_only(SUPPORT_KNOWN)?;
    let node = object.get("support_")?;
    let Items::Bool(chosen) = node.array()?.items else {
        return Err(node.refuse("is not an array of booleans"));
    };
    selection(object, &chosen, true)
}

impl Transformer for Selection {
    fn describe(&self) -> String {
        self.name.clone()
    }

    fn inputs(&self) -> Inputs {
        self.inputs.clone()
    }

    fn origins(&self) -> Option<Vec<usize>> {
        Some(self.columns.clone())
    }

    fn transform<'a>(&self, table: Table<'a>) -> Result<Table<'a>, PredictError> {
        self.inputs.check(&table)?;
        let dense = table.into_dense()?;
        let rule = if self.takes_missing {
            NonFinite::NanTaken
        } else {
            NonFinite::Refused
        };
        dense.check_finite(rule, "a selector of columns")?;
        Ok(Table::Dense(dense.select(&self.columns)))
    }
}
