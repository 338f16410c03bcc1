//! An inference request, read from JSON with or without binary tensors behind it.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::binary;
use super::datatype::Datatype;
use super::error::InferenceError;
use super::tensor::{self, Data, Tensor};
use crate::input::{mark_nonfinite, read_nonfinite};

/// Inputs of one request, well above the columns of wide tables.
const INPUTS_MAX: usize = 100_000;

#[derive(Debug, Clone, Default, PartialEq)]
pub struct InferRequest {
    /// Given back with the answer.
    pub id: Option<String>,
    /// Those of the whole request: what the model's signature declares goes to the model.
    pub parameters: Map<String, Value>,
    pub inputs: Vec<Tensor>,
    /// Nothing means all.
    pub outputs: Vec<RequestedOutput>,
    /// Whether outputs that do not say so themselves are wanted in binary form.
    pub binary_outputs: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedOutput {
    pub name: String,
    pub binary: Option<bool>,
}

#[derive(Deserialize)]
struct RawRequest<'a> {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    parameters: Option<Map<String, Value>>,
    #[serde(borrow)]
    inputs: Vec<RawInput<'a>>,
    #[serde(default)]
    outputs: Option<Vec<RawOutput>>,
}

#[derive(Deserialize)]
struct RawInput<'a> {
    name: String,
    shape: Vec<i64>,
    #[serde(borrow)]
    datatype: Cow<'a, str>,
    #[serde(default)]
    parameters: Option<Map<String, Value>>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct RawOutput {
    name: String,
    #[serde(default)]
    parameters: Option<Map<String, Value>>,
}

impl InferRequest {
    /// `json_length` is Triton's `Inference-Header-Content-Length`: where the JSON ends and binary tensors begin.
    pub fn read(body: Bytes, json_length: Option<usize>) -> Result<Self, InferenceError> {
        let json_length = json_length.unwrap_or(body.len());
        if json_length > body.len() {
            return Err(InferenceError::bad(format!(
                "Inference-Header-Content-Length is {json_length}, the body has {} bytes",
                body.len()
            )));
        }
        let json = body.slice(..json_length);
        let tail = body.slice(json_length..);
        // Python writes NaN and infinities, which JSON has no word for.
        let marked = match serde_json::from_slice::<RawRequest>(&json) {
            Ok(request) => return Self::from_raw(request, tail),
            Err(error) => mark_nonfinite(&json).ok_or_else(|| unreadable(&error))?,
        };
        let request = serde_json::from_slice(&marked).map_err(|error| unreadable(&error))?;
        Self::from_raw(request, tail)
    }

    fn from_raw(raw: RawRequest, mut tail: Bytes) -> Result<Self, InferenceError> {
        if raw.inputs.len() > INPUTS_MAX {
            return Err(InferenceError::bad(format!(
                "{} inputs are more than {INPUTS_MAX}",
                raw.inputs.len()
            )));
        }
        let inputs = raw
            .inputs
            .into_iter()
            .map(|input| read_input(input, &mut tail))
            .collect::<Result<_, _>>()?;
        if !tail.is_empty() {
            return Err(InferenceError::bad(format!(
                "{} bytes follow the last binary input",
                tail.len()
            )));
        }
        let parameters = raw.parameters.unwrap_or_default();
        let outputs = raw
            .outputs
            .unwrap_or_default()
            .into_iter()
            .map(|output| RequestedOutput {
                binary: flag(output.parameters.as_ref(), "binary_data"),
                name: output.name,
            });
        Ok(Self {
            id: raw.id.filter(|id| !id.is_empty()),
            binary_outputs: flag(Some(&parameters), "binary_data_output").unwrap_or(false),
            parameters,
            inputs,
            outputs: outputs.collect(),
        })
    }
}

fn unreadable(error: &serde_json::Error) -> InferenceError {
    InferenceError::bad(format!("the request is not an inference request in JSON: {error}"))
}

fn flag(parameters: Option<&Map<String, Value>>, name: &str) -> Option<bool> {
    parameters?.get(name)?.as_bool()
}

