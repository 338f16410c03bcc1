//! Inference parameters against the signature's parameter list.
//!
//! The values travel to Python as sent, where MLflow fills in defaults; the check happens here as well because the
//! native executor has no Python to ask.

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::envelope::{Problem, read};
use crate::error::ScoreError;
use crate::signature::{ColumnType, Parameter, Signature};

/// The parameters to hand to the model, if it declares any.
pub(super) fn check(raw: Option<&RawValue>, signature: &Signature) -> Result<Option<Box<str>>, Problem> {
    let (Some(raw), Some(parameters)) = (raw, &signature.params) else {
        return Ok(None);
    };
    let sent = match read(raw)? {
        Value::Null => return Ok(None),
        Value::Object(sent) => sent,
        other => {
            let kind = python_type(&other);
            return Err(invalid(format!("Parameters must be a dictionary. Got type '{kind}'.")));
        }
    };
    for parameter in parameters {
        if let Some(value) = sent.get(&parameter.name) {
            check_one(parameter, value).map_err(|reason| {
                invalid(format!(
                    "Invalid parameters found: {{('{}', '{reason}')}}",
                    parameter.name
                ))
            })?;
        }
    }
    Ok((!sent.is_empty()).then(|| raw.get().into()))
}

/// The same of a request whose parameters mean other things too: only those that the signature declares count.
pub(super) fn check_known(sent: &Map<String, Value>, signature: &Signature) -> Result<Option<Box<str>>, ScoreError> {
    let mut known = Map::new();
    for parameter in signature.params.iter().flatten() {
        if let Some(value) = sent.get(&parameter.name) {
            check_one(parameter, value)
                .map_err(|reason| ScoreError::Params(format!("parameter '{}': {reason}", parameter.name)))?;
            known.insert(parameter.name.clone(), value.clone());
        }
    }
    Ok((!known.is_empty()).then(|| Value::from(known).to_string().into()))
}

fn invalid(message: String) -> Problem {
    Problem::Answer(ScoreError::Params(message))
}

fn check_one(parameter: &Parameter, value: &Value) -> Result<(), String> {
    let Some(kind) = parameter.kind else { return Ok(()) };
    match (parameter.list, value) {
        (false, value) => check_scalar(kind, value),
        (true, Value::Array(values)) => values.iter().try_for_each(|value| check_scalar(kind, value)),
        (true, _) => Err(format!(
            "Value must be a 1D array with shape (-1,), received {}",
            python_type(value)
        )),
    }
}

fn check_scalar(kind: ColumnType, value: &Value) -> Result<(), String> {
    if matches!(value, Value::Array(_) | Value::Object(_)) {
        return Err(format!("Value must be a scalar, got `{value}`"));
    }
    let fits = match (kind, value) {
        (_, Value::Null)
        | (ColumnType::Boolean, Value::Bool(_))
        | (ColumnType::String, Value::String(_))
        | (ColumnType::Float | ColumnType::Double, Value::Number(_)) => true,
        (ColumnType::Integer | ColumnType::Long, Value::Number(number)) => !number.is_f64(),
        // numpy parses dates in many forms; Python has the last word, here only the kind is checked.
        (ColumnType::Datetime, value) => value.is_string(),
        _ => false,
    };
    if fits {
        Ok(())
    } else {
        Err(format!(
            "Can not safely convert {} for value `{value}`",
            python_type(value)
        ))
    }
}

fn python_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}
