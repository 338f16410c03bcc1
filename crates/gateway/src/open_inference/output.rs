//! Predictions in MLflow's JSON to output tensors.
//!
//! A list is one tensor, a list of records one for each column, an object one for each entry. The signature's types are
//! kept where the values allow it; otherwise the values decide.

use serde_json::Value;

use super::error::InferenceError;
use super::metadata::{OUTPUT, TensorSpec};
use super::nested::{self, columns, tensor};
use super::request::RequestedOutput;
use super::tensor::Tensor;

pub(super) fn tensors(body: &[u8], declared: &[TensorSpec]) -> Result<Vec<Tensor>, InferenceError> {
    let mut answer = nested::parse(body)
        .map_err(|error| InferenceError::new(500, format!("the model's answer is not JSON: {error}")))?;
    let predictions = match answer.get_mut("predictions") {
        Some(predictions) => predictions.take(),
        None => answer,
    };
    Ok(match predictions {
        Value::Object(entries) => entries
            .into_iter()
            .map(|(name, value)| tensor(&name, value, declared))
            .collect(),
        Value::Array(rows) if !rows.is_empty() && rows.iter().all(Value::is_object) => columns(&rows)
            .into_iter()
            .map(|(name, values)| tensor(&name, Value::Array(values), declared))
            .collect(),
        other => {
            let name = match declared {
                [only] => &only.name,
                _ => OUTPUT,
            };
            vec![tensor(name, other, declared)]
        }
    })
}

/// Those that are asked for, in the order in which they are; all, if none is named.
pub(super) fn requested(tensors: Vec<Tensor>, outputs: &[RequestedOutput]) -> Result<Vec<Tensor>, InferenceError> {
    if outputs.is_empty() {
        return Ok(tensors);
    }
    let find = |output: &RequestedOutput| {
        tensors
            .iter()
            .find(|tensor| tensor.name == output.name)
            .cloned()
            .ok_or_else(|| {
                let names: Vec<&str> = tensors.iter().map(|tensor| tensor.name.as_str()).collect();
                InferenceError::bad(format!(
                    "the model has no output '{}'; its outputs are {}",
                    output.name,
                    names.join(", ")
                ))
            })
    };
    outputs.iter().map(find).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open_inference::Datatype;

    fn check(predictions: &str, declared: &[TensorSpec], expected: &str) {
        let found: Vec<String> = tensors(format!("{{\"predictions\": {predictions}}}").as_bytes(), declared)
            .unwrap()
            .iter()
            .map(|tensor| {
                format!(
                    "{} {} {:?} {:?}",
                    tensor.name,
                    tensor.datatype.name(),
                    tensor.shape,
                    tensor.data
                )
            })
            .collect();
        assert_eq!(found.join("; "), expected, "{predictions}");
    }

    fn spec(name: &str, datatype: Datatype) -> TensorSpec {
        TensorSpec {
            name: name.into(),
            datatype,
            shape: vec![-1],
        }
    }

    #[test]
    fn predictions_of_every_form_are_tensors() {
        check("[1, 2]", &[], "predictions INT64 [2] Integers([1, 2])");
        check("[1, 2.5, NaN]", &[], "predictions FP64 [3] Floats([1.0, 2.5, NaN])");
        check(
            "[[0.5, 0.5], [1, 0]]",
            &[],
            "predictions FP64 [2, 2] Floats([0.5, 0.5, 1.0, 0.0])",
        );
        check("[true]", &[], "predictions BOOL [1] Bool([true])");
        check(r#"["a", "b"]"#, &[], r#"predictions BYTES [2] Bytes([b"a", b"b"])"#);
        check("7", &[], "predictions INT64 [1] Integers([7])");
        check("[]", &[], "predictions FP64 [0] Floats([])");
        check(
            "[[1], [1, 2]]",
            &[],
            r#"predictions BYTES [2] Bytes([b"[1]", b"[1, 2]"])"#,
        );
        check(r#"["a", null]"#, &[], r#"predictions BYTES [2] Bytes([b"a", b"null"])"#);
        check(
            r#"[{"y": 1, "z": "a"}, {"y": 2, "z": "b"}]"#,
            &[],
            r#"y INT64 [2] Integers([1, 2]); z BYTES [2] Bytes([b"a", b"b"])"#,
        );
        check(r#"{"y": [[1.5]]}"#, &[], "y FP64 [1, 1] Floats([1.5])");
    }

    #[test]
    fn the_signature_names_and_types_what_it_can() {
        check("[1, 2]", &[spec("y", Datatype::Fp32)], "y FP32 [2] Floats([1.0, 2.0])");
        check("[1, 2]", &[spec("y", Datatype::Int32)], "y INT32 [2] Integers([1, 2])");
        check("[1.5]", &[spec("y", Datatype::Int32)], "y FP64 [1] Floats([1.5])");
        let two = [spec("y", Datatype::Int8), spec("z", Datatype::Bool)];
        check(
            r#"[{"y": 1, "z": 1}]"#,
            &two,
            "y INT8 [1] Integers([1]); z INT64 [1] Integers([1])",
        );
    }

    #[test]
    fn only_what_is_asked_for_is_answered() {
        let all = tensors(br#"{"predictions": [{"y": 1, "z": 2}]}"#, &[]).unwrap();
        let output = |name: &str| RequestedOutput {
            name: name.into(),
            binary: None,
        };
        let some = requested(all.clone(), &[output("z")]).unwrap();
        assert_eq!(
            some.iter().map(|tensor| tensor.name.as_str()).collect::<Vec<_>>(),
            ["z"]
        );
        let error = requested(all, &[output("q")]).unwrap_err();
        assert!(error.message.contains("its outputs are y, z"), "{error}");
    }
}