fn read_input(raw: RawInput, tail: &mut Bytes) -> Result<Tensor, InferenceError> {
    let RawInput { name, datatype, .. } = &raw;
    let datatype = Datatype::of_name(datatype).ok_or_else(|| unknown_datatype(name, datatype))?;
    let shape = tensor::shape(name, &raw.shape)?;
    let size = raw.parameters.as_ref().and_then(|all| all.get("binary_data_size"));
    let data = match (size, raw.data) {
        (Some(size), None) => {
            let size = size.as_u64().map_or(usize::MAX, |size| size as usize);
            if size > tail.len() {
                return Err(InferenceError::bad(format!(
                    "input '{name}': binary_data_size is {size}, {} bytes are left in the body",
                    tail.len()
                )));
            }
            binary::read(name, datatype, &shape, tail.split_to(size))?
        }
        (None, Some(data)) => from_json(name, datatype, data)?,
        (Some(_), Some(_)) => {
            return Err(InferenceError::bad(format!(
                "input '{name}' has both `data` and `binary_data_size`"
            )));
        }
        (None, None) => return Err(InferenceError::bad(format!("input '{name}' has no `data`"))),
    };
    Tensor::new(raw.name, datatype, shape, data)
}

pub(super) fn unknown_datatype(name: &str, datatype: &str) -> InferenceError {
    InferenceError::bad(format!(
        "input '{name}' has the datatype '{datatype}'; it has to be one of BOOL, UINT8, UINT16, UINT32, UINT64, INT8, \
         INT16, INT32, INT64, FP16, BF16, FP32, FP64, BYTES"
    ))
}

fn from_json(name: &str, datatype: Datatype, raw: &RawValue) -> Result<Data, InferenceError> {
    let wrong =
        |error: serde_json::Error| InferenceError::bad(format!("input '{name}' ({}): {error}", datatype.name()));
    let mut json = serde_json::Deserializer::from_str(raw.get());
    Ok(match datatype {
        Datatype::Bool => Data::Bool(flat(&mut json).map_err(wrong)?),
        Datatype::Bytes => Data::Bytes(flat(&mut json).map_err(wrong)?),
        Datatype::Uint64 => Data::Uint64(flat(&mut json).map_err(wrong)?),
        Datatype::Fp16 | Datatype::Bf16 | Datatype::Fp32 | Datatype::Fp64 => {
            Data::Floats(flat(&mut json).map_err(wrong)?)
        }
        _ => {
            let values: Vec<i64> = flat(&mut json).map_err(wrong)?;
            let range = datatype.integer_range().unwrap_or(i64::MIN..=i64::MAX);
            if let Some(outside) = values.iter().find(|value| !range.contains(value)) {
                return Err(InferenceError::bad(format!(
                    "input '{name}': {outside} is no {}",
                    datatype.name()
                )));
            }
            Data::Integers(values)
        }
    })
}

/// An element of a JSON tensor.
trait Element: Sized {
    const EXPECTED: &'static str;

    fn of_bool(_: bool) -> Option<Self> {
        None
    }
    fn of_i64(_: i64) -> Option<Self> {
        None
    }
    fn of_u64(value: u64) -> Option<Self> {
        i64::try_from(value).ok().and_then(Self::of_i64)
    }
    fn of_f64(_: f64) -> Option<Self> {
        None
    }
    fn of_text(_: &str) -> Option<Self> {
        None
    }
}

impl Element for bool {
    const EXPECTED: &'static str = "true or false";

    fn of_bool(value: bool) -> Option<Self> {
        Some(value)
    }

    fn of_i64(value: i64) -> Option<Self> {
        matches!(value, 0 | 1).then_some(value == 1)
    }
}

impl Element for i64 {
    const EXPECTED: &'static str = "an integer";

    fn of_i64(value: i64) -> Option<Self> {
        Some(value)
    }
}

impl Element for u64 {
    const EXPECTED: &'static str = "an integer that is not negative";

    fn of_i64(value: i64) -> Option<Self> {
        value.try_into().ok()
    }

    fn of_u64(value: u64) -> Option<Self> {
        Some(value)
    }
}

impl Element for f64 {
    const EXPECTED: &'static str = "a number";

    fn of_i64(value: i64) -> Option<Self> {
        Some(value as Self)
    }

    fn of_u64(value: u64) -> Option<Self> {
        Some(value as Self)
    }

    fn of_f64(value: f64) -> Option<Self> {
        Some(value)
    }

    fn of_text(text: &str) -> Option<Self> {
        read_nonfinite(text)
    }
}

impl Element for Bytes {
    const EXPECTED: &'static str = "a text";

    fn of_text(text: &str) -> Option<Self> {
        Some(Self::copy_from_slice(text.as_bytes()))
    }
}

/// The elements of lists of lists, in the order they are written; a list may also be flat already.
fn flat<'de, T: Element, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let mut elements = Vec::new();
    Flat(&mut elements).deserialize(deserializer)?;
    Ok(elements)
}

