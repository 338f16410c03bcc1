//! What kind of work a span is.

use super::{claude_code, gemini};
use crate::{attributes::Attributes, json::Json};

type Kinds = &'static [(&'static str, &'static str)];

const OPEN_INFERENCE: Kinds = &[
    ("TOOL", "TOOL"),
    ("CHAIN", "CHAIN"),
    ("LLM", "LLM"),
    ("RETRIEVER", "RETRIEVER"),
    ("EMBEDDING", "EMBEDDING"),
    ("AGENT", "AGENT"),
    ("RERANKER", "RERANKER"),
    ("UNKNOWN", "UNKNOWN"),
    ("GUARDRAIL", "GUARDRAIL"),
    ("EVALUATOR", "EVALUATOR"),
];
const GEN_AI: Kinds = &[
    ("chat", "CHAT_MODEL"),
    ("create_agent", "AGENT"),
    ("embeddings", "EMBEDDING"),
    ("execute_tool", "TOOL"),
    ("generate_content", "LLM"),
    ("invoke_agent", "AGENT"),
    ("text_completion", "LLM"),
    ("response", "LLM"),
];
const GEMINI_CLI: Kinds = &[("llm_call", "LLM"), ("tool_call", "TOOL"), ("agent_call", "AGENT")];
const TRACELOOP: Kinds = &[
    ("workflow", "WORKFLOW"),
    ("task", "TASK"),
    ("agent", "AGENT"),
    ("tool", "TOOL"),
    ("unknown", "UNKNOWN"),
];
const VERCEL_AI: Kinds = &[
    ("ai.generateText", "LLM"),
    ("ai.generateText.doGenerate", "LLM"),
    ("ai.toolCall", "TOOL"),
    ("ai.streamText", "LLM"),
    ("ai.streamText.doStream", "LLM"),
    ("ai.generateObject", "LLM"),
    ("ai.generateObject.doGenerate", "LLM"),
    ("ai.streamObject", "LLM"),
    ("ai.streamObject.doStream", "LLM"),
    ("ai.embed", "EMBEDDING"),
    ("ai.embed.doEmbed", "EMBEDDING"),
    ("ai.embedMany", "EMBEDDING"),
];
const VOLT_AGENT: Kinds = &[
    ("agent", "AGENT"),
    ("llm", "LLM"),
    ("tool", "TOOL"),
    ("memory", "MEMORY"),
];
const LAMINAR: Kinds = &[
    ("LLM", "LLM"),
    ("TOOL", "TOOL"),
    ("DEFAULT", "CHAIN"),
    ("PIPELINE", "CHAIN"),
    ("EXECUTOR", "AGENT"),
    ("EVALUATOR", "EVALUATOR"),
    ("HUMAN_EVALUATOR", "EVALUATOR"),
    ("EVALUATION", "EVALUATOR"),
    ("CACHED", "LLM"),
];
const LANGFUSE: Kinds = &[
    ("generation", "LLM"),
    ("embedding", "EMBEDDING"),
    ("tool", "TOOL"),
    ("retriever", "RETRIEVER"),
    ("agent", "AGENT"),
    ("chain", "CHAIN"),
    ("evaluator", "EVALUATOR"),
    ("guardrail", "GUARDRAIL"),
    ("span", "UNKNOWN"),
];

const OPERATION: &str = "gen_ai.operation.name";

pub fn span_type(attributes: &Attributes) -> Option<&'static str> {
    let of = |key, kinds| kind(attributes, key, kinds);
    of("openinference.span.kind", OPEN_INFERENCE)
        .or_else(|| {
            gemini::is_gemini_cli(attributes)
                .then(|| of(OPERATION, GEMINI_CLI))
                .flatten()
        })
        .or_else(|| claude_code::span_type(attributes))
        .or_else(|| of(OPERATION, GEN_AI))
        .or_else(|| of("traceloop.span.kind", TRACELOOP))
        .or_else(|| of("ai.operationId", VERCEL_AI))
        // Spans below an agent inherit `entity.type`, so their own `span.type` comes first.
        .or_else(|| of("span.type", VOLT_AGENT))
        .or_else(|| of("entity.type", VOLT_AGENT))
        .or_else(|| livekit(attributes))
        .or_else(|| of("lmnr.span.type", LAMINAR))
        .or_else(|| of("langfuse.observation.type", LANGFUSE))
}

fn kind(attributes: &Attributes, key: &str, kinds: Kinds) -> Option<&'static str> {
    let value = attributes.decoded(key)?;
    find(value.as_text()?, kinds)
}

fn find(name: &str, kinds: Kinds) -> Option<&'static str> {
    kinds
        .iter()
        .find(|(kind, _)| *kind == name)
        .map(|(_, span_type)| *span_type)
}

/// LiveKit's spans tell what they are by which attributes they have.
fn livekit(attributes: &Attributes) -> Option<&'static str> {
    if attributes.contains("gen_ai.request.model") {
        return Some("LLM");
    }
    let operation = attributes.decoded(OPERATION);
    let operation = operation.as_ref().and_then(Json::as_text).unwrap_or_default();
    find(&operation.to_lowercase(), GEN_AI).or_else(|| {
        attributes.iter().find_map(|(key, _)| match key {
            "lk.retry_count" => Some("LLM"),
            "lk.agent_name" | "lk.instructions" | "lk.generation_id" => Some("AGENT"),
            "lk.input_text" | "lk.user_transcript" | "lk.transcript_confidence" | "lk.transcription_delay" => {
                Some("UNKNOWN")
            }
            _ if key.starts_with("lk.function_tool") => Some("TOOL"),
            _ if key.starts_with("lk.tts") => Some("UNKNOWN"),
            _ => None,
        })
    })
}
