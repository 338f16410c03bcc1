"""Searches and charts over stores of growing size, filled with the same runs on both sides."""

import base64
import json
import tempfile
from pathlib import Path

import requests

from bench import made_up, processes
from bench.load import case, interleaved

CONNECTIONS = 2
# name -> runs (none: as the plan says), metrics of a run, points of a metric, whether MLflow takes part.
SIZES = {"1k": (1_000, 10, 40, True), "20k": (20_000, 10, 40, True), "1m": (None, 5, 20, False)}
QUERIES = ["newest-100", "small", "by-metric", "deep-page"]
TITLES = {
    "newest-100": "the newest 100 full runs",
    "small": "five runs by two params",
    "by-metric": "100 full runs, metric filter and order",
    "deep-page": "100 full runs after 90 % of the others",
}
HISTORIES = {"history-50k": (50_000, 500), "history-10m": (10_000_000, 320)}
STORES = ["sqlite", "postgres"]
TOGETHER = [
    *[[f"search-{query}-{size}@{store}" for query in QUERIES] for store in STORES for size in SIZES if (store, size) != ("postgres", "1k")],
    *[[f"{history}@sqlite"] for history in HISTORIES],
]
NAMES = [name for names in TOGETHER for name in names]
# On PostgreSQL the largest store takes minutes to fill: it is measured when it is asked for by name.
BY_NAME_ONLY = [name for name in NAMES if name.endswith("-1m@postgres")]


def measure(plan, wanted):
    """What each store showed, as soon as it is known."""
    for store in STORES:
        for size in SIZES:
            queries = [query for query in QUERIES if f"search-{query}-{size}@{store}" in wanted]
            if queries:
                yield at_size(plan, store, size, queries)
    for name in wanted:
        if name.partition("@")[0] in HISTORIES:
            yield history(plan, name)


def at_size(plan, store, size, queries):
    runs, metrics, steps, with_mlflow = SIZES[size]
    runs = runs or plan.large_runs
    results = {}
    with tempfile.TemporaryDirectory() as folder, processes.databases(store, folder) as uri:
        folder = Path(folder)
        ours = uri("fettle")
        processes.seed(ours, experiment="bench", runs=runs, metrics=metrics, steps=steps)
        servers = [processes.fettle_server(folder, ours)]
        if with_mlflow and store == "sqlite":
            servers.insert(0, mlflow_with(folder, uri("mlflow"), runs, metrics, steps))
        try:
            for server in servers:
                server.start()
            bodies = {server.name: {query: body(server, query, runs) for query in queries} for server in servers}
            require_equal(servers, bodies)
            for query in queries:
                for server in servers:
                    lines = f"POST\t/api/2.0/mlflow/runs/search\t{json.dumps(bodies[server.name][query])}\n"
                    (folder / f"{server.name}-{query}").write_text(lines)
                sides = interleaved(servers, "requests", lambda server, _, query=query: [folder / f"{server.name}-{query}"], CONNECTIONS, plan)
                goals = {"20k": [("at_most", "p95_ms", 10)], "1m": [("at_most", "p99_ms", 50)]}.get(size, [])
                title = f"runs/search at {runs:,} runs, {runs * metrics * steps:,} points: {TITLES[query]}"
                result = case(title, store, sides, connections=CONNECTIONS, goals=goals)
                results[f"search-{query}-{size}@{store}"] = {**result, "query": TITLES[query], "runs": runs}
        finally:
            for server in servers:
                server.stop()
    return results


