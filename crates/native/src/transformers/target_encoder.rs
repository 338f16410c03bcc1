//! `TargetEncoder`: categories become what the target was on average.

use super::Transformer;
use super::category_codes::CategoryCodes;
use crate::error::{PredictError, Refusal};
use crate::estimators::Inputs;
use crate::skops::Object;
use crate::table::{Dense, Table};

const NAME: &str = "TargetEncoder";
const KNOWN: &[&str] = &[
    "_infrequent_enabled",
    "categories",
    "categories_",
    "classes_",
    "cv",
    "encodings_",
    "random_state",
    "shuffle",
    "smooth",
    "target_mean_",
    "target_type",
    "target_type_",
];

struct TargetEncoder {
    inputs: Inputs,
    columns: Vec<CategoryCodes>,
    /// For each column of the result, a number for each category.
    encodings: Vec<Vec<f64>>,
    /// What unknown categories become, one for each class or one.
    unknown: Vec<f64>,
}

pub(super) fn read(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    object.expect_only(KNOWN)?;
    let inputs = Inputs::read(object)?;
    let columns = CategoryCodes::read_all(&object.get("categories_")?, inputs.count)?;
    let mean = object.get("target_mean_")?;
    let unknown = if mean.is_array() {
        mean.doubles()?.1
    } else {
        vec![mean.float()?]
    };
    let node = object.get("encodings_")?;
    let encodings = node
        .items()?
        .iter()
        .map(|item| Ok(item.doubles()?.1))
        .collect::<Result<Vec<_>, Refusal>>()?;
    let width = unknown.len();
    let fits = |(at, encoding): (usize, &Vec<f64>)| columns[at / width].count() == encoding.len();
    if width == 0 || encodings.len() != columns.len() * width || !encodings.iter().enumerate().all(fits) {
        return Err(node.refuse("does not fit the categories"));
    }
    Ok(Box::new(TargetEncoder {
        inputs,
        columns,
        encodings,
        unknown,
    }))
}

impl Transformer for TargetEncoder {
    fn describe(&self) -> String {
        NAME.to_owned()
    }

    fn inputs(&self) -> Inputs {
        self.inputs.clone()
    }

    fn origins(&self) -> Option<Vec<usize>> {
        let classes = self.unknown.len();
        Some((0..self.encodings.len()).map(|at| at / classes.max(1)).collect())
    }

    fn transform<'a>(&self, table: Table<'a>) -> Result<Table<'a>, PredictError> {
        self.inputs.check(&table)?;
        let (rows, width, classes) = (table.rows(), self.encodings.len(), self.unknown.len());
        let mut values = vec![0.0; rows * width];
        for (column, codes) in self.columns.iter().enumerate() {
            codes.for_each(&table, column, NAME, |row, number| {
                for class in 0..classes {
                    let at = column * classes + class;
                    values[row * width + at] = match number {
                        Some(number) => self.encodings[at][number],
                        None => self.unknown[class],
                    };
                }
                Ok(())
            })?;
        }
        Ok(Table::Dense(Dense::from_f64(rows, width, values)))
    }
}
