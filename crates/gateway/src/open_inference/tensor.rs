//! Tensors: a name, a type, a shape and their elements in row-major order.

use bytes::Bytes;

use super::datatype::Datatype;
use super::error::InferenceError;

#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    pub name: String,
    pub datatype: Datatype,
    pub shape: Vec<usize>,
    pub data: Data,
}

/// Elements in the narrowest of a few forms that holds their type.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    Bool(Vec<bool>),
    /// Everything integral but `UINT64`.
    Integers(Vec<i64>),
    Uint64(Vec<u64>),
    Floats(Vec<f64>),
    Bytes(Vec<Bytes>),
}

impl Data {
    pub fn len(&self) -> usize {
        match self {
            Self::Bool(values) => values.len(),
            Self::Integers(values) => values.len(),
            Self::Uint64(values) => values.len(),
            Self::Floats(values) => values.len(),
            Self::Bytes(values) => values.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Tensor {
    /// Checks that shape and elements agree.
    pub(super) fn new(name: String, datatype: Datatype, shape: Vec<usize>, data: Data) -> Result<Self, InferenceError> {
        let wanted = elements(&name, &shape)?;
        if data.len() != wanted {
            return Err(InferenceError::bad(format!(
                "input '{name}' has {} elements, its shape {shape:?} asks for {wanted}",
                data.len()
            )));
        }
        Ok(Self {
            name,
            datatype,
            shape,
            data,
        })
    }

    /// Its first dimension; a scalar is a row too.
    pub(crate) fn rows(&self) -> usize {
        self.shape.first().copied().unwrap_or(1)
    }

    /// Elements of a row.
    pub(crate) fn width(&self) -> usize {
        self.shape.iter().skip(1).product()
    }
}

/// How many elements a shape has.
pub(super) fn elements(name: &str, shape: &[usize]) -> Result<usize, InferenceError> {
    shape
        .iter()
        .try_fold(1_usize, |product, size| product.checked_mul(*size))
        .filter(|elements| isize::try_from(*elements).is_ok())
        .ok_or_else(|| InferenceError::bad(format!("the shape {shape:?} of '{name}' is too large")))
}

/// A shape as requests write it.
pub(super) fn shape(name: &str, sizes: &[i64]) -> Result<Vec<usize>, InferenceError> {
    sizes
        .iter()
        .map(|size| usize::try_from(*size))
        .collect::<Result<_, _>>()
        .map_err(|_| {
            InferenceError::bad(format!(
                "the shape {sizes:?} of input '{name}' has a negative size; send the sizes as they are"
            ))
        })
}
