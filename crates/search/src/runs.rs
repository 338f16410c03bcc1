//! Searching runs.

use std::fmt;

use crate::clause::{Beyond, Clause, Test};
use crate::error::{excerpt, invalid_attribute, name_set};
use crate::identifier::{Identifier, without_back_ticks};
use crate::order_by::{Duplicates, parse_entries};
use crate::quote::Key;
use crate::{Filter, Number, NumberComparison, Order, SearchError, TextComparison};

#[derive(Debug, Clone, PartialEq)]
pub enum RunPredicate {
    Text {
        attribute: RunTextAttribute,
        comparison: TextComparison,
    },
    Time {
        attribute: RunTimeAttribute,
        comparison: NumberComparison<Number>,
    },
    /// On the latest value of the metric.
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
    /// True when any input dataset passes.
    Dataset {
        field: DatasetField,
        comparison: TextComparison,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunOrderKey {
    Text(RunTextAttribute),
    Time(RunTimeAttribute),
    Metric(String),
    Param(String),
    Tag(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunTextAttribute {
    RunId,
    RunName,
    Status,
    ArtifactUri,
    UserId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunTimeAttribute {
    StartTime,
    EndTime,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatasetField {
    Name,
    Digest,
    /// The input's tag `mlflow.data.context`.
    Context,
}

pub fn parse_filter(text: &str) -> Result<Filter<RunPredicate>, SearchError> {
    Filter::parse(text, interpret)
}

pub fn parse_order_by(entries: &[impl AsRef<str>]) -> Result<Vec<Order<RunOrderKey>>, SearchError> {
    parse_entries(entries, Duplicates::Refused, |identifier| {
        match Subject::of(identifier)? {
            Subject::Text(attribute) => Ok(RunOrderKey::Text(attribute)),
            Subject::Time(attribute) => Ok(RunOrderKey::Time(attribute)),
            Subject::Metric(key) => Ok(RunOrderKey::Metric(key.to_owned())),
            Subject::Param(key) => Ok(RunOrderKey::Param(key.to_owned())),
            Subject::Tag(key) => Ok(RunOrderKey::Tag(key.to_owned())),
            Subject::Dataset(_) => Err(SearchError::new(
                "Invalid identifier type 'dataset': runs cannot be ordered by it",
            )),
        }
    })
}

/// What a left side names.
enum Subject<'a> {
    Text(RunTextAttribute),
    Time(RunTimeAttribute),
    Metric(&'a str),
    Param(&'a str),
    Tag(&'a str),
    Dataset(DatasetField),
}

impl<'a> Subject<'a> {
    fn of(identifier: Identifier<'a>) -> Result<Self, SearchError> {
        let key = identifier.key();
        match identifier.entity().map(without_back_ticks) {
            None | Some("attribute" | "attributes" | "attr" | "run") => Self::of_attribute(key),
            Some("metric" | "metrics") => Ok(Self::Metric(key)),
            Some("parameter" | "parameters" | "param" | "params") => Ok(Self::Param(key)),
            Some("tag" | "tags") => Ok(Self::Tag(key)),
            Some("dataset" | "datasets") => Self::of_dataset_field(key),
            Some(other) => Err(SearchError::new(format!(
                "Invalid entity type '{}'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']",
                excerpt(other)
            ))),
        }
    }

    fn of_attribute(key: &str) -> Result<Self, SearchError> {
        let key = match key {
            "created" | "Created" => "start_time",
            "run name" | "Run name" | "Run Name" => "run_name",
            other => other,
        };
        let text = RunTextAttribute::ALL
            .into_iter()
            .find(|attribute| attribute.name() == key)
            .map(Self::Text);
        let time = || {
            RunTimeAttribute::ALL
                .into_iter()
                .find(|attribute| attribute.name() == key)
                .map(Self::Time)
        };
        text.or_else(time).ok_or_else(|| {
            let names = RunTextAttribute::ALL.into_iter().map(RunTextAttribute::name);
            invalid_attribute(
                key,
                names.chain(RunTimeAttribute::ALL.into_iter().map(RunTimeAttribute::name)),
            )
        })
    }

    fn of_dataset_field(key: &str) -> Result<Self, SearchError> {
        DatasetField::ALL
            .into_iter()
            .find(|field| field.name() == key)
            .map(Self::Dataset)
            .ok_or_else(|| {
                let valid = name_set(DatasetField::ALL.into_iter().map(DatasetField::name));
                SearchError::new(format!(
                    "Invalid dataset key '{}' specified. Valid keys are '{valid}'",
                    excerpt(key)
                ))
            })
    }
}

fn interpret(clause: &Clause<'_>) -> Result<RunPredicate, SearchError> {
    let subject = Subject::of(clause.identifier)?;
    refuse_null_test(clause, &subject)?;
    Ok(match subject {
        Subject::Text(attribute) => {
            refuse_list(clause, attribute)?;
            let comparison = clause.text_comparison("attributes", Beyond::Lists)?;
            RunPredicate::Text { attribute, comparison }
        }
        Subject::Time(attribute) => RunPredicate::Time {
            attribute,
            comparison: clause.number_comparison(attribute.name())?,
        },
        Subject::Metric(key) => RunPredicate::Metric {
            key: key.to_owned(),
            comparison: clause.metric_comparison()?,
        },
        Subject::Param(key) => {
            let comparison = clause.text_comparison("parameter", Beyond::Null)?;
            RunPredicate::Param {
                key: key.to_owned(),
                comparison,
            }
        }
        Subject::Tag(key) => RunPredicate::Tag {
            key: key.to_owned(),
            comparison: clause.text_comparison("tag", Beyond::Null)?,
        },
        Subject::Dataset(field) => {
            let comparison = clause.text_comparison("dataset attributes", Beyond::Lists)?;
            RunPredicate::Dataset { field, comparison }
        }
    })
}

fn refuse_null_test(clause: &Clause<'_>, subject: &Subject<'_>) -> Result<(), SearchError> {
    if !matches!(clause.test, Test::Null { .. }) || matches!(subject, Subject::Param(_) | Subject::Tag(_)) {
        return Ok(());
    }
    let left = excerpt(clause.identifier.written());
    Err(SearchError::new(format!(
        "IS NULL / IS NOT NULL is only supported for tags and params, not for '{left}'"
    )))
}

fn refuse_list(clause: &Clause<'_>, attribute: RunTextAttribute) -> Result<(), SearchError> {
    if matches!(clause.test, Test::List { .. }) && attribute != RunTextAttribute::RunId {
        return Err(SearchError::new(
            "Only ['run_id'] attributes support comparison with a list of quoted string values.",
        ));
    }
    Ok(())
}

impl RunTextAttribute {
    pub const ALL: [Self; 5] = [
        Self::RunId,
        Self::RunName,
        Self::Status,
        Self::ArtifactUri,
        Self::UserId,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::RunId => "run_id",
            Self::RunName => "run_name",
            Self::Status => "status",
            Self::ArtifactUri => "artifact_uri",
            Self::UserId => "user_id",
        }
    }
}

impl RunTimeAttribute {
    pub const ALL: [Self; 2] = [Self::StartTime, Self::EndTime];

    pub fn name(self) -> &'static str {
        match self {
            Self::StartTime => "start_time",
            Self::EndTime => "end_time",
        }
    }
}

impl DatasetField {
    pub const ALL: [Self; 3] = [Self::Name, Self::Digest, Self::Context];

    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Digest => "digest",
            Self::Context => "context",
        }
    }
}

impl fmt::Display for RunPredicate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { attribute, comparison } => write!(formatter, "attributes.{} {comparison}", attribute.name()),
            Self::Time { attribute, comparison } => write!(formatter, "attributes.{} {comparison}", attribute.name()),
            Self::Metric { key, comparison } => write!(formatter, "metrics.{} {comparison}", Key(key)),
            Self::Param { key, comparison } => write!(formatter, "params.{} {comparison}", Key(key)),
            Self::Tag { key, comparison } => write!(formatter, "tags.{} {comparison}", Key(key)),
            Self::Dataset { field, comparison } => write!(formatter, "datasets.{} {comparison}", field.name()),
        }
    }
}

impl fmt::Display for RunOrderKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(attribute) => write!(formatter, "attributes.{}", attribute.name()),
            Self::Time(attribute) => write!(formatter, "attributes.{}", attribute.name()),
            Self::Metric(key) => write!(formatter, "metrics.{}", Key(key)),
            Self::Param(key) => write!(formatter, "params.{}", Key(key)),
            Self::Tag(key) => write!(formatter, "tags.{}", Key(key)),
        }
    }
}
