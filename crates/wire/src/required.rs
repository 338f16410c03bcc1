//! Presence: MLflow treats a missing, a null and an empty required field alike.

use std::fmt;

/// A required field that was not given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    pub field: String,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Missing value for required parameter '{}'. See the API docs for more information about request parameters.",
            self.field
        )
    }
}

impl std::error::Error for Missing {}

/// Takes a required field out of a request: `request.run_id.required("run_id")?`.
pub trait Required {
    type Value;

    fn required(self, field: &str) -> Result<Self::Value, Missing>;
}

impl Required for Option<String> {
    type Value = String;

    fn required(self, field: &str) -> Result<String, Missing> {
        self.filter(|text| !text.is_empty()).ok_or_else(|| Missing {
            field: field.to_owned(),
        })
    }
}

impl<'a> Required for Option<&'a str> {
    type Value = &'a str;

    fn required(self, field: &str) -> Result<&'a str, Missing> {
        self.filter(|text| !text.is_empty()).ok_or_else(|| Missing {
            field: field.to_owned(),
        })
    }
}

macro_rules! required {
    ($($number:ty),*) => {
        $(impl Required for Option<$number> {
            type Value = $number;

            fn required(self, field: &str) -> Result<$number, Missing> {
                self.ok_or_else(|| Missing { field: field.to_owned() })
            }
        })*
    };
}

required!(crate::Int64, crate::Double);
