//! `MaxAbsScaler`, `RobustScaler` and `Normalizer`.

use super::Transformer;
use super::scaling::{is_single, map, parameters};
use crate::error::{PredictError, Refusal};
use crate::estimators::Inputs;
use crate::exactness::{Exactness, ROUNDING};
use crate::skops::Object;
use crate::table::{Dense, NonFinite, Table};

const MAX_ABS: &str = "MaxAbsScaler";
const ROBUST: &str = "RobustScaler";
const NORMALIZER: &str = "Normalizer";
const MAX_ABS_KNOWN: &[&str] = &["clip", "copy", "max_abs_", "n_samples_seen_", "scale_"];
const ROBUST_KNOWN: &[&str] = &[
    "center_",
    "copy",
    "quantile_range",
    "scale_",
    "unit_variance",
    "with_centering",
    "with_scaling",
];
const NORMALIZER_KNOWN: &[&str] = &["copy", "norm"];

/// Subtracts, divides and clips to one, whichever of them are asked for.
struct Scaler {
    name: &'static str,
    inputs: Inputs,
    centres: Option<Vec<f64>>,
    scales: Option<Vec<f64>>,
    clips: bool,
}

pub(super) fn max_abs(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    object.expect_only(MAX_ABS_KNOWN)?;
    let inputs = Inputs::read(object)?;
    Ok(Box::new(Scaler {
        name: MAX_ABS,
        centres: None,
        scales: Some(parameters(&object.get("scale_")?, inputs.count)?),
        clips: object.find("clip").map_or(Ok(false), |node| node.boolean())?,
        inputs,
    }))
}

pub(super) fn robust(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    object.expect_only(ROBUST_KNOWN)?;
    let inputs = Inputs::read(object)?;
    let parameter = |used: &str, name: &str| {
        let used = object.get(used)?.boolean()?;
        used.then(|| parameters(&object.get(name)?, inputs.count)).transpose()
    };
    Ok(Box::new(Scaler {
        name: ROBUST,
        centres: parameter("with_centering", "center_")?,
        scales: parameter("with_scaling", "scale_")?,
        clips: false,
        inputs,
    }))
}

impl Transformer for Scaler {
    fn describe(&self) -> String {
        self.name.to_owned()
    }

    fn inputs(&self) -> Inputs {
        self.inputs.clone()
    }

    fn origins(&self) -> Option<Vec<usize>> {
        Some((0..self.inputs.count).collect())
    }

    fn transform<'a>(&self, table: Table<'a>) -> Result<Table<'a>, PredictError> {
        self.inputs.check(&table)?;
        let mut dense = table.into_dense()?.into_float();
        dense.check_finite(NonFinite::NanTaken, self.name)?;
        if let Some(centres) = self.centres.as_ref().filter(|_| !dense.is_sparse) {
            map(&mut dense, |value, column| value - centres[column]);
        }
        if let Some(scales) = &self.scales {
            if dense.is_sparse {
                // Sparse columns are multiplied by the inverse, which rounds differently.
                let inverses: Vec<f64> = scales.iter().map(|scale| 1.0 / scale).collect();
                map(&mut dense, |value, column| value * inverses[column]);
            } else {
                map(&mut dense, |value, column| value / scales[column]);
            }
        }
        if self.clips {
            map(&mut dense, |value, _| value.clamp(-1.0, 1.0));
        }
        Ok(Table::Dense(dense))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Norm {
    Sum,
    Root,
    Greatest,
}

/// Divides every row by its norm.
struct Normalizer {
    inputs: Inputs,
    norm: Norm,
}

pub(super) fn normalizer(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    object.expect_only(NORMALIZER_KNOWN)?;
    let norm = object.get("norm")?;
    let norm = match norm.text()?.as_str() {
        "l1" => Norm::Sum,
        "l2" => Norm::Root,
        "max" => Norm::Greatest,
        other => return Err(norm.refuse(format!("is {other:?}, which is not evaluated"))),
    };
    let inputs = Inputs::read(object)?;
    Ok(Box::new(Normalizer { inputs, norm }))
}

impl Transformer for Normalizer {
    fn describe(&self) -> String {
        NORMALIZER.to_owned()
    }

    fn inputs(&self) -> Inputs {
        self.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        if self.norm == Norm::Greatest {
            Exactness::BitExact
        } else {
            ROUNDING
        }
    }

    fn transform<'a>(&self, table: Table<'a>) -> Result<Table<'a>, PredictError> {
        self.inputs.check(&table)?;
        let dense = table.into_dense()?.into_float();
        dense.check_finite(NonFinite::Refused, NORMALIZER)?;
        let single = is_single(&dense);
        if single && self.norm != Norm::Greatest {
            return Err(PredictError::SinglePrecision(NORMALIZER));
        }
        let least = 10.0 * if single { f64::from(f32::EPSILON) } else { f64::EPSILON };
        let (rows, columns, is_sparse) = (dense.rows, dense.columns, dense.is_sparse);
        let mut values = dense.into_f64();
        for row in values.chunks_exact_mut(columns.max(1)) {
            let norm = match self.norm {
                Norm::Sum => row.iter().map(|value| value.abs()).sum(),
                Norm::Root => row.iter().map(|value| value * value).sum::<f64>().sqrt(),
                Norm::Greatest => row.iter().fold(0.0_f64, |most, value| most.max(value.abs())),
            };
            // Rows that are nearly zero are left as they are.
            if norm >= least {
                for value in row.iter_mut() {
                    *value /= norm;
                }
            }
        }
        let mut dense = Dense::encoded(rows, columns, values, single);
        dense.is_sparse = is_sparse;
        Ok(Table::Dense(dense))
    }
}
