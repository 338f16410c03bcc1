//! A model's signature: what goes in, which parameters it takes.
//!
//! MLflow stores it in `MLmodel` as JSON text inside YAML. Types we do not score in Rust (arrays, objects, maps, odd
//! tensors) are kept as [`Inputs::Opaque`]: such models still work, their bodies just go to Python unread.

use serde::Deserialize;
use serde_json::Value;

use crate::open_inference::{INPUT, OUTPUT, TensorSpec};

/// The scalar column types of MLflow that this crate reads itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    Boolean,
    Integer,
    Long,
    Float,
    Double,
    String,
    Datetime,
}

impl ColumnType {
    /// The numpy name, as MLflow's messages write it.
    pub(crate) fn numpy_name(self) -> &'static str {
        match self {
            Self::Boolean => "bool",
            Self::Integer => "int32",
            Self::Long => "int64",
            Self::Float => "float32",
            Self::Double => "float64",
            Self::String => "object",
            Self::Datetime => "datetime64[ns]",
        }
    }

    fn of_tensor(dtype: &str) -> Option<Self> {
        Some(match dtype {
            "float64" => Self::Double,
            "float32" => Self::Float,
            "int64" => Self::Long,
            "int32" => Self::Integer,
            _ => return None,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedColumn {
    pub name: String,
    pub kind: ColumnType,
    pub required: bool,
}

/// What the model accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inputs {
    /// The model declares nothing.
    Undeclared,
    Named(Vec<NamedColumn>),
    Unnamed(Vec<ColumnType>),
    /// One unnamed tensor of shape `(-1, width)`.
    Matrix {
        kind: ColumnType,
        width: usize,
    },
    /// Declared, but of a kind only Python reads; the text says which.
    Opaque(String),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    pub name: String,
    /// `None` for object-typed parameters, whose values only Python checks.
    pub kind: Option<ColumnType>,
    pub default: Value,
    /// True for shape `(-1,)`.
    pub list: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Signature {
    pub inputs: Inputs,
    /// `None` when the model declares no parameters; then any that are sent are ignored.
    pub params: Option<Vec<Parameter>>,
    /// Both sides as tensors, for protocols that speak of those; empty where nothing is declared.
    pub input_tensors: Vec<TensorSpec>,
    pub output_tensors: Vec<TensorSpec>,
}

/// Bound on declared columns; the widest tables in practice have some thousands.
const COLUMNS_MAX: usize = 100_000;

#[derive(Deserialize)]
struct RawInput {
    name: Option<String>,
    #[serde(rename = "type")]
    kind: Value,
    #[serde(default)]
    required: Option<bool>,
    #[serde(rename = "tensor-spec")]
    tensor: Option<RawTensor>,
}

#[derive(Deserialize)]
struct RawTensor {
    dtype: String,
    shape: Vec<i64>,
}

#[derive(Deserialize)]
struct RawParameter {
    name: String,
    #[serde(rename = "type", alias = "dtype")]
    kind: Value,
    #[serde(default)]
    default: Value,
    #[serde(default)]
    shape: Option<Vec<i64>>,
}

impl Signature {
    pub fn undeclared() -> Self {
        Self {
            inputs: Inputs::Undeclared,
            params: None,
            input_tensors: Vec::new(),
            output_tensors: Vec::new(),
        }
    }

    /// Read the two JSON texts of `MLmodel`'s `signature`. The error names the part and what is wrong with it.
    pub fn from_json(inputs: Option<&str>, params: Option<&str>) -> Result<Self, String> {
        Ok(Self {
            inputs: inputs.map_or(Ok(Inputs::Undeclared), read_inputs)?,
            params: params.map(read_params).transpose()?,
            input_tensors: inputs
                .map(|text| TensorSpec::of_signature(text, INPUT))
                .unwrap_or_default(),
            output_tensors: Vec::new(),
        })
    }

    /// With the third text, that of the outputs. What it says is shown and never enforced.
    #[must_use]
    pub fn with_outputs(mut self, outputs: Option<&str>) -> Self {
        self.output_tensors = outputs
            .map(|text| TensorSpec::of_signature(text, OUTPUT))
            .unwrap_or_default();
        self
    }
}

fn read_inputs(text: &str) -> Result<Inputs, String> {
    let raw: Vec<RawInput> = serde_json::from_str(text).map_err(|error| format!("signature.inputs: {error}"))?;
    if raw.is_empty() {
        return Err("signature.inputs: the list is empty".into());
    }
    if raw.len() > COLUMNS_MAX {
        return Err(format!(
            "signature.inputs: {} columns are more than {COLUMNS_MAX}",
            raw.len()
        ));
    }
    if raw.iter().any(|input| input.tensor.is_some()) {
        return Ok(read_tensors(&raw));
    }
    let named = raw.iter().filter(|input| input.name.is_some()).count();
    if named != 0 && named != raw.len() {
        return Err("signature.inputs: either all inputs have names or none".into());
    }
    let mut kinds = Vec::with_capacity(raw.len());
    for input in &raw {
        match ColumnType::deserialize(&input.kind) {
            Ok(kind) => kinds.push(kind),
            Err(_) => return Ok(Inputs::Opaque(format!("a column of type {}", input.kind))),
        }
    }
    if named == 0 {
        return Ok(Inputs::Unnamed(kinds));
    }
    let columns = raw.into_iter().zip(kinds).map(|(input, kind)| NamedColumn {
        name: input.name.unwrap_or_default(),
        kind,
        required: input.required.unwrap_or(true),
    });
    Ok(Inputs::Named(columns.collect()))
}

fn read_tensors(raw: &[RawInput]) -> Inputs {
    let [
        RawInput {
            name: None,
            tensor: Some(tensor),
            ..
        },
    ] = raw
    else {
        return Inputs::Opaque("named tensors".into());
    };
    match (ColumnType::of_tensor(&tensor.dtype), tensor.shape.as_slice()) {
        (Some(kind), &[-1, width]) if width >= 1 && width as usize <= COLUMNS_MAX => Inputs::Matrix {
            kind,
            width: width as usize,
        },
        _ => Inputs::Opaque(format!("a {} tensor of shape {:?}", tensor.dtype, tensor.shape)),
    }
}

fn read_params(text: &str) -> Result<Vec<Parameter>, String> {
    let raw: Vec<RawParameter> = serde_json::from_str(text).map_err(|error| format!("signature.params: {error}"))?;
    raw.into_iter()
        .map(|param| {
            let list = match param.shape.as_deref() {
                None => false,
                Some([-1]) => true,
                Some(shape) => return Err(format!("signature.params: `{}` has the shape {shape:?}", param.name)),
            };
            let kind = ColumnType::deserialize(&param.kind).ok();
            Ok(Parameter {
                name: param.name,
                kind,
                default: param.default,
                list,
            })
        })
        .collect()
}
