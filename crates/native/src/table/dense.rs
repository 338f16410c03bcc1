//! A row-major array of one dtype, and numpy's conversions between float types.

use std::borrow::Cow;

use super::dtype::Dtype;
use crate::error::PredictError;
use crate::rows::Column;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Dense<'a> {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) values: Values<'a>,
    /// Whether Python holds a sparse matrix here. Its zeros are ordinary zeros, but some rules differ.
    pub(crate) is_sparse: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Values<'a> {
    F64(Cow<'a, [f64]>),
    F32(Cow<'a, [f32]>),
    I64(Vec<i64>),
    Bool(Vec<bool>),
}

/// What an estimator does with values that are not finite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NonFinite {
    Refused,
    NanTaken,
}

impl<'a> Dense<'a> {
    pub(crate) fn new(rows: usize, columns: usize, values: Values<'a>) -> Self {
        Self {
            rows,
            columns,
            values,
            is_sparse: false,
        }
    }
}

impl Dense<'_> {
    pub(crate) fn from_f64(rows: usize, columns: usize, values: Vec<f64>) -> Self {
        Dense::new(rows, columns, Values::F64(Cow::Owned(values)))
    }

    /// The values of an encoder that was told to write single precision, or not.
    pub(crate) fn encoded(rows: usize, columns: usize, values: Vec<f64>, single: bool) -> Self {
        if single {
            let values = values.into_iter().map(|value| value as f32).collect();
            return Dense::new(rows, columns, Values::F32(values));
        }
        Self::from_f64(rows, columns, values)
    }

    pub(crate) fn into_owned(self) -> Dense<'static> {
        Dense {
            rows: self.rows,
            columns: self.columns,
            is_sparse: self.is_sparse,
            values: match self.values {
                Values::F64(values) => Values::F64(Cow::Owned(values.into_owned())),
                Values::F32(values) => Values::F32(Cow::Owned(values.into_owned())),
                Values::I64(values) => Values::I64(values),
                Values::Bool(values) => Values::Bool(values),
            },
        }
    }

    pub(crate) fn by_ref(&self) -> Dense<'_> {
        Dense {
            values: match &self.values {
                Values::F64(values) => Values::F64(Cow::Borrowed(values)),
                Values::F32(values) => Values::F32(Cow::Borrowed(values)),
                Values::I64(values) => Values::I64(values.clone()),
                Values::Bool(values) => Values::Bool(values.clone()),
            },
            ..*self
        }
    }

    fn dtype(&self) -> Dtype {
        match self.values {
            Values::F64(_) => Dtype::F64,
            Values::F32(_) => Dtype::F32,
            Values::I64(_) => Dtype::I64,
            Values::Bool(_) => Dtype::Bool,
        }
    }

    /// The values as `astype(float64)` gives them.
    pub(crate) fn into_f64(self) -> Vec<f64> {
        match self.values {
            Values::F64(values) => values.into_owned(),
            Values::F32(values) => values.iter().map(|&value| f64::from(value)).collect(),
            Values::I64(values) => values.iter().map(|&value| value as f64).collect(),
            Values::Bool(values) => values.iter().map(|&value| f64::from(u8::from(value))).collect(),
        }
    }

    /// The values as `astype(float32)` gives them: integers are rounded once, not by way of `float64`.
    pub(crate) fn into_f32(self) -> Vec<f32> {
        match self.values {
            Values::F64(values) => values.iter().map(|&value| value as f32).collect(),
            Values::F32(values) => values.into_owned(),
            Values::I64(values) => values.iter().map(|&value| value as f32).collect(),
            Values::Bool(values) => values.iter().map(|&value| f32::from(u8::from(value))).collect(),
        }
    }

    /// The values of an array of integers or booleans.
    fn into_i64(self) -> Vec<i64> {
        match self.values {
            Values::I64(values) => values,
            Values::Bool(values) => values.into_iter().map(i64::from).collect(),
            Values::F64(_) | Values::F32(_) => Vec::new(),
        }
    }

    fn into_bool(self) -> Vec<bool> {
        if let Values::Bool(values) = self.values {
            values
        } else {
            Vec::new()
        }
    }

    /// One column by itself.
    pub(crate) fn column(&self, column: usize) -> Column {
        let at = (0..self.rows).map(|row| row * self.columns + column);
        match &self.values {
            Values::F64(values) => Column::F64(at.map(|at| values[at]).collect()),
            Values::F32(values) => Column::F32(at.map(|at| values[at]).collect()),
            Values::I64(values) => Column::I64(at.map(|at| values[at]).collect()),
            Values::Bool(values) => Column::Bool(at.map(|at| values[at]).collect()),
        }
    }

    /// What scikit-learn's scalers work on: single precision stays, everything else becomes double.
    pub(crate) fn into_float(self) -> Self {
        if self.dtype() == Dtype::F32 {
            return self;
        }
        let (rows, columns, is_sparse) = (self.rows, self.columns, self.is_sparse);
        Self {
            is_sparse,
            ..Self::from_f64(rows, columns, self.into_f64())
        }
    }

    /// Every value multiplied, as numpy does it with a Python float.
    pub(crate) fn times(self, weight: f64) -> Self {
        let (rows, columns, is_sparse) = (self.rows, self.columns, self.is_sparse);
        let values = match self.values {
            Values::F32(values) => Values::F32(values.iter().map(|&value| value * weight as f32).collect()),
            values => {
                let dense = Self {
                    values,
                    ..Self::from_f64(rows, columns, Vec::new())
                };
                Values::F64(dense.into_f64().into_iter().map(|value| value * weight).collect())
            }
        };
        Self {
            rows,
            columns,
            values,
            is_sparse,
        }
    }

    pub(crate) fn select(&self, positions: &[usize]) -> Self {
        let pick = |row: usize| positions.iter().map(move |&at| row * self.columns + at);
        let at = (0..self.rows).flat_map(pick);
        let values = match &self.values {
            Values::F64(values) => Values::F64(at.map(|at| values[at]).collect()),
            Values::F32(values) => Values::F32(at.map(|at| values[at]).collect()),
            Values::I64(values) => Values::I64(at.map(|at| values[at]).collect()),
            Values::Bool(values) => Values::Bool(at.map(|at| values[at]).collect()),
        };
        Self {
            rows: self.rows,
            columns: positions.len(),
            values,
            is_sparse: self.is_sparse,
        }
    }

    /// Arrays of as many rows side by side, as `numpy.hstack` does.
    pub(crate) fn beside(blocks: Vec<Self>, rows: usize) -> Self {
        if blocks.len() == 1 {
            return blocks
                .into_iter()
                .next()
                .unwrap_or_else(|| Self::from_f64(rows, 0, Vec::new()));
        }
        let dtype = blocks
            .iter()
            .map(Self::dtype)
            .reduce(Dtype::promote)
            .unwrap_or(Dtype::F64);
        let columns = blocks.iter().map(|block| block.columns).sum();
        let widths: Vec<usize> = blocks.iter().map(|block| block.columns).collect();
        let values = match dtype {
            Dtype::F32 => {
                let blocks: Vec<Vec<f32>> = blocks.into_iter().map(Self::into_f32).collect();
                Values::F32(interleave(&blocks, &widths, rows).into())
            }
            Dtype::I64 => {
                let blocks: Vec<Vec<i64>> = blocks.into_iter().map(Self::into_i64).collect();
                Values::I64(interleave(&blocks, &widths, rows))
            }
            Dtype::Bool => {
                let blocks: Vec<Vec<bool>> = blocks.into_iter().map(Self::into_bool).collect();
                Values::Bool(interleave(&blocks, &widths, rows))
            }
            Dtype::F64 | Dtype::Text => {
                let blocks: Vec<Vec<f64>> = blocks.into_iter().map(Self::into_f64).collect();
                Values::F64(interleave(&blocks, &widths, rows).into())
            }
        };
        Self {
            rows,
            columns,
            values,
            is_sparse: false,
        }
    }

    pub(crate) fn check_finite(&self, rule: NonFinite, estimator: &'static str) -> Result<(), PredictError> {
        match &self.values {
            Values::F64(values) => check_finite_f64(values, rule, estimator),
            Values::F32(values) => check_finite_f32(values, rule, estimator),
            Values::I64(_) | Values::Bool(_) => Ok(()),
        }
    }
}

