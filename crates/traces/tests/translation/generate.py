"""Record what MLflow stores of the attributes of spans in other conventions than its own.

    python crates/traces/tests/translation/generate.py > crates/traces/tests/translation/corpus.jsonl

Needs `mlflow`. Every span goes through `Span.from_otel_proto` and `translate_span_when_storing`, as those that come by
OTLP do. One JSON line a span: what is sent, in OTLP's JSON, and the attributes as MLflow stores them.

    {"span": {"attributes": [..], "events": [..]}, "stored": {"KEY": "JSON AS TEXT"}}

The output depends only on the version of MLflow and on the seed.
"""

import json
import random

from mlflow.entities.span import Span
from mlflow.tracing.otel.translation import translate_span_when_storing
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.trace.v1.trace_pb2 import Span as ProtoSpan

SEED = 20251121
RANDOM_SPANS = 300
START_NS = 1_700_000_000_000_000_000

MESSAGES = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "hé"}]}])
ANSWERS = json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": "ho"}]}, {"parts": [{"text": "b"}]}])
TOOLS = json.dumps([{"type": "function", "name": "f"}])
CONTENTS = ["plain", "", "<REDACTED>", "null", "12", "{}", '{"a": 1}', '{"model": "gpt-4o"}', '{"model": 3}', MESSAGES, ANSWERS]
COUNTS = [0, 1, 25, "7", " 8 ", "x", "", 3.0]
MODELS = ["gpt-4o", "gpt-4o-mini", "claude-3-5-sonnet-20241022", "unheard-of", ""]

# What each key may hold.
VALUES = {
    "openinference.span.kind": ["TOOL", "CHAIN", "LLM", "RETRIEVER", "EMBEDDING", "AGENT", "RERANKER", "UNKNOWN", "GUARDRAIL", "EVALUATOR", "x"],
    "gen_ai.operation.name": ["chat", "create_agent", "embeddings", "execute_tool", "generate_content", "invoke_agent", "text_completion", "response", "llm_call", "tool_call", "agent_call", "system_prompt", "x"],
    "traceloop.span.kind": ["workflow", "task", "agent", "tool", "unknown", "x"],
    "ai.operationId": ["ai.generateText", "ai.generateText.doGenerate", "ai.toolCall", "ai.streamText", "ai.streamText.doStream", "ai.generateObject", "ai.embed", "ai.embed.doEmbed", "ai.embedMany", "x"],
    "span.type": ["claude_code.interaction", "interaction", "llm_request", "claude_code.tool", "tool", "agent", "llm", "memory", "x"],
    "entity.type": ["agent", "llm", "tool", "memory"],
    "lmnr.span.type": ["LLM", "TOOL", "DEFAULT", "PIPELINE", "EXECUTOR", "EVALUATOR", "HUMAN_EVALUATOR", "EVALUATION", "CACHED", "x"],
    "langfuse.observation.type": ["generation", "embedding", "tool", "retriever", "agent", "chain", "evaluator", "guardrail", "span", "event"],
    "mlflow.spanType": ["UNKNOWN", '"UNKNOWN"', '"CHAIN"', "LLM"],
    "gen_ai.agent.name": ["gemini-cli", "other"],
    "lk.retry_count": [1], "lk.agent_name": ["a"], "lk.function_tool.name": ["f"], "lk.tts.label": ["t"], "lk.transcript_confidence": [0.5],
    "voltagent.operation_id": ["o"], "voltagent.conversation_id": ["c"],
    "gen_ai.tool.definitions": [TOOLS, "", "[]"],
    "ai.prompt.tools": [["{\"name\": \"f\"}", "{\"name\": \"g\"}"]],
}
for key in ["input.value", "output.value", "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.tool.call.arguments", "gen_ai.tool.call.result",
            "traceloop.entity.input", "traceloop.entity.output", "gen_ai.prompt.0.content", "gen_ai.prompt.1.content", "gen_ai.completion.0.content",
            "gen_ai.completion.0.tool_calls.0.arguments", "gcp.vertex.agent.llm_request", "gcp.vertex.agent.tool_call_args",
            "gcp.vertex.agent.llm_response", "gcp.vertex.agent.tool_response", "ai.prompt", "ai.prompt.messages", "ai.toolCall.args",
            "ai.toolCall.result", "ai.value", "ai.values", "ai.response.text", "ai.response.object", "ai.embedding", "agent.messages", "llm.messages",
            "input", "output", "lk.user_input", "lk.user_transcript", "lk.chat_ctx", "lk.input_text", "lk.response.text", "lk.response.function_calls",
            "lmnr.span.input", "lmnr.span.output", "langfuse.observation.input", "langfuse.observation.output", "user_prompt", "new_context",
            "tool_input", "full_command", "file_path", "response.model_output", "mlflow.spanInputs", "mlflow.spanOutputs"]:
    VALUES[key] = CONTENTS
