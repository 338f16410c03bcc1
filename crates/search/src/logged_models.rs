//! Searching logged models.
//!
//! MLflow has a second, looser parser for these: entity names are plural only, and a text value may stand without
//! quotes. Order comes as objects and not as text.

use std::fmt;

use crate::clause::{Beyond, Clause, Operand, Test, compare_list, compare_text, text_comparators};
use crate::error::{excerpt, invalid_attribute};
use crate::identifier::Identifier;
use crate::order_by::refuse_too_many;
use crate::quote::Key;
use crate::{Direction, Filter, Number, NumberComparison, Order, SearchError, TextComparison};

#[derive(Debug, Clone, PartialEq)]
pub enum LoggedModelPredicate {
    Text {
        attribute: LoggedModelTextAttribute,
        comparison: TextComparison,
    },
    Time {
        attribute: LoggedModelTimeAttribute,
        comparison: NumberComparison<Number>,
    },
    /// True when any logged value passes, not only the latest.
    Metric {
        key: String,
        comparison: NumberComparison<f64>,
    },
    Param {
        key: String,
        comparison: TextComparison,
    },
    Tag {
        key: String,
        comparison: TextComparison,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoggedModelOrderKey {
    Text(LoggedModelTextAttribute),
    Time(LoggedModelTimeAttribute),
    /// By the latest value, of those logged on the dataset when one is named.
    Metric {
        key: String,
        dataset_name: Option<String>,
        dataset_digest: Option<String>,
    },
}

/// One order entry as the request carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoggedModelOrderEntry<'a> {
    pub field_name: &'a str,
    pub ascending: bool,
    pub dataset_name: Option<&'a str>,
    pub dataset_digest: Option<&'a str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoggedModelTextAttribute {
    ModelId,
    Name,
    ModelType,
    SourceRunId,
    Status,
    StatusMessage,
    ExperimentId,
    ArtifactLocation,
    LifecycleStage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoggedModelTimeAttribute {
    Created,
    LastUpdated,
}

pub fn parse_filter(text: &str) -> Result<Filter<LoggedModelPredicate>, SearchError> {
    Filter::parse(text, interpret)
}

/// A key that comes up again is dropped: MLflow lets it pass and it cannot sort anything.
pub fn parse_order_by(entries: &[LoggedModelOrderEntry<'_>]) -> Result<Vec<Order<LoggedModelOrderKey>>, SearchError> {
    refuse_too_many(entries.len())?;
    let mut orders: Vec<Order<LoggedModelOrderKey>> = Vec::with_capacity(entries.len());
    for entry in entries {
        let key = order_key(entry)?;
        if orders.iter().all(|order| order.key != key) {
            let direction = if entry.ascending {
                Direction::Ascending
            } else {
                Direction::Descending
            };
            orders.push(Order { key, direction });
        }
    }
    Ok(orders)
}

fn order_key(entry: &LoggedModelOrderEntry<'_>) -> Result<LoggedModelOrderKey, SearchError> {
    let given = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    match entry.field_name.split_once('.') {
        Some(("metrics", key)) => Ok(LoggedModelOrderKey::Metric {
            key: key.to_owned(),
            dataset_name: given(entry.dataset_name),
            dataset_digest: given(entry.dataset_digest),
        }),
        Some(_) => Err(SearchError::new(format!(
            "Invalid order by field name: {}. Only metrics are supported.",
            excerpt(entry.field_name)
        ))),
        None => match Subject::of_attribute(entry.field_name.trim())? {
            Subject::Text(attribute) => Ok(LoggedModelOrderKey::Text(attribute)),
            Subject::Time(attribute) => Ok(LoggedModelOrderKey::Time(attribute)),
            _ => Err(SearchError::new(format!(
                "Invalid order by field name: {}.",
                excerpt(entry.field_name)
            ))),
        },
    }
}

/// What a left side names.
enum Subject<'a> {
    Text(LoggedModelTextAttribute),
    Time(LoggedModelTimeAttribute),
    Metric(&'a str),
    Param(&'a str),
    Tag(&'a str),
}

impl<'a> Subject<'a> {
    fn of(identifier: Identifier<'a>) -> Result<Self, SearchError> {
        let key = identifier.key();
        match identifier.entity() {
            None | Some("attributes") => Self::of_attribute(key),
            Some("metrics") => Ok(Self::Metric(key)),
            Some("params") => Ok(Self::Param(key)),
            Some("tags") => Ok(Self::Tag(key)),
            Some(other) => Err(SearchError::new(format!(
                "Invalid entity type: '{}'. Expected one of ['attributes', 'metrics', 'params', 'tags'].",
                excerpt(other)
            ))),
        }
    }

    fn of_attribute(key: &str) -> Result<Self, SearchError> {
        let key = match key {
            "creation_time" | "creation_timestamp_ms" => "creation_timestamp",
            "last_updated_time" | "last_updated_timestamp_ms" => "last_updated_timestamp",
            other => other,
        };
        let texts = LoggedModelTextAttribute::ALL;
        let times = LoggedModelTimeAttribute::ALL;
        let text = texts
            .into_iter()
            .find(|attribute| attribute.name() == key)
            .map(Self::Text);
        let time = || {
            times
                .into_iter()
                .find(|attribute| attribute.name() == key)
                .map(Self::Time)
        };
        text.or_else(time).ok_or_else(|| {
            let names = texts.into_iter().map(LoggedModelTextAttribute::name);
            invalid_attribute(key, names.chain(times.into_iter().map(LoggedModelTimeAttribute::name)))
        })
    }
}

fn interpret(clause: &Clause<'_>) -> Result<LoggedModelPredicate, SearchError> {
    Ok(match Subject::of(clause.identifier)? {
        Subject::Text(attribute) => LoggedModelPredicate::Text {
            attribute,
            comparison: text_comparison(clause)?,
        },
        Subject::Time(attribute) => LoggedModelPredicate::Time {
            attribute,
            comparison: clause.number_comparison(attribute.name())?,
        },
        Subject::Metric(key) => LoggedModelPredicate::Metric {
            key: key.to_owned(),
            comparison: clause.metric_comparison()?,
        },
        Subject::Param(key) => LoggedModelPredicate::Param {
            key: key.to_owned(),
            comparison: text_comparison(clause)?,
        },
        Subject::Tag(key) => LoggedModelPredicate::Tag {
            key: key.to_owned(),
            comparison: text_comparison(clause)?,
        },
    })
}

fn text_comparison(clause: &Clause<'_>) -> Result<TextComparison, SearchError> {
    let comparison = match &clause.test {
        Test::Compare {
            comparator,
            operand: Operand::Quoted(value) | Operand::Number(value) | Operand::Bare(value),
        } => compare_text(comparator, value),
        Test::List { negated, values } => Some(compare_list(*negated, values.clone())),
        Test::Compare {
            operand: Operand::List, ..
        }
        | Test::Null { .. } => None,
    };
    comparison.ok_or_else(|| {
        let expected: Vec<String> = text_comparators(Beyond::Lists)
            .map(|name| format!("'{name}'"))
            .collect();
        SearchError::new(format!(
            "Invalid comparison operator for {}: '{}'. Expected one of ({}).",
            excerpt(clause.identifier.written()),
            excerpt(clause.test.comparator()),
            expected.join(", ")
        ))
    })
}

impl LoggedModelTextAttribute {
    pub const ALL: [Self; 9] = [
        Self::ModelId,
        Self::Name,
        Self::ModelType,
        Self::SourceRunId,
        Self::Status,
        Self::StatusMessage,
        Self::ExperimentId,
        Self::ArtifactLocation,
        Self::LifecycleStage,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::ModelId => "model_id",
            Self::Name => "name",
            Self::ModelType => "model_type",
            Self::SourceRunId => "source_run_id",
            Self::Status => "status",
            Self::StatusMessage => "status_message",
            Self::ExperimentId => "experiment_id",
            Self::ArtifactLocation => "artifact_location",
            Self::LifecycleStage => "lifecycle_stage",
        }
    }
}

impl LoggedModelTimeAttribute {
    pub const ALL: [Self; 2] = [Self::Created, Self::LastUpdated];

    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "creation_timestamp",
            Self::LastUpdated => "last_updated_timestamp",
        }
    }
}

impl fmt::Display for LoggedModelPredicate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { attribute, comparison } => write!(formatter, "attributes.{} {comparison}", attribute.name()),
            Self::Time { attribute, comparison } => write!(formatter, "attributes.{} {comparison}", attribute.name()),
            Self::Metric { key, comparison } => write!(formatter, "metrics.{} {comparison}", Key(key)),
            Self::Param { key, comparison } => write!(formatter, "params.{} {comparison}", Key(key)),
            Self::Tag { key, comparison } => write!(formatter, "tags.{} {comparison}", Key(key)),
        }
    }
}
