//! Searching registered models (and, by their tag, prompts).

use std::fmt;

use crate::clause::{Beyond, Clause};
use crate::error::{excerpt, invalid_attribute, name_set};
use crate::identifier::AttributeOrTag;
use crate::order_by::{Duplicates, parse_entries};
use crate::quote::Key;
use crate::{Filter, Order, SearchError, TextComparison};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegisteredModelPredicate {
    Name(TextComparison),
    Tag { key: String, comparison: TextComparison },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegisteredModelOrderKey {
    Name,
    /// Written `timestamp` or `last_updated_timestamp`.
    LastUpdated,
}

pub fn parse_filter(text: &str) -> Result<Filter<RegisteredModelPredicate>, SearchError> {
    Filter::parse(text, interpret)
}

pub fn parse_order_by(entries: &[impl AsRef<str>]) -> Result<Vec<Order<RegisteredModelOrderKey>>, SearchError> {
    parse_entries(entries, Duplicates::Refused, |identifier| {
        match (identifier.entity(), identifier.key()) {
            (None, "name") => Ok(RegisteredModelOrderKey::Name),
            (None, "timestamp" | "last_updated_timestamp") => Ok(RegisteredModelOrderKey::LastUpdated),
            _ => Err(SearchError::new(format!(
                "Invalid order by key '{}' specified. Valid keys are '{}'",
                excerpt(identifier.written()),
                name_set(["name", "timestamp"])
            ))),
        }
    })
}

fn interpret(clause: &Clause<'_>) -> Result<RegisteredModelPredicate, SearchError> {
    match clause.identifier.attribute_or_tag()? {
        AttributeOrTag::Attribute("name") => Ok(RegisteredModelPredicate::Name(
            clause.text_comparison("attributes", Beyond::Lists)?,
        )),
        AttributeOrTag::Attribute(key) => Err(invalid_attribute(key, ["name"])),
        AttributeOrTag::Tag(key) => Ok(RegisteredModelPredicate::Tag {
            key: key.to_owned(),
            comparison: clause.text_comparison("tag", Beyond::Nothing)?,
        }),
    }
}

impl fmt::Display for RegisteredModelPredicate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(comparison) => write!(formatter, "name {comparison}"),
            Self::Tag { key, comparison } => write!(formatter, "tags.{} {comparison}", Key(key)),
        }
    }
}

impl fmt::Display for RegisteredModelOrderKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Name => "name",
            Self::LastUpdated => "last_updated_timestamp",
        })
    }
}
