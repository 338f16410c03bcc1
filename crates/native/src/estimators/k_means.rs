//! `KMeans` and `MiniBatchKMeans`: the number of the nearest centre.

use super::kernel::dot;
use super::{Estimator, Inputs};
use crate::error::{PredictError, Refusal};
use crate::exactness::{Exactness, ROUNDING};
use crate::rows::Output;
use crate::skops::Object;
use crate::table::{NonFinite, Table, Values};

const KNOWN: &[&str] = &[
    "_algorithm",
    "_batch_size",
    "_counts",
    "_ewa_inertia",
    "_ewa_inertia_min",
    "_init_size",
    "_n_features_out",
    "_n_init",
    "_n_since_last_reassign",
    "_n_threads",
    "_no_improvement",
    "_tol",
    "algorithm",
    "batch_size",
    "cluster_centers_",
    "compute_labels",
    "copy_x",
    "inertia_",
    "init",
    "init_size",
    "labels_",
    "max_iter",
    "max_no_improvement",
    "n_clusters",
    "n_init",
    "n_iter_",
    "n_steps_",
    "random_state",
    "reassignment_ratio",
    "tol",
    "verbose",
];

struct KMeans {
    name: &'static str,
    inputs: Inputs,
    /// Row by row.
    centres: Vec<f64>,
    squares: Vec<f64>,
}

pub(super) fn read(object: &Object<'_>, name: &'static str) -> Result<Box<dyn Estimator>, Refusal> {
    object.expect_only(KNOWN)?;
    let inputs = Inputs::read(object)?;
    let node = object.get("cluster_centers_")?;
    let (count, columns, centres) = node.matrix()?;
    if columns != inputs.count || columns == 0 || count == 0 {
        return Err(node.refuse(format!("has {count} centres of {columns} columns")));
    }
    Ok(Box::new(KMeans {
        name,
        squares: centres
            .chunks_exact(columns)
            .map(|centre| dot(centre, centre))
            .collect(),
        inputs,
        centres,
    }))
}

impl Estimator for KMeans {
    fn describe(&self) -> String {
        format!("{}, {} centres", self.name, self.squares.len())
    }

    fn inputs(&self) -> Inputs {
        self.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        ROUNDING
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        self.inputs.check(&table)?;
        let dense = table.into_dense()?;
        dense.check_finite(NonFinite::Refused, self.name)?;
        if matches!(dense.values, Values::F32(_)) {
            return Err(PredictError::SinglePrecision(self.name));
        }
        let x = dense.into_f64();
        let nearest = |row: &[f64]| {
            // As Python: the square of the row, which all centres share, is left out.
            let centres = self.centres.chunks_exact(self.inputs.count).zip(&self.squares);
            let distances = centres.map(|(centre, square)| square - 2.0 * dot(row, centre));
            let mut best = (f64::INFINITY, 0);
            for (number, distance) in distances.enumerate() {
                if distance < best.0 {
                    best = (distance, number as i64);
                }
            }
            best.1
        };
        Ok(Output::I64(x.chunks_exact(self.inputs.count).map(nearest).collect()))
    }

    fn predict_proba(&self, _: Table<'_>) -> Result<Output, PredictError> {
        Err(PredictError::NoProbability(self.name))
    }
}
