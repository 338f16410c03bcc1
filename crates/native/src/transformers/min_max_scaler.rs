//! `MinMaxScaler`: multiplies, adds and, if told to, clips.

use super::Transformer;
use super::scaling::{is_single, map, parameters};
use crate::error::{PredictError, Refusal};
use crate::estimators::Inputs;
use crate::skops::Object;
use crate::table::{NonFinite, Table};

const NAME: &str = "MinMaxScaler";
const KNOWN: &[&str] = &[
    "clip",
    "copy",
    "data_max_",
    "data_min_",
    "data_range_",
    "feature_range",
    "min_",
    "n_samples_seen_",
    "scale_",
];

struct MinMaxScaler {
    inputs: Inputs,
    scales: Vec<f64>,
    offsets: Vec<f64>,
    clip: Option<(f64, f64)>,
}

pub(super) fn read(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    object.expect_only(KNOWN)?;
    let inputs = Inputs::read(object)?;
    let scales = parameters(&object.get("scale_")?, inputs.count)?;
    let offsets = parameters(&object.get("min_")?, inputs.count)?;
    let clip = if object.get("clip")?.boolean()? {
        let node = object.get("feature_range")?;
        let range = node.items()?;
        let [low, high] = range.as_slice() else {
            return Err(node.refuse("is not two numbers"));
        };
        Some((low.float()?, high.float()?))
    } else {
        None
    };
    Ok(Box::new(MinMaxScaler {
        inputs,
        scales,
        offsets,
        clip,
    }))
}

impl Transformer for MinMaxScaler {
    fn describe(&self) -> String {
        NAME.to_owned()
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
        dense.check_finite(NonFinite::NanTaken, NAME)?;
        map(&mut dense, |value, column| value * self.scales[column]);
        map(&mut dense, |value, column| value + self.offsets[column]);
        if let Some((low, high)) = self.clip {
            let single = is_single(&dense);
            let bound = |value: f64| if single { f64::from(value as f32) } else { value };
            let (low, high) = (bound(low), bound(high));
            map(&mut dense, |value, _| clip(value, low, high));
        }
        Ok(Table::Dense(dense))
    }
}

/// `numpy.clip`, which keeps NaN and, unlike `f64::clamp`, takes any bounds.
fn clip(value: f64, low: f64, high: f64) -> f64 {
    if value < low {
        low
    } else if value > high {
        high
    } else {
        value
    }
}
