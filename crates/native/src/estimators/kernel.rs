//! The kernels of support vector machines.

use crate::error::Refusal;
use crate::skops::Object;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kernel {
    Linear,
    Polynomial { gamma: f64, offset: f64, degree: u32 },
    Radial { gamma: f64 },
    Sigmoid { gamma: f64, offset: f64 },
}

impl Kernel {
    pub(super) fn read(object: &Object<'_>) -> Result<Self, Refusal> {
        let node = object.get("kernel")?;
        let gamma = || object.get("_gamma")?.float();
        let offset = || object.get("coef0")?.float();
        // A kernel may also be a function.
        let name = node
            .text()
            .map_err(|_| node.refuse("is a function, which is not evaluated"))?;
        Ok(match name.as_str() {
            "linear" => Self::Linear,
            "poly" => {
                let degree = object.get("degree")?;
                let degree = u32::try_from(degree.count()?).map_err(|_| degree.refuse("is too large"))?;
                Self::Polynomial {
                    gamma: gamma()?,
                    offset: offset()?,
                    degree,
                }
            }
            "rbf" => Self::Radial { gamma: gamma()? },
            "sigmoid" => Self::Sigmoid {
                gamma: gamma()?,
                offset: offset()?,
            },
            other => return Err(node.refuse(format!("is {other:?}, which is not evaluated"))),
        })
    }

    pub(super) fn between(self, left: &[f64], right: &[f64]) -> f64 {
        match self {
            Self::Linear => dot(left, right),
            Self::Polynomial { gamma, offset, degree } => power(gamma * dot(left, right) + offset, degree),
            Self::Radial { gamma } => {
                let squares = left
                    .iter()
                    .zip(right)
                    .map(|(left, right)| (left - right) * (left - right));
                (-gamma * squares.sum::<f64>()).exp()
            }
            Self::Sigmoid { gamma, offset } => (gamma * dot(left, right) + offset).tanh(),
        }
    }
}

pub(super) fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

/// By squaring, as libsvm does it.
fn power(base: f64, degree: u32) -> f64 {
    let (mut factor, mut result) = (base, 1.0);
    let mut left = degree;
    while left > 0 {
        if left % 2 == 1 {
            result *= factor;
        }
        factor *= factor;
        left /= 2;
    }
    result
}
