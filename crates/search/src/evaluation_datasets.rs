//! Searching evaluation datasets. Unlike elsewhere an attribute stands bare and only `tags.` is a prefix.

use std::fmt;

use crate::clause::{Beyond, Clause, Test};
use crate::error::{excerpt, name_set};
use crate::identifier::Identifier;
use crate::order_by::{Duplicates, parse_entries};
use crate::quote::Key;
use crate::{Filter, NumberComparison, Order, SearchError, TextComparison};

#[derive(Debug, Clone, PartialEq)]
pub enum EvaluationDatasetPredicate {
    Text {
        attribute: EvaluationDatasetText,
        comparison: TextComparison,
    },
    Time {
        attribute: EvaluationDatasetTime,
        comparison: NumberComparison<i64>,
    },
    Tag {
        key: String,
        comparison: TextComparison,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvaluationDatasetText {
    Name,
    CreatedBy,
    LastUpdatedBy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvaluationDatasetTime {
    Created,
    LastUpdate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvaluationDatasetOrderKey {
    Name,
    Time(EvaluationDatasetTime),
}

const ORDER_KEYS: [EvaluationDatasetOrderKey; 3] = [
    EvaluationDatasetOrderKey::Name,
    EvaluationDatasetOrderKey::Time(EvaluationDatasetTime::Created),
    EvaluationDatasetOrderKey::Time(EvaluationDatasetTime::LastUpdate),
];

pub fn parse_filter(text: &str) -> Result<Filter<EvaluationDatasetPredicate>, SearchError> {
    Filter::parse(text, interpret)
}

pub fn parse_order_by(entries: &[impl AsRef<str>]) -> Result<Vec<Order<EvaluationDatasetOrderKey>>, SearchError> {
    parse_entries(entries, Duplicates::Dropped, |identifier| match entity(identifier)? {
        Entity::Tag(_) => Err(SearchError::new("Invalid order_by entity: tag")),
        Entity::Attribute(key) => ORDER_KEYS
            .into_iter()
            .find(|known| known.name() == key)
            .ok_or_else(|| unknown(key, ORDER_KEYS.map(EvaluationDatasetOrderKey::name))),
    })
}

fn interpret(clause: &Clause<'_>) -> Result<EvaluationDatasetPredicate, SearchError> {
    let key = match entity(clause.identifier)? {
        Entity::Attribute(key) => key,
        Entity::Tag(key) => {
            return Ok(EvaluationDatasetPredicate::Tag {
                key: key.to_owned(),
                comparison: clause.text_comparison("tag", Beyond::Nothing)?,
            });
        }
    };
    if let Some(attribute) = EvaluationDatasetTime::ALL.into_iter().find(|time| time.name() == key) {
        return Ok(EvaluationDatasetPredicate::Time {
            attribute,
            comparison: clause.integer_comparison(key)?,
        });
    }
    let attribute = EvaluationDatasetText::ALL
        .into_iter()
        .find(|text| text.name() == key)
        .ok_or_else(|| {
            let times = EvaluationDatasetTime::ALL.map(EvaluationDatasetTime::name);
            unknown(
                key,
                EvaluationDatasetText::ALL
                    .map(EvaluationDatasetText::name)
                    .into_iter()
                    .chain(times),
            )
        })?;
    Ok(EvaluationDatasetPredicate::Text {
        attribute,
        comparison: text_comparison(clause, attribute)?,
    })
}

/// Lists are for names, and only to be in them.
fn text_comparison(clause: &Clause<'_>, attribute: EvaluationDatasetText) -> Result<TextComparison, SearchError> {
    match (&clause.test, attribute) {
        (Test::List { negated: false, .. }, EvaluationDatasetText::Name) => {
            clause.text_comparison("attributes", Beyond::Lists)
        }
        (Test::List { .. }, EvaluationDatasetText::Name) => Err(SearchError::new(
            "List values for 'name' are only supported with the IN comparator.",
        )),
        (Test::List { .. }, _) => Err(SearchError::new(
            "Only ['name'] attributes support comparison with a list of quoted string values.",
        )),
        _ => clause.text_comparison("attributes", Beyond::Nothing),
    }
}

enum Entity<'a> {
    Attribute(&'a str),
    Tag(&'a str),
}

fn entity(identifier: Identifier<'_>) -> Result<Entity<'_>, SearchError> {
    match identifier.entity() {
        None => Ok(Entity::Attribute(identifier.key())),
        Some("tags") => Ok(Entity::Tag(identifier.key())),
        Some(other) => Err(SearchError::new(format!(
            "Invalid identifier token '{}' specified",
            excerpt(other)
        ))),
    }
}

fn unknown<'a>(key: &str, valid: impl IntoIterator<Item = &'a str>) -> SearchError {
    let key = excerpt(key);
    SearchError::new(format!(
        "Invalid attribute key '{key}' specified. Valid keys are: {}",
        name_set(valid)
    ))
}

impl EvaluationDatasetText {
    pub const ALL: [Self; 3] = [Self::Name, Self::CreatedBy, Self::LastUpdatedBy];

    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::CreatedBy => "created_by",
            Self::LastUpdatedBy => "last_updated_by",
        }
    }
}

impl EvaluationDatasetTime {
    pub const ALL: [Self; 2] = [Self::Created, Self::LastUpdate];

    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created_time",
            Self::LastUpdate => "last_update_time",
        }
    }
}

impl EvaluationDatasetOrderKey {
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Time(time) => time.name(),
        }
    }
}