fn interleave<T: Copy>(blocks: &[Vec<T>], widths: &[usize], rows: usize) -> Vec<T> {
    let mut values = Vec::with_capacity(rows * widths.iter().sum::<usize>());
    for row in 0..rows {
        for (block, &width) in blocks.iter().zip(widths) {
            values.extend_from_slice(&block[row * width..(row + 1) * width]);
        }
    }
    values
}

fn check_finite_f64(values: &[f64], rule: NonFinite, estimator: &'static str) -> Result<(), PredictError> {
    if values.iter().any(|value| value.is_infinite()) {
        return Err(PredictError::Infinite { estimator, bits: 64 });
    }
    if rule == NonFinite::Refused && values.iter().any(|value| value.is_nan()) {
        return Err(PredictError::NotANumber(estimator));
    }
    Ok(())
}

pub(crate) fn check_finite_f32(values: &[f32], rule: NonFinite, estimator: &'static str) -> Result<(), PredictError> {
    if values.iter().any(|value| value.is_infinite()) {
        return Err(PredictError::Infinite { estimator, bits: 32 });
    }
    if rule == NonFinite::Refused && values.iter().any(|value| value.is_nan()) {
        return Err(PredictError::NotANumber(estimator));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_rounded_to_single_once() {
        // Just under the middle of two singles: float64 rounds it to the middle, which then goes up.
        let tricky = (1_i64 << 60) + (1 << 36) + (1 << 37) - 1;
        let direct = Dense::new(1, 1, Values::I64(vec![tricky])).into_f32()[0];
        assert_ne!(direct, tricky as f64 as f32);
        assert_eq!(direct, tricky as f32);
    }

    #[test]
    fn side_by_side_promotes() {
        let single = Dense::new(2, 1, Values::F32(vec![1.0, 2.0].into()));
        let integer = Dense::new(2, 1, Values::I64(vec![3, 4]));
        assert_eq!(
            Dense::beside(vec![single, integer], 2).values,
            Values::F64(vec![1.0, 3.0, 2.0, 4.0].into())
        );
    }
}
