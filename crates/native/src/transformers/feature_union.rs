//! `FeatureUnion`: the results of several transformers side by side.

use super::Transformer;
use super::column_transformer::weights;
use crate::error::{PredictError, Refusal};
use crate::estimators::Inputs;
use crate::exactness::Exactness;
use crate::skops::Object;
use crate::table::{Dense, Table};

const KNOWN: &[&str] = &[
    "n_jobs",
    "transformer_list",
    "transformer_weights",
    "verbose",
    "verbose_feature_names_out",
];

/// What passes all columns through if it is `None`, and what its results are multiplied by.
type Member = (Option<Box<dyn Transformer>>, Option<f64>);

struct FeatureUnion(Vec<Member>);

pub(super) fn read(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    object.expect_only(KNOWN)?;
    let weights = weights(object)?;
    let mut members = Vec::new();
    for entry in object.get("transformer_list")?.items()? {
        let parts = entry.items()?;
        let [name, fitted] = parts.as_slice() else {
            return Err(entry.refuse("is not a name and a transformer"));
        };
        let weight = weights.get(&name.text()?).copied();
        if fitted.is_object() {
            members.push((Some(super::read(&fitted.object()?)?), weight));
            continue;
        }
        match fitted.text()?.as_str() {
            "drop" => {}
            "passthrough" => members.push((None, weight)),
            other => return Err(fitted.refuse(format!("is {other:?}, not a transformer"))),
        }
    }
    if members.is_empty() {
        return Err(object.refuse("has no transformers that do anything"));
    }
    Ok(Box::new(FeatureUnion(members)))
}

impl Transformer for FeatureUnion {
    fn describe(&self) -> String {
        let describe = |inner: &Option<Box<dyn Transformer>>| match inner {
            Some(inner) => inner.describe(),
            None => "passthrough".to_owned(),
        };
        let parts: Vec<String> = self.0.iter().map(|(inner, _)| describe(inner)).collect();
        format!("FeatureUnion ({})", parts.join("; "))
    }

    fn inputs(&self) -> Inputs {
        let first = self.0.iter().find_map(|(inner, _)| inner.as_ref());
        first.map_or(Inputs { names: None, count: 0 }, |inner| inner.inputs())
    }

    fn exactness(&self) -> Exactness {
        let inner = self.0.iter().filter_map(|(inner, _)| inner.as_ref());
        inner.fold(Exactness::BitExact, |least, inner| least.least(inner.exactness()))
    }

    fn origins(&self) -> Option<Vec<usize>> {
        let count = self.inputs().count;
        let members = self.0.iter().map(|(inner, _)| match inner {
            Some(inner) => inner.origins(),
            None => Some((0..count).collect()),
        });
        Some(members.collect::<Option<Vec<_>>>()?.concat())
    }

    fn transform<'a>(&self, table: Table<'a>) -> Result<Table<'a>, PredictError> {
        let rows = table.rows();
        let mut blocks = Vec::with_capacity(self.0.len());
        for (inner, weight) in &self.0 {
            let given = table.by_ref();
            let given = match inner {
                Some(inner) => inner.transform(given)?,
                None => given,
            };
            let dense = given.into_dense()?.into_owned();
            blocks.push(match weight {
                Some(weight) => dense.times(*weight),
                None => dense,
            });
        }
        let is_sparse = blocks.iter().any(|block| block.is_sparse);
        let mut dense = Dense::beside(blocks, rows);
        dense.is_sparse = is_sparse;
        Ok(Table::Dense(dense))
    }
}
