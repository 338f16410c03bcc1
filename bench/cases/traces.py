"""Spans over OTLP and searches over what was sent, on SQLite, both servers up and asked in turn."""

import http.client
import json
import statistics
import tempfile
import time
from pathlib import Path

from bench import processes, trace_load
from bench.load import case

NAMES = ["spans", "spans-search", "spans-pages"]
# What Fettle is searched with; MLflow, which would take five minutes to take them in, gets what it takes in a few seconds.
SEARCHED_SPANS = 200_000
LONG_TRACE_SPANS = 30_000
SEARCHES = {
    "one of few": "span.attributes.customer = 'customer-4321'",
    "one that all have": "span.attributes.tenant = 'acme'",
    "text": "span.content LIKE '%Lyon42 tools17%'",
    "name and status": "span.name = 'weather' AND span.status = 'OK'",
}
LOCATIONS = [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}}]


class Client:
    """One connection that stays open."""

    def __init__(self, server):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)

    def ask(self, method, path, body=None, headers=None):
        started = time.perf_counter()
        self.connection.request(method, path, body, headers or {})
        answer = self.connection.getresponse()
        data = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{method} {path}: {answer.status} {data[:500]}")
        return data, time.perf_counter() - started

    def export(self, request):
        self.ask("POST", "/v1/traces", request, {"Content-Type": "application/x-protobuf", "x-mlflow-experiment-id": "0"})

    def search(self, text, page_token=None):
        body = {"locations": LOCATIONS, "filter": text, "max_results": 100, "page_token": page_token}
        data, seconds = self.ask("POST", "/api/3.0/mlflow/traces/search", json.dumps(body), {"Content-Type": "application/json"})
        return json.loads(data), seconds


def measure(plan, wanted):
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        mlflow = processes.mlflow_server(folder, MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false")
        servers = [mlflow, processes.fettle_server(folder)]
        try:
            for server in servers:
                server.start()
            sides = {server.name: ingest(server, plan) for server in servers}
            if "spans" in wanted:
                spans = {**case("Spans over OTLP in requests of many, one exporter", "sqlite", sides, connections=1), "unit": "spans/s"}
                results["spans"] = {**spans, "goals": [["at_least", "", 30_000]]}
            # MLflow holds fewer spans, as it would take minutes to take them in: a ratio would compare nothing.
            if "spans-search" in wanted:
                for name, found in searches(servers[1], plan).items():
                    title = f"traces/search over {SEARCHED_SPANS:,} spans, {name}: p95"
                    results[f"spans-search {name}"] = milliseconds(title, found["p95_ms"], 10)
            if "spans-pages" in wanted:
                opened = pages(servers[1])
                results["spans-pages"] = milliseconds(f"A trace of {LONG_TRACE_SPANS:,} spans by pages of 500: slowest page", opened["most_ms"])
        finally:
            for server in servers:
                server.stop()
    yield results


def milliseconds(title, value, bound=None):
    goals = [["at_most", "", bound]] if bound else []
    return {"title": title, "store": "sqlite", "unit": "ms", "better": "less", "goals": goals, "sides": {"fettle": value}}


def ingest(server, plan):
    """One exporter that sends as soon as it is answered; the requests are made beforehand."""
    spans = SEARCHED_SPANS if server.name == "fettle" else 400 * plan.seconds
    requests = list(trace_load.requests(spans // trace_load.SPANS_OF_TRACE))
    client, times, cpu = Client(server), [], server.cpu_seconds()
    for request in requests:
        started = time.perf_counter()
        client.export(request)
        times.append(time.perf_counter() - started)
    cpu = server.cpu_seconds() - cpu
    return {
        "spans": spans,
        "requests_per_second": spans / sum(times),
        "p50_ms": statistics.median(times) * 1000,
        "p99_ms": statistics.quantiles(times, n=100)[98] * 1000 if len(times) > 1 else times[0] * 1000,
        "cpu_seconds_per_1000": cpu / spans * 1000,
    }


def searches(server, plan):
    client, sides = Client(server), {}
    for name, text in SEARCHES.items():
        found, _ = client.search(text)
        times = [client.search(text)[1] * 1000 for _ in range(20 if server.name == "fettle" else plan.rounds)]
        quantiles = statistics.quantiles(times, n=20) if len(times) > 1 else times * 19
        sides[name] = {"found": len(found.get("traces", [])), "p50_ms": statistics.median(times), "p95_ms": quantiles[18]}
    return sides


def pages(server):
    """A long trace, sent in requests of 512 spans, opened by pages of 500."""
    client = Client(server)
    for request in trace_load.long_trace(LONG_TRACE_SPANS):
        client.export(request)
    path = f"/api/fettle/v1/traces/tr-{trace_load.LONG_TRACE:032x}/spans?max_results=500"
    times, token, spans = [], None, 0
    while token is None or token:
        data, seconds = client.ask("GET", path + (f"&page_token={token}" if token else ""))
        page = json.loads(data)
        spans += len(page["spans"])
        token = page.get("next_page_token", "")
        times.append(seconds * 1000)
    if spans != LONG_TRACE_SPANS:
        raise SystemExit(f"the long trace has {spans} spans")
    return {"first_ms": times[0], "p50_ms": statistics.median(times), "most_ms": max(times)}
