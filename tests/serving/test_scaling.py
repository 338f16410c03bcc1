"""The number of workers follows the load from one to four, to none, and back, and no request fails."""

import sys

import mlflow
import pytest
import requests
from mlflow.models import infer_signature

from support import database, server as servers
from support.endpoints import ENDPOINT, ROW, STARTED_WITHIN_SECONDS, Control, Load, wait_for

WINDOW_SECONDS = 6


def slow():
    class Slow(mlflow.pyfunc.PythonModel):
        """Answers in 50 ms, one request after the other."""

        def predict(self, context, model_input, params=None):
            import time

            time.sleep(0.05)
            return [20.0] * len(model_input)

    return Slow()


@pytest.fixture
def server(tmp_path):
    running = servers.tracking_server(tmp_path, database.backend_uri("sqlite", tmp_path))
    running.environment["FETTLE_PYTHON"] = sys.executable
    yield running.start()
    running.kill()


def replicas(server):
    found = {}
    for line in requests.get(f"{server.url}/metrics", timeout=60).text.splitlines():
        if line.startswith("fettle_scoring_replicas{"):
            state = line.split('state="', 1)[1].split('"', 1)[0]
            found[state] = int(float(line.rsplit(" ", 1)[1]))
    return found


def test_from_one_to_four_to_none_and_back(server):
    mlflow.set_tracking_uri(server.url)
    signature = infer_signature({"x": [1.0, 2.0]}, [1.0, 2.0])
    with mlflow.start_run():
        mlflow.pyfunc.log_model(
            name="slow", python_model=slow(), registered_model_name="iris", signature=signature, pip_requirements=["mlflow"]
        )
    control = Control(server.url)
    control.call("POST", "/api/fettle/v1/endpoints", name="iris")
    limits = {"scale_window_seconds": WINDOW_SECONDS, "batching": False, "cold_start_seconds": 120}
    control.deploy("blue", "models:/iris/1", executor="python", replicas_min=0, replicas_max=4, limits=limits)
    assert control.deployment("blue")["limits"] == limits

    with Load(server.url, callers=1) as load:
        load.more(5)
        assert replicas(server)["ready"] == 1
    with Load(server.url, callers=16) as load:
        wait_for(lambda: replicas(server)["ready"] == 4, "four workers", STARTED_WITHIN_SECONDS)
        load.more(50)
    assert not load.failures, load.failures[:5]

    wait_for(lambda: sum(replicas(server).values()) == 0, "no worker", STARTED_WITHIN_SECONDS)
    # Scaled to zero is ready: a request starts a worker and waits for it.
    assert control.deployment("blue")["state"] == "ready"
    with Load(server.url, callers=2) as load:
        load.more(5)
    assert not load.failures, load.failures[:5]
    assert replicas(server)["ready"] >= 1


def test_a_deployment_has_limits_of_its_own(server):
    mlflow.set_tracking_uri(server.url)
    signature = infer_signature({"x": [1.0, 2.0]}, [1.0, 2.0])
    with mlflow.start_run():
        mlflow.pyfunc.log_model(
            name="slow", python_model=very_slow(), registered_model_name="iris", signature=signature, pip_requirements=["mlflow"]
        )
    control = Control(server.url)
    control.call("POST", "/api/fettle/v1/endpoints", name="iris")
    control.deploy("blue", "models:/iris/1", executor="python", limits={"timeout_seconds": 1, "queue": 1})
    late = requests.post(
        f"{server.url}/endpoints/iris/invocations", data=ROW, headers={"Content-Type": "application/json"}, timeout=60
    )
    assert late.status_code == 504, late.text
    control.call("PATCH", f"{ENDPOINT}/deployments/blue", status=400, limits={"timeout_seconds": 0})
    control.call("PATCH", f"{ENDPOINT}/deployments/blue", limits={"timeout_seconds": 30})
    wait_for(lambda: control.deployment("blue")["serving"]["current"], "the new limits", STARTED_WITHIN_SECONDS)
    assert control.deployment("blue")["limits"] == {"timeout_seconds": 30, "queue": 1}
    with Load(server.url, callers=8) as load:
        wait_for(lambda: load.failures, "requests that find the queue full", STARTED_WITHIN_SECONDS)
    assert {failure[1] for failure in load.failures} == {429}, load.failures[:5]


def very_slow():
    class VerySlow(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            import time

            time.sleep(2.0)
            return [20.0] * len(model_input)

    return VerySlow()
