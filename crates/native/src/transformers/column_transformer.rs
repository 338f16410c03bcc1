//! `ColumnTransformer`: other transformers for some columns each, their results side by side.

use std::collections::HashMap;

use super::Transformer;
use crate::error::{PredictError, Refusal};
use crate::estimators::Inputs;
use crate::exactness::Exactness;
use crate::skops::{Node, Object};
use crate::table::{Dense, Table};

const KNOWN: &[&str] = &[
    "_columns",
    "_n_features",
    "_name_to_fitted_passthrough",
    "_remainder",
    "_transformer_to_input_indices",
    "force_int_remainder_cols",
    "n_jobs",
    "output_indices_",
    "remainder",
    "sparse_output_",
    "sparse_threshold",
    "transformer_weights",
    "transformers",
    "transformers_",
    "verbose",
    "verbose_feature_names_out",
];

struct ColumnTransformer {
    inputs: Inputs,
    blocks: Vec<Block>,
    is_sparse: bool,
}

struct Block {
    /// Places among the columns of training.
    columns: Vec<usize>,
    /// `None` passes the columns through.
    transformer: Option<Box<dyn Transformer>>,
    /// What its results are multiplied by.
    weight: Option<f64>,
}

pub(super) fn read(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    object.expect_only(KNOWN)?;
    let weights = weights(object)?;
    let inputs = Inputs::read(object)?;
    let places = object.get("_transformer_to_input_indices")?;
    let places = places.entries()?;
    let mut blocks = Vec::new();
    for entry in object.get("transformers_")?.items()? {
        let parts = entry.items()?;
        let [name, fitted, _] = parts.as_slice() else {
            return Err(entry.refuse("is not a name, a transformer and columns"));
        };
        let name = name.text()?;
        let (_, columns) = places
            .iter()
            .find(|(other, _)| *other == name)
            .ok_or_else(|| entry.refuse("is not among the _transformer_to_input_indices"))?;
        let columns = positions(columns, inputs.count)?;
        if columns.is_empty() {
            continue;
        }
        match kept(fitted)? {
            Kept::Dropped => {}
            Kept::Passed => blocks.push(Block {
                columns,
                transformer: None,
                weight: weights.get(&name).copied(),
            }),
            Kept::Transformed(transformer) => blocks.push(Block {
                columns,
                transformer: Some(transformer),
                weight: weights.get(&name).copied(),
            }),
        }
    }
    if blocks.is_empty() {
        return Err(object.refuse("keeps no columns"));
    }
    let is_sparse = object.get("sparse_output_")?.boolean()?;
    Ok(Box::new(ColumnTransformer {
        inputs,
        blocks,
        is_sparse,
    }))
}

/// `transformer_weights` by name.
pub(super) fn weights(object: &Object<'_>) -> Result<HashMap<String, f64>, Refusal> {
    let Some(node) = object.find_some("transformer_weights") else {
        return Ok(HashMap::new());
    };
    let entries = node.entries()?.into_iter();
    entries
        .map(|(name, weight)| Ok((name.to_owned(), weight.float()?)))
        .collect()
}

/// What to do with the columns of a block.
enum Kept {
    Dropped,
    Passed,
    Transformed(Box<dyn Transformer>),
}

fn kept(node: &Node<'_>) -> Result<Kept, Refusal> {
    if !node.is_object() {
        return match node.text()?.as_str() {
            "drop" => Ok(Kept::Dropped),
            "passthrough" => Ok(Kept::Passed),
            other => Err(node.refuse(format!("is {other:?}, not a transformer"))),
        };
    }
    let object = node.object()?;
    // Since 1.4 columns that pass through are kept as a transformer that has no function.
    if object.class_name() == "FunctionTransformer"
        && object.find_some("func").is_none()
        && !object.get("validate")?.boolean()?
    {
        return Ok(Kept::Passed);
    }
    Ok(Kept::Transformed(super::read(&object)?))
}

fn positions(node: &Node<'_>, columns: usize) -> Result<Vec<usize>, Refusal> {
    node.items()?
        .iter()
        .map(|item| match item.count()? {
            position if position < columns => Ok(position),
            position => Err(item.refuse(format!("is {position} where there are {columns} columns"))),
        })
        .collect()
}

impl ColumnTransformer {
    /// Where each column of training is in `table`. A named table may have more columns, and in any order; columns
    /// that nothing uses may be missing.
    fn places(&self, table: &Table<'_>) -> Result<Option<Vec<usize>>, PredictError> {
        let (Some(expected), Some(found)) = (&self.inputs.names, table.names()) else {
            return match table.columns() {
                found if found == self.inputs.count => Ok(None),
                found => Err(PredictError::ColumnCount {
                    expected: self.inputs.count,
                    found,
                }),
            };
        };
        if expected.len() == found.len() && expected.iter().zip(found).all(|(expected, found)| expected == found) {
            return Ok(None);
        }
        let found: HashMap<&str, usize> = found.iter().enumerate().rev().map(|(at, name)| (*name, at)).collect();
        let place = |name: &String| found.get(name.as_str()).copied();
        let places: Vec<Option<usize>> = expected.iter().map(place).collect();
        for block in &self.blocks {
            if let Some(&missing) = block.columns.iter().find(|&&column| places[column].is_none()) {
                return Err(PredictError::ColumnMissing(expected[missing].clone()));
            }
        }
        Ok(Some(places.into_iter().map(Option::unwrap_or_default).collect()))
    }
}

impl Transformer for ColumnTransformer {
    fn describe(&self) -> String {
        let parts: Vec<String> = self
            .blocks
            .iter()
            .map(|block| {
                block
                    .transformer
                    .as_ref()
                    .map_or_else(|| "passthrough".to_owned(), |inner| inner.describe())
            })
            .collect();
        format!("ColumnTransformer ({})", parts.join("; "))
    }

    fn inputs(&self) -> Inputs {
        self.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        let inner = self.blocks.iter().filter_map(|block| block.transformer.as_ref());
        inner.fold(Exactness::BitExact, |least, inner| least.least(inner.exactness()))
    }

    fn origins(&self) -> Option<Vec<usize>> {
        let mut origins = Vec::new();
        for block in &self.blocks {
            match &block.transformer {
                None => origins.extend_from_slice(&block.columns),
                Some(inner) => {
                    let columns = inner.origins()?.into_iter();
                    origins.extend(
                        columns
                            .map(|at| block.columns.get(at).copied())
                            .collect::<Option<Vec<_>>>()?,
                    );
                }
            }
        }
        Some(origins)
    }

    fn transform<'a>(&self, table: Table<'a>) -> Result<Table<'a>, PredictError> {
        let places = self.places(&table)?;
        let rows = table.rows();
        let mut blocks = Vec::with_capacity(self.blocks.len());
        for block in &self.blocks {
            let selected = match &places {
                Some(places) => {
                    let columns: Vec<usize> = block.columns.iter().map(|&column| places[column]).collect();
                    table.select(&columns)
                }
                None => table.select(&block.columns),
            };
            let transformed = match &block.transformer {
                Some(transformer) => transformer.transform(selected)?,
                None => selected,
            };
            let mut dense = transformed.into_dense()?;
            if let Some(weight) = block.weight {
                dense = dense.times(weight);
            }
            blocks.push(dense);
        }
        let mut dense = Dense::beside(blocks, rows);
        dense.is_sparse = self.is_sparse;
        Ok(Table::Dense(dense))
    }
}
