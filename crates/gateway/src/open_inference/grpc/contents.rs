//! Requests and responses of gRPC to and from the protocol's own forms.

use bytes::Bytes;
use serde_json::{Map, Value};

use super::generated::infer_parameter::ParameterChoice;
use super::generated::model_infer_response::InferOutputTensor;
use super::generated::{InferParameter, InferTensorContents, ModelInferRequest, ModelInferResponse};
use crate::open_inference::binary;
use crate::open_inference::datatype::Datatype;
use crate::open_inference::error::InferenceError;
use crate::open_inference::request::{InferRequest, RequestedOutput, unknown_datatype};
use crate::open_inference::response::InferResponse;
use crate::open_inference::tensor::{self, Data, Tensor};

pub(super) fn read(message: ModelInferRequest) -> Result<InferRequest, InferenceError> {
    let raw = message.raw_input_contents;
    if !raw.is_empty() && raw.len() != message.inputs.len() {
        return Err(InferenceError::bad(format!(
            "there are {} inputs and {} raw_input_contents; either all contents are raw or none",
            message.inputs.len(),
            raw.len()
        )));
    }
    let mut raw = raw.into_iter();
    let mut inputs = Vec::with_capacity(message.inputs.len());
    for input in message.inputs {
        let name = input.name;
        let datatype = Datatype::of_name(&input.datatype).ok_or_else(|| unknown_datatype(&name, &input.datatype))?;
        let shape = tensor::shape(&name, &input.shape)?;
        let data = match (raw.next(), input.contents) {
            (Some(_), Some(_)) => {
                return Err(InferenceError::bad(format!(
                    "input '{name}' has both contents and raw_input_contents"
                )));
            }
            (Some(raw), None) => binary::read(&name, datatype, &shape, raw)?,
            (None, contents) => typed(&name, datatype, contents.unwrap_or_default())?,
        };
        inputs.push(Tensor::new(name, datatype, shape, data)?);
    }
    let outputs = message.outputs.into_iter().map(|output| RequestedOutput {
        name: output.name,
        binary: None,
    });
    Ok(InferRequest {
        id: Some(message.id).filter(|id| !id.is_empty()),
        parameters: parameters(message.parameters),
        inputs,
        outputs: outputs.collect(),
        binary_outputs: true,
    })
}

fn typed(name: &str, datatype: Datatype, contents: InferTensorContents) -> Result<Data, InferenceError> {
    Ok(match datatype {
        Datatype::Bool => Data::Bool(contents.bool_contents),
        Datatype::Int8 | Datatype::Int16 | Datatype::Int32 => Data::Integers(in_range(
            name,
            datatype,
            contents.int_contents.into_iter().map(i64::from),
        )?),
        Datatype::Uint8 | Datatype::Uint16 | Datatype::Uint32 => Data::Integers(in_range(
            name,
            datatype,
            contents.uint_contents.into_iter().map(i64::from),
        )?),
        Datatype::Int64 => Data::Integers(contents.int64_contents),
        Datatype::Uint64 => Data::Uint64(contents.uint64_contents),
        Datatype::Fp32 => Data::Floats(contents.fp32_contents.into_iter().map(f64::from).collect()),
        Datatype::Fp64 => Data::Floats(contents.fp64_contents),
        Datatype::Bytes => Data::Bytes(contents.bytes_contents),
        Datatype::Fp16 | Datatype::Bf16 => {
            return Err(InferenceError::bad(format!(
                "input '{name}': {} has to be sent in raw_input_contents",
                datatype.name()
            )));
        }
    })
}

fn in_range(name: &str, datatype: Datatype, values: impl Iterator<Item = i64>) -> Result<Vec<i64>, InferenceError> {
    let range = datatype.integer_range().unwrap_or(i64::MIN..=i64::MAX);
    let check = |value| {
        if range.contains(&value) {
            return Ok(value);
        }
        let datatype = datatype.name();
        Err(InferenceError::bad(format!("input '{name}': {value} is no {datatype}")))
    };
    values.map(check).collect()
}

fn parameters(sent: impl IntoIterator<Item = (String, InferParameter)>) -> Map<String, Value> {
    let value = |parameter: InferParameter| match parameter.parameter_choice {
        None => Value::Null,
        Some(ParameterChoice::BoolParam(value)) => value.into(),
        Some(ParameterChoice::Int64Param(value)) => value.into(),
        Some(ParameterChoice::Uint64Param(value)) => value.into(),
        Some(ParameterChoice::DoubleParam(value)) => value.into(),
        Some(ParameterChoice::StringParam(value)) => value.into(),
    };
    sent.into_iter()
        .map(|(name, parameter)| (name, value(parameter)))
        .collect()
}

/// All outputs as raw contents, which every client reads.
pub(super) fn write(response: InferResponse) -> ModelInferResponse {
    let raw: Vec<Bytes> = response
        .outputs
        .iter()
        .map(|tensor| binary::write(tensor.datatype, &tensor.data))
        .collect();
    let outputs = response.outputs.into_iter().map(|tensor| InferOutputTensor {
        name: tensor.name,
        datatype: tensor.datatype.name().to_owned(),
        shape: tensor.shape.iter().map(|size| *size as i64).collect(),
        ..InferOutputTensor::default()
    });
    ModelInferResponse {
        model_name: response.model,
        model_version: response.version,
        id: response.id.unwrap_or_default(),
        outputs: outputs.collect(),
        raw_output_contents: raw,
        ..ModelInferResponse::default()
    }
}