struct Flat<'v, T>(&'v mut Vec<T>);

impl<'de, T: Element> DeserializeSeed<'de> for Flat<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<T: Element> Flat<'_, T> {
    fn push<E: Error>(self, element: Option<T>) -> Result<(), E> {
        let element = element.ok_or_else(|| E::custom(format!("every element has to be {}", T::EXPECTED)))?;
        self.0.push(element);
        Ok(())
    }
}

impl<'de, T: Element> Visitor<'de> for Flat<'_, T> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "{}, or a list", T::EXPECTED)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        while sequence.next_element_seed(Flat(&mut *self.0))?.is_some() {}
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.push(T::of_bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.push(T::of_i64(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.push(T::of_u64(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.push(T::of_f64(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.push(T::of_text(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<InferRequest, InferenceError> {
        InferRequest::read(Bytes::copy_from_slice(json.as_bytes()), None)
    }

    fn input(datatype: &str, shape: &str, data: &str) -> Result<Tensor, InferenceError> {
        let request = read(&format!(
            r#"{{"inputs": [{{"name": "x", "datatype": "{datatype}", "shape": {shape}, "data": {data}}}]}}"#
        ))?;
        Ok(request.inputs.into_iter().next().unwrap())
    }

    #[test]
    fn nested_and_flat_data_are_the_same() {
        let flat = input("FP64", "[2, 2]", "[1, 2.5, NaN, -Infinity]").unwrap();
        let nested = input("FP64", "[2, 2]", "[[1, 2.5], [NaN, -Infinity]]").unwrap();
        assert_eq!(format!("{flat:?}"), format!("{nested:?}"));
        assert_eq!((flat.rows(), flat.width()), (2, 2));
        let texts = input("BYTES", "[2]", r#"["a", "\u00fc"]"#).unwrap();
        assert_eq!(
            texts.data,
            Data::Bytes(vec![Bytes::from_static(b"a"), Bytes::from_static("ü".as_bytes())])
        );
    }

    #[test]
    fn wrong_inputs_are_named() {
        for (datatype, shape, data, word) in [
            ("FP65", "[1]", "[1]", "FP64"),
            ("INT8", "[1]", "[128]", "128 is no INT8"),
            ("INT32", "[1]", "[1.5]", "an integer"),
            ("UINT64", "[1]", "[-1]", "not negative"),
            ("BOOL", "[1]", "[2]", "true or false"),
            ("BYTES", "[1]", "[2]", "a text"),
            ("FP32", "[3]", "[1, 2]", "asks for 3"),
            ("FP32", "[-1]", "[1, 2]", "negative"),
            ("FP32", "[9223372036854775807, 3]", "[1]", "too large"),
        ] {
            let error = input(datatype, shape, data).unwrap_err();
            assert_eq!(error.status, 400);
            assert!(error.message.contains(word), "{word} in {error}");
        }
        for text in [
            "",
            "{",
            "[]",
            "{}",
            r#"{"inputs": [{"name": "x"}]}"#,
            r#"{"inputs": 7}"#,
        ] {
            assert_eq!(read(text).unwrap_err().status, 400, "{text}");
        }
    }

    #[test]
    fn binary_inputs_follow_the_json() {
        let json = r#"{"id": "7", "inputs": [
            {"name": "a", "datatype": "INT16", "shape": [2], "parameters": {"binary_data_size": 4}},
            {"name": "b", "datatype": "FP32", "shape": [1], "data": [0.5]},
            {"name": "c", "datatype": "UINT8", "shape": [1], "parameters": {"binary_data_size": 1}}],
            "outputs": [{"name": "y", "parameters": {"binary_data": true}}]}"#;
        let body = [json.as_bytes(), &[1, 0, 255, 255, 9]].concat();
        let request = InferRequest::read(Bytes::from(body.clone()), Some(json.len())).unwrap();
        assert_eq!(request.id.as_deref(), Some("7"));
        assert_eq!(request.inputs[0].data, Data::Integers(vec![1, -1]));
        assert_eq!(request.inputs[2].data, Data::Integers(vec![9]));
        assert_eq!(request.outputs[0].binary, Some(true));
        for cut in 0..5 {
            let short = Bytes::from(body[..json.len() + cut].to_vec());
            assert!(InferRequest::read(short, Some(json.len())).is_err(), "{cut}");
        }
        assert!(InferRequest::read(Bytes::from(body), Some(10_000)).is_err());
    }
}
