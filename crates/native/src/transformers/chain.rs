//! Transformers one after the other: the front of a `Pipeline`, or all of one inside a `ColumnTransformer`.

use super::Transformer;
use crate::error::{PredictError, Refusal};
use crate::estimators::Inputs;
use crate::exactness::Exactness;
use crate::skops::{Node, Object};
use crate::table::Table;

const KNOWN: &[&str] = &["memory", "steps", "transform_input", "verbose"];

pub(crate) struct Chain(Vec<Box<dyn Transformer>>);

impl Chain {
    /// The steps of a `Pipeline` that do something, in order.
    pub(crate) fn steps<'a>(object: &Object<'a>) -> Result<Vec<Node<'a>>, Refusal> {
        object.expect_only(KNOWN)?;
        object.expect_none("transform_input")?;
        let mut steps = Vec::new();
        for step in object.get("steps")?.items()? {
            let parts = step.items()?;
            let [_, fitted] = parts.as_slice() else {
                return Err(step.refuse("is not a name and a step"));
            };
            if fitted.is_object() {
                steps.push(fitted.clone());
            } else if !fitted.is_none() && fitted.text()? != "passthrough" {
                return Err(fitted.refuse("is not a step"));
            }
        }
        Ok(steps)
    }

    pub(crate) fn read(steps: &[Node<'_>]) -> Result<Self, Refusal> {
        Ok(Self(
            steps
                .iter()
                .map(|step| super::read(&step.object()?))
                .collect::<Result<_, _>>()?,
        ))
    }

    pub(crate) fn first_inputs(&self) -> Option<Inputs> {
        self.0.first().map(|first| first.inputs())
    }

    pub(crate) fn exactness(&self) -> Exactness {
        let steps = self.0.iter().map(|step| step.exactness());
        steps.fold(Exactness::BitExact, Exactness::least)
    }

    pub(crate) fn describe(&self) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        Some(self.0.iter().map(|step| step.describe()).collect::<Vec<_>>().join(", "))
    }
}

pub(super) fn read(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    let steps = Chain::steps(object)?;
    if steps.is_empty() {
        return Err(object.refuse("has no steps that do anything"));
    }
    Ok(Box::new(Chain::read(&steps)?))
}

impl Chain {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `None` if there is no step, or a column is made of several.
    pub(crate) fn origins(&self) -> Option<Vec<usize>> {
        let mut known: Option<Vec<usize>> = None;
        for step in &self.0 {
            let origins = step.origins()?;
            known = Some(match known {
                None => origins,
                Some(before) => origins
                    .into_iter()
                    .map(|at| before.get(at).copied())
                    .collect::<Option<_>>()?,
            });
        }
        known
    }

    pub(crate) fn transform<'a>(&self, table: Table<'a>) -> Result<Table<'a>, PredictError> {
        self.0.iter().try_fold(table, |table, step| step.transform(table))
    }
}

impl Transformer for Chain {
    fn describe(&self) -> String {
        Self::describe(self).unwrap_or_default()
    }

    fn inputs(&self) -> Inputs {
        self.first_inputs().unwrap_or(Inputs { names: None, count: 0 })
    }

    fn exactness(&self) -> Exactness {
        Self::exactness(self)
    }

    fn origins(&self) -> Option<Vec<usize>> {
        Self::origins(self)
    }

    fn transform<'a>(&self, table: Table<'a>) -> Result<Table<'a>, PredictError> {
        Self::transform(self, table)
    }
}
