//! A span on its way into the store: read from OpenTelemetry, translated, written as MLflow's JSON.

use crate::{
    attributes::{self, Attributes},
    block::{Cost, SpanSummary, Status, Usage},
    json::{Json, write_text},
    translation,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use opentelemetry_proto::tonic::{
    common::v1::KeyValue,
    trace::v1::{Span as ReceivedSpan, span},
};
use std::fmt::Write;

/// A model's or provider's name is cut here.
const DIMENSION_MAX: usize = 500;

/// Names of services that are told on root spans, as MLflow does for the agents it knows.
const KNOWN_SERVICES: [&str; 5] = ["claude-code", "codex_cli_rs", "codex_vscode", "gemini-cli", "qwen-code"];

#[derive(Debug, thiserror::Error)]
#[error("Cannot convert OpenTelemetry span to MLflow span: {0}")]
pub struct BadSpan(&'static str);

#[derive(Debug)]
pub struct Span {
    pub trace_id: u128,
    pub span_id: u64,
    pub parent_id: Option<u64>,
    pub name: String,
    pub start_ns: u64,
    /// 0 while the span runs.
    pub end_ns: u64,
    pub status: Status,
    /// Of errors only.
    pub status_message: String,
    pub attributes: Attributes,
    pub events: Vec<Event>,
    links: Vec<Link>,
}

#[derive(Debug)]
pub struct Event {
    pub name: String,
    pub time_ns: u64,
    pub attributes: Vec<(String, Json)>,
}

#[derive(Debug)]
struct Link {
    trace_id: u128,
    span_id: u64,
    attributes: Vec<(String, Json)>,
}

impl Event {
    pub fn attribute(&self, key: &str) -> Option<&Json> {
        self.attributes
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }
}

/// MLflow's name of an OpenTelemetry trace.
pub fn trace_id_text(trace_id: u128) -> String {
    format!("tr-{trace_id:032x}")
}

impl Span {
    pub fn receive(received: ReceivedSpan, service: Option<&str>) -> Result<Self, BadSpan> {
        let status = received.status.unwrap_or_default();
        let code = Status::try_from(status.code).unwrap_or(Status::Unset);
        let mut span = Self {
            trace_id: id(
                &received.trace_id,
                16,
                "the trace id is missing or longer than 16 bytes",
            )?,
            span_id: id(&received.span_id, 8, "the span id is missing or longer than 8 bytes")? as u64,
            parent_id: None,
            name: received.name,
            start_ns: received.start_time_unix_nano,
            end_ns: received.end_time_unix_nano,
            status: code,
            status_message: if code == Status::Error {
                status.message
            } else {
                String::new()
            },
            attributes: Attributes::default(),
            events: received.events.into_iter().map(Event::from).collect(),
            links: Vec::new(),
        };
        if !received.parent_span_id.is_empty() {
            let parent = id(&received.parent_span_id, 8, "the parent's id is longer than 8 bytes")?;
            span.parent_id = Some(parent as u64);
        }
        for link in received.links {
            span.links.push(Link {
                trace_id: id(&link.trace_id, 16, "a link's trace id is missing or too long")?,
                span_id: id(&link.span_id, 8, "a link's span id is missing or too long")? as u64,
                attributes: pairs(link.attributes),
            });
        }
        for pair in received.attributes {
            let value = pair.value.map_or(Json::Null, Json::from);
            span.attributes.set_received(&pair.key, value);
        }
        // The trace's id is what OpenTelemetry says, whatever a client writes here.
        let trace_id = format!("\"{}\"", trace_id_text(span.trace_id));
        span.attributes.set(attributes::TRACE_ID, trace_id);
        if let Some(service) = service.filter(|service| span.parent_id.is_none() && KNOWN_SERVICES.contains(service)) {
            span.attributes
                .set("service.name", Json::Text(service.to_owned()).dump());
        }
        Ok(span)
    }

    pub fn translate(&mut self) {
        translation::translate(&mut self.attributes, &self.events);
    }

    /// The span as MLflow stores it.
    pub fn content(&self) -> String {
        let mut out = String::with_capacity(512);
        let id = |bytes: &[u8]| STANDARD.encode(bytes);
        let _ = write!(
            out,
            "{{\"trace_id\": \"{}\", \"span_id\": \"{}\", \"parent_span_id\": ",
            id(&self.trace_id.to_be_bytes()),
            id(&self.span_id.to_be_bytes())
        );
        match self.parent_id {
            Some(parent) => {
                let _ = write!(out, "\"{}\"", id(&parent.to_be_bytes()));
            }
            None => out.push_str("null"),
        }
        out.push_str(", \"name\": ");
        write_text(&mut out, &self.name, false);
        let _ = write!(
            out,
            ", \"start_time_unix_nano\": {}, \"end_time_unix_nano\": {}, \"events\": [",
            self.start_ns, self.end_ns
        );
        for (index, event) in self.events.iter().enumerate() {
            out.push_str(if index > 0 { ", {\"name\": " } else { "{\"name\": " });
            write_text(&mut out, &event.name, false);
            let _ = write!(out, ", \"time_unix_nano\": {}, \"attributes\": ", event.time_ns);
            out.push_str(&Json::Map(event.attributes.clone()).dump());
            out.push('}');
        }
        let _ = write!(
            out,
            "], \"status\": {{\"code\": \"STATUS_CODE_{}\", \"message\": ",
            self.status.name()
        );
        write_text(&mut out, &self.status_message, false);
        out.push_str("}, \"attributes\": {");
        for (index, (key, value)) in self.attributes.iter().enumerate() {
            out.push_str(if index > 0 { ", " } else { "" });
            write_text(&mut out, key, false);
            out.push_str(": ");
            write_text(&mut out, value, false);
        }
        out.push_str("}, \"links\": [");
        for (index, link) in self.links.iter().enumerate() {
            out.push_str(if index > 0 { ", " } else { "" });
            let _ = write!(
                out,
                "{{\"trace_id\": \"{}\", \"span_id\": \"{:016x}\", \"attributes\": ",
                trace_id_text(link.trace_id),
                link.span_id
            );
            if link.attributes.is_empty() {
                out.push_str("null");
            } else {
                out.push_str(&Json::Map(link.attributes.clone()).dump());
            }
            out.push('}');
        }
        out.push_str("]}");
        out
    }

    pub fn summary(&self) -> SpanSummary {
        let text = |key| match self.attributes.decoded(key)? {
            Json::Text(text) => Some(text.chars().take(DIMENSION_MAX).collect()),
            _ => None,
        };
        SpanSummary {
            span_id: self.span_id,
            parent_id: self.parent_id,
            name: self.name.clone(),
            span_type: text(attributes::SPAN_TYPE),
            status: self.status.into(),
            start_ns: self.start_ns,
            end_ns: self.end_ns,
            size: 0,
            model: text(attributes::MODEL),
            provider: text(attributes::MODEL_PROVIDER),
            usage: self
                .attributes
                .decoded(attributes::CHAT_USAGE)
                .as_ref()
                .and_then(Usage::read),
            cost: self
                .attributes
                .decoded(attributes::LLM_COST)
                .as_ref()
                .and_then(Cost::read),
        }
    }
}

impl Usage {
    fn read(value: &Json) -> Option<Self> {
        let Json::Map(_) = value else { return None };
        let count = |key: &str| match value.get(key)? {
            Json::Int(count) => i64::try_from(*count).ok(),
            Json::Float(count) if count.fract() == 0.0 && count.abs() < 9e18 => Some(*count as i64),
            _ => None,
        };
        Some(Self {
            input_tokens: count("input_tokens"),
            output_tokens: count("output_tokens"),
            total_tokens: count("total_tokens"),
            cache_read_input_tokens: count("cache_read_input_tokens"),
            cache_creation_input_tokens: count("cache_creation_input_tokens"),
            cache_creation_input_tokens_above_1hr: count("cache_creation_input_tokens_above_1hr"),
        })
    }
}

impl Cost {
    fn read(value: &Json) -> Option<Self> {
        let Json::Map(_) = value else { return None };
        let amount = |key: &str| match value.get(key)? {
            Json::Int(amount) => Some(*amount as f64),
            Json::Float(amount) if amount.is_finite() => Some(*amount),
            _ => None,
        };
        Some(Self {
            input_cost: amount("input_cost"),
            output_cost: amount("output_cost"),
            total_cost: amount("total_cost"),
        })
    }
}

impl From<span::Event> for Event {
    fn from(event: span::Event) -> Self {
        Self {
            name: event.name,
            time_ns: event.time_unix_nano,
            attributes: pairs(event.attributes),
        }
    }
}

fn pairs(received: Vec<KeyValue>) -> Vec<(String, Json)> {
    let mut pairs: Vec<(String, Json)> = Vec::with_capacity(received.len());
    for pair in received {
        let value = pair.value.map_or(Json::Null, Json::from);
        match pairs.iter_mut().find(|(key, _)| *key == pair.key) {
            Some((_, there)) => *there = value,
            None => pairs.push((pair.key, value)),
        }
    }
    pairs
}

/// An id as a number; shorter ones count as if zeros stood before them.
fn id(bytes: &[u8], length: usize, problem: &'static str) -> Result<u128, BadSpan> {
    let significant = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    if bytes.is_empty() || bytes.len() - significant > length {
        return Err(BadSpan(problem));
    }
    Ok(bytes[significant..]
        .iter()
        .fold(0, |id, byte| id << 8 | u128::from(*byte)))
}
