//! A span's attributes: keys in their order, each with a value that is JSON as text.

use crate::json::Json;
use serde::de::IgnoredAny;

pub const TRACE_ID: &str = "mlflow.traceRequestId";
pub const SPAN_TYPE: &str = "mlflow.spanType";
pub const INPUTS: &str = "mlflow.spanInputs";
pub const OUTPUTS: &str = "mlflow.spanOutputs";
pub const CHAT_USAGE: &str = "mlflow.chat.tokenUsage";
pub const CHAT_TOOLS: &str = "mlflow.chat.tools";
pub const MODEL: &str = "mlflow.llm.model";
pub const MODEL_PROVIDER: &str = "mlflow.llm.provider";
pub const LLM_COST: &str = "mlflow.llm.cost";
pub const MESSAGE_FORMAT: &str = "mlflow.message.format";

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Attributes {
    entries: Vec<(String, String)>,
}

impl Attributes {
    pub fn get(&self, key: &str) -> Option<&str> {
        self.entries
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    pub fn contains(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// A key that is there keeps its place.
    pub fn set(&mut self, key: &str, value: String) {
        match self.entries.iter_mut().find(|(name, _)| name == key) {
            Some((_, there)) => *there = value,
            None => self.entries.push((key.to_owned(), value)),
        }
    }

    /// Sets a value that came from outside. A text that is itself JSON of a text, list or map is taken as that:
    /// clients that write JSON into attributes would otherwise see it quoted twice.
    pub fn set_received(&mut self, key: &str, value: Json) {
        let value = match value {
            Json::Text(text) if is_structured(&text) => text,
            other => other.dump(),
        };
        self.set(key, value);
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut String)> {
        self.entries.iter_mut().map(|(key, value)| (key.as_str(), value))
    }

    /// The decoded value; text that is not JSON is itself.
    pub fn decoded(&self, key: &str) -> Option<Json> {
        self.get(key).map(Json::parse_or_text)
    }

    /// The value, unless it is one that Python counts as false: an empty text, list or map, zero, null.
    pub fn present(&self, key: &str) -> Option<&str> {
        let value = self.get(key)?;
        // Most values are texts, and then a look at the length is enough.
        let truthy = match value.as_bytes() {
            [] => false,
            [b'"', .., b'"'] => value.len() > 2,
            _ => Json::parse(value).is_none_or(|json| json.is_truthy()),
        };
        truthy.then_some(value)
    }
}

/// Whether a text is JSON of a text, a list or a map.
fn is_structured(text: &str) -> bool {
    matches!(text.trim_start().as_bytes().first(), Some(b'"' | b'[' | b'{'))
        && serde_json::from_str::<IgnoredAny>(text).is_ok()
}
