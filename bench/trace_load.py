"""Spans as an application with language models makes them, as OTLP requests that are ready to be sent."""

import random

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

SPANS_OF_TRACE = 10
# What exporters send at once unless told otherwise.
SPANS_OF_REQUEST = 512
START_NS = 1_700_000_000_000_000_000
WORDS = "the model answers a question about the weather in Lyon with three tools and a search in old documents".split()
TOOLS = ["search", "weather", "calendar", "calculator"]


def text(chance, words):
    return " ".join(chance.choice(WORDS) + str(chance.randrange(100)) for _ in range(words))


def add(attributes, key, value):
    pair = attributes.add(key=key)
    if isinstance(value, int):
        pair.value.int_value = value
    else:
        pair.value.string_value = value


def requests(traces, first=0, seed=1):
    """Requests with this many traces between them, each of a root and nine spans below it."""
    chance = random.Random(seed)
    request = group = None
    for number in range(first, first + traces):
        if request is None:
            request = ExportTraceServiceRequest()
            group = request.resource_spans.add()
            add(group.resource.attributes, "service.name", "assistant")
            group = group.scope_spans.add()
        for index in range(SPANS_OF_TRACE):
            span = group.spans.add()
            span.trace_id = (number + 1).to_bytes(16, "big")
            span.span_id = (index + 1).to_bytes(8, "big")
            span.start_time_unix_nano = START_NS + number * 1_000_000 + index * 1000
            span.end_time_unix_nano = span.start_time_unix_nano + 500_000_000
            span.status.code = Status.STATUS_CODE_OK
            if index == 0:
                span.name = "agent"
                add(span.attributes, "mlflow.spanType", "AGENT")
                # The one that searches look for, and one that all have.
                add(span.attributes, "customer", f"customer-{number % 5000}")
                add(span.attributes, "tenant", "acme")
            else:
                span.parent_span_id = (1).to_bytes(8, "big")
            if index % 3 == 1:
                span.name = "chat"
                add(span.attributes, "gen_ai.operation.name", "chat")
                add(span.attributes, "gen_ai.request.model", "gpt-4o")
                add(span.attributes, "gen_ai.usage.input_tokens", 100 + number % 50)
                add(span.attributes, "gen_ai.usage.output_tokens", 20 + number % 7)
            elif index:
                span.name = TOOLS[index % len(TOOLS)]
                add(span.attributes, "mlflow.spanType", "TOOL")
                add(span.attributes, "http.response.status_code", 200)
            add(span.attributes, "mlflow.spanInputs", f'{{"question": "{text(chance, 12)}"}}')
            add(span.attributes, "mlflow.spanOutputs", f'{{"answer": "{text(chance, 20)}"}}')
        if len(group.spans) + SPANS_OF_TRACE > SPANS_OF_REQUEST:
            yield request.SerializeToString()
            request = None
    if request is not None:
        yield request.SerializeToString()


LONG_TRACE = 1 << 100


def long_trace(spans):
    """Requests of one trace with this many spans below its root."""
    chance = random.Random(2)
    for first in range(0, spans, SPANS_OF_REQUEST):
        request = ExportTraceServiceRequest()
        group = request.resource_spans.add().scope_spans.add()
        for index in range(first, min(first + SPANS_OF_REQUEST, spans)):
            span = group.spans.add()
            span.trace_id = LONG_TRACE.to_bytes(16, "big")
            span.span_id = (index + 1).to_bytes(8, "big")
            span.parent_span_id = (1).to_bytes(8, "big") if index else b""
            span.name = f"step {index}"
            span.start_time_unix_nano = START_NS + index * 1000
            span.end_time_unix_nano = span.start_time_unix_nano + 500
            add(span.attributes, "gen_ai.usage.input_tokens", 1)
            add(span.attributes, "gen_ai.usage.output_tokens", 1)
            add(span.attributes, "mlflow.spanInputs", f'{{"question": "{text(chance, 12)}"}}')
        yield request.SerializeToString()
