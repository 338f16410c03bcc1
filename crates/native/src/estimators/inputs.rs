//! The columns a step was trained on, and scikit-learn's check that they are the ones it is given.

use crate::error::{PredictError, Refusal};
use crate::skops::Object;
use crate::table::Table;

#[derive(Debug, Clone)]
pub(crate) struct Inputs {
    /// Set if training saw a data frame.
    pub(crate) names: Option<Vec<String>>,
    pub(crate) count: usize,
}

impl Inputs {
    pub(crate) fn read(object: &Object<'_>) -> Result<Self, Refusal> {
        let node = object.get("n_features_in_")?;
        let count = node.count()?;
        if count == 0 {
            return Err(node.refuse("is 0, and no model has no columns"));
        }
        let Some(node) = object.find("feature_names_in_") else {
            return Ok(Self { names: None, count });
        };
        let names = node.texts()?;
        if names.len() != count {
            return Err(node.refuse(format!("has {} names for {count} columns", names.len())));
        }
        Ok(Self {
            names: Some(names),
            count,
        })
    }

    /// Names are compared where both sides have them, and in order.
    pub(crate) fn check(&self, table: &Table<'_>) -> Result<(), PredictError> {
        if let (Some(expected), Some(found)) = (&self.names, table.names()) {
            for (position, expected) in expected.iter().enumerate() {
                match found.get(position) {
                    Some(found) if *found == expected => {}
                    Some(_) if !found.contains(&expected.as_str()) => {
                        return Err(PredictError::ColumnMissing(expected.clone()));
                    }
                    Some(found) => {
                        let (expected, found) = (expected.clone(), (*found).to_owned());
                        return Err(PredictError::ColumnName {
                            position,
                            expected,
                            found,
                        });
                    }
                    None => return Err(PredictError::ColumnMissing(expected.clone())),
                }
            }
        }
        if table.columns() == self.count {
            Ok(())
        } else {
            Err(PredictError::ColumnCount {
                expected: self.count,
                found: table.columns(),
            })
        }
    }
}
