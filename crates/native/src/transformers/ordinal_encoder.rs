//! `OrdinalEncoder`: the number of the category.

use super::Transformer;
use super::category_codes::{CategoryCodes, unknown};
use super::infrequent::Grouping;
use super::one_hot_encoder::is_single;
use crate::error::{PredictError, Refusal};
use crate::estimators::Inputs;
use crate::skops::Object;
use crate::table::{Dense, Table};

const NAME: &str = "OrdinalEncoder";
const KNOWN: &[&str] = &[
    "_default_to_infrequent_mappings",
    "_infrequent_enabled",
    "_infrequent_indices",
    "_missing_indices",
    "categories",
    "categories_",
    "dtype",
    "encoded_missing_value",
    "handle_unknown",
    "max_categories",
    "min_frequency",
    "unknown_value",
];

struct OrdinalEncoder {
    inputs: Inputs,
    columns: Vec<CategoryCodes>,
    groups: Vec<Grouping>,
    /// What missing values become where they are a category.
    missing: f64,
    /// What unknown categories become, if they are taken.
    unknown: Option<f64>,
    single: bool,
}

pub(super) fn read(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    object.expect_only(KNOWN)?;
    let inputs = Inputs::read(object)?;
    let columns = CategoryCodes::read_all(&object.get("categories_")?, inputs.count)?;
    let groups = Grouping::read_all(object, &columns)?;
    if columns
        .iter()
        .zip(&groups)
        .any(|(codes, groups)| codes.nan().is_some() && groups.infrequent().is_some())
    {
        return Err(object.refuse("groups infrequent categories of a column with missing ones, which is not evaluated"));
    }
    let handle_unknown = object.get("handle_unknown")?;
    let unknown = match handle_unknown.text()?.as_str() {
        "error" => None,
        "use_encoded_value" => Some(object.get("unknown_value")?.float()?),
        other => return Err(handle_unknown.refuse(format!("is {other:?}, which is not evaluated"))),
    };
    let missing = object.get("encoded_missing_value")?.float()?;
    let single = is_single(&object.get("dtype")?)?;
    Ok(Box::new(OrdinalEncoder {
        inputs,
        columns,
        groups,
        missing,
        unknown,
        single,
    }))
}

impl Transformer for OrdinalEncoder {
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
        let (rows, width) = (table.rows(), self.columns.len());
        let mut values = vec![0.0_f64; rows * width];
        for (column, codes) in self.columns.iter().enumerate() {
            let missing = codes.nan();
            codes.for_each(&table, column, NAME, |row, number| {
                values[row * width + column] = match (number, self.unknown) {
                    (Some(number), _) if Some(number) == missing => self.missing,
                    (Some(number), _) => self.groups[column].of(number) as f64,
                    (None, Some(value)) => value,
                    (None, None) => return Err(unknown(&table, column, row)),
                };
                Ok(())
            })?;
        }
        Ok(Table::Dense(Dense::encoded(rows, width, values, self.single)))
    }
}
