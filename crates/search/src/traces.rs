//! Searching traces.
//!
//! Besides the trace's own record a filter may ask about its spans, its assessments, and the runs, prompts and issues it
//! is linked to.

use std::fmt;

use crate::clause::{Clause, Operand, Test};
use crate::error::{excerpt, invalid_attribute, invalid_comparator};
use crate::identifier::{Identifier, without_back_ticks};
use crate::order_by::{Duplicates, parse_entries};
use crate::quote::{Key, Value};
use crate::{Filter, Number, NumberComparison, NumberOperator, Order, SearchError, TextComparison};

/// The tag that holds a trace's name.
pub const NAME_TAG: &str = "mlflow.traceName";
/// The tag that stands for the prompts a trace is linked to.
pub const LINKED_PROMPTS_TAG: &str = "mlflow.linkedPrompts";
/// The metadata that holds the run a trace was logged in.
pub const SOURCE_RUN_METADATA: &str = "mlflow.sourceRun";

#[derive(Debug, Clone, PartialEq)]
pub enum TracePredicate {
    Text {
        attribute: TraceTextAttribute,
        comparison: TextComparison,
    },
    Time {
        attribute: TraceTimeAttribute,
        comparison: NumberComparison<Number>,
    },
    Tag {
        key: String,
        comparison: TextComparison,
    },
    Metadata {
        key: String,
        comparison: TextComparison,
    },
    /// Logged in the run, or linked to it later.
    Run(String),
    /// Linked to this version of a prompt.
    Prompt {
        name: String,
        version: String,
    },
    /// Of all such predicates in a filter one span must pass each.
    Span {
        field: SpanField,
        comparison: TextComparison,
    },
    /// True when any valid assessment of the name passes.
    Assessment {
        kind: AssessmentKind,
        name: String,
        comparison: AssessmentComparison,
    },
    /// Linked to the issue.
    Issue(String),
}

