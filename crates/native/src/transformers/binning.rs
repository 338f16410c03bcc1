//! `Binarizer` and `KBinsDiscretizer`: numbers become the numbers of ranges.

use super::Transformer;
use crate::error::{PredictError, Refusal};
use crate::estimators::Inputs;
use crate::skops::Object;
use crate::table::{Dense, NonFinite, Table, Values};

const BINARIZER: &str = "Binarizer";
const DISCRETIZER: &str = "KBinsDiscretizer";
const BINARIZER_KNOWN: &[&str] = &["copy", "threshold"];
const DISCRETIZER_KNOWN: &[&str] = &[
    "_encoder",
    "bin_edges_",
    "dtype",
    "encode",
    "n_bins",
    "n_bins_",
    "quantile_method",
    "random_state",
    "strategy",
    "subsample",
];

struct Binarizer {
    inputs: Inputs,
    threshold: f64,
}

pub(super) fn binarizer(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    object.expect_only(BINARIZER_KNOWN)?;
    Ok(Box::new(Binarizer {
        inputs: Inputs::read(object)?,
        threshold: object.get("threshold")?.float()?,
    }))
}

impl Transformer for Binarizer {
    fn describe(&self) -> String {
        BINARIZER.to_owned()
    }

    fn inputs(&self) -> Inputs {
        self.inputs.clone()
    }

    fn origins(&self) -> Option<Vec<usize>> {
        Some((0..self.inputs.count).collect())
    }

    fn transform<'a>(&self, table: Table<'a>) -> Result<Table<'a>, PredictError> {
        self.inputs.check(&table)?;
        if table.is_sparse() && self.threshold < 0.0 {
            return Err(PredictError::Sparse(BINARIZER));
        }
        let mut dense = table.into_dense()?;
        dense.check_finite(NonFinite::Refused, BINARIZER)?;
        let above = |value: f64| value > self.threshold;
        dense.values = match dense.values {
            Values::F64(values) => Values::F64(values.iter().map(|&value| f64::from(u8::from(above(value)))).collect()),
            Values::F32(values) => {
                // Compared in single precision.
                let threshold = self.threshold as f32;
                Values::F32(
                    values
                        .iter()
                        .map(|&value| f32::from(u8::from(value > threshold)))
                        .collect(),
                )
            }
            Values::I64(values) => Values::I64(values.iter().map(|&value| i64::from(above(value as f64))).collect()),
            Values::Bool(values) => {
                let above = |value: bool| above(f64::from(u8::from(value)));
                Values::Bool(values.into_iter().map(above).collect())
            }
        };
        Ok(Table::Dense(dense))
    }
}

struct Discretizer {
    inputs: Inputs,
    /// The edges between the bins of each column, without the first and the last.
    edges: Vec<Vec<f64>>,
    encoding: Encoding,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Ordinal,
    OneHot { is_sparse: bool },
}

pub(super) fn discretizer(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    object.expect_only(DISCRETIZER_KNOWN)?;
    object.expect_none("dtype")?;
    let inputs = Inputs::read(object)?;
    let node = object.get("bin_edges_")?;
    let edges: Vec<Vec<f64>> = node
        .items()?
        .iter()
        .map(|item| {
            let edges = item.doubles()?.1;
            match edges.as_slice() {
                [_, inner @ .., _] if inner.is_sorted() => Ok(inner.to_vec()),
                _ => Err(item.refuse("is not a list of ascending edges")),
            }
        })
        .collect::<Result<_, Refusal>>()?;
    if edges.len() != inputs.count {
        return Err(node.refuse(format!("has {} lists for {} columns", edges.len(), inputs.count)));
    }
    let encode = object.get("encode")?;
    let encoding = match encode.text()?.as_str() {
        "ordinal" => Encoding::Ordinal,
        "onehot" => Encoding::OneHot { is_sparse: true },
        "onehot-dense" => Encoding::OneHot { is_sparse: false },
        other => return Err(encode.refuse(format!("is {other:?}, which is not evaluated"))),
    };
    Ok(Box::new(Discretizer {
        inputs,
        edges,
        encoding,
    }))
}

impl Transformer for Discretizer {
    fn describe(&self) -> String {
        DISCRETIZER.to_owned()
    }

    fn inputs(&self) -> Inputs {
        self.inputs.clone()
    }

    fn origins(&self) -> Option<Vec<usize>> {
        let bins = |edges: &Vec<f64>| match self.encoding {
            Encoding::Ordinal => 1,
            Encoding::OneHot { .. } => edges.len() + 1,
        };
        let columns = self.edges.iter().enumerate();
        Some(columns.flat_map(|(at, edges)| vec![at; bins(edges)]).collect())
    }

    fn transform<'a>(&self, table: Table<'a>) -> Result<Table<'a>, PredictError> {
        self.inputs.check(&table)?;
        if table.is_sparse() {
            return Err(PredictError::Sparse(DISCRETIZER));
        }
        let dense = table.into_dense()?.into_float();
        dense.check_finite(NonFinite::Refused, DISCRETIZER)?;
        let single = matches!(dense.values, Values::F32(_));
        let rows = dense.rows;
        let x = dense.into_f64();
        let bins = x.chunks_exact(self.inputs.count.max(1)).flat_map(|row| {
            let bins = row.iter().zip(&self.edges);
            bins.map(|(value, edges)| edges.partition_point(|edge| edge <= value))
        });
        let Encoding::OneHot { is_sparse } = self.encoding else {
            let values = bins.map(|bin| bin as f64).collect();
            return Ok(Table::Dense(Dense::encoded(rows, self.inputs.count, values, single)));
        };
        let width: usize = self.edges.iter().map(|edges| edges.len() + 1).sum();
        let mut values = vec![0.0; rows * width];
        let mut start = 0;
        for (bin, edges) in bins.zip(self.edges.iter().cycle()) {
            values[start + bin] = 1.0;
            start += edges.len() + 1;
        }
        let mut dense = Dense::encoded(rows, width, values, single);
        dense.is_sparse = is_sparse;
        Ok(Table::Dense(dense))
    }
}
