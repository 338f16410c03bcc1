//! Transformers backwards, for models whose target was transformed.

use super::functions::Function;
use super::scaling::parameters;
use crate::error::Refusal;
use crate::skops::Object;

/// What undoes a transformation of targets.
pub(crate) enum Inverse {
    Function(Function),
    /// Multiplied, then added; of each column.
    Scaled {
        scales: Option<Vec<f64>>,
        offsets: Option<Vec<f64>>,
    },
    /// Subtracted, then divided.
    Ranged {
        offsets: Vec<f64>,
        scales: Vec<f64>,
    },
}

impl Inverse {
    pub(crate) fn read(object: &Object<'_>, columns: usize) -> Result<Self, Refusal> {
        let used = |used: &str, name: &str| {
            let used = object.get(used)?.boolean()?;
            used.then(|| parameters(&object.get(name)?, columns)).transpose()
        };
        match object.class() {
            "sklearn.preprocessing._function_transformer.FunctionTransformer" => {
                object.expect_none("inv_kw_args")?;
                Ok(Self::Function(Function::read(
                    object.find_some("inverse_func").as_ref(),
                )?))
            }
            "sklearn.preprocessing._data.StandardScaler" => Ok(Self::Scaled {
                scales: used("with_std", "scale_")?,
                offsets: used("with_mean", "mean_")?,
            }),
            "sklearn.preprocessing._data.RobustScaler" => Ok(Self::Scaled {
                scales: used("with_scaling", "scale_")?,
                offsets: used("with_centering", "center_")?,
            }),
            "sklearn.preprocessing._data.MaxAbsScaler" => Ok(Self::Scaled {
                scales: Some(parameters(&object.get("scale_")?, columns)?),
                offsets: None,
            }),
            "sklearn.preprocessing._data.MinMaxScaler" => Ok(Self::Ranged {
                offsets: parameters(&object.get("min_")?, columns)?,
                scales: parameters(&object.get("scale_")?, columns)?,
            }),
            class => Err(object.refuse(format!("is a {class}, which is not evaluated backwards"))),
        }
    }

    pub(crate) fn is_rounded(&self) -> bool {
        matches!(self, Self::Function(function) if function.is_rounded())
    }

    /// Undoes the transformation of rows of `columns` values.
    pub(crate) fn apply(&self, values: &mut [f64], columns: usize) {
        for (at, value) in values.iter_mut().enumerate() {
            let column = at % columns;
            match self {
                Self::Function(function) => *value = function.at(*value),
                Self::Scaled { scales, offsets } => {
                    if let Some(scales) = scales {
                        *value *= scales[column];
                    }
                    if let Some(offsets) = offsets {
                        *value += offsets[column];
                    }
                }
                Self::Ranged { offsets, scales } => *value = (*value - offsets[column]) / scales[column],
            }
        }
    }
}
