//! `StackingClassifier` and `StackingRegressor`: a model whose columns are the answers of others.

use super::labels::Labels;
use super::members;
use super::{Estimator, Inputs, Scores};
use crate::error::{PredictError, Refusal};
use crate::exactness::Exactness;
use crate::rows::Output;
use crate::skops::Object;
use crate::table::{Dense, Table};

const REGRESSOR: &str = "StackingRegressor";
const CLASSIFIER: &str = "StackingClassifier";
const KNOWN: &[&str] = &[
    "_label_encoder",
    "_n_feature_outs",
    "classes_",
    "cv",
    "estimators",
    "estimators_",
    "final_estimator",
    "final_estimator_",
    "n_jobs",
    "named_estimators_",
    "passthrough",
    "stack_method",
    "stack_method_",
    "verbose",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    Predict,
    Probability,
    Decision,
}

struct Stack {
    name: &'static str,
    inputs: Inputs,
    members: Vec<(Box<dyn Estimator>, Ask)>,
    last: Box<dyn Estimator>,
    /// The columns of the input come behind the answers.
    passthrough: bool,
}

impl Stack {
    fn read(object: &Object<'_>, name: &'static str) -> Result<Self, Refusal> {
        object.expect_only(KNOWN)?;
        let members = members::read_all(&object.get("estimators_")?)?;
        let methods = object.get("stack_method_")?;
        let asks = methods
            .items()?
            .iter()
            .map(|node| {
                Ok(match node.text()?.as_str() {
                    "predict" => Ask::Predict,
                    "predict_proba" => Ask::Probability,
                    "decision_function" => Ask::Decision,
                    other => return Err(node.refuse(format!("is {other:?}, which is not evaluated"))),
                })
            })
            .collect::<Result<Vec<Ask>, Refusal>>()?;
        if asks.len() != members.len() {
            return Err(methods.refuse(format!("has {} methods for {} models", asks.len(), members.len())));
        }
        Ok(Self {
            name,
            inputs: members::inputs(object, &members)?,
            members: members.into_iter().zip(asks).collect(),
            last: super::read(&object.get("final_estimator_")?.object()?)?,
            passthrough: object.get("passthrough")?.boolean()?,
        })
    }

    /// What the last model is given.
    fn answers<'a>(&self, table: &'a Table<'_>) -> Result<Table<'a>, PredictError> {
        let rows = table.rows();
        let mut blocks = Vec::with_capacity(self.members.len() + 1);
        for (member, ask) in &self.members {
            let given = table.by_ref();
            let scores = match ask {
                Ask::Predict => members::numbers(member.as_ref(), given)?,
                Ask::Probability => {
                    let shares = members::probabilities(member.as_ref(), given)?;
                    if shares.width == 2 {
                        Scores {
                            values: shares.values.chunks_exact(2).map(|row| row[1]).collect(),
                            width: 1,
                        }
                    } else {
                        shares
                    }
                }
                Ask::Decision => member.decision(given)?.ok_or(PredictError::NoNumbers)?,
            };
            blocks.push(Dense::from_f64(rows, scores.width, scores.values));
        }
        let is_sparse = self.passthrough && table.is_sparse();
        if self.passthrough {
            blocks.push(table.by_ref().into_dense()?);
        }
        let mut dense = Dense::beside(blocks, rows);
        dense.is_sparse = is_sparse;
        Ok(Table::Dense(dense))
    }

    fn describe(&self) -> String {
        let names: Vec<String> = self.members.iter().map(|(member, _)| member.describe()).collect();
        format!(
            "{} of {} ({}), {}",
            self.name,
            names.len(),
            names.join("; "),
            self.last.describe()
        )
    }

    fn exactness(&self) -> Exactness {
        let members = self.members.iter().map(|(member, _)| member.exactness());
        members.fold(self.last.exactness(), Exactness::least)
    }

    fn largest_term(&self, table: &Table<'_>) -> Result<f64, PredictError> {
        let members = members::largest_term(self.members.iter().map(|(member, _)| member), table)?;
        Ok(members.max(self.last.largest_term(self.answers(table)?)?))
    }
}

pub(super) fn regressor(object: &Object<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    Ok(Box::new(Regressor(Stack::read(object, REGRESSOR)?)))
}

pub(super) fn classifier(object: &Object<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let stack = Stack::read(object, CLASSIFIER)?;
    let encoder = object.get("_label_encoder")?;
    if !encoder.is_object() {
        return Err(encoder.refuse("is of several outputs, which is not evaluated"));
    }
    let labels = Labels::read(&encoder.object()?.get("classes_")?)?;
    let known = stack.last.labels().and_then(|known| known.numbers(labels.count()));
    if !known.is_some_and(|known| known.into_iter().eq(0..labels.count())) {
        return Err(object.refuse("has a final_estimator_ that does not decide between its classes"));
    }
    Ok(Box::new(Classifier { stack, labels }))
}

struct Regressor(Stack);

impl Estimator for Regressor {
    fn describe(&self) -> String {
        self.0.describe()
    }

    fn inputs(&self) -> Inputs {
        self.0.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        self.0.exactness()
    }

    fn largest_term(&self, table: Table<'_>) -> Result<f64, PredictError> {
        self.0.largest_term(&table)
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        self.0.last.predict(self.0.answers(&table)?)
    }

    fn predict_proba(&self, _: Table<'_>) -> Result<Output, PredictError> {
        Err(PredictError::NoProbability(REGRESSOR))
    }
}

struct Classifier {
    stack: Stack,
    labels: Labels,
}

impl Estimator for Classifier {
    fn describe(&self) -> String {
        self.stack.describe()
    }

    fn inputs(&self) -> Inputs {
        self.stack.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        self.stack.exactness()
    }

    fn largest_term(&self, table: Table<'_>) -> Result<f64, PredictError> {
        self.stack.largest_term(&table)
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let chosen = members::chosen(self.stack.last.as_ref(), self.stack.answers(&table)?)?;
        Ok(self.labels.take(chosen.into_iter()))
    }

    fn predict_proba(&self, table: Table<'_>) -> Result<Output, PredictError> {
        self.stack.last.predict_proba(self.stack.answers(&table)?)
    }

    fn decision(&self, table: Table<'_>) -> Result<Option<Scores>, PredictError> {
        self.stack.last.decision(self.stack.answers(&table)?)
    }

    fn labels(&self) -> Option<&Labels> {
        Some(&self.labels)
    }
}
