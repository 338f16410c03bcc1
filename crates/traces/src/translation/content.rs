//! What went into a span and what came out of it.

use super::{claude_code, gemini};
use crate::{attributes::Attributes, json::Json, span::Event};
use regex::Regex;
use std::sync::LazyLock;

const OPERATION: &str = "gen_ai.operation.name";
const GEN_AI_INPUTS: &[&str] = &["gen_ai.input.messages", "gen_ai.tool.call.arguments"];
const GEN_AI_OUTPUTS: &[&str] = &["gen_ai.output.messages", "gen_ai.tool.call.result"];

static PROMPT: LazyLock<Regex> = LazyLock::new(|| pattern(r"^gen_ai\.prompt\.\d+\.content"));
static ARGUMENTS: LazyLock<Regex> = LazyLock::new(|| pattern(r"^gen_ai\.completion\.\d+\.tool_calls\.\d+\.arguments"));
static COMPLETION: LazyLock<Regex> = LazyLock::new(|| pattern(r"^gen_ai\.completion\.\d+\.content"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a fixed pattern compiles")
}

pub fn inputs(attributes: &mut Attributes, events: &[Event]) -> Option<String> {
    let keys = |keys: &[&str]| first(attributes, keys);
    let found = keys(&["input.value"])
        .or_else(|| {
            let operation = attributes.get(OPERATION);
            let wrap = |value: String| gemini::wrap_input(&value, operation);
            gemini::is_gemini_cli(attributes)
                .then(|| keys(GEN_AI_INPUTS).map(wrap))
                .flatten()
        })
        .or_else(|| claude_code::inputs(attributes))
        .or_else(|| keys(GEN_AI_INPUTS))
        .or_else(|| keys(&["traceloop.entity.input"]))
        .or_else(|| first_like(attributes, &PROMPT))
        .or_else(|| first_like(attributes, &ARGUMENTS))
        .or_else(|| keys(&["gcp.vertex.agent.llm_request", "gcp.vertex.agent.tool_call_args"]));
    if found.is_some() {
        return found;
    }
    if is_vercel_chat(attributes) {
        let mut inputs = with_prefix(attributes, "ai.prompt.");
        if let Some((_, Json::List(tools))) = inputs.iter_mut().find(|(key, _)| key == "tools") {
            for tool in tools {
                if let Json::Text(text) = tool {
                    *tool = unpacked(text);
                }
            }
        }
        attributes.set(crate::attributes::MESSAGE_FORMAT, super::text("vercel_ai"));
        if !inputs.is_empty() {
            return Some(Json::Map(inputs).dump_ascii());
        }
    } else if let Some(value) = first(attributes, &["ai.prompt", "ai.toolCall.args", "ai.value", "ai.values"]) {
        return Some(value);
    }
    let keys = [
        "agent.messages",
        "llm.messages",
        "input",
        "lk.user_input",
        "lk.user_transcript",
        "lk.chat_ctx",
        "lk.input_text",
        "lmnr.span.input",
        "langfuse.observation.input",
    ];
    first(attributes, &keys)
        .or_else(|| from_event(events, "gen_ai.content.prompt", "gen_ai.prompt"))
        .or_else(|| messages(events.iter().filter_map(input_message)))
}

pub fn outputs(attributes: &Attributes, events: &[Event]) -> Option<String> {
    let keys = |keys: &[&str]| first(attributes, keys);
    let found = keys(&["output.value"])
        .or_else(|| {
            let wrap = |value: String| gemini::wrap_output(&value);
            gemini::is_gemini_cli(attributes)
                .then(|| keys(GEN_AI_OUTPUTS).map(wrap))
                .flatten()
        })
        .or_else(|| claude_code::outputs(attributes))
        .or_else(|| keys(GEN_AI_OUTPUTS))
        .or_else(|| keys(&["traceloop.entity.output"]))
        .or_else(|| first_like(attributes, &COMPLETION))
        .or_else(|| keys(&["gcp.vertex.agent.llm_response", "gcp.vertex.agent.tool_response"]))
        .or_else(|| {
            if is_vercel_chat(attributes) {
                let outputs = with_prefix(attributes, "ai.response.");
                return (!outputs.is_empty()).then(|| Json::Map(outputs).dump_ascii());
            }
            keys(&[
                "ai.response.text",
                "ai.toolCall.result",
                "ai.response.object",
                "ai.embedding",
                "ai.embeddings",
            ])
        });
    found
        .or_else(|| {
            keys(&[
                "output",
                "lk.response.text",
                "lk.response.function_calls",
                "lmnr.span.output",
                "langfuse.observation.output",
            ])
        })
        .or_else(|| from_event(events, "gen_ai.content.completion", "gen_ai.completion"))
        .or_else(|| messages(events.iter().filter_map(output_message)))
        .or_else(|| claude_code::outputs_from_events(attributes, events))
}

/// By which form the page draws the messages.
pub fn message_format(attributes: &Attributes) -> Option<&'static str> {
    let any = |keys: &[&str]| keys.iter().any(|key| attributes.contains(key));
    if gemini::is_gemini_cli(attributes) {
        Some("gemini")
    } else if any(&["voltagent.operation_id", "voltagent.conversation_id"]) {
        Some("voltagent")
    } else if attributes.iter().any(|(key, _)| key.starts_with("lk.")) {
        Some("livekit")
    } else {
        any(&["lmnr.span.type"]).then_some("openai")
    }
}

