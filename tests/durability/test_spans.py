"""`kill -9` while spans come in and their index is folded: every acknowledged span is read, and found by what it holds."""

import itertools
import random
import threading
import time

import requests
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from support.rest import Api

ROUNDS = 3
# So many that the index is folded several times a second.
TRACES_OF_REQUEST = 200
START_NS = 1_700_000_000_000_000_000


def request(first):
    """One trace of one span for each number, which its attribute says."""
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    for number in range(first, first + TRACES_OF_REQUEST):
        span = spans.add(name="root", trace_id=number.to_bytes(16, "big"), span_id=(1).to_bytes(8, "big"))
        span.start_time_unix_nano = START_NS + number * 1_000_000
        span.end_time_unix_nano = span.start_time_unix_nano + 1_000_000
        span.attributes.add(key="batch").value.string_value = f"batch-{first}"
        span.attributes.add(key="number").value.string_value = f"number-{number}"
    return request.SerializeToString()


def write(url, experiment_id, firsts, acknowledged):
    headers = {"Content-Type": "application/x-protobuf", "x-mlflow-experiment-id": experiment_id}
    session = requests.Session()
    try:
        for first in firsts:
            answer = session.post(f"{url}/v1/traces", data=request(first), headers=headers, timeout=30)
            assert answer.status_code == 200, answer.text
            acknowledged.append(first)
    except requests.RequestException:
        pass  # the server is gone, as it should be


def found(url, experiment_id, text, limit=500):
    location = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment_id}}
    body = {"locations": [location], "filter": text, "max_results": limit}
    answer = requests.post(f"{url}/api/3.0/mlflow/traces/search", json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    return {trace["trace_id"] for trace in answer.json().get("traces", [])}


def test_acknowledged_spans_are_found(own_server):
    experiment_id = Api(own_server.url).new_experiment("spans")
    acknowledged = []
    for round_number in range(ROUNDS):
        counts = [itertools.count((round_number * 10 + writer) * 1_000_000 + 1, TRACES_OF_REQUEST) for writer in range(2)]
        arguments = [(own_server.url, experiment_id, count, acknowledged) for count in counts]
        writers = [threading.Thread(target=write, args=each) for each in arguments]
        for writer in writers:
            writer.start()
        time.sleep(2 + random.random())
        own_server.kill()
        for writer in writers:
            writer.join()
        own_server.start()
    assert len(acknowledged) > 15, "the writers hardly wrote"
    url = own_server.url
    for first in acknowledged:
        names = {f"tr-{number:032x}" for number in range(first, first + TRACES_OF_REQUEST)}
        assert found(url, experiment_id, f"span.attributes.batch = 'batch-{first}'") == names
    number = acknowledged[-1] + 7
    assert found(url, experiment_id, f"span.content LIKE '%number-{number}%' AND span.name = 'root'") == {f"tr-{number:032x}"}
