"""Spans over OTLP and searches over what was sent, on both kinds of store, both servers up and asked in turn."""

import http.client
import json
import statistics
import tempfile
import time
from pathlib import Path

from bench import processes, trace_load
from bench.load import case

STORES = ["sqlite", "postgres"]
KINDS = ["spans", "spans-search", "spans-pages"]
NAMES = [f"{kind}@{store}" for store in STORES for kind in KINDS]
# What Fettle is searched with; MLflow gets what it takes in within a few seconds.
SEARCHED_SPANS = 200_000
LONG_TRACE_SPANS = 30_000
SEARCHES = {
    "one of few": "span.attributes.customer = 'customer-4321'",
    "one that all have": "span.attributes.tenant = 'acme'",
    "text": "span.content LIKE '%Lyon42 tools17%'",
    "name and status": "span.name = 'weather' AND span.status = 'OK'",
}
OF_ATTRIBUTES = {"one of few", "one that all have"}
# Of 20,000 traces; a page has 100.
FOUND = {"one of few": 4, "one that all have": 100, "name and status": 100}
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
    """What each store showed, as soon as it is known."""
    for store in STORES:
        chosen = [name.partition("@")[0] for name in wanted if name.endswith(f"@{store}")]
        if chosen:
            yield on_store(plan, store, chosen)


def on_store(plan, store, chosen):
    results = {}
    with tempfile.TemporaryDirectory() as folder, processes.databases(store, folder) as uri:
        folder = Path(folder)
        mlflow = processes.mlflow_server(folder, uri("mlflow"), MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false")
        fettle = processes.fettle_server(folder, uri("fettle"))
        servers = [mlflow, fettle] if "spans" in chosen else [fettle]
        try:
            for server in servers:
                server.start()
            sides = {server.name: ingest(server, plan) for server in servers}
            if "spans" in chosen:
                spans = case("Spans over OTLP in requests of many, one exporter", store, sides, connections=1)
                goals = [["at_least", "", 30_000]] if store == "sqlite" else []
                results[f"spans@{store}"] = {**spans, "unit": "spans/s", "goals": goals}
            # MLflow holds fewer spans, as it would take minutes to take them in: a ratio would compare nothing.
            if "spans-search" in chosen:
                for name, found in searches(fettle).items():
                    title = f"traces/search over {SEARCHED_SPANS:,} spans, {name}: p95"
                    bound = 10 if name in OF_ATTRIBUTES else None
                    results[f"spans-search {name}@{store}"] = milliseconds(title, store, found["p95_ms"], bound)
            if "spans-pages" in chosen:
                opened = pages(fettle)
                title = f"A trace of {LONG_TRACE_SPANS:,} spans by pages of 500: median page"
                results[f"spans-pages@{store}"] = milliseconds(title, store, opened["p50_ms"])
        finally:
            for server in servers:
                server.stop()
    return results


def milliseconds(title, store, value, bound=None):
    goals = [["at_most", "", bound]] if bound else []
    return {"title": title, "store": store, "unit": "ms", "better": "less", "goals": goals, "sides": {"fettle": value}}


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


def searches(server):
    client, sides = Client(server), {}
    for name, text in SEARCHES.items():
        found, _ = client.search(text)
        count = len(found.get("traces", []))
        if count != FOUND.get(name, count):
            raise SystemExit(f"{text} finds {count} traces instead of {FOUND[name]}")
        times = [client.search(text)[1] * 1000 for _ in range(20)]
        sides[name] = {"found": count, "p50_ms": statistics.median(times), "p95_ms": statistics.quantiles(times, n=20)[18]}
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
