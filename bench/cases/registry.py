"""Searches over a registry of 5,000 models with two versions each."""

import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from bench import made_up, processes
from bench.load import case, interleaved
from bench.cases.scale import ask

NAMES = ["models-search", "versions-search"]
MODELS = 5_000
CONNECTIONS = 2
QUERIES = {
    "models-search": ("registered-models/search", {"filter": "name LIKE 'model-04%'", "order_by": ["name ASC"], "max_results": "100"}),
    "versions-search": ("model-versions/search", {"filter": "name = 'model-04000'", "max_results": "100"}),
}
TITLES = {"models-search": "registered-models/search at 5,000 models", "versions-search": "model-versions/search at 10,000 versions"}


def measure(plan, wanted):
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        mlflow = processes.mlflow_server(folder, MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false")
        servers = [mlflow, processes.fettle_server(folder)]
        try:
            made_up.prepare(f"sqlite:///{folder}/mlflow.db", folder)
            made_up.write_models(folder / "mlflow.db", MODELS)
            for server in servers:
                server.start()
            with ThreadPoolExecutor(8) as pool:
                list(pool.map(lambda number: make(servers[1], number), range(MODELS)))
            for name in wanted:
                path, query = QUERIES[name]
                address = f"/api/2.0/mlflow/{path}?{requests.compat.urlencode(query, doseq=True)}"
                require_equal(servers, address)
                (folder / name).write_text(f"GET\t{address}\t\n")
                sides = interleaved(servers, "requests", lambda *_, name=name: [folder / name], CONNECTIONS, plan)
                results[name] = case(TITLES[name], "sqlite", sides, connections=CONNECTIONS)
        finally:
            for server in servers:
                server.stop()
    yield results


def make(server, number):
    name = f"model-{number:05}"
    ask(server, "registered-models/create", {"name": name})
    for _ in range(2):
        ask(server, "model-versions/create", {"name": name, "source": "s3://bucket/model"})


def require_equal(servers, address):
    answers = []
    for server in servers:
        found = requests.get(server.url + address, timeout=120).json()
        rows = found.get("registered_models") or found.get("model_versions")
        answers.append(json.dumps([(row["name"], row.get("version"), len(row.get("latest_versions", []))) for row in rows]))
    if len(set(answers)) != 1:
        raise SystemExit(f"the registries differ: {answers[0][:300]} {answers[1][:300]}")
