//! JSON as Python reads and writes it: order is kept, separators have a space, floats are written as `repr` does.
//!
//! Spans are stored as the JSON text that MLflow would store, so that text search finds the same and clients read the
//! same; that is why its form matters.

use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value::Value};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt::{self, Write};

#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(String),
    List(Vec<Json>),
    Map(Vec<(String, Json)>),
}

impl Json {
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// What Python's `json.loads` makes of `text`; the text itself if it is not JSON.
    pub fn parse_or_text(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|| Self::Text(text.to_owned()))
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// Python's truth.
    pub fn is_truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Int(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Map(entries) => !entries.is_empty(),
        }
    }

    /// `json.dumps(value, ensure_ascii=False)`.
    pub fn dump(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, false);
        text
    }

    /// `json.dumps(value)`.
    pub fn dump_ascii(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, true);
        text
    }

    fn write(&self, out: &mut String, ascii: bool) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Int(value) => {
                let _ = write!(out, "{value}");
            }
            Self::Float(value) => write_float(out, *value),
            Self::Text(text) => write_text(out, text, ascii),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index > 0 { ", " } else { "" });
                    item.write(out, ascii);
                }
                out.push(']');
            }
            Self::Map(entries) => {
                out.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    out.push_str(if index > 0 { ", " } else { "" });
                    write_text(out, key, ascii);
                    out.push_str(": ");
                    value.write(out, ascii);
                }
                out.push('}');
            }
        }
    }
}

/// An OpenTelemetry value as MLflow decodes it. Bytes become their Python notation.
impl From<AnyValue> for Json {
    fn from(value: AnyValue) -> Self {
        match value.value {
            Some(Value::StringValue(text)) => Self::Text(text),
            Some(Value::BoolValue(value)) => Self::Bool(value),
            Some(Value::IntValue(value)) => Self::Int(value.into()),
            Some(Value::DoubleValue(value)) => Self::Float(value),
            Some(Value::ArrayValue(list)) => Self::List(list.values.into_iter().map(Self::from).collect()),
            Some(Value::KvlistValue(list)) => {
                let mut entries: Vec<(String, Self)> = Vec::with_capacity(list.values.len());
                for pair in list.values {
                    let value = pair.value.map_or(Self::Null, Self::from);
                    match entries.iter_mut().find(|(key, _)| *key == pair.key) {
                        Some((_, there)) => *there = value,
                        None => entries.push((pair.key, value)),
                    }
                }
                Self::Map(entries)
            }
            Some(Value::BytesValue(bytes)) => Self::Text(python_bytes(&bytes)),
            // Indexes into a table of texts, which traces do not have.
            Some(Value::StringValueStrindex(_)) | None => Self::Null,
        }
    }
}

fn python_bytes(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') {
        '"'
    } else {
        '\''
    };
    let mut text = format!("b{quote}");
    for &byte in bytes {
        let _ = match byte {
            b'\\' => write!(text, "\\\\"),
            b'\n' => write!(text, "\\n"),
            b'\r' => write!(text, "\\r"),
            b'\t' => write!(text, "\\t"),
            b'\'' if quote == '\'' => write!(text, "\\'"),
            0x20..0x7f => write!(text, "{}", byte as char),
            _ => write!(text, "\\x{byte:02x}"),
        };
    }
    text.push(quote);
    text
}

/// Python's `repr` of a float: the shortest text that reads back the same.
fn write_float(out: &mut String, value: f64) {
    if value.is_nan() {
        out.push_str("NaN");
    } else if value.is_infinite() {
        out.push_str(if value > 0.0 { "Infinity" } else { "-Infinity" });
    } else {
        let text = format!("{value:?}");
        match text.split_once('e') {
            Some((digits, exponent)) => {
                let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
                let _ = write!(out, "{digits}e{sign}{exponent:0>2}");
            }
            None => out.push_str(&text),
        }
    }
}

/// A JSON string. `ascii` writes all other characters as escapes, as Python does unless told otherwise.
pub fn write_text(out: &mut String, text: &str, ascii: bool) {
    out.push('"');
    let mut start = 0;
    for (index, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x08 => "\\b",
            0x0c => "\\f",
            0..0x20 => "",
            _ => continue,
        };
        push_part(out, &text[start..index], ascii);
        if escape.is_empty() {
            let _ = write!(out, "\\u{byte:04x}");
        } else {
            out.push_str(escape);
        }
        start = index + 1;
    }
    push_part(out, &text[start..], ascii);
    out.push('"');
}

fn push_part(out: &mut String, part: &str, ascii: bool) {
    if !ascii || part.is_ascii() {
        out.push_str(part);
        return;
    }
    for character in part.chars() {
        if character.is_ascii() {
            out.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Int(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Int(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut entries: Vec<(String, Json)> = Vec::new();
        while let Some((key, value)) = map.next_entry()? {
            entries.push((key, value));
        }
        Ok(Json::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_as_python_writes_it() {
        let value = Json::parse(r#"{"b": [1, 2.0, 1e-7, 1e22, null, true], "a": "ü\n\u0001\"x"}"#).expect("JSON");
        assert_eq!(
            value.dump(),
            r#"{"b": [1, 2.0, 1e-07, 1e+22, null, true], "a": "ü\n\u0001\"x"}"#
        );
        assert_eq!(Json::Text("ü😀".to_owned()).dump_ascii(), r#""\u00fc\ud83d\ude00""#);
        assert_eq!(Json::Float(0.0001).dump(), "0.0001");
        assert_eq!(Json::Float(0.00001).dump(), "1e-05");
        assert_eq!(python_bytes(b"a'\x00\\"), "b\"a'\\x00\\\\\"");
    }
}
