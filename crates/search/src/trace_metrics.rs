//! The filters of trace metrics: one `=` comparison each, on the trace, its spans or its assessments.

use crate::SearchError;
use crate::clause::{Clause, Test, quoted_value};
use crate::error::excerpt;
use crate::grammar::parse_clauses;
use crate::identifier::without_back_ticks;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceMetricsFilter {
    pub field: TraceMetricsField,
    pub value: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TraceMetricsField {
    TraceStatus,
    TraceTag(String),
    TraceMetadata(String),
    SpanName,
    SpanStatus,
    SpanType,
    AssessmentName,
    AssessmentType,
}

pub fn parse_filter(text: &str) -> Result<TraceMetricsFilter, SearchError> {
    let clauses = parse_clauses(text)?;
    match clauses.as_slice() {
        [clause] => interpret(clause),
        _ => Err(SearchError::new(format!(
            "Invalid filter: '{}'. Expected one filter clause.",
            excerpt(text)
        ))),
    }
}

fn interpret(clause: &Clause<'_>) -> Result<TraceMetricsFilter, SearchError> {
    let written = clause.identifier.written();
    let mut parts = written.splitn(3, '.');
    let (view, entity, key) = match (parts.next(), parts.next(), parts.next()) {
        (Some(view), Some(entity), key) => (without_back_ticks(view), entity, key.map(unquoted)),
        _ => {
            return Err(SearchError::new(format!(
                "Invalid identifier '{}'. Columns should be specified as 'trace.<key>', 'span.<key>', 'assessment.<key>'.",
                excerpt(written)
            )));
        }
    };
    let field = field(view, entity, key)?;
    match &clause.test {
        Test::Compare { comparator, operand } if comparator == "=" => Ok(TraceMetricsFilter {
            field,
            value: quoted_value(operand, &format!("{entity} value"))?.to_owned(),
        }),
        test => Err(SearchError::new(format!(
            "Invalid comparator: '{}', only '=' operator is supported",
            excerpt(test.comparator())
        ))),
    }
}

fn field(view: &str, entity: &str, key: Option<&str>) -> Result<TraceMetricsField, SearchError> {
    let entities: &[&str] = match view {
        "trace" => &["status", "tag", "metadata"],
        "span" => &["name", "status", "type"],
        "assessment" => &["name", "type"],
        other => {
            return Err(SearchError::new(format!(
                "Invalid view type '{}'. Valid values are dict_keys(['trace', 'span', 'assessment'])",
                excerpt(other)
            )));
        }
    };
    let field = match (view, entity, key) {
        ("trace", "tag", Some(key)) => return Ok(TraceMetricsField::TraceTag(key.to_owned())),
        ("trace", "metadata", Some(key)) => return Ok(TraceMetricsField::TraceMetadata(key.to_owned())),
        ("trace", "tag" | "metadata", None) => {
            return Err(SearchError::new(format!(
                "Filtering by {entity} requires a key, e.g. '{view}.{entity}.<key> = <value>'"
            )));
        }
        ("trace", "status", _) => TraceMetricsField::TraceStatus,
        ("span", "name", _) => TraceMetricsField::SpanName,
        ("span", "status", _) => TraceMetricsField::SpanStatus,
        ("span", "type", _) => TraceMetricsField::SpanType,
        ("assessment", "name", _) => TraceMetricsField::AssessmentName,
        ("assessment", "type", _) => TraceMetricsField::AssessmentType,
        _ => {
            let names: Vec<String> = entities.iter().map(|name| format!("'{name}'")).collect();
            return Err(SearchError::new(format!(
                "Invalid entity '{}' specified for view type '{view}'. Valid entities are [{}]",
                excerpt(entity),
                names.join(", ")
            )));
        }
    };
    if key.is_some() {
        return Err(SearchError::new(format!(
            "Filtering by {entity} does not require a key, use '{view}.{entity}' instead"
        )));
    }
    Ok(field)
}

fn unquoted(key: &str) -> &str {
    let strip = |quote: char| key.strip_prefix(quote)?.strip_suffix(quote);
    without_back_ticks(strip('"').or_else(|| strip('\'')).unwrap_or(key))
}
