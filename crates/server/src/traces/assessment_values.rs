//! An assessment's value: what it may be, and how it is stored and sent.
//!
//! On the wire a value is a `google.protobuf.Value`, whose numbers are doubles. It is stored as Python would write it,
//! because filters with LIKE and the dimensions of metrics show that text.

use super::validate::number_of;
use crate::{
    error::{ApiError, ErrorCode, Result, invalid},
    tracking::validate::{at_most, invalid_value},
};
use fettle_gateway::python_json;
use fettle_wire::{
    Missing,
    assessments::{
        AssessmentError, AssessmentInput, AssessmentValue, Expectation, ExpectationInput, FeedbackInput, SourceInput,
    },
};
use serde_json::Value;
use std::collections::BTreeMap;

/// Assessments are found by name, and an index has its bound.
const NAME_LENGTH: usize = 250;
const STACK_TRACE_LENGTH: usize = 10_000;
const STACK_TRACE_MARK: &str = "[Stack trace is truncated]\n...\n";
const SOURCE_TYPES: [&str; 4] = ["SOURCE_TYPE_UNSPECIFIED", "HUMAN", "LLM_JUDGE", "CODE"];
const JSON_FORMAT: &str = "JSON_FORMAT";
/// The piece of metadata that names the run an assessment was made in.
const SOURCE_RUN: &str = "mlflow.assessment.sourceRunId";

#[derive(Debug, Clone)]
pub struct NewAssessment {
    pub assessment_id: String,
    pub name: String,
    pub content: Content,
    pub source_type: &'static str,
    pub source_id: Option<String>,
    pub span_id: Option<String>,
    pub rationale: Option<String>,
    pub metadata: BTreeMap<String, String>,
    pub overrides: Option<String>,
    pub create_time: i64,
    pub last_update_time: i64,
}

impl NewAssessment {
    pub fn run_uuid(&self) -> Option<&str> {
        self.metadata.get(SOURCE_RUN).map(String::as_str)
    }
}

/// What an assessment says, as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    pub kind: Kind,
    /// JSON as Python writes it.
    pub value: String,
    pub error: Option<AssessmentError>,
    pub aggregate_value: Option<f64>,
    pub is_numeric: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Feedback,
    Expectation,
    Issue,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Feedback => "feedback",
            Self::Expectation => "expectation",
            Self::Issue => "issue",
        }
    }

    pub fn parse(name: &str) -> Self {
        match name {
            "expectation" => Self::Expectation,
            "issue" => Self::Issue,
            _ => Self::Feedback,
        }
    }
}

pub fn new(input: AssessmentInput, assessment_id: String, now_ms: i64) -> Result<NewAssessment> {
    let name = input.assessment_name.unwrap_or_default();
    at_most("assessment_name", &name, NAME_LENGTH)?;
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let time = |time: Option<fettle_wire::times::Timestamp>| time.map_or(now_ms, |time| time.0);
    let content = match (input.feedback, input.expectation, input.issue) {
        (Some(feedback), None, None) => feedback_content(feedback),
        (None, Some(expectation), None) => expectation_content(expectation)?,
        (None, None, Some(issue)) => {
            let issue_name = Value::String(issue.issue_name.unwrap_or_default());
            let value = Value::Object([("issue_name".to_owned(), issue_name)].into_iter().collect());
            content(Kind::Issue, &value, None)
        }
        (None, None, None) => return Err(invalid("Unknown assessment type: None")),
        _ => {
            return Err(invalid(
                "Exactly one of `expectation`, `feedback`, or `issue` should be specified.",
            ));
        }
    };
    let source = input.source.unwrap_or_default();
    Ok(NewAssessment {
        assessment_id,
        name,
        source_type: source_type(&source)?,
        source_id: given(source.source_id),
        span_id: given(input.span_id),
        rationale: given(input.rationale),
        metadata: input.metadata.unwrap_or_default(),
        overrides: given(input.overrides),
        create_time: time(input.create_time),
        last_update_time: time(input.last_update_time),
        content,
    })
}

/// One that comes with its trace. Without an id of its own it gets one made from what it says, so that a request sent
/// again adds nothing.
pub fn logged_with_trace(
    trace_id: &str,
    index: usize,
    mut input: AssessmentInput,
    now_ms: i64,
) -> Result<NewAssessment> {
    let given = input.assessment_id.take().filter(|id| !id.is_empty());
    let mut assessment = new(input, String::new(), now_ms)?;
    assessment.assessment_id = given.unwrap_or_else(|| id_of_content(trace_id, index, &assessment));
    Ok(assessment)
}

fn id_of_content(trace_id: &str, index: usize, assessment: &NewAssessment) -> String {
    let NewAssessment {
        name,
        content,
        metadata,
        ..
    } = assessment;
    let said = format!("{trace_id}\n{index}\n{name}\n{content:?}\n{metadata:?}");
    let digest = ring::digest::digest(&ring::digest::SHA256, said.as_bytes());
    let half = digest.as_ref().first_chunk().expect("a SHA-256 digest has 32 bytes");
    format!("a-{:032x}", u128::from_be_bytes(*half))
}

fn source_type(source: &SourceInput) -> Result<&'static str> {
    let Some(given) = &source.source_type else {
        return Ok(SOURCE_TYPES[0]);
    };
    number_of(given, &SOURCE_TYPES, 0)
        .map(|index| SOURCE_TYPES[index])
        .ok_or_else(|| invalid_value("source_type", &given.0, &format!("it must be one of {SOURCE_TYPES:?}.")))
}

