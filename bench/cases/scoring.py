"""A forest of 100 trees: `mlflow models serve` beside `fettle serve` with both executors, and what the gateway adds to a
bare call of the native executor."""

import json
import subprocess
import tempfile
from pathlib import Path
from statistics import median

import requests

from bench import processes
from bench.load import case, interleaved, measure as round_of, summary

NAMES = ["scoring-1", "scoring-32", "gateway-overhead", "executor-share-1024"]
ROWS = 64
MANY_ROWS = 1024
TITLE = "Scoring a 100-tree forest, one row per request"
GOALS = {
    "scoring-1": [("ratio", "", 100, "fettle-native")],
    "scoring-32": [("ratio", "", 200, "fettle-native"), ("ratio", "", 5, "fettle-python")],
}


def measure(plan, wanted):
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        bodies = train(folder)
        servers = [
            processes.mlflow_scoring(folder, folder / "model"),
            processes.fettle_scoring(folder, folder / "model", "native"),
            processes.fettle_scoring(folder, folder / "model", "python"),
        ]
        try:
            for server in servers:
                server.start("/ping")
            require_equal(servers, bodies)
            lines = [f"POST\t/invocations\t{body}\n" for body in bodies]
            (folder / "bodies").write_text("".join(lines))
            for name in GOALS:
                if name in wanted:
                    connections = int(name.rpartition("-")[2])
                    sides = interleaved(servers, "requests", lambda *_: [folder / "bodies"], connections, plan)
                    results[name] = case(TITLE, "", sides, connections=connections, goals=GOALS[name])
            if {"gateway-overhead", "executor-share-1024"} & set(wanted):
                results.update(beside_bare_calls(plan, folder, servers[1], bodies, wanted))
        finally:
            for server in servers:
                server.stop()
    yield results


def beside_bare_calls(plan, folder, server, bodies, wanted):
    """One connection against the native executor, and the same rows given to the executor in a loop, in turn."""
    rows = [json.loads(body)["dataframe_split"]["data"][0] for body in bodies]
    (folder / "rows").write_text(json.dumps(rows))
    many = {"columns": ["a", "b", "c", "d"], "data": [rows[number % ROWS] for number in range(MANY_ROWS)]}
    (folder / "many").write_text(f"POST\t/invocations\t{json.dumps({'dataframe_split': many})}\n")
    bare, one, large = [], [], []
    for file in ("bodies", "many"):
        round_of(server, "requests", [folder / file], 1, plan.warm_up_seconds)
    for _ in range(plan.rounds):
        command = [processes.tool("floors"), "predict", folder / "model" / "model.skops", folder / "rows"]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True)
        bare.append(json.loads(done.stdout))
        one.append(round_of(server, "requests", [folder / "bodies"], 1, plan.seconds))
        large.append(round_of(server, "requests", [folder / "many"], 1, plan.seconds))
    bare_one, bare_many = (median(round[field] for round in bare) for field in ("one_row_p50_ms", "many_rows_p50_ms"))
    overhead_us = (summary(one)["p50_ms"] - bare_one) * 1000
    share = bare_many / summary(large)["p50_ms"] * 100
    figures = {
        "gateway-overhead": {
            "title": "What HTTP and the gateway add to a bare call of the native executor, p50, loopback and load generator included",
            "unit": "us", "better": "less", "goals": [["at_most", "", 100]], "sides": {"fettle": overhead_us},
        },
        "executor-share-1024": {
            "title": f"Share of the executor in the time of a request of {MANY_ROWS:,} rows, 1 connection",
            "unit": "%", "better": "more", "goals": [["at_least", "", 50]], "sides": {"fettle": share},
        },
    }  # fmt: skip
    return {name: {**figure, "store": ""} for name, figure in figures.items() if name in wanted}


def train(folder):
    """Save the model and make one request body per row."""
    import mlflow
    import numpy
    import pandas
    from mlflow.models import infer_signature
    from sklearn.ensemble import RandomForestRegressor

    random = numpy.random.default_rng(42)
    table = pandas.DataFrame(random.normal(size=(1000, 4)), columns=["a", "b", "c", "d"])
    target = table["a"] + 2 * table["b"] - table["c"] + 0.5 * table["d"] + random.normal(size=1000) * 0.1
    forest = RandomForestRegressor(n_estimators=100, random_state=42).fit(table, target)
    mlflow.sklearn.save_model(
        forest,
        folder / "model",
        signature=infer_signature(table, forest.predict(table)),
        input_example=table[:5],
        serialization_format="skops",
        skops_trusted_types=["sklearn.tree._tree.Tree"],
        pip_requirements=["scikit-learn"],
    )
    rows = random.normal(size=(ROWS, 4)).tolist()
    return [json.dumps({"dataframe_split": {"columns": list(table.columns), "data": [row]}}) for row in rows]


def require_equal(servers, bodies):
    """Equal to the last bit: the numbers come as JSON text that is read back exactly."""
    answers = {}
    for server in servers:
        headers = {"Content-Type": "application/json"}
        asked = [requests.post(server.url + "/invocations", data=body, headers=headers, timeout=60) for body in bodies]
        for answer in asked:
            if answer.status_code != 200:
                raise SystemExit(f"{server.name}: {answer.status_code} {answer.text[:500]}")
        answers[server.name] = [answer.json()["predictions"] for answer in asked]
    reference = answers[servers[0].name]
    for name, predictions in answers.items():
        wrong = [row for row, (ours, theirs) in enumerate(zip(predictions, reference, strict=True)) if ours != theirs]
        if wrong:
            raise SystemExit(f"{name} predicts otherwise for {len(wrong)} of {ROWS} rows, first row {wrong[0]}")
