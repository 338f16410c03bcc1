//! Arrays in memory, row-major whatever order they were stored in.

use super::records::Records;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Array {
    pub(crate) shape: Vec<usize>,
    pub(crate) items: Items,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Items {
    F64(Vec<f64>),
    F32(Vec<f32>),
    /// Every integer type that fits.
    I64(Vec<i64>),
    U64(Vec<u64>),
    Bool(Vec<bool>),
    Text(Vec<String>),
    Records(Records),
}

impl Items {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::F64(_) => "float64",
            Self::F32(_) => "float32",
            Self::I64(_) => "integer",
            Self::U64(_) => "uint64",
            Self::Bool(_) => "bool",
            Self::Text(_) => "text",
            Self::Records(_) => "record",
        }
    }
}

impl Array {
    pub(super) fn reorder_from_fortran(&mut self) -> Result<(), String> {
        if self.shape.len() < 2 {
            return Ok(());
        }
        let shape = &self.shape;
        match &mut self.items {
            Items::F64(values) => *values = transpose(values, shape),
            Items::F32(values) => *values = transpose(values, shape),
            Items::I64(values) => *values = transpose(values, shape),
            Items::Bool(values) => *values = transpose(values, shape),
            other => {
                return Err(format!(
                    "is a {} array in Fortran order, which is not read",
                    other.kind()
                ));
            }
        }
        Ok(())
    }
}

/// From column-major to row-major: walks the row-major positions and keeps the column-major one beside it.
fn transpose<T: Copy>(values: &[T], shape: &[usize]) -> Vec<T> {
    let strides: Vec<usize> = shape
        .iter()
        .scan(1, |stride, &size| {
            let this = *stride;
            *stride *= size;
            Some(this)
        })
        .collect();
    let mut at = vec![0; shape.len()];
    let mut out = Vec::with_capacity(values.len());
    for _ in 0..values.len() {
        let position: usize = at.iter().zip(&strides).map(|(index, stride)| index * stride).sum();
        out.push(values[position]);
        for axis in (0..shape.len()).rev() {
            at[axis] += 1;
            if at[axis] < shape[axis] {
                break;
            }
            at[axis] = 0;
        }
    }
    out
}
