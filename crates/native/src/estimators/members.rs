//! Fitted models inside another one, and what the other one asks them.

use super::labels::Labels;
use super::{Estimator, Inputs, Scores};
use crate::error::{PredictError, Refusal};
use crate::exactness::Exactness;
use crate::rows::Output;
use crate::skops::{Items, Node, Object};
use crate::table::Table;

/// More models than any ensemble has.
const MEMBERS_MAX: usize = 100_000;

pub(super) type Members = Vec<Box<dyn Estimator>>;

/// Every fitted model of a list.
pub(super) fn read_all(node: &Node<'_>) -> Result<Members, Refusal> {
    let items = node.items()?;
    if items.is_empty() || items.len() > MEMBERS_MAX {
        return Err(node.refuse(format!(
            "has {} models; between 1 and {MEMBERS_MAX} are read",
            items.len()
        )));
    }
    items.iter().map(|item| super::read(&item.object()?)).collect()
}

/// Refuses models whose answers the ensemble would add up in single precision.
pub(super) fn expect_double<'a>(
    object: &Object<'_>,
    mut members: impl Iterator<Item = &'a Box<dyn Estimator>>,
) -> Result<(), Refusal> {
    if members.all(|member| member.is_single()) {
        return Err(object.refuse("goes on with the single-precision answers of XGBoost, which is not evaluated"));
    }
    Ok(())
}

/// The columns of training as the ensemble keeps them, or as its first member does.
pub(super) fn inputs(object: &Object<'_>, members: &Members) -> Result<Inputs, Refusal> {
    if object.find("n_features_in_").is_some() {
        return Inputs::read(object);
    }
    let first = members.first().map(|member| member.inputs());
    first.ok_or_else(|| object.refuse("has no models"))
}

/// As exact as the least exact.
pub(super) fn exactness<'a>(members: impl IntoIterator<Item = &'a Box<dyn Estimator>>) -> Exactness {
    let all = members.into_iter().map(|member| member.exactness());
    all.fold(Exactness::BitExact, Exactness::least)
}

pub(super) fn largest_term<'a>(
    members: impl IntoIterator<Item = &'a Box<dyn Estimator>>,
    table: &Table<'_>,
) -> Result<f64, PredictError> {
    let mut largest = 0.0_f64;
    for member in members {
        largest = largest.max(member.largest_term(table.by_ref())?);
    }
    Ok(largest)
}

/// `3 Ridge, 2 features` and the like.
pub(super) fn describe(name: &str, members: &Members) -> String {
    let mut kinds: Vec<String> = Vec::new();
    for member in members.iter().map(|member| member.describe()) {
        if !kinds.contains(&member) {
            kinds.push(member);
        }
    }
    if kinds.len() > 3 {
        kinds.truncate(3);
        kinds.push("..".to_owned());
    }
    format!("{name} of {} ({})", members.len(), kinds.join("; "))
}

/// The probabilities of every class, and how many there are.
pub(super) fn probabilities(member: &dyn Estimator, table: Table<'_>) -> Result<Scores, PredictError> {
    match member.predict_proba(table)? {
        Output::F64 { values, columns } => Ok(Scores { values, width: columns }),
        _ => Err(PredictError::NoProbability("a model of the ensemble")),
    }
}

/// The answers of a regressor.
pub(super) fn numbers(member: &dyn Estimator, table: Table<'_>) -> Result<Scores, PredictError> {
    match member.predict(table)? {
        Output::F64 { values, columns } => Ok(Scores { values, width: columns }),
        Output::I64(values) => Ok(Scores {
            values: values.into_iter().map(|value| value as f64).collect(),
            width: 1,
        }),
        _ => Err(PredictError::NoNumbers),
    }
}

/// The class that a classifier chooses for each row, by its place among its labels.
pub(super) fn chosen(member: &dyn Estimator, table: Table<'_>) -> Result<Vec<usize>, PredictError> {
    let labels = member.labels().ok_or(PredictError::NoNumbers)?;
    labels.places(&member.predict(table)?).ok_or(PredictError::NoNumbers)
}

/// The weights of an ensemble's models, if it has any; `kept` tells which models were not dropped.
pub(super) fn weights(object: &Object<'_>, kept: &[bool], count: usize) -> Result<Option<Vec<f64>>, Refusal> {
    let Some(node) = object.find_some("weights") else {
        return Ok(None);
    };
    let all = if node.is_array() {
        match node.array()?.items {
            Items::I64(values) => values.into_iter().map(|value| value as f64).collect(),
            _ => node.doubles()?.1,
        }
    } else {
        node.items()?.iter().map(Node::float).collect::<Result<_, _>>()?
    };
    let weights: Vec<f64> = all
        .iter()
        .zip(kept)
        .filter(|(_, kept)| **kept)
        .map(|(weight, _)| *weight)
        .collect();
    if all.len() == kept.len() && weights.len() == count {
        Ok(Some(weights))
    } else {
        Err(node.refuse(format!("has {} values for {} models", all.len(), kept.len())))
    }
}

/// Which of the named models of an ensemble were not dropped.
pub(super) fn kept(object: &Object<'_>) -> Result<Vec<bool>, Refusal> {
    let pairs = object.get("estimators")?.items()?;
    pairs
        .iter()
        .map(|pair| match pair.items()?.as_slice() {
            [_, model] => Ok(model.is_object()),
            _ => Err(pair.refuse("is not a name and a model")),
        })
        .collect()
}

/// How sure a classifier of two classes is of the second, and whether that came from its `decision_function`, in which
/// zero lies in the middle.
pub(super) fn sureness(member: &dyn Estimator, table: Table<'_>) -> Result<(Vec<f64>, bool), PredictError> {
    if member.labels().is_none() {
        return Ok((numbers(member, table)?.values, false));
    }
    if let Some(scores) = member.decision(table.by_ref())? {
        return Ok((scores.values, true));
    }
    let shares = probabilities(member, table)?;
    let second = shares.values.chunks_exact(shares.width.max(1));
    Ok((second.filter_map(|row| row.get(1).copied()).collect(), false))
}

impl Labels {
    /// These labels as places among `count` classes, where they are the numbers that an ensemble has given them.
    pub(super) fn numbers(&self, count: usize) -> Option<Vec<usize>> {
        let Self::I64(labels) = self else { return None };
        let place = |label: &i64| usize::try_from(*label).ok().filter(|place| *place < count);
        labels.iter().map(place).collect()
    }

    /// Where each answer stands among these labels; `None` if one is no label.
    pub(super) fn places(&self, answers: &Output) -> Option<Vec<usize>> {
        match (self, answers) {
            (Self::I64(labels), Output::I64(answers)) => places(labels, answers),
            (Self::F64(labels), Output::F64 { values, columns: 1 }) => places(labels, values),
            (Self::Bool(labels), Output::Bool(answers)) => places(labels, answers),
            (Self::Text(labels), Output::Text(answers)) => places(labels, answers),
            _ => None,
        }
    }
}

fn places<T: PartialEq>(labels: &[T], answers: &[T]) -> Option<Vec<usize>> {
    let place = |answer: &T| labels.iter().position(|label| label == answer);
    answers.iter().map(place).collect()
}
