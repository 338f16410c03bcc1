"""The commands that a user types, in the order of a model's life, against a server."""

import json
import os
import subprocess
import sys

import mlflow
import pytest
from mlflow.models import infer_signature
from pandas import DataFrame
from sklearn.linear_model import LinearRegression

from support import database, server as servers
from support.endpoints import log_models

POLICY = "steps:\n  - {percent: 50}\n  - {percent: 100}\nchecks:\n  - {check: error_rate, max: 0.5}\n"


@pytest.fixture
def server(tmp_path):
    running = servers.tracking_server(tmp_path, database.backend_uri("sqlite", tmp_path))
    running.environment["FETTLE_PYTHON"] = sys.executable
    yield running.start()
    running.kill()


def log_signed_model():
    rows = DataFrame({"x": [0.0, 1.0, 2.0]})
    mlflow.sklearn.log_model(
        LinearRegression().fit(rows, [0.0, 3.0, 6.0]), name="signed", registered_model_name="signed",
        signature=infer_signature(rows, [0.0]), pip_requirements=["scikit-learn"],
    )


def test_a_models_life(server, tmp_path):
    log_models(server.url)
    log_signed_model()

    def fettle(*words, code=0, stdin=""):
        done = subprocess.run(
            [servers.binary(), *words],
            input=stdin, capture_output=True, text=True, timeout=300, cwd=tmp_path, env={**os.environ, "MLFLOW_TRACKING_URI": server.url},
        )
        assert done.returncode == code, f"{words} ended with {done.returncode}: {done.stdout} {done.stderr}"
        return done.stdout if code == 0 else done.stderr

    fettle("endpoint", "create", "iris")
    fettle("deployment", "create", "blue", "--endpoint", "iris", "--model", "models:/iris/1", "--executor", "auto", "--timeout", "30")
    fettle("deployment", "create", "green", "--endpoint", "iris", "--model", "models:/iris/2", "--min-replicas", "0", "--max-replicas", "10")
    listed = json.loads(fettle("deployment", "list", "--endpoint", "iris", "-o", "json"))["deployments"]
    assert [(each["name"], each["state"], each["executor"]) for each in listed] == [
        ("blue", "ready", "native"), ("green", "ready", "native"),
    ]
    assert listed[0]["limits"] == {"timeout_seconds": 30}
    lines = fettle("deployment", "list", "--endpoint", "iris", "-o", "tsv").splitlines()
    assert [line.split("\t")[0] for line in lines] == ["name", "blue", "green"]
    assert "green" in fettle("deployment", "list", "--endpoint", "iris", "-o", "table")

    (tmp_path / "rows.json").write_text('{"dataframe_split": {"columns": ["x"], "data": [[2.0], [3.0]]}}')
    assert json.loads(fettle("predict", "--endpoint", "iris", "-i", "rows.json"))["predictions"] == pytest.approx([20.0, 30.0])
    assert json.loads(fettle("predict", "--endpoint", "iris", "-i", "rows.json", "--deployment", "green"))["predictions"] == pytest.approx([40.0, 60.0])

    # What is sent is told by its content, wherever it comes from.
    fettle("endpoint", "create", "signed", "-m", "models:/signed/1", "--executor", "native")
    (tmp_path / "rows").write_text("x\n2.0\n")
    DataFrame({"x": [2.0]}).to_parquet(tmp_path / "rows.parquet")
    for file, sent in [("rows", ""), ("-", "x\n2.0\n"), ("-", ' {"inputs": {"x": [2.0]}}')]:
        assert json.loads(fettle("predict", "--endpoint", "signed", "-i", file, stdin=sent))["predictions"] == pytest.approx([6.0])
    assert "Parquet" in fettle("predict", "--endpoint", "signed", "-i", "rows.parquet", code=1)
    fettle("deployment", "update", "default", "--endpoint", "signed", "--executor", "python")
    assert json.loads(fettle("predict", "--endpoint", "signed", "-i", "rows.parquet"))["predictions"] == pytest.approx([6.0])
    (tmp_path / "short.csv").write_text("y\n2.0\n")
    assert "missing inputs ['x']" in fettle("predict", "--endpoint", "signed", "-i", "short.csv", code=1)
    fettle("endpoint", "delete", "signed")

    parity = json.loads(fettle("model", "parity", "models:/iris/1", "-o", "json"))
    assert parity["report"]["passed"] and parity["compared_at"]
    table = fettle("model", "parity", "models:/iris/1")
    assert "missing" in table and parity["report"]["verdict"] in table
    assert "has not been compared" in fettle("model", "parity", "models:/iris/3", code=1)

    before = fettle("endpoint", "traffic", "iris", "-o", "json")
    fettle("endpoint", "traffic", "iris", "blue=90", "green=10", "--mirror", "green=20", "--dry-run")
    assert fettle("endpoint", "traffic", "iris", "-o", "json") == before
    fettle("endpoint", "traffic", "iris", "blue=90", "green=10")
    assert json.loads(fettle("endpoint", "traffic", "iris", "-o", "json"))["split"] == {"blue": 90, "green": 10}
    assert "sum to 99" in fettle("endpoint", "traffic", "iris", "blue=50", "green=49", code=1)
    fettle("endpoint", "rollback", "iris")
    assert json.loads(fettle("endpoint", "traffic", "iris", "-o", "json"))["split"] == {"blue": 100}

    (tmp_path / "canary.yaml").write_text(POLICY)
    fettle("endpoint", "rollout", "iris", "--to", "green", "--policy", "canary.yaml", "--wait")
    assert json.loads(fettle("endpoint", "traffic", "iris", "-o", "json"))["split"] == {"green": 100}

    fettle("endpoint", "update", "iris", "--fallback-constant", "0.5")
    fettle("endpoint", "disable", "iris", "--reason", "wrong since noon")
    assert json.loads(fettle("predict", "--endpoint", "iris", "-i", "rows.json")) == {"predictions": [0.5, 0.5]}
    fettle("endpoint", "enable", "iris")
    assert json.loads(fettle("predict", "--endpoint", "iris", "-i", "rows.json"))["predictions"] == pytest.approx([40.0, 60.0])

    broken = fettle("deployment", "create", "red", "--endpoint", "iris", "--model", "models:/iris/3", code=1)
    assert "this model is broken" in broken and "Traceback" not in broken.splitlines()[0]
    refused = fettle("endpoint", "traffic", "iris", "red=100", code=1)
    assert "`red` is not ready" in refused and "this model is broken" in refused and len(refused.splitlines()) == 1
    fettle("deployment", "delete", "red", "--endpoint", "iris")
    fettle("endpoint", "delete", "iris")
    assert json.loads(fettle("endpoint", "list", "-o", "json"))["endpoints"] == []
