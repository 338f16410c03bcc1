//! `label-schemas/...`: the questions that reviewers answer about a trace.

use super::EnumValue;
use crate::{Double, Flag, Int64};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CreateLabelSchema {
    #[serde(alias = "experimentId")]
    pub experiment_id: Option<String>,
    pub name: Option<String>,
    pub r#type: Option<EnumValue>,
    pub input: Option<LabelInput>,
    pub instruction: Option<String>,
    #[serde(alias = "enableComment")]
    pub enable_comment: Option<Flag>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct UpdateLabelSchema {
    #[serde(alias = "schemaId")]
    pub schema_id: Option<String>,
    pub name: Option<String>,
    pub instruction: Option<String>,
    #[serde(alias = "enableComment")]
    pub enable_comment: Option<Flag>,
    pub input: Option<LabelInput>,
}

/// `get`, `delete`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LabelSchemaId {
    #[serde(alias = "schemaId")]
    pub schema_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LabelSchemaName {
    #[serde(alias = "experimentId")]
    pub experiment_id: Option<String>,
    pub name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListLabelSchemas {
    #[serde(alias = "experimentId")]
    pub experiment_id: Option<String>,
    #[serde(alias = "maxResults")]
    pub max_results: Option<Int64>,
    #[serde(alias = "pageToken")]
    pub page_token: Option<String>,
}

/// How a question is answered: exactly one of the four. Stored and sent back as it is here.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, expecting = "an object")]
pub struct LabelInput {
    #[serde(alias = "passFail", skip_serializing_if = "Option::is_none")]
    pub pass_fail: Option<PassFail>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub categorical: Option<Categorical>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub numeric: Option<Numeric>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, expecting = "an object")]
pub struct PassFail {
    #[serde(alias = "positiveLabel")]
    pub positive_label: String,
    #[serde(alias = "negativeLabel")]
    pub negative_label: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, expecting = "an object")]
pub struct Categorical {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    #[serde(alias = "multiSelect")]
    pub multi_select: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, expecting = "an object")]
pub struct Numeric {
    #[serde(alias = "minValue", skip_serializing_if = "Option::is_none")]
    pub min_value: Option<Double>,
    #[serde(alias = "maxValue", skip_serializing_if = "Option::is_none")]
    pub max_value: Option<Double>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, expecting = "an object")]
pub struct Text {
    #[serde(alias = "maxLength", skip_serializing_if = "Option::is_none")]
    pub max_length: Option<Int64>,
}

#[derive(Debug, Clone, Serialize)]
pub struct LabelSchema {
    pub schema_id: String,
    pub experiment_id: String,
    pub name: String,
    pub r#type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instruction: Option<String>,
    pub enable_comment: bool,
    pub input: LabelInput,
    pub created_at: i64,
    pub last_updated_at: i64,
    pub is_default: bool,
}

#[derive(Debug, Serialize)]
pub struct LabelSchemaResponse {
    pub label_schema: LabelSchema,
}

/// The token is there even when it is empty.
#[derive(Debug, Serialize)]
pub struct LabelSchemasResponse {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub label_schemas: Vec<LabelSchema>,
    pub next_page_token: String,
}
