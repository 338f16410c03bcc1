//! Stored spans as MLflow answers them: OpenTelemetry's protobuf in JSON, with names in snake case.

use crate::json::Json;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Number, Value, json};

/// A span's JSON as a span of an answer. What is empty or zero is left out, as protobuf does.
pub fn span(content: &str) -> Value {
    let stored = Json::parse_or_text(content);
    let mut span = Map::new();
    for key in ["trace_id", "span_id", "parent_span_id", "name"] {
        if let Some(text) = stored.get(key).and_then(Json::as_text).filter(|text| !text.is_empty()) {
            span.insert(key.to_owned(), text.into());
        }
    }
    for key in ["start_time_unix_nano", "end_time_unix_nano"] {
        insert_time(&mut span, key, stored.get(key));
    }
    let list = |value: Option<&Json>, read: fn(&Json) -> Value| -> Vec<Value> {
        value
            .and_then(Json::as_list)
            .unwrap_or_default()
            .iter()
            .map(read)
            .collect()
    };
    let attributes = match stored.get("attributes") {
        Some(Json::Map(entries)) => entries
            .iter()
            .map(|(key, value)| key_value(key, &decoded(value)))
            .collect(),
        _ => Vec::new(),
    };
    insert_list(&mut span, "attributes", attributes);
    insert_list(&mut span, "events", list(stored.get("events"), event));
    insert_list(&mut span, "links", list(stored.get("links"), link));
    span.insert("status".to_owned(), status(stored.get("status")));
    Value::Object(span)
}

fn decoded(value: &Json) -> Json {
    match value {
        Json::Text(text) => Json::parse_or_text(text),
        other => other.clone(),
    }
}

fn status(stored: Option<&Json>) -> Value {
    let mut status = Map::new();
    let field = |key| stored?.get(key)?.as_text().filter(|text| !text.is_empty());
    if let Some(message) = field("message") {
        status.insert("message".to_owned(), message.into());
    }
    if let Some(code) = field("code").filter(|code| *code != "STATUS_CODE_UNSET") {
        status.insert("code".to_owned(), code.into());
    }
    Value::Object(status)
}

fn event(stored: &Json) -> Value {
    let mut event = Map::new();
    insert_time(&mut event, "time_unix_nano", stored.get("time_unix_nano"));
    if let Some(name) = stored
        .get("name")
        .and_then(Json::as_text)
        .filter(|name| !name.is_empty())
    {
        event.insert("name".to_owned(), name.into());
    }
    insert_list(&mut event, "attributes", pairs(stored.get("attributes")));
    Value::Object(event)
}

fn link(stored: &Json) -> Value {
    let mut link = Map::new();
    for key in ["trace_id", "span_id"] {
        let id = stored.get(key).and_then(Json::as_text).unwrap_or_default();
        link.insert(key.to_owned(), base64_of_hex(id.trim_start_matches("tr-")).into());
    }
    insert_list(&mut link, "attributes", pairs(stored.get("attributes")));
    Value::Object(link)
}

fn pairs(map: Option<&Json>) -> Vec<Value> {
    match map {
        Some(Json::Map(entries)) => entries.iter().map(|(key, value)| key_value(key, value)).collect(),
        _ => Vec::new(),
    }
}

fn key_value(key: &str, value: &Json) -> Value {
    match value {
        // A value that is not set is not there.
        Json::Null => json!({ "key": key }),
        value => json!({ "key": key, "value": any_value(value) }),
    }
}

fn any_value(value: &Json) -> Value {
    match value {
        Json::Null => json!({}),
        Json::Bool(value) => json!({ "bool_value": value }),
        Json::Int(value) => match i64::try_from(*value) {
            Ok(value) => json!({ "int_value": value }),
            Err(_) => json!({ "double_value": *value as f64 }),
        },
        Json::Float(value) => json!({ "double_value": double(*value) }),
        Json::Text(text) => json!({ "string_value": text }),
        Json::List(items) => {
            let mut list = Map::new();
            insert_list(&mut list, "values", items.iter().map(any_value).collect());
            json!({ "array_value": list })
        }
        Json::Map(entries) => {
            let mut list = Map::new();
            let values = entries.iter().map(|(key, value)| key_value(key, value)).collect();
            insert_list(&mut list, "values", values);
            json!({ "kvlist_value": list })
        }
    }
}

fn double(value: f64) -> Value {
    let text = if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    };
    Number::from_f64(value).map_or_else(|| text.into(), Value::Number)
}

fn insert_time(map: &mut Map<String, Value>, key: &str, value: Option<&Json>) {
    if let Some(Json::Int(time)) = value
        && let Some(time) = u64::try_from(*time).ok().filter(|time| *time > 0)
    {
        map.insert(key.to_owned(), time.into());
    }
}

fn insert_list(map: &mut Map<String, Value>, key: &str, values: Vec<Value>) {
    if !values.is_empty() {
        map.insert(key.to_owned(), Value::Array(values));
    }
}

fn base64_of_hex(hex: &str) -> String {
    let (pairs, _) = hex.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| (byte as char).to_digit(16).unwrap_or(0) as u8;
    let bytes: Vec<u8> = pairs
        .iter()
        .map(|[high, low]| digit(*high) << 4 | digit(*low))
        .collect();
    STANDARD.encode(bytes)
}