#[derive(Debug, Clone, PartialEq)]
pub enum AssessmentComparison {
    /// On the value as text; numbers and booleans as JSON writes them.
    Text(TextComparison),
    /// On values that are numbers.
    Number(NumberComparison<Number>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TraceOrderKey {
    Text(TraceTextAttribute),
    Time(TraceTimeAttribute),
    ExperimentId,
    Tag(String),
    Metadata(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraceTextAttribute {
    TraceId,
    Status,
    ClientRequestId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraceTimeAttribute {
    Timestamp,
    ExecutionTime,
    /// The two before it, added up.
    EndTime,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpanField {
    Name,
    Type,
    Status,
    /// Anything in the span.
    Content,
    Attribute(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssessmentKind {
    Feedback,
    Expectation,
}

pub fn parse_filter(text: &str) -> Result<Filter<TracePredicate>, SearchError> {
    Filter::parse(text, interpret)
}

pub fn parse_order_by(entries: &[impl AsRef<str>]) -> Result<Vec<Order<TraceOrderKey>>, SearchError> {
    parse_entries(entries, Duplicates::Refused, |identifier| {
        match Subject::of(identifier, ORDER_ATTRIBUTES)? {
            Subject::Text(attribute) => Ok(TraceOrderKey::Text(attribute)),
            Subject::Time(attribute) => Ok(TraceOrderKey::Time(attribute)),
            Subject::ExperimentId => Ok(TraceOrderKey::ExperimentId),
            Subject::Tag(key) => Ok(TraceOrderKey::Tag(key.to_owned())),
            Subject::Metadata(key) => Ok(TraceOrderKey::Metadata(key.to_owned())),
            Subject::Span(_) => Err(not_an_order("span")),
            Subject::Assessment(kind, _) => Err(not_an_order(kind.name())),
            Subject::Issue => Err(not_an_order("issue")),
        }
    })
}

fn not_an_order(kind: &str) -> SearchError {
    SearchError::new(format!("Invalid identifier type '{kind}'"))
}

const FILTER_ATTRIBUTES: &[&str] = &[
    "request_id",
    "timestamp",
    "timestamp_ms",
    "execution_time",
    "execution_time_ms",
    "end_time",
    "end_time_ms",
    "status",
    "client_request_id",
    "name",
    "run_id",
    "prompt",
    "text",
];

const ORDER_ATTRIBUTES: &[&str] = &[
    "experiment_id",
    "timestamp",
    "timestamp_ms",
    "execution_time",
    "execution_time_ms",
    "end_time",
    "end_time_ms",
    "status",
    "request_id",
    "name",
    "run_id",
];

/// What a left side names.
enum Subject<'a> {
    Text(TraceTextAttribute),
    Time(TraceTimeAttribute),
    ExperimentId,
    Tag(&'a str),
    Metadata(&'a str),
    Span(SpanField),
    Assessment(AssessmentKind, &'a str),
    Issue,
}

impl<'a> Subject<'a> {
    fn of(identifier: Identifier<'a>, attributes: &[&'static str]) -> Result<Self, SearchError> {
        let key = identifier.key();
        match identifier.entity().map(without_back_ticks) {
            None | Some("attribute" | "attributes" | "trace") => Self::of_attribute(key, attributes),
            Some("tag" | "tags") => Ok(Self::Tag(key)),
            Some("metadata" | "request_metadata") => Ok(Self::Metadata(key)),
            Some("span") => span_field(key).map(Self::Span),
            Some("feedback") => Ok(Self::Assessment(AssessmentKind::Feedback, key)),
            Some("expectation") => Ok(Self::Assessment(AssessmentKind::Expectation, key)),
            Some("issue") if key == "id" => Ok(Self::Issue),
            Some("issue") => Err(SearchError::new(format!(
                "Invalid issue attribute '{}'. Supported attributes: id",
                excerpt(key)
            ))),
            Some(other) => Err(SearchError::new(format!(
                "Invalid entity type '{}'. Valid values are {{'attribute', 'attributes', 'trace', 'tag', 'tags', \
                 'metadata', 'request_metadata', 'span', 'feedback', 'expectation', 'issue'}}",
                excerpt(other)
            ))),
        }
    }

    fn of_attribute(key: &str, valid: &[&'static str]) -> Result<Self, SearchError> {
        if !valid.contains(&key) {
            return Err(invalid_attribute(key, valid.iter().copied()));
        }
        Ok(match key {
            "request_id" => Self::Text(TraceTextAttribute::TraceId),
            "status" => Self::Text(TraceTextAttribute::Status),
            "client_request_id" => Self::Text(TraceTextAttribute::ClientRequestId),
            "timestamp" | "timestamp_ms" => Self::Time(TraceTimeAttribute::Timestamp),
            "execution_time" | "execution_time_ms" => Self::Time(TraceTimeAttribute::ExecutionTime),
            "end_time" | "end_time_ms" => Self::Time(TraceTimeAttribute::EndTime),
            "experiment_id" => Self::ExperimentId,
            "name" => Self::Tag(NAME_TAG),
            "run_id" => Self::Metadata(SOURCE_RUN_METADATA),
            "prompt" => Self::Tag(LINKED_PROMPTS_TAG),
            // "text", the last one in the list.
            _ => Self::Span(SpanField::Content),
        })
    }
}

fn span_field(key: &str) -> Result<SpanField, SearchError> {
    Ok(match key {
        "name" => SpanField::Name,
        "type" => SpanField::Type,
        "status" => SpanField::Status,
        "content" => SpanField::Content,
        _ => match key.strip_prefix("attributes.").map(without_back_ticks) {
            Some("") => {
                return Err(SearchError::new(
                    "Span attribute name cannot be empty after 'attributes.'",
                ));
            }
            Some(name) => SpanField::Attribute(name.to_owned()),
            None => {
                return Err(SearchError::new(format!(
                    "Invalid span attribute '{}'. Supported attributes: name, status, type, attributes.<attribute_name>.",
                    excerpt(key)
                )));
            }
        },
    })
}

fn interpret(clause: &Clause<'_>) -> Result<TracePredicate, SearchError> {
    Ok(match Subject::of(clause.identifier, FILTER_ATTRIBUTES)? {
        Subject::Text(attribute) => TracePredicate::Text {
            attribute,
            comparison: text_comparison(
                clause,
                "attributes",
                Beyond {
                    lists: true,
                    null: false,
                },
            )?,
        },
        Subject::Time(attribute) => TracePredicate::Time {
            attribute,
            comparison: time_comparison(clause, attribute)?,
        },
        Subject::Tag(LINKED_PROMPTS_TAG) => prompt(clause)?,
        Subject::Tag(key) => TracePredicate::Tag {
            key: key.to_owned(),
            comparison: text_comparison(
                clause,
                "tag",
                Beyond {
                    lists: key == NAME_TAG,
                    null: true,
                },
            )?,
        },
        Subject::Metadata(key) => {
            let run = key == SOURCE_RUN_METADATA;
            match text_comparison(clause, "request_metadata", Beyond { lists: run, null: true })? {
                TextComparison::Equal(run_id) if run => TracePredicate::Run(run_id),
                comparison => TracePredicate::Metadata {
                    key: key.to_owned(),
                    comparison,
                },
            }
        }
        Subject::Span(field) => span(clause, field)?,
        Subject::Assessment(_, "") => return Err(SearchError::new("Assessment field name cannot be empty")),
        Subject::Assessment(kind, name) => TracePredicate::Assessment {
            kind,
            name: name.to_owned(),
            comparison: assessment_comparison(clause, kind)?,
        },
        Subject::Issue => match text_comparison(
            clause,
            "issue",
            Beyond {
                lists: false,
                null: false,
            },
        )? {
            TextComparison::Equal(id) => TracePredicate::Issue(id),
            _ => return Err(wrong_comparator("issue.id", clause, ["="])),
        },
        Subject::ExperimentId => {
            return Err(invalid_attribute("experiment_id", FILTER_ATTRIBUTES.iter().copied()));
        }
    })
}

fn prompt(clause: &Clause<'_>) -> Result<TracePredicate, SearchError> {
    let TextComparison::Equal(value) = text_comparison(
        clause,
        "tag",
        Beyond {
            lists: false,
            null: true,
        },
    )?
    else {
        return Err(SearchError::new(format!(
            "Invalid comparator '{}' for prompts filter. Only '=' is supported with format: prompt = \"name/version\"",
            excerpt(clause.test.comparator())
        )));
    };
    match value.split_once('/') {
        Some((name, version)) if !version.contains('/') => Ok(TracePredicate::Prompt {
            name: name.to_owned(),
            version: version.to_owned(),
        }),
        _ => Err(SearchError::new(format!(
            "Invalid prompts filter value '{}'. Expected format: prompt = \"name/version\"",
            excerpt(&value)
        ))),
    }
}

fn span(clause: &Clause<'_>, field: SpanField) -> Result<TracePredicate, SearchError> {
    let content = field == SpanField::Content;
    let comparison = text_comparison(
        clause,
        "span",
        Beyond {
            lists: !content,
            null: false,
        },
    )?;
    if content && !matches!(comparison, TextComparison::Like(_) | TextComparison::ILike(_)) {
        return Err(wrong_comparator("span.content", clause, ["LIKE", "ILIKE"]));
    }
    Ok(TracePredicate::Span { field, comparison })
}

fn wrong_comparator<const N: usize>(left: &str, clause: &Clause<'_>, valid: [&str; N]) -> SearchError {
    SearchError::new(format!(
        "{left} comparator '{}' not one of '{}'",
        excerpt(clause.test.comparator()),
        crate::error::name_set(valid)
    ))
}

/// What a left side may be compared with besides `=`, `!=`, `LIKE`, `ILIKE` and `RLIKE`.
#[derive(Clone, Copy)]
struct Beyond {
    lists: bool,
    null: bool,
}

fn text_comparison(clause: &Clause<'_>, subject: &str, beyond: Beyond) -> Result<TextComparison, SearchError> {
    match &clause.test {
        Test::Compare { comparator, operand } if comparator == "RLIKE" => {
            crate::clause::quoted_value(operand, subject).map(|pattern| TextComparison::RLike(pattern.to_owned()))
        }
        Test::List { .. } if !beyond.lists => Err(refused(clause, beyond)),
        Test::Null { .. } if !beyond.null => Err(refused(clause, beyond)),
        Test::Compare { comparator, operand } => {
            let value = crate::clause::quoted_value(operand, subject)?;
            crate::clause::compare_text(comparator, value).ok_or_else(|| refused(clause, beyond))
        }
        Test::List { negated, values } => Ok(crate::clause::compare_list(*negated, values.clone())),
        Test::Null { negated: false } => Ok(TextComparison::IsNull),
        Test::Null { negated: true } => Ok(TextComparison::IsNotNull),
    }
}

fn refused(clause: &Clause<'_>, beyond: Beyond) -> SearchError {
    let mut valid = vec!["!=", "=", "LIKE", "ILIKE", "RLIKE"];
    if beyond.lists {
        valid.extend(["IN", "NOT IN"]);
    }
    if beyond.null {
        valid.extend(["IS NULL", "IS NOT NULL"]);
    }
    invalid_comparator(clause.test.comparator(), valid)
}

/// A number, which may stand in quotes here.
fn time_comparison(
    clause: &Clause<'_>,
    attribute: TraceTimeAttribute,
) -> Result<NumberComparison<Number>, SearchError> {
    if let Test::Compare {
        comparator,
        operand: Operand::Quoted(text),
    } = &clause.test
        && let Some(operator) = NumberOperator::from_symbol(comparator)
        && let Ok(value) = text.trim().parse()
    {
        let value = Number::Integer(value);
        return Ok(NumberComparison { operator, value });
    }
    clause.number_comparison(attribute.name())
}

fn assessment_comparison(clause: &Clause<'_>, kind: AssessmentKind) -> Result<AssessmentComparison, SearchError> {
    if let Test::Compare { comparator, .. } = &clause.test
        && matches!(comparator.as_str(), "<" | "<=" | ">" | ">=")
    {
        return clause.number_comparison(kind.name()).map(AssessmentComparison::Number);
    }
    text_comparison(
        clause,
        kind.name(),
        Beyond {
            lists: false,
            null: true,
        },
    )
    .map(AssessmentComparison::Text)
}

impl TraceTextAttribute {
    pub const ALL: [Self; 3] = [Self::TraceId, Self::Status, Self::ClientRequestId];

    pub fn name(self) -> &'static str {
        match self {
            Self::TraceId => "request_id",
            Self::Status => "status",
            Self::ClientRequestId => "client_request_id",
        }
    }
}

impl TraceTimeAttribute {
    pub const ALL: [Self; 3] = [Self::Timestamp, Self::ExecutionTime, Self::EndTime];

    pub fn name(self) -> &'static str {
        match self {
            Self::Timestamp => "timestamp_ms",
            Self::ExecutionTime => "execution_time_ms",
            Self::EndTime => "end_time_ms",
        }
    }
}

impl AssessmentKind {
    pub const ALL: [Self; 2] = [Self::Feedback, Self::Expectation];

    pub fn name(self) -> &'static str {
        match self {
            Self::Feedback => "feedback",
            Self::Expectation => "expectation",
        }
    }
}

impl fmt::Display for SpanField {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => formatter.write_str("span.name"),
            Self::Type => formatter.write_str("span.type"),
            Self::Status => formatter.write_str("span.status"),
            Self::Content => formatter.write_str("span.content"),
            Self::Attribute(name) => write!(formatter, "span.attributes.{}", Key(name)),
        }
    }
}

impl fmt::Display for TracePredicate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { attribute, comparison } => write!(formatter, "attributes.{} {comparison}", attribute.name()),
            Self::Time { attribute, comparison } => write!(formatter, "attributes.{} {comparison}", attribute.name()),
            Self::Tag { key, comparison } => write!(formatter, "tags.{} {comparison}", Key(key)),
            Self::Metadata { key, comparison } => write!(formatter, "metadata.{} {comparison}", Key(key)),
            Self::Run(run_id) => write!(formatter, "attributes.run_id = {}", Value(run_id)),
            Self::Prompt { name, version } => {
                write!(formatter, "attributes.prompt = {}", Value(&format!("{name}/{version}")))
            }
            Self::Span { field, comparison } => write!(formatter, "{field} {comparison}"),
            Self::Assessment { kind, name, comparison } => match comparison {
                AssessmentComparison::Text(comparison) => {
                    write!(formatter, "{}.{} {comparison}", kind.name(), Key(name))
                }
                AssessmentComparison::Number(comparison) => {
                    write!(formatter, "{}.{} {comparison}", kind.name(), Key(name))
                }
            },
            Self::Issue(id) => write!(formatter, "issue.id = {}", Value(id)),
        }
    }
}

impl fmt::Display for TraceOrderKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(attribute) => write!(formatter, "attributes.{}", attribute.name()),
            Self::Time(attribute) => write!(formatter, "attributes.{}", attribute.name()),
            Self::ExperimentId => formatter.write_str("attributes.experiment_id"),
            Self::Tag(key) => write!(formatter, "tags.{}", Key(key)),
            Self::Metadata(key) => write!(formatter, "metadata.{}", Key(key)),
        }
    }
}