def mlflow_with(folder, uri, runs, metrics, steps):
    """MLflow over a database that it has made itself, and that was filled behind its back."""
    experiment_id = made_up.prepare(uri, folder)
    made_up.write(f"{folder}/mlflow.db", experiment_id, runs, metrics, steps)
    return processes.mlflow_server(folder, uri, MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false")


def ask(server, path, body):
    answer = requests.post(f"{server.url}/api/2.0/mlflow/{path}", json=body, timeout=300)
    if answer.status_code != 200:
        raise SystemExit(f"{path} at {server.name}: {answer.status_code} {answer.text[:500]}")
    return answer.json()


def body(server, query, runs):
    found = requests.get(f"{server.url}/api/2.0/mlflow/experiments/get-by-name", params={"experiment_name": "bench"}, timeout=60)
    common = {"experiment_ids": [found.json()["experiment"]["experiment_id"]], "max_results": 100}
    number = runs // 3
    return {
        "newest-100": common,
        "small": {
            **common,
            "max_results": 5,
            "filter": f"params.param_1 = 'value {made_up.mixed(number + 1) % 100}' AND params.param_0 = 'value {made_up.mixed(number) % 10}'",
        },
        "by-metric": {**common, "filter": "metrics.metric_0 > 0.5", "order_by": ["metrics.metric_1 DESC"]},
        "deep-page": {**common, "page_token": deep_token(server, runs)},
    }[query]


def deep_token(server, runs):
    """What the server gave to a client that had come so far; going there page by page would take the time of the bench."""
    if server.name == "mlflow":
        token = json.dumps({"offset": runs * 9 // 10})
    else:
        last = runs - runs * 9 // 10
        token = json.dumps({"after": [{"int": made_up.start_time(last)}, {"text": made_up.run_uuid(last)}]})
    return base64.b64encode(token.encode()).decode()


def require_equal(servers, bodies):
    """Same runs with the same content in the same order. Where MLflow takes no part, the runs are those that were made."""
    answers = {}
    for server in servers:
        answers[server.name] = {query: [essence(run) for run in ask(server, "runs/search", asked).get("runs", [])] for query, asked in bodies[server.name].items()}
        for query, runs in answers[server.name].items():
            if not runs:
                raise SystemExit(f"{server.name} finds nothing for {query}")
            for run in runs[:20]:
                number = int(run[0][16:], 16)
                if run[2].get("metric_0") != made_up.value(number, 0, run[3]):
                    raise SystemExit(f"{server.name} tells run {number} otherwise than it was made")
    first, *others = answers.values()
    for other in others:
        for query in first:
            if first[query] != other[query]:
                raise SystemExit(f"the servers answer differently to {query}: {first[query][:2]} {other[query][:2]}")


def essence(run):
    info, data = run["info"], run["data"]
    metrics = {metric["key"]: metric["value"] for metric in data["metrics"]}
    step = max((metric["step"] for metric in data["metrics"]), default=0)
    texts = sorted((entry["key"], entry["value"]) for entry in [*data["params"], *data["tags"]])
    return [info["run_id"], [info[name] for name in ("run_name", "status", "start_time", "end_time")], metrics, step, texts]


def history(plan, name):
    """A chart of one long metric."""
    kind = name.partition("@")[0]
    points, wanted = HISTORIES[kind]
    with tempfile.TemporaryDirectory() as folder, processes.databases("sqlite", folder) as uri:
        folder = Path(folder)
        processes.seed(uri("fettle"), experiment="bench", runs=1, metrics=1, steps=points)
        servers = [processes.fettle_server(folder, uri("fettle"))]
        if points <= 100_000:
            servers.insert(0, mlflow_with(folder, uri("mlflow"), 1, 1, points))
        try:
            for server in servers:
                server.start()
            path = "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval"
            query = f"run_ids={made_up.run_uuid(0)}&metric_key=metric_0&max_results={wanted}"
            answers = [requests.get(f"{server.url}{path}?{query}", timeout=300).json()["metrics"] for server in servers]
            if any(answer != answers[0] for answer in answers) or not wanted <= len(answers[0]) <= wanted + 1:
                raise SystemExit(f"the servers sample differently: {[len(answer) for answer in answers]}")
            (folder / "requests").write_text(f"GET\t{path}?{query}\t\n")
            sides = interleaved(servers, "requests", lambda *_: [folder / "requests"], 1, plan)
        finally:
            for server in servers:
                server.stop()
    bound = 3 if kind == "history-50k" else 5
    title = f"History of {points:,} points to {wanted}"
    return {name: case(title, "sqlite", sides, connections=1, goals=[("at_most", "p50_ms", bound)])}
