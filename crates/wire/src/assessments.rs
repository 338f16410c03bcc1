//! Assessments of traces: feedback, expectations and references to issues.

use crate::{Flag, times::Timestamp, traces::EnumValue};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CreateAssessment {
    pub assessment: Option<AssessmentInput>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct UpdateAssessment {
    pub assessment: Option<AssessmentInput>,
    #[serde(alias = "updateMask")]
    pub update_mask: Option<FieldMask>,
}

/// `google.protobuf.FieldMask`: protobuf's JSON writes it as one text of names in camel case between commas. Names in
/// snake case, an object with `paths` and a plain list say the same and are read too.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FieldMask {
    /// In snake case.
    pub paths: Vec<String>,
}

impl<'de> Deserialize<'de> for FieldMask {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Text(String),
            List(Vec<String>),
            Object { paths: Vec<String> },
        }
        let names = match Written::deserialize(deserializer)
            .map_err(|_| de::Error::custom("expected the names of fields between commas"))?
        {
            Written::Text(text) => text.split(',').map(str::to_owned).collect(),
            Written::List(names) | Written::Object { paths: names } => names,
        };
        let paths = names.iter().map(|name| snake_case(name.trim()));
        Ok(Self {
            paths: paths.filter(|path| !path.is_empty()).collect(),
        })
    }
}

fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 2);
    for character in name.chars() {
        if character.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AssessmentInput {
    #[serde(alias = "assessmentId")]
    pub assessment_id: Option<String>,
    #[serde(alias = "assessmentName")]
    pub assessment_name: Option<String>,
    #[serde(alias = "traceId")]
    pub trace_id: Option<String>,
    #[serde(alias = "spanId")]
    pub span_id: Option<String>,
    pub source: Option<SourceInput>,
    #[serde(alias = "createTime")]
    pub create_time: Option<Timestamp>,
    #[serde(alias = "lastUpdateTime")]
    pub last_update_time: Option<Timestamp>,
    pub feedback: Option<FeedbackInput>,
    pub expectation: Option<ExpectationInput>,
    pub issue: Option<IssueInput>,
    pub rationale: Option<String>,
    pub metadata: Option<BTreeMap<String, String>>,
    pub overrides: Option<String>,
    pub valid: Option<Flag>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SourceInput {
    #[serde(alias = "sourceType")]
    pub source_type: Option<EnumValue>,
    #[serde(alias = "sourceId")]
    pub source_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FeedbackInput {
    pub value: Value,
    pub error: Option<AssessmentError>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ExpectationInput {
    pub value: Value,
    #[serde(alias = "serializedValue")]
    pub serialized_value: Option<SerializedValueInput>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SerializedValueInput {
    #[serde(alias = "serializationFormat")]
    pub serialization_format: Option<String>,
    pub value: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct IssueInput {
    #[serde(alias = "issueName")]
    pub issue_name: Option<String>,
}

/// Also how an error is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AssessmentError {
    #[serde(alias = "errorCode", skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    #[serde(alias = "errorMessage", skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    #[serde(alias = "stackTrace", skip_serializing_if = "Option::is_none")]
    pub stack_trace: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Assessment {
    pub assessment_id: String,
    pub assessment_name: String,
    pub trace_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span_id: Option<String>,
    pub source: Source,
    pub create_time: Timestamp,
    pub last_update_time: Timestamp,
    #[serde(flatten)]
    pub value: AssessmentValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rationale: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overrides: Option<String>,
    pub valid: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct Source {
    pub source_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AssessmentValue {
    Feedback {
        value: Value,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<AssessmentError>,
    },
    Expectation(Expectation),
    Issue {
        issue_name: String,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Expectation {
    Value(Value),
    SerializedValue {
        serialization_format: &'static str,
        value: String,
    },
}

#[derive(Debug, Serialize)]
pub struct AssessmentResponse {
    pub assessment: Assessment,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_read_in_every_spelling() {
        let expected = ["assessment_name", "feedback"];
        for text in [
            r#""assessmentName,feedback""#,
            r#""assessment_name, feedback""#,
            r#"{"paths": ["assessment_name", "feedback"]}"#,
            r#"["assessmentName", "feedback"]"#,
        ] {
            let mask: FieldMask = serde_json::from_str(text).expect(text);
            assert_eq!(mask.paths, expected, "{text}");
        }
        assert!(serde_json::from_str::<FieldMask>("5").is_err());
        assert_eq!(
            serde_json::from_str::<FieldMask>("\"\"").expect("no names").paths,
            [""; 0]
        );
    }
}
