//! The functions of numpy that a `FunctionTransformer` may name.

use std::borrow::Cow;

use crate::error::{PredictError, Refusal};
use crate::rows::Column;
use crate::skops::Node;
use crate::table::{Dense, Frame, Values};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Identity,
    Abs,
    Cbrt,
    Ceil,
    Cos,
    Exp,
    Expm1,
    Floor,
    Log,
    Log10,
    Log1p,
    Log2,
    Negative,
    Rint,
    Sign,
    Sin,
    Sqrt,
    Square,
    Tanh,
    Trunc,
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
            "ceil" => Self::Ceil,
            "cos" => Self::Cos,
            "exp" => Self::Exp,
            "expm1" => Self::Expm1,
            "floor" => Self::Floor,
            "log" => Self::Log,
            "log10" => Self::Log10,
            "log1p" => Self::Log1p,
            "log2" => Self::Log2,
            "negative" => Self::Negative,
            "rint" => Self::Rint,
            "sign" => Self::Sign,
            "sin" => Self::Sin,
            "sqrt" => Self::Sqrt,
            "square" => Self::Square,
            "tanh" => Self::Tanh,
            "trunc" => Self::Trunc,
            _ => return Err(node.refuse(format!("is {name}, which is not evaluated"))),
        })
    }

    pub(crate) fn at(self, x: f64) -> f64 {
        match self {
            Self::Identity => x,
            Self::Abs => x.abs(),
            Self::Cbrt => x.cbrt(),
            Self::Ceil => x.ceil(),
            Self::Cos => x.cos(),
            Self::Exp => x.exp(),
            Self::Expm1 => x.exp_m1(),
            Self::Floor => x.floor(),
            Self::Log => x.ln(),
            Self::Log10 => x.log10(),
            Self::Log1p => x.ln_1p(),
            Self::Log2 => x.log2(),
            Self::Negative => -x,
            Self::Rint => x.round_ties_even(),
            // Of zeros the positive one; NaN is NaN.
            Self::Sign if x == 0.0 => 0.0,
            Self::Sign if x.is_nan() => x,
            Self::Sign => x.signum(),
            Self::Sin => x.sin(),
            Self::Sqrt => x.sqrt(),
            Self::Square => x * x,
            Self::Tanh => x.tanh(),
            Self::Trunc => x.trunc(),
        }
    }

    /// Whether the last bits are the C library's and the processor's.
    pub(crate) fn is_rounded(self) -> bool {
        matches!(
            self,
            Self::Cbrt
                | Self::Cos
                | Self::Exp
                | Self::Expm1
                | Self::Log
                | Self::Log10
                | Self::Log1p
                | Self::Log2
                | Self::Sin
                | Self::Tanh
        )
    }

    /// On integers, if it makes integers of them; they wrap.
    pub(super) fn at_integer(self) -> Option<fn(i64) -> i64> {
        match self {
            Self::Abs => Some(i64::wrapping_abs),
            Self::Negative => Some(i64::wrapping_neg),
            Self::Sign => Some(i64::signum),
            Self::Square => Some(|value| value.wrapping_mul(value)),
            _ => None,
        }
    }

    /// Whether numpy before 2.1 makes doubles of integers and later ones leave them as they are.
    fn leaves_integers_since_numpy_2_1(self) -> bool {
        matches!(self, Self::Ceil | Self::Floor | Self::Trunc)
    }

    pub(super) fn apply<'a>(self, dense: Dense<'a>, name: &'static str) -> Result<Dense<'a>, PredictError> {
        if self == Self::Identity {
            return Ok(dense);
        }
        let (rows, columns) = (dense.rows, dense.columns);
        Ok(match dense.values {
            Values::F64(values) => Dense::from_f64(rows, columns, values.iter().map(|&value| self.at(value)).collect()),
            Values::F32(_) if self.is_rounded() => return Err(PredictError::SinglePrecision(name)),
            Values::F32(values) => {
                let values = values.iter().map(|&value| self.at(f64::from(value)) as f32).collect();
                Dense::new(rows, columns, Values::F32(values))
            }
            Values::I64(_) if self.leaves_integers_since_numpy_2_1() => return Err(integers(name)),
            Values::I64(values) => match self.at_integer() {
                Some(each) => Dense::new(rows, columns, Values::I64(values.into_iter().map(each).collect())),
                None => Dense::from_f64(
                    rows,
                    columns,
                    values.iter().map(|&value| self.at(value as f64)).collect(),
                ),
            },
            Values::Bool(_) => return Err(booleans(name)),
        })
    }

    /// As pandas has it done: column by column, each with its dtype.
    pub(super) fn apply_to_each<'a>(self, frame: Frame<'a>, name: &'static str) -> Result<Frame<'a>, PredictError> {
        let columns = frame
            .columns
            .iter()
            .map(|column| self.at_column(column, name).map(Cow::Owned));
        Ok(Frame {
            columns: columns.collect::<Result<_, _>>()?,
            ..frame
        })
    }

    fn at_column(self, column: &Column, name: &'static str) -> Result<Column, PredictError> {
        Ok(match column {
            Column::F64(values) => Column::F64(values.iter().map(|&value| self.at(value)).collect()),
            Column::F32(_) if self.is_rounded() => return Err(PredictError::SinglePrecision(name)),
            Column::F32(values) => Column::F32(values.iter().map(|&value| self.at(f64::from(value)) as f32).collect()),
            Column::I64(_) | Column::I32(_) if self.leaves_integers_since_numpy_2_1() => return Err(integers(name)),
            Column::I64(values) => match self.at_integer() {
                Some(each) => Column::I64(values.iter().map(|&value| each(value)).collect()),
                None => Column::F64(values.iter().map(|&value| self.at(value as f64)).collect()),
            },
            Column::I32(values) => match self.at_integer() {
                Some(each) => Column::I32(values.iter().map(|&value| each(value.into()) as i32).collect()),
                None => Column::F64(values.iter().map(|&value| self.at(value.into())).collect()),
            },
            Column::Bool(_) => return Err(booleans(name)),
            Column::Text(_) | Column::Object(_) => {
                return Err(PredictError::Value {
                    estimator: name,
                    what: "texts",
                });
            }
        })
    }
}

fn integers(name: &'static str) -> PredictError {
    PredictError::Value {
        estimator: name,
        what: "integers, of which numpy makes doubles or not, by its release",
    }
}

fn booleans(name: &'static str) -> PredictError {
    PredictError::Value {
        estimator: name,
        what: "booleans, of which numpy makes half-precision numbers",
    }
}
