//! `OneHotEncoder`: a column of zeros and ones for each category.

use super::Transformer;
use super::category_codes::{CategoryCodes, unknown};
use super::infrequent::Grouping;
use crate::error::{PredictError, Refusal};
use crate::estimators::Inputs;
use crate::skops::{Node, Object};
use crate::table::{Dense, Table};

const NAME: &str = "OneHotEncoder";
const KNOWN: &[&str] = &[
    "_default_to_infrequent_mappings",
    "_drop_idx_after_grouping",
    "_infrequent_enabled",
    "_infrequent_indices",
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
    unknown: Unknown,
    single: bool,
    is_sparse: bool,
}

/// What an unknown category becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unknown {
    Refused,
    Zeros,
    /// An infrequent one, or zeros if the column has none.
    Infrequent,
}

struct Encoded {
    codes: CategoryCodes,
    groups: Grouping,
    /// The group that gets no column.
    dropped: Option<usize>,
    /// The first of its columns in the result.
    first: usize,
}

pub(super) fn read(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    object.expect_only(KNOWN)?;
    let inputs = Inputs::read(object)?;
    let codes = CategoryCodes::read_all(&object.get("categories_")?, inputs.count)?;
    let groups = Grouping::read_all(object, &codes)?;
    // Releases before 1.3 grouped nothing that they dropped.
    let drop_node = object.find_some("_drop_idx_after_grouping");
    let dropped = match drop_node.or_else(|| object.find_some("drop_idx_")) {
        Some(node) => {
            let counts = codes
                .iter()
                .zip(&groups)
                .map(|(codes, groups)| groups.count(codes.count()));
            dropped(&node, &counts.collect::<Vec<_>>())?
        }
        None => vec![None; codes.len()],
    };
    let unknown = object.get("handle_unknown")?;
    let unknown_taken = match unknown.text()?.as_str() {
        "error" => Unknown::Refused,
        "ignore" => Unknown::Zeros,
        "infrequent_if_exist" | "warn" => Unknown::Infrequent,
        other => return Err(unknown.refuse(format!("is {other:?}, which is not evaluated"))),
    };
    let mut width = 0;
    let columns = codes
        .into_iter()
        .zip(groups)
        .zip(dropped)
        .map(|((codes, groups), dropped)| {
            let first = width;
            width += groups.count(codes.count()) - usize::from(dropped.is_some());
            Encoded {
                codes,
                groups,
                dropped,
                first,
            }
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
        unknown: unknown_taken,
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

fn dropped(node: &Node<'_>, counts: &[usize]) -> Result<Vec<Option<usize>>, Refusal> {
    let items = node.items()?;
    if items.len() != counts.len() {
        return Err(node.refuse(format!("has {} values for {} columns", items.len(), counts.len())));
    }
    items
        .iter()
        .zip(counts)
        .map(|(item, &count)| {
            if item.is_none() {
                return Ok(None);
            }
            match item.count()? {
                number if number < count => Ok(Some(number)),
                number => Err(item.refuse(format!("is {number} where there are {count} categories"))),
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

    fn origins(&self) -> Option<Vec<usize>> {
        let ends = self
            .columns
            .iter()
            .skip(1)
            .map(|column| column.first)
            .chain([self.width]);
        let widths = self.columns.iter().zip(ends).map(|(column, end)| end - column.first);
        Some(widths.enumerate().flat_map(|(at, width)| vec![at; width]).collect())
    }

    fn transform<'a>(&self, table: Table<'a>) -> Result<Table<'a>, PredictError> {
        self.inputs.check(&table)?;
        let rows = table.rows();
        let mut values = vec![0.0_f64; rows * self.width];
        for (column, encoded) in self.columns.iter().enumerate() {
            encoded.codes.for_each(&table, column, NAME, |row, number| {
                let group = match (number, self.unknown) {
                    (Some(number), _) => Some(encoded.groups.of(number)),
                    (None, Unknown::Refused) => return Err(unknown(&table, column, row)),
                    (None, Unknown::Zeros) => None,
                    (None, Unknown::Infrequent) => encoded.groups.infrequent(),
                };
                let at = match (group, encoded.dropped) {
                    (None, _) => return Ok(()),
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
