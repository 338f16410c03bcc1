//! Tensors to and from ONNX Runtime's.

use bytes::Bytes;
use ort::session::SessionInputValue;
use ort::value::{DynValue, Tensor as OrtTensor, TensorElementType};

use crate::open_inference::{Data, Datatype, Tensor};

/// The protocol's type, if it is one we hold.
pub(super) fn datatype(element: TensorElementType) -> Option<Datatype> {
    Some(match element {
        TensorElementType::Bool => Datatype::Bool,
        TensorElementType::Uint8 => Datatype::Uint8,
        TensorElementType::Uint16 => Datatype::Uint16,
        TensorElementType::Uint32 => Datatype::Uint32,
        TensorElementType::Uint64 => Datatype::Uint64,
        TensorElementType::Int8 => Datatype::Int8,
        TensorElementType::Int16 => Datatype::Int16,
        TensorElementType::Int32 => Datatype::Int32,
        TensorElementType::Int64 => Datatype::Int64,
        TensorElementType::Float32 => Datatype::Fp32,
        TensorElementType::Float64 => Datatype::Fp64,
        TensorElementType::String => Datatype::Bytes,
        _ => return None,
    })
}

/// An input of the type that the model declares; the error says what does not fit.
pub(super) fn input(tensor: &Tensor, wanted: Datatype) -> Result<SessionInputValue<'static>, String> {
    let shape: Vec<i64> = tensor.shape.iter().map(|size| *size as i64).collect();
    let misfit = || format!("input '{}' is not {}", tensor.name, wanted.name());
    let failed = |error: ort::Error| format!("input '{}': {error}", tensor.name);
    macro_rules! tensor_of {
        ($values:expr) => {
            OrtTensor::from_array((shape, $values)).map_err(failed)?.into()
        };
    }
    let integers = || integers(&tensor.data).ok_or_else(misfit);
    Ok(match wanted {
        Datatype::Bool => match &tensor.data {
            Data::Bool(values) => tensor_of!(values.clone()),
            _ => return Err(misfit()),
        },
        Datatype::Fp64 => tensor_of!(floats(&tensor.data).ok_or_else(misfit)?),
        Datatype::Fp32 => {
            let values = floats(&tensor.data).ok_or_else(misfit)?;
            tensor_of!(values.into_iter().map(|value| value as f32).collect::<Vec<f32>>())
        }
        Datatype::Int64 => tensor_of!(integers()?),
        Datatype::Int32 => tensor_of!(narrow::<i32, _>(integers()?).ok_or_else(misfit)?),
        Datatype::Int16 => tensor_of!(narrow::<i16, _>(integers()?).ok_or_else(misfit)?),
        Datatype::Int8 => tensor_of!(narrow::<i8, _>(integers()?).ok_or_else(misfit)?),
        Datatype::Uint8 => tensor_of!(narrow::<u8, _>(integers()?).ok_or_else(misfit)?),
        Datatype::Uint16 => tensor_of!(narrow::<u16, _>(integers()?).ok_or_else(misfit)?),
        Datatype::Uint32 => tensor_of!(narrow::<u32, _>(integers()?).ok_or_else(misfit)?),
        Datatype::Uint64 => match &tensor.data {
            Data::Uint64(values) => tensor_of!(values.clone()),
            _ => tensor_of!(narrow::<u64, _>(integers()?).ok_or_else(misfit)?),
        },
        Datatype::Bytes => {
            let Data::Bytes(values) = &tensor.data else {
                return Err(misfit());
            };
            let text = |value: &Bytes| std::str::from_utf8(value).map(str::to_owned);
            let texts: Result<Vec<String>, _> = values.iter().map(text).collect();
            let texts = texts.map_err(|_| misfit())?;
            OrtTensor::from_string_array((shape, texts.as_slice()))
                .map_err(failed)?
                .into()
        }
        Datatype::Fp16 | Datatype::Bf16 => return Err(misfit()),
    })
}

fn floats(data: &Data) -> Option<Vec<f64>> {
    Some(match data {
        Data::Floats(values) => values.clone(),
        Data::Integers(values) => values.iter().map(|value| *value as f64).collect(),
        Data::Uint64(values) => values.iter().map(|value| *value as f64).collect(),
        Data::Bool(values) => values.iter().map(|value| f64::from(u8::from(*value))).collect(),
        Data::Bytes(_) => return None,
    })
}

/// Whole numbers only: a fraction is not cut off.
fn integers(data: &Data) -> Option<Vec<i64>> {
    match data {
        Data::Integers(values) => Some(values.clone()),
        Data::Bool(values) => Some(values.iter().map(|value| i64::from(*value)).collect()),
        Data::Uint64(values) => narrow(values.clone()),
        Data::Floats(values) => values
            .iter()
            .map(|value| (value.fract() == 0.0 && value.abs() < 9e15).then_some(*value as i64))
            .collect(),
        Data::Bytes(_) => None,
    }
}

fn narrow<T: TryFrom<F>, F>(values: Vec<F>) -> Option<Vec<T>> {
    values.into_iter().map(|value| T::try_from(value).ok()).collect()
}

/// An output; the error says why it is not a tensor that can be answered.
pub(super) fn output(name: &str, value: &DynValue) -> Result<Tensor, String> {
    let element = value.dtype().tensor_type();
    let datatype = element.and_then(datatype).ok_or_else(|| unsupported(name))?;
    let failed = |error: ort::Error| format!("output '{name}': {error}");
    let shape = value.dtype().tensor_shape().ok_or_else(|| unsupported(name))?;
    let shape = shape.iter().map(|size| (*size).max(0) as usize).collect();
    macro_rules! values {
        ($kind:ty) => {
            value.try_extract_tensor::<$kind>().map_err(failed)?.1
        };
    }
    macro_rules! integers {
        ($kind:ty) => {
            Data::Integers(values!($kind).iter().map(|value| i64::from(*value)).collect())
        };
    }
    let data = match datatype {
        Datatype::Bool => Data::Bool(values!(bool).to_vec()),
        Datatype::Fp32 => Data::Floats(values!(f32).iter().map(|value| f64::from(*value)).collect()),
        Datatype::Fp64 => Data::Floats(values!(f64).to_vec()),
        Datatype::Int64 => Data::Integers(values!(i64).to_vec()),
        Datatype::Int32 => integers!(i32),
        Datatype::Int16 => integers!(i16),
        Datatype::Int8 => integers!(i8),
        Datatype::Uint8 => integers!(u8),
        Datatype::Uint16 => integers!(u16),
        Datatype::Uint32 => integers!(u32),
        Datatype::Uint64 => Data::Uint64(values!(u64).to_vec()),
        _ => {
            let (_, texts) = value.try_extract_strings().map_err(failed)?;
            Data::Bytes(texts.into_iter().map(Bytes::from).collect())
        }
    };
    Ok(Tensor {
        name: name.to_owned(),
        datatype,
        shape,
        data,
    })
}

pub(super) fn unsupported(name: &str) -> String {
    format!("'{name}' is not a tensor of numbers, truth values or texts (a classifier is exported with `zipmap=False`)")
}
