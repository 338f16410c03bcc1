//! Nested lists of JSON to tensors.

use bytes::Bytes;
use serde_json::Value;

use super::datatype::Datatype;
use super::metadata::TensorSpec;
use super::tensor::{Data, Tensor};
use crate::input::{mark_nonfinite, read_nonfinite};
use crate::python_json;

/// Deeper lists than this are text.
const DIMENSIONS_MAX: usize = 16;

/// JSON as Python writes it, NaN and infinities included.
pub(super) fn parse(body: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(body).or_else(|error| serde_json::from_slice(&mark_nonfinite(body).ok_or(error)?))
}

/// Records turned on their side, columns in the order of the first record.
pub(super) fn columns(rows: &[Value]) -> Vec<(String, Vec<Value>)> {
    let first = rows[0].as_object().into_iter().flatten();
    first
        .map(|(name, _)| {
            let values = rows.iter().map(|row| row.get(name).cloned().unwrap_or_default());
            (name.clone(), values.collect())
        })
        .collect()
}

pub(super) fn tensor(name: &str, value: Value, declared: &[TensorSpec]) -> Tensor {
    let value = if value.is_array() {
        value
    } else {
        Value::Array(vec![value])
    };
    let mut shape = Vec::new();
    measure(&value, &mut shape);
    let mut leaves = Vec::with_capacity(shape.iter().product());
    flatten(&value, shape.len(), &mut leaves);
    let wanted = declared.iter().find(|spec| spec.name == name).map(|spec| spec.datatype);
    let (datatype, data) = wanted
        .and_then(|datatype| Some((datatype, as_declared(datatype, &leaves)?)))
        .unwrap_or_else(|| as_they_are(&leaves));
    Tensor {
        name: name.to_owned(),
        datatype,
        shape,
        data,
    }
}

/// The sizes of the dimensions in which a list is rectangular.
fn measure(value: &Value, shape: &mut Vec<usize>) {
    let mut level = vec![value];
    while shape.len() < DIMENSIONS_MAX {
        let lengths: Option<Vec<usize>> = level.iter().map(|value| Some(value.as_array()?.len())).collect();
        let Some(lengths) = lengths else { return };
        let Some(&length) = lengths.first() else { return };
        if lengths.iter().any(|other| *other != length) {
            return;
        }
        shape.push(length);
        level = level.into_iter().filter_map(Value::as_array).flatten().collect();
    }
}

fn flatten<'v>(value: &'v Value, depth: usize, leaves: &mut Vec<&'v Value>) {
    match value.as_array().filter(|_| depth > 0) {
        Some(items) => items.iter().for_each(|item| flatten(item, depth - 1, leaves)),
        None => leaves.push(value),
    }
}

fn as_declared(datatype: Datatype, leaves: &[&Value]) -> Option<Data> {
    Some(match datatype {
        Datatype::Bool => Data::Bool(leaves.iter().map(|leaf| leaf.as_bool()).collect::<Option<_>>()?),
        Datatype::Uint64 => Data::Uint64(leaves.iter().map(|leaf| leaf.as_u64()).collect::<Option<_>>()?),
        Datatype::Fp32 | Datatype::Fp64 => Data::Floats(leaves.iter().map(|leaf| float(leaf)).collect::<Option<_>>()?),
        // Nothing here writes floats of 16 bits; what they were comes as it is.
        Datatype::Fp16 | Datatype::Bf16 => return None,
        Datatype::Bytes => Data::Bytes(leaves.iter().map(|leaf| text(leaf)).collect()),
        _ => {
            let range = datatype.integer_range()?;
            let integer = |leaf: &&Value| leaf.as_i64().filter(|value| range.contains(value));
            Data::Integers(leaves.iter().map(integer).collect::<Option<_>>()?)
        }
    })
}

fn as_they_are(leaves: &[&Value]) -> (Datatype, Data) {
    [Datatype::Bool, Datatype::Int64, Datatype::Uint64, Datatype::Fp64]
        .into_iter()
        .filter(|_| !leaves.is_empty() && !leaves.iter().all(|leaf| leaf.is_null()))
        .find_map(|datatype| Some((datatype, as_declared(datatype, leaves)?)))
        .unwrap_or_else(|| match leaves {
            [] => (Datatype::Fp64, Data::Floats(Vec::new())),
            _ => (
                Datatype::Bytes,
                Data::Bytes(leaves.iter().map(|leaf| text(leaf)).collect()),
            ),
        })
}

fn float(leaf: &Value) -> Option<f64> {
    match leaf {
        Value::Null => Some(f64::NAN),
        Value::String(text) => read_nonfinite(text),
        _ => leaf.as_f64(),
    }
}

/// A text as it is, anything else as its JSON.
fn text(leaf: &Value) -> Bytes {
    match leaf {
        Value::String(text) => Bytes::copy_from_slice(text.as_bytes()),
        other => {
            let mut out = String::new();
            python_json::value(&mut out, other);
            Bytes::from(out)
        }
    }
}
