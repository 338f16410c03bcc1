//! `PCA`, `IncrementalPCA` and `TruncatedSVD`: products with a few directions.

use super::Transformer;
use crate::error::{PredictError, Refusal};
use crate::estimators::Inputs;
use crate::exactness::{Exactness, ROUNDING};
use crate::skops::Object;
use crate::table::{Dense, NonFinite, Table};

const PRINCIPAL_KNOWN: &[&str] = &[
    "_fit_svd_solver",
    "_n_features_out",
    "batch_size",
    "batch_size_",
    "components_",
    "copy",
    "explained_variance_",
    "explained_variance_ratio_",
    "iterated_power",
    "mean_",
    "n_components",
    "n_components_",
    "n_features_",
    "n_oversamples",
    "n_samples_",
    "n_samples_seen_",
    "noise_variance_",
    "power_iteration_normalizer",
    "random_state",
    "singular_values_",
    "svd_solver",
    "tol",
    "var_",
    "whiten",
];
const TRUNCATED_KNOWN: &[&str] = &[
    "algorithm",
    "components_",
    "explained_variance_",
    "explained_variance_ratio_",
    "n_components",
    "n_iter",
    "n_oversamples",
    "power_iteration_normalizer",
    "random_state",
    "singular_values_",
    "tol",
];

struct Projection {
    name: &'static str,
    inputs: Inputs,
    /// Row by row, one row for each direction.
    directions: Vec<f64>,
    count: usize,
    /// Subtracted from each column first.
    means: Option<Vec<f64>>,
    /// What each result is divided by.
    scales: Option<Vec<f64>>,
}

impl Projection {
    fn read(object: &Object<'_>, name: &'static str) -> Result<Self, Refusal> {
        let inputs = Inputs::read(object)?;
        let node = object.get("components_")?;
        let (count, columns, directions) = node.matrix()?;
        if columns != inputs.count || columns == 0 || count == 0 {
            return Err(node.refuse(format!("has {count} rows of {columns} for {} columns", inputs.count)));
        }
        Ok(Self {
            name,
            inputs,
            directions,
            count,
            means: None,
            scales: None,
        })
    }
}

pub(super) fn principal(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    object.expect_only(PRINCIPAL_KNOWN)?;
    let name = if object.class_name() == "PCA" {
        "PCA"
    } else {
        "IncrementalPCA"
    };
    let mut projection = Projection::read(object, name)?;
    let list = |name: &str, length: usize| {
        let node = object.get(name)?;
        let values = node.doubles()?.1;
        if values.len() == length {
            Ok(values)
        } else {
            Err(node.refuse(format!("has {} values, not {length}", values.len())))
        }
    };
    projection.means = Some(list("mean_", projection.inputs.count)?);
    if object.get("whiten")?.boolean()? {
        let variances = list("explained_variance_", projection.count)?;
        projection.scales = Some(variances.into_iter().map(|v| v.sqrt().max(f64::EPSILON)).collect());
    }
    Ok(Box::new(projection))
}

pub(super) fn truncated(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    object.expect_only(TRUNCATED_KNOWN)?;
    Ok(Box::new(Projection::read(object, "TruncatedSVD")?))
}

impl Transformer for Projection {
    fn describe(&self) -> String {
        format!("{} to {} columns", self.name, self.count)
    }

    fn inputs(&self) -> Inputs {
        self.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        ROUNDING
    }

    fn transform<'a>(&self, table: Table<'a>) -> Result<Table<'a>, PredictError> {
        self.inputs.check(&table)?;
        let dense = table.into_dense()?;
        dense.check_finite(NonFinite::Refused, self.name)?;
        let rows = dense.rows;
        let x = dense.into_f64();
        let width = self.inputs.count;
        let mut values = Vec::with_capacity(rows * self.count);
        for row in x.chunks_exact(width) {
            for (number, direction) in self.directions.chunks_exact(width).enumerate() {
                let mut value: f64 = match &self.means {
                    Some(means) => {
                        let centred = row.iter().zip(means).map(|(value, mean)| value - mean);
                        centred.zip(direction).map(|(value, weight)| value * weight).sum()
                    }
                    None => row.iter().zip(direction).map(|(value, weight)| value * weight).sum(),
                };
                if let Some(scales) = &self.scales {
                    value /= scales[number];
                }
                values.push(value);
            }
        }
        Ok(Table::Dense(Dense::from_f64(rows, self.count, values)))
    }
}
