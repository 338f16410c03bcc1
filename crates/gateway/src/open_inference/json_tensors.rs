//! MLflow's JSON as tensors, for models that take tensors whatever the protocol.

use serde_json::Value;

use super::nested::{columns, parse, tensor};
use super::tensor::Tensor;
use crate::error::ScoreError;

/// The tensors of MLflow's `inputs` and `instances`: an object of lists, a list of objects, or one list without a name.
pub(crate) fn tensors_of_json(body: &[u8]) -> Result<Vec<Tensor>, ScoreError> {
    let bad = |reason: &str| ScoreError::BadRequest(format!("Invalid input. {reason}"));
    let mut body = parse(body).map_err(|error| bad(&format!("It is not valid JSON. Error: '{error}'")))?;
    let found = ["inputs", "instances"]
        .into_iter()
        .find_map(|key| Some(body.get_mut(key)?.take()));
    let data = found.ok_or_else(|| bad("This model takes tensors; send them as `inputs` or `instances`."))?;
    Ok(match data {
        Value::Object(entries) => entries
            .into_iter()
            .map(|(name, value)| tensor(&name, value, &[]))
            .collect(),
        Value::Array(rows) if !rows.is_empty() && rows.iter().all(Value::is_object) => columns(&rows)
            .into_iter()
            .map(|(name, values)| tensor(&name, Value::Array(values), &[]))
            .collect(),
        value => vec![tensor("", value, &[])],
    })
}
