//! `StandardScaler`: subtracts means and divides by scales.

use std::borrow::Cow;

use super::Transformer;
use super::scaling::{is_single, map, parameters, rounded_to_single};
use crate::error::{PredictError, Refusal};
use crate::estimators::Inputs;
use crate::skops::Object;
use crate::table::{NonFinite, Table};

const NAME: &str = "StandardScaler";
const KNOWN: &[&str] = &[
    "copy",
    "mean_",
    "n_samples_seen_",
    "scale_",
    "var_",
    "with_mean",
    "with_std",
];

struct StandardScaler {
    inputs: Inputs,
    means: Option<Vec<f64>>,
    scales: Option<Vec<f64>>,
    /// Since 1.8 the parameters are rounded to the precision of the input first.
    rounds_parameters: bool,
}

pub(super) fn read(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    object.expect_only(KNOWN)?;
    let inputs = Inputs::read(object)?;
    let parameter = |used: &str, name: &str| {
        object
            .get(used)?
            .boolean()?
            .then(|| parameters(&object.get(name)?, inputs.count))
            .transpose()
    };
    let means = parameter("with_mean", "mean_")?;
    let scales = parameter("with_std", "scale_")?;
    let rounds_parameters = object.version()?.since(8);
    Ok(Box::new(StandardScaler {
        inputs,
        means,
        scales,
        rounds_parameters,
    }))
}

impl Transformer for StandardScaler {
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
        let rounds = self.rounds_parameters && is_single(&dense);
        if let Some(means) = &self.means {
            let means = in_precision(means, rounds);
            map(&mut dense, |value, column| value - means[column]);
        }
        if let Some(scales) = &self.scales {
            let scales = in_precision(scales, rounds);
            if dense.is_sparse {
                // Sparse columns are multiplied by the inverse, which rounds differently.
                let inverses: Vec<f64> = self.scales.iter().flatten().map(|scale| 1.0 / scale).collect();
                map(&mut dense, |value, column| value * inverses[column]);
            } else {
                map(&mut dense, |value, column| value / scales[column]);
            }
        }
        Ok(Table::Dense(dense))
    }
}

fn in_precision(parameters: &[f64], single: bool) -> Cow<'_, [f64]> {
    if single {
        rounded_to_single(parameters).into()
    } else {
        parameters.into()
    }
}