impl fmt::Display for EvaluationDatasetPredicate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { attribute, comparison } => write!(formatter, "{} {comparison}", attribute.name()),
            Self::Time { attribute, comparison } => write!(formatter, "{} {comparison}", attribute.name()),
            Self::Tag { key, comparison } => write!(formatter, "tags.{} {comparison}", Key(key)),
        }
    }
}

impl fmt::Display for EvaluationDatasetOrderKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, canonical: &str) {
        let filter = parse_filter(text).expect(text);
        let written: Vec<String> = filter.predicates().iter().map(ToString::to_string).collect();
        assert_eq!(written.join(" AND "), canonical, "{text}");
    }

    #[test]
    fn filters_are_read() {
        check("name = 'ds'", "name = 'ds'");
        check(
            "name IN ('a', 'b') AND created_by LIKE 'x%'",
            "name IN ('a', 'b') AND created_by LIKE 'x%'",
        );
        check(
            "created_time >= 5 AND tags.k != 'v'",
            "created_time >= 5 AND tags.`k` != 'v'",
        );
    }

    #[test]
    fn what_mlflow_refuses_is_refused_in_its_words() {
        for (text, part) in [
            ("name NOT IN ('ds')", "only supported with the IN comparator"),
            ("created_by IN ('a')", "Only ['name'] attributes"),
            ("attributes.name = 'a'", "Invalid identifier token 'attributes'"),
            ("tag.k = 'a'", "Invalid identifier token 'tag'"),
            ("dataset_id = 'x'", "Invalid attribute key 'dataset_id'"),
            (
                "created_time > 1.5",
                "Invalid value for numeric attribute 'created_time'",
            ),
            ("created_time = '5'", "Expected numeric value type"),
            ("name = ds", "not quoted"),
            ("tags.k IS NULL", "IS NULL"),
            ("name", "Invalid clause(s)"),
        ] {
            let error = parse_filter(text).expect_err(text);
            assert!(error.message().contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn orders_are_by_name_and_times() {
        assert_eq!(parse_order_by(&["name DESC", "name"]).map(|orders| orders.len()), Ok(1));
        for entry in ["created_by", "tags.k", "attributes.name", "name SIDEWAYS"] {
            assert!(parse_order_by(&[entry]).is_err(), "{entry}");
        }
    }
}
