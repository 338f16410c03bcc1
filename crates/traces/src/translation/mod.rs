//! Other conventions for spans of LLM applications, told as MLflow's own attributes: OpenInference, the GenAI semantic
//! conventions and their dialects. What is found and in which order is as in MLflow's `tracing/otel/translation`, and
//! is held against it by a corpus recorded from the real functions (`tests/translation`).

mod claude_code;
mod content;
mod conventions;
mod gemini;
mod kinds;
pub mod price;
mod usage;

use crate::{
    attributes::{
        Attributes, CHAT_TOOLS, CHAT_USAGE, INPUTS, LLM_COST, MESSAGE_FORMAT, MODEL, MODEL_PROVIDER, OUTPUTS, SPAN_TYPE,
    },
    json::Json,
    span::Event,
};

/// Adds the attributes that MLflow's pages and totals read, where they can be had from what is there.
pub fn translate(attributes: &mut Attributes, events: &[Event]) {
    if let Some(kind) = kinds::span_type(attributes) {
        let current = attributes.decoded(SPAN_TYPE);
        let unknown = current.is_none_or(|current| current == Json::Null || current.as_text() == Some("UNKNOWN"));
        if unknown {
            attributes.set(SPAN_TYPE, text(kind));
        }
    }
    if !attributes.contains(INPUTS)
        && let Some(value) = content::inputs(attributes, events)
    {
        attributes.set(INPUTS, value);
    }
    if !attributes.contains(OUTPUTS)
        && let Some(value) = content::outputs(attributes, events)
    {
        attributes.set(OUTPUTS, value);
    }
    if !attributes.contains(CHAT_USAGE)
        && let Some(usage) = usage::token_usage(attributes)
    {
        attributes.set(CHAT_USAGE, usage.dump());
    }
    if !attributes.contains(MESSAGE_FORMAT)
        && let Some(format) = content::message_format(attributes)
    {
        attributes.set(MESSAGE_FORMAT, text(format));
    }
    if !attributes.contains(CHAT_TOOLS)
        && let Some(tools) = attributes.present("gen_ai.tool.definitions")
    {
        let tools = tools.to_owned();
        attributes.set(CHAT_TOOLS, tools);
    }
    if !attributes.contains(MODEL)
        && let Some(model) = conventions::model(attributes)
    {
        attributes.set(MODEL, model.dump());
    }
    if !attributes.contains(MODEL_PROVIDER)
        && let Some(provider) = conventions::provider(attributes)
    {
        attributes.set(MODEL_PROVIDER, provider.dump());
    }
    if !attributes.contains(LLM_COST)
        && let Some(cost) = price::of_span(attributes)
    {
        attributes.set(LLM_COST, cost.dump());
    }
}

fn text(value: &str) -> String {
    Json::Text(value.to_owned()).dump()
}
