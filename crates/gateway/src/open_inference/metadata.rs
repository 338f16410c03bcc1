//! What a model says of itself: its tensors, read from the signature that MLflow keeps.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::datatype::Datatype;
use crate::deployment::Deployment;
use crate::report::ExecutorKind;
use crate::signature::ColumnType;

/// One input or output. A size of -1 varies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorSpec {
    pub name: String,
    pub datatype: Datatype,
    pub shape: Vec<i64>,
}

/// The name of what has none in the signature.
pub(crate) const INPUT: &str = "input";
pub(crate) const OUTPUT: &str = "predictions";

/// Fettle's name and version, and the extensions it understands.
pub(super) const SERVER: &str = "fettle";
pub(super) const EXTENSIONS: [&str; 4] = ["binary_tensor_data", "model_repository", "statistics", "parameters"];

#[derive(Deserialize)]
struct RawSpec {
    name: Option<String>,
    #[serde(rename = "type", default)]
    kind: Value,
    #[serde(rename = "tensor-spec")]
    tensor: Option<RawTensor>,
}

#[derive(Deserialize)]
struct RawTensor {
    dtype: String,
    shape: Vec<i64>,
}

impl TensorSpec {
    /// The tensors of one side of a signature. Unnamed columns of one type are a single tensor.
    pub(crate) fn of_signature(text: &str, unnamed: &str) -> Vec<Self> {
        let Ok(raw) = serde_json::from_str::<Vec<RawSpec>>(text) else {
            return Vec::new();
        };
        let several = raw.len() > 1;
        if several && raw.iter().all(|spec| spec.name.is_none() && spec.tensor.is_none()) {
            let datatype = raw[0].datatype();
            if raw.iter().all(|spec| spec.datatype() == datatype) {
                return vec![Self {
                    name: unnamed.to_owned(),
                    datatype,
                    shape: vec![-1, raw.len() as i64],
                }];
            }
        }
        let spec = |(index, raw): (usize, &RawSpec)| Self {
            name: match &raw.name {
                Some(name) => name.clone(),
                None if several => format!("{unnamed}-{index}"),
                None => unnamed.to_owned(),
            },
            datatype: raw.datatype(),
            shape: raw
                .tensor
                .as_ref()
                .map_or_else(|| vec![-1], |tensor| tensor.shape.clone()),
        };
        raw.iter().enumerate().map(spec).collect()
    }

    pub(super) fn json(&self) -> Value {
        json!({ "name": self.name, "datatype": self.datatype.name(), "shape": self.shape })
    }
}

impl RawSpec {
    /// Objects, lists and whatever else has no type of tensors travels as text.
    fn datatype(&self) -> Datatype {
        match &self.tensor {
            Some(tensor) => Datatype::of_numpy(&tensor.dtype).unwrap_or(Datatype::Bytes),
            None => ColumnType::deserialize(&self.kind).map_or(Datatype::Bytes, Datatype::of_column),
        }
    }
}

pub(super) fn server_json() -> Value {
    json!({ "name": SERVER, "version": env!("CARGO_PKG_VERSION"), "extensions": EXTENSIONS })
}

/// `sklearn_native`, `onnx_onnxv1`, ..: the library and the form in which the model runs.
pub(super) fn platform(deployment: &Deployment) -> String {
    let report = deployment.report();
    match report.executor {
        ExecutorKind::Onnx => "onnx_onnxv1".to_owned(),
        kind => format!("{}_{}", report.model.flavor, kind.name()),
    }
}

/// The outputs; a model without a signature still answers something.
pub(super) fn outputs(deployment: &Deployment) -> Vec<TensorSpec> {
    let declared = &deployment.folder().signature.output_tensors;
    if !declared.is_empty() {
        return declared.clone();
    }
    vec![TensorSpec {
        name: OUTPUT.to_owned(),
        datatype: Datatype::Fp64,
        shape: vec![-1],
    }]
}

/// `parameters` holds what the signature declares besides tensors.
pub(super) fn model_json(name: &str, deployment: &Deployment) -> Value {
    let signature = &deployment.folder().signature;
    let parameters: Map<String, Value> = signature
        .params
        .iter()
        .flatten()
        .map(|parameter| (parameter.name.clone(), parameter.default.clone()))
        .collect();
    let all = |specs: &[TensorSpec]| specs.iter().map(TensorSpec::json).collect::<Value>();
    let mut metadata = json!({
        "name": name,
        "versions": [deployment.options().model_version],
        "platform": platform(deployment),
        "inputs": all(&signature.input_tensors),
        "outputs": all(&outputs(deployment)),
    });
    if !parameters.is_empty() {
        metadata["parameters"] = parameters.into();
    }
    metadata
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str, &[i64])]) {
        let specs = TensorSpec::of_signature(text, INPUT);
        let found: Vec<_> = specs
            .iter()
            .map(|spec| (spec.name.as_str(), spec.datatype.name(), spec.shape.as_slice()))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn signatures_are_tensors() {
        check(
            r#"[{"type": "double", "name": "a"}, {"type": "string", "name": "b"}, {"type": "datetime", "name": "c"}]"#,
            &[("a", "FP64", &[-1]), ("b", "BYTES", &[-1]), ("c", "BYTES", &[-1])],
        );
        check(
            r#"[{"type": "long"}, {"type": "long"}]"#,
            &[("input", "INT64", &[-1, 2])],
        );
        check(r#"[{"type": "long"}]"#, &[("input", "INT64", &[-1])]);
        check(
            r#"[{"type": "long"}, {"type": "boolean"}]"#,
            &[("input-0", "INT64", &[-1]), ("input-1", "BOOL", &[-1])],
        );
        check(
            r#"[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 28, 28]}}]"#,
            &[("input", "FP32", &[-1, 28, 28])],
        );
        check(
            r#"[{"type": "array", "items": {"type": "string"}, "name": "tags"}]"#,
            &[("tags", "BYTES", &[-1])],
        );
    }
}
