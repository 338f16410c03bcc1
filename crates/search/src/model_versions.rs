//! Searching model versions (and, by their tag, prompt versions).

use std::fmt;

use crate::clause::{Beyond, Clause, Operand, Test};
use crate::error::invalid_attribute;
use crate::identifier::AttributeOrTag;
use crate::order_by::{Duplicates, parse_entries};
use crate::quote::Key;
use crate::{Filter, NumberComparison, Order, SearchError, TextComparison};

#[derive(Debug, Clone, PartialEq)]
pub enum ModelVersionPredicate {
    Name(TextComparison),
    RunId(TextComparison),
    SourcePath(TextComparison),
    Version(NumberComparison<i64>),
    Tag { key: String, comparison: TextComparison },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelVersionOrderKey {
    Name,
    Version,
    Created,
    LastUpdated,
}

pub fn parse_filter(text: &str) -> Result<Filter<ModelVersionPredicate>, SearchError> {
    Filter::parse(text, interpret)
}

pub fn parse_order_by(entries: &[impl AsRef<str>]) -> Result<Vec<Order<ModelVersionOrderKey>>, SearchError> {
    parse_entries(entries, Duplicates::Refused, |identifier| {
        match identifier.attribute_or_tag()? {
            AttributeOrTag::Attribute(key) => {
                let all = ModelVersionOrderKey::ALL;
                let found = all.into_iter().find(|attribute| attribute.name() == key);
                found.ok_or_else(|| invalid_attribute(key, all.into_iter().map(ModelVersionOrderKey::name)))
            }
            AttributeOrTag::Tag(_) => Err(SearchError::new("Invalid order_by entity: tag")),
        }
    })
}

fn interpret(clause: &Clause<'_>) -> Result<ModelVersionPredicate, SearchError> {
    let text = |beyond| clause.text_comparison("attributes", beyond);
    match clause.identifier.attribute_or_tag()? {
        AttributeOrTag::Attribute("name") => Ok(ModelVersionPredicate::Name(text(Beyond::Lists)?)),
        AttributeOrTag::Attribute("run_id") => Ok(ModelVersionPredicate::RunId(text(Beyond::Lists)?)),
        AttributeOrTag::Attribute("source_path") => {
            refuse_list(clause)?;
            Ok(ModelVersionPredicate::SourcePath(text(Beyond::Nothing)?))
        }
        AttributeOrTag::Attribute("version_number") => {
            refuse_list(clause)?;
            Ok(ModelVersionPredicate::Version(version_comparison(clause)?))
        }
        AttributeOrTag::Attribute(key) => Err(invalid_attribute(
            key,
            ["name", "run_id", "source_path", "version_number"],
        )),
        AttributeOrTag::Tag(key) => Ok(ModelVersionPredicate::Tag {
            key: key.to_owned(),
            comparison: clause.text_comparison("tag", Beyond::Nothing)?,
        }),
    }
}

fn refuse_list(clause: &Clause<'_>) -> Result<(), SearchError> {
    if matches!(clause.test, Test::List { .. }) {
        return Err(SearchError::new(
            "Only ['name', 'run_id'] attributes support comparison with a list of quoted string values.",
        ));
    }
    Ok(())
}

/// Here alone MLflow also takes the number in quotes.
fn version_comparison(clause: &Clause<'_>) -> Result<NumberComparison<i64>, SearchError> {
    match &clause.test {
        Test::Compare {
            comparator,
            operand: Operand::Quoted(written),
        } => {
            let test = Test::Compare {
                comparator: comparator.clone(),
                operand: Operand::Number(written.trim()),
            };
            Clause {
                identifier: clause.identifier,
                test,
            }
            .integer_comparison("version_number")
        }
        _ => clause.integer_comparison("version_number"),
    }
}

impl ModelVersionOrderKey {
    pub const ALL: [Self; 4] = [Self::Name, Self::Version, Self::Created, Self::LastUpdated];

    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Version => "version_number",
            Self::Created => "creation_timestamp",
            Self::LastUpdated => "last_updated_timestamp",
        }
    }
}

impl fmt::Display for ModelVersionPredicate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(comparison) => write!(formatter, "name {comparison}"),
            Self::RunId(comparison) => write!(formatter, "run_id {comparison}"),
            Self::SourcePath(comparison) => write!(formatter, "source_path {comparison}"),
            Self::Version(comparison) => write!(formatter, "version_number {comparison}"),
            Self::Tag { key, comparison } => write!(formatter, "tags.{} {comparison}", Key(key)),
        }
    }
}

impl fmt::Display for ModelVersionOrderKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
