//! `PowerTransformer`: Yeo and Johnson's, and Box and Cox's.

use super::{Transformer, standard_scaler};
use crate::error::{PredictError, Refusal};
use crate::estimators::Inputs;
use crate::exactness::{Exactness, ROUNDING};
use crate::skops::Object;
use crate::table::{Dense, NonFinite, Table, Values};

const NAME: &str = "PowerTransformer";
const KNOWN: &[&str] = &["_scaler", "copy", "lambdas_", "method", "standardize"];

struct PowerTransformer {
    inputs: Inputs,
    powers: Vec<f64>,
    method: Method,
    scaler: Option<Box<dyn Transformer>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    BoxCox,
    /// By `expm1` and `log1p` since 1.8, by `power` before.
    YeoJohnson {
        stable: bool,
    },
}

pub(super) fn read(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    object.expect_only(KNOWN)?;
    let inputs = Inputs::read(object)?;
    let node = object.get("lambdas_")?;
    let powers = node.doubles()?.1;
    if powers.len() != inputs.count {
        return Err(node.refuse(format!("has {} values for {} columns", powers.len(), inputs.count)));
    }
    let method = object.get("method")?;
    let method = match method.text()?.as_str() {
        "box-cox" => Method::BoxCox,
        "yeo-johnson" => Method::YeoJohnson {
            stable: object.version()?.since(8),
        },
        other => return Err(method.refuse(format!("is {other:?}, which is not evaluated"))),
    };
    let scaler = if object.get("standardize")?.boolean()? {
        Some(standard_scaler::read(&object.get("_scaler")?.object()?)?)
    } else {
        None
    };
    Ok(Box::new(PowerTransformer {
        inputs,
        powers,
        method,
        scaler,
    }))
}

impl Method {
    fn at(self, x: f64, power: f64) -> f64 {
        match self {
            Self::BoxCox if power.abs() < 1e-19 => x.ln(),
            Self::BoxCox => (power * x.ln()).exp_m1() / power,
            Self::YeoJohnson { .. } if x.is_nan() => x,
            Self::YeoJohnson { stable } if x >= 0.0 => raised(x, power, stable),
            Self::YeoJohnson { stable } => -raised(-x, 2.0 - power, stable),
        }
    }
}

/// `((x + 1) ** power - 1) / power`.
fn raised(x: f64, power: f64, stable: bool) -> f64 {
    if power.abs() <= f64::EPSILON {
        x.ln_1p()
    } else if stable {
        (power * x.ln_1p()).exp_m1() / power
    } else {
        ((x + 1.0).powf(power) - 1.0) / power
    }
}

impl Transformer for PowerTransformer {
    fn describe(&self) -> String {
        NAME.to_owned()
    }

    fn inputs(&self) -> Inputs {
        self.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        ROUNDING
    }

    fn origins(&self) -> Option<Vec<usize>> {
        Some((0..self.inputs.count).collect())
    }

    fn transform<'a>(&self, table: Table<'a>) -> Result<Table<'a>, PredictError> {
        self.inputs.check(&table)?;
        let dense = table.into_dense()?.into_float();
        dense.check_finite(NonFinite::NanTaken, NAME)?;
        if matches!(dense.values, Values::F32(_)) {
            return Err(PredictError::SinglePrecision(NAME));
        }
        let (rows, columns) = (dense.rows, dense.columns);
        let mut values = dense.into_f64();
        if self.method == Method::BoxCox && values.iter().any(|value| *value <= 0.0) {
            return Err(PredictError::Value {
                estimator: NAME,
                what: "values that are not above zero",
            });
        }
        for row in values.chunks_exact_mut(columns.max(1)) {
            for (value, power) in row.iter_mut().zip(&self.powers) {
                *value = self.method.at(*value, *power);
            }
        }
        let table = Table::Dense(Dense::from_f64(rows, columns, values));
        match &self.scaler {
            Some(scaler) => scaler.transform(table),
            None => Ok(table),
        }
    }
}
