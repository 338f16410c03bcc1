//! The functions of numpy that a `FunctionTransformer` may name.

use crate::error::{PredictError, Refusal};
use crate::skops::Node;
use crate::table::{Dense, Values};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Identity,
    Abs,
    Cbrt,
    Cos,
    Exp,
    Expm1,
    Log,
    Log10,
    Log1p,
    Log2,
    Sin,
    Sqrt,
    Square,
    Tanh,
}

impl Function {
    /// `None` is a transformer without a function.
    pub(crate) fn read(node: Option<&Node<'_>>) -> Result<Self, Refusal> {
        let Some(node) = node else {
            return Ok(Self::Identity);
        };
        let name = node.function()?;
        // Before numpy 2 the module is one inside of it.
        let short = name.strip_prefix("numpy.").and_then(|rest| rest.rsplit('.').next());
        Ok(match short.unwrap_or(&name) {
            "abs" | "absolute" => Self::Abs,
            "cbrt" => Self::Cbrt,
            "cos" => Self::Cos,
            "exp" => Self::Exp,
            "expm1" => Self::Expm1,
            "log" => Self::Log,
            "log10" => Self::Log10,
            "log1p" => Self::Log1p,
            "log2" => Self::Log2,
            "sin" => Self::Sin,
            "sqrt" => Self::Sqrt,
            "square" => Self::Square,
            "tanh" => Self::Tanh,
            _ => return Err(node.refuse(format!("is {name}, which is not evaluated"))),
        })
    }

    pub(crate) fn at(self, x: f64) -> f64 {
        match self {
            Self::Identity => x,
            Self::Abs => x.abs(),
            Self::Cbrt => x.cbrt(),
            Self::Cos => x.cos(),
            Self::Exp => x.exp(),
            Self::Expm1 => x.exp_m1(),
            Self::Log => x.ln(),
            Self::Log10 => x.log10(),
            Self::Log1p => x.ln_1p(),
            Self::Log2 => x.log2(),
            Self::Sin => x.sin(),
            Self::Sqrt => x.sqrt(),
            Self::Square => x * x,
            Self::Tanh => x.tanh(),
        }
    }

    /// Whether the last bits are the C library's and the processor's.
    pub(crate) fn is_rounded(self) -> bool {
        !matches!(self, Self::Identity | Self::Abs | Self::Sqrt | Self::Square)
    }

    pub(super) fn apply<'a>(self, dense: Dense<'a>, name: &'static str) -> Result<Dense<'a>, PredictError> {
        if self == Self::Identity {
            return Ok(dense);
        }
        match dense.values {
            Values::F32(_) if self.is_rounded() => Err(PredictError::SinglePrecision(name)),
            Values::F32(values) => {
                let values = values.iter().map(|&value| self.at(f64::from(value)) as f32).collect();
                Ok(Dense::new(dense.rows, dense.columns, Values::F32(values)))
            }
            // Integers stay integers, and wrap.
            Values::I64(values) if matches!(self, Self::Abs | Self::Square) => {
                let each: fn(i64) -> i64 = if self == Self::Abs {
                    i64::wrapping_abs
                } else {
                    |value| value.wrapping_mul(value)
                };
                let values = values.into_iter().map(each).collect();
                Ok(Dense::new(dense.rows, dense.columns, Values::I64(values)))
            }
            Values::Bool(_) => Err(PredictError::Value {
                estimator: name,
                what: "booleans, of which numpy makes half-precision numbers",
            }),
            _ => {
                let (rows, columns) = (dense.rows, dense.columns);
                let values = dense.into_f64().into_iter().map(|value| self.at(value)).collect();
                Ok(Dense::from_f64(rows, columns, values))
            }
        }
    }
}
