//! Claude Code's own convention: spans are told by `span.type`, tokens by bare keys, and content is `<REDACTED>` unless
//! the user lets it out.

use crate::{attributes::Attributes, json::Json, span::Event};

const REDACTED: &str = "<REDACTED>";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Interaction,
    LlmRequest,
    Tool,
}

fn kind(attributes: &Attributes) -> Option<Kind> {
    let value = attributes.decoded("span.type")?;
    let name = value.as_text()?;
    match name.strip_prefix("claude_code.").unwrap_or(name) {
        "interaction" => Some(Kind::Interaction),
        "llm_request" => Some(Kind::LlmRequest),
        "tool" => Some(Kind::Tool),
        _ => None,
    }
}

pub fn span_type(attributes: &Attributes) -> Option<&'static str> {
    Some(match kind(attributes)? {
        Kind::Interaction => "AGENT",
        Kind::LlmRequest => "LLM",
        Kind::Tool => "TOOL",
    })
}

/// Input (with what the cache gave, which Claude Code leaves out), output, cache read and cache creation.
pub fn tokens(attributes: &Attributes) -> [Option<i128>; 4] {
    if kind(attributes) != Some(Kind::LlmRequest) {
        return [None; 4];
    }
    let count = |key| match attributes.decoded(key)? {
        Json::Int(value) => Some(value),
        Json::Float(value) => Some(value as i128),
        Json::Bool(value) => Some(value.into()),
        Json::Text(text) => text.trim().parse().ok(),
        _ => None,
    };
    let (read, created) = (count("cache_read_tokens"), count("cache_creation_tokens"));
    let input = count("input_tokens").map(|input| input + read.unwrap_or(0) + created.unwrap_or(0));
    [input, count("output_tokens"), read, created]
}

pub fn inputs(attributes: &Attributes) -> Option<String> {
    match kind(attributes)? {
        Kind::Interaction => content(attributes, "user_prompt").or_else(|| content(attributes, "new_context")),
        Kind::LlmRequest => content(attributes, "new_context"),
        Kind::Tool => content(attributes, "tool_input").or_else(|| {
            let keys = ["full_command", "file_path", "skill_name", "subagent_type"].into_iter();
            let details: Vec<_> = keys
                .filter_map(|key| Some((key.to_owned(), Json::parse_or_text(&content(attributes, key)?))))
                .collect();
            (!details.is_empty()).then(|| Json::Map(details).dump_ascii())
        }),
    }
}

pub fn outputs(attributes: &Attributes) -> Option<String> {
    match kind(attributes)? {
        Kind::Interaction => None,
        Kind::LlmRequest => content(attributes, "response.model_output"),
        Kind::Tool => content(attributes, "new_context"),
    }
}

pub fn outputs_from_events(attributes: &Attributes, events: &[Event]) -> Option<String> {
    if kind(attributes) != Some(Kind::Tool) {
        return None;
    }
    let outputs = events.iter().filter(|event| event.name == "tool.output");
    let mut values = outputs.flat_map(|event| ["output", "content", "diff"].map(|key| event.attribute(key)));
    values.find_map(|value| {
        let value = match value? {
            Json::Text(text) => Json::parse_or_text(text),
            other => other.clone(),
        };
        (value.is_truthy() && value.as_text() != Some(REDACTED)).then(|| value.dump())
    })
}

fn content(attributes: &Attributes, key: &str) -> Option<String> {
    let value = attributes.present(key)?;
    (Json::parse_or_text(value).as_text() != Some(REDACTED)).then(|| value.to_owned())
}
