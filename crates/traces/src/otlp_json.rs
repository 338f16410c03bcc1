//! OTLP in JSON: ids in hex, 64-bit numbers as numbers or texts, names in either case, enumerations by number or name.
//! Unknown fields are ignored.

use crate::json::Json;
use base64::{Engine, engine::general_purpose::STANDARD};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList, any_value::Value},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span},
};

/// Deepest value within an attribute.
const DEPTH_MAX: usize = 64;

pub fn read(body: &[u8]) -> Option<ExportTraceServiceRequest> {
    let request: Json = serde_json::from_slice(body).ok()?;
    Some(ExportTraceServiceRequest {
        resource_spans: list(&request, "resourceSpans", "resource_spans", resource_spans)?,
    })
}

fn resource_spans(value: &Json) -> Option<ResourceSpans> {
    let resource = match field(value, "resource", "resource") {
        Some(resource) => Some(Resource {
            attributes: attributes(resource)?,
            ..Resource::default()
        }),
        None => None,
    };
    Some(ResourceSpans {
        resource,
        scope_spans: list(value, "scopeSpans", "scope_spans", scope_spans)?,
        schema_url: String::new(),
    })
}

fn scope_spans(value: &Json) -> Option<ScopeSpans> {
    Some(ScopeSpans {
        scope: None,
        spans: list(value, "spans", "spans", read_span)?,
        schema_url: String::new(),
    })
}

fn read_span(value: &Json) -> Option<Span> {
    Some(Span {
        trace_id: hex(value, "traceId", "trace_id")?,
        span_id: hex(value, "spanId", "span_id")?,
        parent_span_id: hex(value, "parentSpanId", "parent_span_id")?,
        name: text(value, "name", "name")?,
        start_time_unix_nano: nanoseconds(value, "startTimeUnixNano", "start_time_unix_nano")?,
        end_time_unix_nano: nanoseconds(value, "endTimeUnixNano", "end_time_unix_nano")?,
        attributes: attributes(value)?,
        events: list(value, "events", "events", |event| {
            Some(span::Event {
                time_unix_nano: nanoseconds(event, "timeUnixNano", "time_unix_nano")?,
                name: text(event, "name", "name")?,
                attributes: attributes(event)?,
                dropped_attributes_count: 0,
            })
        })?,
        links: list(value, "links", "links", |link| {
            Some(span::Link {
                trace_id: hex(link, "traceId", "trace_id")?,
                span_id: hex(link, "spanId", "span_id")?,
                attributes: attributes(link)?,
                ..span::Link::default()
            })
        })?,
        status: match field(value, "status", "status") {
            Some(status) => Some(Status {
                message: text(status, "message", "message")?,
                code: code(status)?,
            }),
            None => None,
        },
        ..Span::default()
    })
}

fn code(status: &Json) -> Option<i32> {
    match field(status, "code", "code") {
        None => Some(0),
        Some(Json::Int(code)) => i32::try_from(*code).ok(),
        Some(Json::Text(name)) => match name.as_str() {
            "STATUS_CODE_UNSET" => Some(0),
            "STATUS_CODE_OK" => Some(1),
            "STATUS_CODE_ERROR" => Some(2),
            other => other.parse().ok(),
        },
        Some(_) => None,
    }
}

fn attributes(value: &Json) -> Option<Vec<KeyValue>> {
    list(value, "attributes", "attributes", |pair| key_value(pair, 0))
}

fn key_value(pair: &Json, depth: usize) -> Option<KeyValue> {
    Some(KeyValue {
        key: text(pair, "key", "key")?,
        value: match field(pair, "value", "value") {
            Some(value) => Some(any_value(value, depth)?),
            None => None,
        },
        ..KeyValue::default()
    })
}

fn any_value(value: &Json, depth: usize) -> Option<AnyValue> {
    if depth > DEPTH_MAX {
        return None;
    }
    let Json::Map(_) = value else { return None };
    let get = |camel, snake| field(value, camel, snake);
    let value = if let Some(text) = get("stringValue", "string_value") {
        Some(Value::StringValue(text.as_text()?.to_owned()))
    } else if let Some(flag) = get("boolValue", "bool_value") {
        let Json::Bool(flag) = flag else { return None };
        Some(Value::BoolValue(*flag))
    } else if let Some(number) = get("intValue", "int_value") {
        Some(Value::IntValue(i64::try_from(integer(number)?).ok()?))
    } else if let Some(number) = get("doubleValue", "double_value") {
        Some(Value::DoubleValue(double(number)?))
    } else if let Some(items) = get("arrayValue", "array_value") {
        let values = list(items, "values", "values", |item| any_value(item, depth + 1))?;
        Some(Value::ArrayValue(ArrayValue { values }))
    } else if let Some(pairs) = get("kvlistValue", "kvlist_value") {
        let values = list(pairs, "values", "values", |pair| key_value(pair, depth + 1))?;
        Some(Value::KvlistValue(KeyValueList { values }))
    } else if let Some(bytes) = get("bytesValue", "bytes_value") {
        Some(Value::BytesValue(STANDARD.decode(bytes.as_text()?).ok()?))
    } else {
        None
    };
    Some(AnyValue { value })
}

/// A field that is null is not there.
fn field<'a>(value: &'a Json, camel: &str, snake: &str) -> Option<&'a Json> {
    let found = value.get(camel).or_else(|| value.get(snake));
    found.filter(|value| **value != Json::Null)
}

fn list<T>(value: &Json, camel: &str, snake: &str, read: impl Fn(&Json) -> Option<T>) -> Option<Vec<T>> {
    let Json::Map(_) = value else { return None };
    match field(value, camel, snake) {
        None => Some(Vec::new()),
        Some(items) => items.as_list()?.iter().map(read).collect(),
    }
}

fn text(value: &Json, camel: &str, snake: &str) -> Option<String> {
    field(value, camel, snake).map_or(Some(String::new()), |text| Some(text.as_text()?.to_owned()))
}

fn nanoseconds(value: &Json, camel: &str, snake: &str) -> Option<u64> {
    field(value, camel, snake).map_or(Some(0), |time| u64::try_from(integer(time)?).ok())
}

fn integer(value: &Json) -> Option<i128> {
    match value {
        Json::Int(value) => Some(*value),
        Json::Float(value) if value.fract() == 0.0 => Some(*value as i128),
        Json::Text(text) => text.parse().ok(),
        _ => None,
    }
}

fn double(value: &Json) -> Option<f64> {
    match value {
        Json::Float(value) => Some(*value),
        Json::Int(value) => Some(*value as f64),
        Json::Text(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            other => other.parse().ok(),
        },
        _ => None,
    }
}

fn hex(value: &Json, camel: &str, snake: &str) -> Option<Vec<u8>> {
    let text = text(value, camel, snake)?;
    let digit = |byte: u8| (byte as char).to_digit(16).map(|digit| digit as u8);
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?))
        .collect()
}