fn first(attributes: &Attributes, keys: &[&str]) -> Option<String> {
    keys.iter()
        .find_map(|key| attributes.present(key))
        .map(ToOwned::to_owned)
}

fn first_like(attributes: &Attributes, pattern: &Regex) -> Option<String> {
    let keys = attributes
        .iter()
        .map(|(key, _)| key)
        .filter(|key| key.starts_with("gen_ai."));
    let mut matching = keys.filter(|key| pattern.is_match(key));
    matching.find_map(|key| attributes.present(key)).map(ToOwned::to_owned)
}

fn is_vercel_chat(attributes: &Attributes) -> bool {
    let operation = attributes.get("ai.operationId").map(unpacked);
    let operation = operation.as_ref().and_then(Json::as_text);
    matches!(operation, Some("ai.generateText.doGenerate" | "ai.streamText.doStream"))
}

fn with_prefix(attributes: &Attributes, prefix: &str) -> Vec<(String, Json)> {
    let pairs = attributes.iter();
    pairs
        .filter_map(|(key, value)| Some((key.strip_prefix(prefix)?.to_owned(), unpacked(value))))
        .collect()
}

/// Decodes JSON, up to three layers of it.
fn unpacked(value: &str) -> Json {
    let mut json = Json::parse_or_text(value);
    for _ in 0..2 {
        match &json {
            Json::Text(text) => json = Json::parse_or_text(text),
            _ => break,
        }
    }
    json
}

fn from_event(events: &[Event], name: &str, key: &str) -> Option<String> {
    let mut values = events
        .iter()
        .filter(|event| event.name == name)
        .filter_map(|event| event.attribute(key));
    values.find(|value| value.is_truthy()).map(|value| match value {
        Json::Text(text) => text.clone(),
        other => other.dump(),
    })
}

fn messages(messages: impl Iterator<Item = Json>) -> Option<String> {
    let messages: Vec<Json> = messages.collect();
    (!messages.is_empty()).then(|| Json::List(messages).dump_ascii())
}

fn input_message(event: &Event) -> Option<Json> {
    let role = match event.name.as_str() {
        "gen_ai.system.message" => "system",
        "gen_ai.user.message" => "user",
        "gen_ai.assistant.message" => "assistant",
        _ => return None,
    };
    message(Json::Text(role.to_owned()), event)
}

fn output_message(event: &Event) -> Option<Json> {
    if event.name != "gen_ai.choice" {
        return None;
    }
    let role = event
        .attribute("role")
        .map_or(Json::Text("assistant".to_owned()), decoded);
    message(role, event)
}

fn message(role: Json, event: &Event) -> Option<Json> {
    let content = event.attribute("content").filter(|content| content.is_truthy())?;
    let (role_key, content_key) = ("role".to_owned(), "content".to_owned());
    Some(Json::Map(vec![(role_key, role), (content_key, decoded(content))]))
}

fn decoded(value: &Json) -> Json {
    match value {
        Json::Text(text) => Json::parse_or_text(text),
        other => other.clone(),
    }
}
