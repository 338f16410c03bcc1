"""The commands that a user types, in the order of a model's life, against a server."""

import json
import os
import subprocess
import sys

import pytest

from support import database, server as servers
from support.endpoints import log_models

POLICY = "steps:\n  - {percent: 50}\n  - {percent: 100}\nchecks:\n  - {check: error_rate, max: 0.5}\n"


@pytest.fixture
def server(tmp_path):
    running = servers.tracking_server(tmp_path, database.backend_uri("sqlite", tmp_path))
    running.environment["FETTLE_PYTHON"] = sys.executable
    yield running.start()
    running.kill()


def test_a_models_life(server, tmp_path):
    log_models(server.url)

    def fettle(*words, code=0):
        done = subprocess.run(
            [servers.binary(), *words],
            capture_output=True, text=True, timeout=300, cwd=tmp_path, env={**os.environ, "MLFLOW_TRACKING_URI": server.url},
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

    assert "this model is broken" in fettle("deployment", "create", "red", "--endpoint", "iris", "--model", "models:/iris/3", code=1)
    fettle("deployment", "delete", "red", "--endpoint", "iris")
    fettle("endpoint", "delete", "iris")
    assert json.loads(fettle("endpoint", "list", "-o", "json"))["endpoints"] == []