for key in ["llm.token_count.prompt", "llm.token_count.completion", "llm.token_count.total", "llm.token_count.prompt_details.cache_read",
            "llm.token_count.prompt_details.cache_write", "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens",
            "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation.input_tokens",
            "gen_ai.usage.prompt_tokens", "gen_ai.usage.completion_tokens", "llm.usage.total_tokens", "input_tokens", "output_tokens",
            "cache_read_tokens", "cache_creation_tokens"]:
    VALUES[key] = COUNTS
for key in ["llm.response.model_name", "llm.model_name", "llm.request.model_name", "embedding.model_name", "gen_ai.response.model",
            "gen_ai.request.model"]:
    VALUES[key] = MODELS
for key in ["llm.provider", "gen_ai.provider.name", "gen_ai.system"]:
    VALUES[key] = ["openai", "anthropic", "azure.ai.openai", ""]

EVENTS = [
    ("gen_ai.content.prompt", {"gen_ai.prompt": "asked"}), ("gen_ai.content.completion", {"gen_ai.completion": "answered"}),
    ("gen_ai.system.message", {"content": "be kind"}), ("gen_ai.user.message", {"content": MESSAGES}), ("gen_ai.user.message", {}),
    ("gen_ai.assistant.message", {"content": "so"}), ("gen_ai.choice", {"content": "yes"}), ("gen_ai.choice", {"content": "no", "role": "tool"}),
    ("tool.output", {"output": "done"}), ("tool.output", {"content": "<REDACTED>", "diff": "+1"}), ("exception", {"exception.message": "m"}),
]


def any_value(value):
    match value:
        case bool():
            return AnyValue(bool_value=value), {"boolValue": value}
        case int():
            return AnyValue(int_value=value), {"intValue": str(value)}
        case float():
            return AnyValue(double_value=value), {"doubleValue": value}
        case list():
            both = [any_value(item) for item in value]
            return AnyValue(array_value=ArrayValue(values=[proto for proto, _ in both])), {"arrayValue": {"values": [text for _, text in both]}}
        case dict():
            return AnyValue(kvlist_value=KeyValueList(values=pairs(value)[0])), {"kvlistValue": {"values": pairs(value)[1]}}
    return AnyValue(string_value=value), {"stringValue": value}


def pairs(attributes):
    both = [(key, *any_value(value)) for key, value in attributes.items()]
    return [KeyValue(key=key, value=proto) for key, proto, _ in both], [{"key": key, "value": text} for key, _, text in both]


def record(attributes, events=()):
    protos, texts = pairs(attributes)
    span = ProtoSpan(trace_id=bytes([1] * 16), span_id=bytes([2] * 8), name="s", start_time_unix_nano=START_NS, end_time_unix_nano=START_NS + 1, attributes=protos)
    as_json = {"attributes": texts, "events": []}
    for name, more in events:
        protos, texts = pairs(more)
        span.events.add(name=name, time_unix_nano=START_NS, attributes=protos)
        as_json["events"].append({"name": name, "attributes": texts})
    stored = translate_span_when_storing(Span.from_otel_proto(span))["attributes"]
    print(json.dumps({"span": as_json, "stored": stored}, ensure_ascii=False, separators=(",", ":")))


def main():
    chance = random.Random(SEED)
    for key, values in VALUES.items():
        # The many keys of content and counts hold the same values; some of these will do for each.
        few = chance.sample(values, 3) if values in (CONTENTS, COUNTS) else values
        for value in few:
            record({key: value})
    for event in EVENTS:
        record({}, [event])
        record({"span.type": "tool"}, [event])
    for _ in range(RANDOM_SPANS):
        keys = chance.sample(sorted(VALUES), chance.randint(2, 9))
        events = chance.sample(EVENTS, chance.choice([0, 0, 1, 3]))
        record({key: chance.choice(VALUES[key]) for key in keys}, events)


main()
