//! `OneHotEncoder`: a column of zeros and ones for each category.

use super::Transformer;
use super::category_codes::{CategoryCodes, unknown};
use crate::error::{PredictError, Refusal};
use crate::estimators::Inputs;
use crate::skops::{Node, Object};
use crate::table::{Dense, Table};

const NAME: &str = "OneHotEncoder";
const KNOWN: &[&str] = &[
    "_drop_idx_after_grouping",
    "_infrequent_enabled",
    "_n_features_outs",
    "categories",
    "categories_",
    "drop",
    "drop_idx_",
    "dtype",
    "feature_name_combiner",
    "handle_unknown",
    "max_categories",
    "min_frequency",
    "sparse",
    "sparse_output",
];

struct OneHotEncoder {
    inputs: Inputs,
    columns: Vec<Encoded>,
    width: usize,
    /// Unknown categories become zeros instead of an error.
    unknown_taken: bool,
    single: bool,
    is_sparse: bool,
}

struct Encoded {
    codes: CategoryCodes,
    /// The category that gets no column.
    dropped: Option<usize>,
    /// The first of its columns in the result.
    first: usize,
}

pub(super) fn read(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    if object.get("_infrequent_enabled")?.boolean()? {
        return Err(
            object.refuse("groups infrequent categories (min_frequency, max_categories), which is not evaluated")
        );
    }
    object.expect_only(KNOWN)?;
    let inputs = Inputs::read(object)?;
    let codes = CategoryCodes::read_all(&object.get("categories_")?, inputs.count)?;
    let dropped = match object.find_some("drop_idx_") {
        Some(node) => dropped(&node, &codes)?,
        None => vec![None; codes.len()],
    };
    let unknown = object.get("handle_unknown")?;
    let unknown_taken = match unknown.text()?.as_str() {
        "error" => false,
        "ignore" | "infrequent_if_exist" | "warn" => true,
        other => return Err(unknown.refuse(format!("is {other:?}, which is not evaluated"))),
    };
    let mut width = 0;
    let columns = codes
        .into_iter()
        .zip(dropped)
        .map(|(codes, dropped)| {
            let first = width;
            width += codes.count() - usize::from(dropped.is_some());
            Encoded { codes, dropped, first }
        })
        .collect();
    let single = is_single(&object.get("dtype")?)?;
    // The parameter was called `sparse` before 1.2.
    let sparse = object.find("sparse_output").map_or_else(|| object.get("sparse"), Ok)?;
    let is_sparse = sparse.boolean()?;
    Ok(Box::new(OneHotEncoder {
        inputs,
        columns,
        width,
        unknown_taken,
        single,
        is_sparse,
    }))
}

/// Whether the result of an encoder is single precision.
pub(super) fn is_single(dtype: &Node<'_>) -> Result<bool, Refusal> {
    match dtype.type_name()?.as_str() {
        "numpy.float64" | "builtins.float" => Ok(false),
        "numpy.float32" => Ok(true),
        other => Err(dtype.refuse(format!("is {other}, which is not evaluated"))),
    }
}

fn dropped(node: &Node<'_>, codes: &[CategoryCodes]) -> Result<Vec<Option<usize>>, Refusal> {
    let items = node.items()?;
    if items.len() != codes.len() {
        return Err(node.refuse(format!("has {} values for {} columns", items.len(), codes.len())));
    }
    items
        .iter()
        .zip(codes)
        .map(|(item, codes)| {
            if item.is_none() {
                return Ok(None);
            }
            match item.count()? {
                number if number < codes.count() => Ok(Some(number)),
                number => Err(item.refuse(format!("is {number} where there are {} categories", codes.count()))),
            }
        })
        .collect()
}

impl Transformer for OneHotEncoder {
    fn describe(&self) -> String {
        NAME.to_owned()
    }

    fn inputs(&self) -> Inputs {
        self.inputs.clone()
    }

    fn transform<'a>(&self, table: Table<'a>) -> Result<Table<'a>, PredictError> {
        self.inputs.check(&table)?;
        let rows = table.rows();
        let mut values = vec![0.0_f64; rows * self.width];
        for (column, encoded) in self.columns.iter().enumerate() {
            encoded.codes.for_each(&table, column, NAME, |row, number| {
                let at = match (number, encoded.dropped) {
                    (None, _) if self.unknown_taken => return Ok(()),
                    (None, _) => return Err(unknown(&table, column, row)),
                    (Some(number), Some(dropped)) if number == dropped => return Ok(()),
                    (Some(number), Some(dropped)) if number > dropped => number - 1,
                    (Some(number), _) => number,
                };
                values[row * self.width + encoded.first + at] = 1.0;
                Ok(())
            })?;
        }
        let mut dense = Dense::encoded(rows, self.width, values, self.single);
        dense.is_sparse = self.is_sparse;
        Ok(Table::Dense(dense))
    }
}