pub fn feedback_content(feedback: FeedbackInput) -> Content {
    content(
        Kind::Feedback,
        &with_doubles(feedback.value),
        feedback.error.map(with_short_stack),
    )
}

pub fn expectation_content(expectation: ExpectationInput) -> Result<Content> {
    let value = match expectation.serialized_value {
        Some(serialized) => {
            let format = serialized.serialization_format.unwrap_or_default();
            if format != JSON_FORMAT {
                return Err(invalid(format!(
                    "Unknown serialization format: {format}. Only JSON_FORMAT is supported."
                )));
            }
            let text = serialized.value.unwrap_or_default();
            serde_json::from_str(&text)
                .map_err(|error| invalid(format!("The serialized value of the expectation is not JSON: {error}")))?
        }
        None => with_doubles(expectation.value),
    };
    if value.is_null() {
        return Err(invalid("The `value` field must be specified."));
    }
    Ok(content(Kind::Expectation, &value, None))
}

fn content(kind: Kind, value: &Value, error: Option<AssessmentError>) -> Content {
    let (aggregate_value, is_numeric) = aggregate(value);
    let mut text = String::new();
    python_json::value(&mut text, value);
    Content {
        kind,
        value: text,
        error,
        aggregate_value,
        is_numeric,
    }
}

/// What averages count, and whether it is a number itself.
fn aggregate(value: &Value) -> (Option<f64>, bool) {
    match value {
        Value::Bool(flag) => (Some(f64::from(*flag)), false),
        Value::Number(number) => (number.as_f64(), true),
        Value::String(text) => match text.trim().to_lowercase().as_str() {
            "yes" => (Some(1.0), false),
            "no" => (Some(0.0), false),
            _ => (None, false),
        },
        _ => (None, false),
    }
}

/// Numbers of a `google.protobuf.Value` are doubles.
fn with_doubles(value: Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().map_or(Value::Null, Value::from),
        Value::Array(items) => items.into_iter().map(with_doubles).collect(),
        Value::Object(entries) => {
            let entries = entries.into_iter().map(|(key, value)| (key, with_doubles(value)));
            Value::Object(entries.collect())
        }
        other => other,
    }
}

/// The end of a long stack trace, where the reason stands.
fn with_short_stack(mut error: AssessmentError) -> AssessmentError {
    error.error_code.get_or_insert_default();
    error.error_message = error.error_message.filter(|text| !text.is_empty());
    error.stack_trace = error.stack_trace.filter(|text| !text.is_empty()).map(|stack| {
        let length = stack.chars().count();
        if length <= STACK_TRACE_LENGTH {
            return stack;
        }
        let kept = STACK_TRACE_LENGTH - STACK_TRACE_MARK.chars().count();
        let tail: String = stack.chars().skip(length - kept).collect();
        format!("{STACK_TRACE_MARK}{tail}")
    });
    error
}

/// The stored value as the wire has it.
pub fn to_wire(kind: Kind, value: &str, error: Option<&str>) -> Result<AssessmentValue> {
    let broken = |cause: serde_json::Error| {
        ApiError::new(ErrorCode::InternalError, "A stored assessment cannot be read.").because(cause)
    };
    let parsed: Value = serde_json::from_str(value).map_err(broken)?;
    Ok(match kind {
        Kind::Feedback => AssessmentValue::Feedback {
            value: with_doubles(parsed),
            error: error.map(serde_json::from_str).transpose().map_err(broken)?,
        },
        Kind::Expectation if parsed.is_array() || parsed.is_object() => {
            AssessmentValue::Expectation(Expectation::SerializedValue {
                serialization_format: JSON_FORMAT,
                value: value.to_owned(),
            })
        }
        Kind::Expectation => AssessmentValue::Expectation(Expectation::Value(with_doubles(parsed))),
        Kind::Issue => AssessmentValue::Issue {
            issue_name: parsed["issue_name"].as_str().unwrap_or_default().to_owned(),
        },
    })
}

/// An assessment's id from a path or a body.
pub fn given_id(id: Option<String>) -> Result<Option<String>> {
    let id = id.filter(|id| !id.is_empty());
    if let Some(id) = &id {
        at_most("assessment_id", id, NAME_LENGTH)?;
    }
    Ok(id)
}

pub fn missing_assessment() -> Missing {
    Missing {
        field: "assessment".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_stored_as_python_writes_them() {
        let check = |value: Value, stored: &str, aggregate_value: Option<f64>, is_numeric: bool| {
            let content = feedback_content(FeedbackInput { value, error: None });
            let expected = (stored.to_owned(), aggregate_value, is_numeric);
            assert_eq!((content.value, content.aggregate_value, content.is_numeric), expected);
        };
        check(json!(3), "3.0", Some(3.0), true);
        check(json!(true), "true", Some(1.0), false);
        check(json!(" Yes"), "\" Yes\"", Some(1.0), false);
        check(json!(null), "null", None, false);
        check(json!({ "a": [1, "é"] }), "{\"a\": [1.0, \"\\u00e9\"]}", None, false);
    }

    #[test]
    fn a_long_stack_keeps_its_end() {
        let stack_trace = Some(format!("{}end", "x".repeat(20_000)));
        let error = with_short_stack(AssessmentError {
            stack_trace,
            ..AssessmentError::default()
        });
        let stack = error.stack_trace.expect("a stack");
        assert_eq!(stack.chars().count(), STACK_TRACE_LENGTH);
        assert!(stack.starts_with(STACK_TRACE_MARK) && stack.ends_with("xend"));
    }
}
