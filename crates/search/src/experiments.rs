//! Searching experiments.

use std::fmt;

use crate::clause::{Beyond, Clause, Test};
use crate::error::{excerpt, invalid_attribute, invalid_comparator};
use crate::identifier::AttributeOrTag;
use crate::order_by::{Duplicates, parse_entries};
use crate::quote::{Key, List};
use crate::{Filter, NumberComparison, Order, SearchError, TextComparison};

#[derive(Debug, Clone, PartialEq)]
pub enum ExperimentPredicate {
    Id(ExperimentIdComparison),
    Name(TextComparison),
    Time {
        attribute: ExperimentTimeAttribute,
        comparison: NumberComparison<i64>,
    },
    Tag {
        key: String,
        comparison: TextComparison,
    },
}

/// Experiment ids are written as text and are numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExperimentIdComparison {
    Equal(i64),
    NotEqual(i64),
    In(Vec<i64>),
    NotIn(Vec<i64>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExperimentOrderKey {
    Id,
    Name,
    Time(ExperimentTimeAttribute),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExperimentTimeAttribute {
    CreationTime,
    LastUpdateTime,
}

pub fn parse_filter(text: &str) -> Result<Filter<ExperimentPredicate>, SearchError> {
    Filter::parse(text, interpret)
}

/// A key that comes up again is dropped: MLflow lets it pass and it cannot sort anything.
pub fn parse_order_by(entries: &[impl AsRef<str>]) -> Result<Vec<Order<ExperimentOrderKey>>, SearchError> {
    parse_entries(entries, Duplicates::Dropped, |identifier| {
        match identifier.attribute_or_tag()? {
            AttributeOrTag::Attribute(key) => attribute(key),
            AttributeOrTag::Tag(_) => Err(SearchError::new("Invalid order_by entity: tag")),
        }
    })
}

fn attribute(key: &str) -> Result<ExperimentOrderKey, SearchError> {
    let all = ExperimentOrderKey::ALL;
    let found = all.into_iter().find(|attribute| attribute.name() == key);
    found.ok_or_else(|| invalid_attribute(key, all.into_iter().map(ExperimentOrderKey::name)))
}

fn interpret(clause: &Clause<'_>) -> Result<ExperimentPredicate, SearchError> {
    let key = match clause.identifier.attribute_or_tag()? {
        AttributeOrTag::Attribute(key) => key,
        AttributeOrTag::Tag(key) => {
            let comparison = clause.text_comparison("tag", Beyond::Null)?;
            return Ok(ExperimentPredicate::Tag {
                key: key.to_owned(),
                comparison,
            });
        }
    };
    let attribute = attribute(key)?;
    if matches!(clause.test, Test::Null { .. }) {
        return Err(SearchError::new(format!(
            "IS NULL / IS NOT NULL is only supported for tags, not for attribute '{key}'"
        )));
    }
    if matches!(clause.test, Test::List { .. }) && attribute != ExperimentOrderKey::Id {
        return Err(SearchError::new(
            "Only ['experiment_id'] attributes support comparison with a list of quoted string values.",
        ));
    }
    Ok(match attribute {
        ExperimentOrderKey::Id => ExperimentPredicate::Id(id_comparison(clause)?),
        ExperimentOrderKey::Name => ExperimentPredicate::Name(clause.text_comparison("attributes", Beyond::Nothing)?),
        ExperimentOrderKey::Time(attribute) => ExperimentPredicate::Time {
            attribute,
            comparison: clause.integer_comparison(attribute.name())?,
        },
    })
}

fn id_comparison(clause: &Clause<'_>) -> Result<ExperimentIdComparison, SearchError> {
    let parse_all = |values: Vec<String>| values.iter().map(|value| parse_id(value)).collect::<Result<_, _>>();
    Ok(match clause.text_comparison("attributes", Beyond::Lists)? {
        TextComparison::Equal(id) => ExperimentIdComparison::Equal(parse_id(&id)?),
        TextComparison::NotEqual(id) => ExperimentIdComparison::NotEqual(parse_id(&id)?),
        TextComparison::In(ids) => ExperimentIdComparison::In(parse_all(ids)?),
        TextComparison::NotIn(ids) => ExperimentIdComparison::NotIn(parse_all(ids)?),
        _ => {
            return Err(invalid_comparator(
                clause.test.comparator(),
                ["=", "!=", "IN", "NOT IN"],
            ));
        }
    })
}

fn parse_id(text: &str) -> Result<i64, SearchError> {
    text.trim().parse().map_err(|_| {
        SearchError::new(format!(
            "Invalid experiment_id '{}': an experiment id is an integer",
            excerpt(text)
        ))
    })
}

impl ExperimentOrderKey {
    pub const ALL: [Self; 4] = [
        Self::Id,
        Self::Name,
        Self::Time(ExperimentTimeAttribute::CreationTime),
        Self::Time(ExperimentTimeAttribute::LastUpdateTime),
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Id => "experiment_id",
            Self::Name => "name",
            Self::Time(attribute) => attribute.name(),
        }
    }
}

impl ExperimentTimeAttribute {
    pub fn name(self) -> &'static str {
        match self {
            Self::CreationTime => "creation_time",
            Self::LastUpdateTime => "last_update_time",
        }
    }
}

impl fmt::Display for ExperimentPredicate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(comparison) => write!(formatter, "experiment_id {comparison}"),
            Self::Name(comparison) => write!(formatter, "name {comparison}"),
            Self::Time { attribute, comparison } => write!(formatter, "{} {comparison}", attribute.name()),
            Self::Tag { key, comparison } => write!(formatter, "tags.{} {comparison}", Key(key)),
        }
    }
}

impl fmt::Display for ExperimentIdComparison {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = |ids: &[i64]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
        match self {
            Self::Equal(id) => write!(formatter, "= '{id}'"),
            Self::NotEqual(id) => write!(formatter, "!= '{id}'"),
            Self::In(ids) => write!(formatter, "IN {}", List(&texts(ids))),
            Self::NotIn(ids) => write!(formatter, "NOT IN {}", List(&texts(ids))),
        }
    }
}

impl fmt::Display for ExperimentOrderKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
