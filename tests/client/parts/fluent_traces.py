"""Traces by the fluent calls: merged, handed from one process to another, sent elsewhere, gathered into sessions."""

import mlflow

from .support import MLFLOW_VERSION, client, equal, fresh, new_experiment, since
from .traces import flush, id_of

SINCE = "2.22"


def last_trace():
    flush()
    if MLFLOW_VERSION < (3, 0):
        return mlflow.get_last_active_trace()
    return mlflow.get_trace(mlflow.get_last_active_trace_id())


def names(trace):
    return sorted(span.name for span in trace.data.spans)


def check_trace_of_another_process_is_added():
    new_experiment("fluent-traces")
    with mlflow.start_span("remote") as span:
        span.set_outputs("r")
    remote = last_trace()
    with mlflow.start_span("local"):
        mlflow.add_trace(remote)
    equal("spans of both", names(last_trace()), ["local", "remote"])


def check_trace_of_the_past():
    new_experiment("fluent-traces")
    trace_id = mlflow.log_trace(
        name="past", request={"q": 1}, response="r", attributes={"k": "v"}, tags={"team": "red"}, start_time_ms=1000, execution_time_ms=20
    )
    flush()
    trace = client().get_trace(trace_id)
    info = trace.info
    took = info.execution_duration if MLFLOW_VERSION >= (3, 0) else info.execution_time_ms
    equal("time, length, tag", (info.timestamp_ms, took, info.tags["team"]), (1000, 20, "red"))
    (span,) = trace.data.spans
    equal("span", (span.name, span.inputs, span.outputs, span.attributes["k"]), ("past", {"q": 1}, "r", "v"))


@since("3.6")
def check_spans_without_context():
    new_experiment("fluent-traces")
    root = mlflow.start_span_no_context("root", inputs={"a": 1}, tags={"team": "red"})
    child = mlflow.start_span_no_context("child", parent_span=root)
    child.end()
    root.end()
    flush()
    trace = client().get_trace(root.trace_id)
    equal("spans, tag", (names(trace), trace.info.tags["team"]), (["child", "root"], "red"))


@since("3.10")
def check_headers_carry_the_trace_to_another_service():
    from mlflow.tracing import get_tracing_context_headers_for_http_request, set_tracing_context_from_http_request_headers

    new_experiment("fluent-traces")
    with mlflow.start_span("caller") as caller:
        headers = get_tracing_context_headers_for_http_request()
    with set_tracing_context_from_http_request_headers(headers):
        with mlflow.start_span("service"):
            pass
    flush()
    equal("one trace", names(client().get_trace(caller.trace_id)), ["caller", "service"])


@since("3.6")
def check_destination():
    from mlflow.entities.trace_location import MlflowExperimentLocation

    here, there = new_experiment("fluent-traces"), client().create_experiment(fresh("destination"))
    mlflow.tracing.set_destination(MlflowExperimentLocation(there))
    try:
        with mlflow.start_span("sent elsewhere"):
            pass
        flush()
    finally:
        mlflow.tracing.reset()
    found = [len(mlflow.search_traces(locations=[place], return_type="list")) for place in (here, there)]
    equal("here and there", found, [0, 1])


@since("3.10")
def check_sessions():
    experiment_id = new_experiment("fluent-traces")
    for session, turns in {"first": 2, "second": 1}.items():
        for turn in range(turns):
            with mlflow.start_span(f"turn {turn}"):
                mlflow.update_current_trace(metadata={"mlflow.trace.session": session})
    flush()
    found = mlflow.search_sessions(locations=[experiment_id])
    equal("turns of each", sorted(len(traces) for traces in found), [1, 2])


@since("3.17")
def check_issue_of_a_trace():
    from mlflow.tracing.client import TracingClient

    experiment_id = new_experiment("fluent-traces")
    issue = TracingClient()._create_issue(experiment_id, "slow", "answers take long")
    with mlflow.start_span("asked"):
        pass
    trace_id = id_of(last_trace())
    mlflow.log_issue(trace_id=trace_id, issue_id=issue.issue_id, rationale="it took a minute")
    (told,) = client().get_trace(trace_id).info.assessments
    equal("issue", (told.name, told.rationale), (issue.issue_id, "it took a minute"))
