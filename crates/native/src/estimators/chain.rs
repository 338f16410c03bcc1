//! `RegressorChain` and `ClassifierChain`: a model for each output, which is given the answers for those before it.

use super::labels::Labels;
use super::members::{self, Members};
use super::{Estimator, Inputs};
use crate::error::{PredictError, Refusal};
use crate::exactness::Exactness;
use crate::rows::Output;
use crate::skops::{Node, Object};
use crate::table::{Dense, NonFinite, Table};

const KNOWN: &[&str] = &[
    "base_estimator",
    "chain_method",
    "chain_method_",
    "classes_",
    "cv",
    "estimator",
    "estimators_",
    "order",
    "order_",
    "random_state",
    "verbose",
];

struct Chain {
    name: &'static str,
    inputs: Inputs,
    members: Members,
    /// The output that each member is for.
    order: Vec<usize>,
}

pub(super) fn read(object: &Object<'_>, name: &'static str) -> Result<Box<dyn Estimator>, Refusal> {
    object.expect_only(KNOWN)?;
    let members = members::read_all(&object.get("estimators_")?)?;
    if let Some(method) = object.find_some("chain_method_")
        && method.text()? != "predict"
    {
        return Err(method.refuse(format!("is {}, which is not evaluated", method.text()?)));
    }
    let node = object.get("order_")?;
    let order = if node.is_array() {
        node.integers()?
            .iter()
            .map(|&place| usize::try_from(place).ok())
            .collect()
    } else {
        let counts = node.items()?.iter().map(Node::count).collect::<Result<Vec<_>, _>>()?;
        Some(counts)
    };
    let order: Vec<usize> = order.unwrap_or_default();
    let mut sorted = order.clone();
    sorted.sort_unstable();
    if members.len() < 2 || !sorted.into_iter().eq(0..members.len()) {
        return Err(node.refuse(format!("is no order of {} outputs", members.len())));
    }
    Ok(Box::new(Chain {
        name,
        inputs: Inputs::read(object)?,
        members,
        order,
    }))
}

impl Chain {
    /// The answers, row by row, `last` being asked of each member.
    fn answers(
        &self,
        table: Table<'_>,
        last: impl Fn(&dyn Estimator, Table<'_>) -> Result<Vec<f64>, PredictError>,
    ) -> Result<Vec<f64>, PredictError> {
        self.inputs.check(&table)?;
        let rows = table.rows();
        let dense = table.into_dense()?;
        dense.check_finite(NonFinite::Refused, self.name)?;
        let is_sparse = dense.is_sparse;
        let width = self.members.len();
        let mut answers = vec![0.0; rows * width];
        let mut before: Vec<Dense<'_>> = vec![Dense::from_f64(rows, dense.columns, dense.into_f64())];
        for (member, &output) in self.members.iter().zip(&self.order) {
            let mut given = Dense::beside(before.iter().map(Dense::by_ref).collect(), rows);
            given.is_sparse = is_sparse;
            let given = Table::Dense(given);
            for (row, answer) in last(member.as_ref(), given.by_ref())?.into_iter().enumerate() {
                answers[row * width + output] = answer;
            }
            before.push(Dense::from_f64(rows, 1, as_numbers(member.as_ref(), given)?));
        }
        Ok(answers)
    }
}

/// What `predict` answers, labels as the numbers that they are.
fn as_numbers(member: &dyn Estimator, table: Table<'_>) -> Result<Vec<f64>, PredictError> {
    match member.predict(table)? {
        Output::F64 { values, columns: 1 } => Ok(values),
        Output::I64(values) => Ok(values.into_iter().map(|value| value as f64).collect()),
        Output::Bool(values) => Ok(values.into_iter().map(|value| f64::from(u8::from(value))).collect()),
        _ => Err(PredictError::NoNumbers),
    }
}

impl Estimator for Chain {
    fn describe(&self) -> String {
        members::describe(self.name, &self.members)
    }

    fn inputs(&self) -> Inputs {
        self.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        members::exactness(&self.members)
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        Ok(Output::F64 {
            values: self.answers(table, as_numbers)?,
            columns: self.members.len(),
        })
    }

    fn predict_proba(&self, table: Table<'_>) -> Result<Output, PredictError> {
        let mut labels = self.members.iter().map(|member| member.labels().map(Labels::count));
        if labels.any(|count| count != Some(2)) {
            return Err(PredictError::NoProbability(self.name));
        }
        let second = |member: &dyn Estimator, table: Table<'_>| {
            let shares = members::probabilities(member, table)?;
            Ok(shares.values.chunks_exact(2).map(|row| row[1]).collect())
        };
        Ok(Output::F64 {
            values: self.answers(table, second)?,
            columns: self.members.len(),
        })
    }
}
