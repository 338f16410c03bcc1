"""A forest of 100 trees, one row per request: `mlflow models serve` beside `fettle serve` with both executors."""

import json
import tempfile
from pathlib import Path

import requests

from bench import processes
from bench.load import case, interleaved

NAMES = ["scoring-1", "scoring-32"]
ROWS = 64
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
            for name in NAMES:
                if name in wanted:
                    connections = int(name.rpartition("-")[2])
                    sides = interleaved(servers, "requests", lambda *_: [folder / "bodies"], connections, plan)
                    results[name] = case(TITLE, "", sides, connections=connections, goals=GOALS[name])
        finally:
            for server in servers:
                server.stop()
    yield results


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
