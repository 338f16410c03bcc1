"""Python workers under real load: their number follows it from one to four, to none and back, and their memory is
bounded; no request fails but those that cannot be answered."""

import json
import sys

import mlflow
import numpy
import pandas
import pytest
import requests
from mlflow.models import infer_signature

from support import database, server as servers
from support.endpoints import ENDPOINT, STARTED_WITHIN_SECONDS, Control, Load, wait_for, workers

WINDOW_SECONDS = 4
MIB = 1 << 20


def slow():
    class Slow(mlflow.pyfunc.PythonModel):
        """Answers in 50 ms, one request after the other."""

        def predict(self, context, model_input, params=None):
            import time

            time.sleep(0.05)
            return [20.0] * len(model_input)

    return Slow()


def hungry():
    class Hungry(mlflow.pyfunc.PythonModel):
        """Wants a lot of memory for some rows, and never gives it back for others."""

        def predict(self, context, model_input, params=None):
            import os
            import signal

            import numpy

            values = model_input["x"].to_numpy()
            if (values == -1.0).any():
                numpy.ones(1 << 32)
            if (values == -2.0).any():
                self.kept = numpy.ones(64 << 20)
            if (values == -3.0).any():
                # As the kernel does when a machine's memory is used up.
                os.kill(os.getpid(), signal.SIGKILL)
            return values * 10.0

    return Hungry()


@pytest.fixture
def server(tmp_path):
    running = servers.tracking_server(tmp_path, database.backend_uri("sqlite", tmp_path))
    running.environment["FETTLE_PYTHON"] = sys.executable
    yield running.start()
    running.kill()


@pytest.fixture
def control(server):
    made = Control(server.url)
    made.call("POST", "/api/fettle/v1/endpoints", name="iris")
    return made


def log(server, model):
    mlflow.set_tracking_uri(server.url)
    rows = pandas.DataFrame({"x": numpy.arange(10.0)})
    signature = infer_signature(rows, rows["x"].to_numpy())
    with mlflow.start_run():
        mlflow.pyfunc.log_model(
            name="model", python_model=model, registered_model_name="iris", signature=signature, pip_requirements=["mlflow"]
        )


def metric(server, name, label=""):
    """Summed over its labels, or those with one."""
    lines = requests.get(f"{server.url}/metrics", timeout=60).text.splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(f"{name}{{") and label in line)


def ready(server):
    return metric(server, "fettle_scoring_replicas", 'state="ready"')


def score(server, value):
    body = json.dumps({"dataframe_split": {"columns": ["x"], "data": [[value]]}})
    headers = {"Content-Type": "application/json"}
    return requests.post(f"{server.url}/endpoints/iris/invocations", data=body, headers=headers, timeout=120)


def test_from_one_to_four_to_none_to_one(server, control):
    log(server, slow())
    # A cold start on a busy machine takes long; that is not what is tested.
    limits = {"scale_window_seconds": WINDOW_SECONDS, "batching": False, "cold_start_seconds": 120, "timeout_seconds": 120}
    control.deploy("blue", "models:/iris/1", executor="python", replicas_min=0, replicas_max=4, limits=limits)
    loads = []

    def load(callers):
        loads.append(Load(server.url, callers=callers, patience_seconds=120))
        return loads[-1]

    with load(callers=1) as calm:
        calm.more(5)
        assert ready(server) == 1
    # More than two for each of four workers.
    with load(callers=16) as rush:
        wait_for(lambda: ready(server) == 4, "four workers", STARTED_WITHIN_SECONDS)
        rush.more(50)
    wait_for(lambda: metric(server, "fettle_scoring_replicas") == 0, "no worker", STARTED_WITHIN_SECONDS)
    assert not workers(server)
    # That is ready: requests start a worker and wait for it.
    assert control.deployment("blue")["state"] == "ready"
    with load(callers=2) as late:
        late.more(5)
    assert ready(server) >= 1
    for each in loads:
        assert not each.failures, each.failures[:5]


def test_a_worker_beyond_its_memory_costs_nobody_else_an_answer(server, control):
    log(server, hungry())
    limits = {"worker_memory_bytes_max": 4096 * MIB, "worker_resident_bytes_max": 600 * MIB}
    blue = control.deploy("blue", "models:/iris/1", executor="python", replicas=2, limits=limits)
    assert blue["limits"] == limits
    with Load(server.url) as load:
        load.more(20)
        # It may not allocate so much: the request fails as others that the model raises for, and the worker goes on.
        refused = score(server, -1.0)
        assert refused.status_code == 400 and "MemoryError" in refused.json()["message"], refused.text
        assert metric(server, "fettle_scoring_worker_restarts_total") == 0

        # It holds too much: another takes its place, once that one is ready.
        before = set(workers(server))
        assert score(server, -2.0).status_code == 200
        wait_for(lambda: metric(server, "fettle_scoring_workers_recycled_total") >= 1, "another worker", STARTED_WITHIN_SECONDS)
        wait_for(lambda: len(before & set(workers(server))) == 1, "the end of the large one", STARTED_WITHIN_SECONDS)

        # The kernel ends it: the request is given to another worker once, and then up.
        killed = score(server, -3.0)
        assert killed.status_code == 503 and "twice" in killed.json()["message"], killed.text
        assert metric(server, "fettle_scoring_worker_restarts_total") == 2
        load.more(20)
    assert not load.failures, load.failures[:5]
    wait_for(lambda: ready(server) == 2, "both workers", STARTED_WITHIN_SECONDS)


def test_limits_of_a_deployment_are_its_own(server, control):
    log(server, slow())
    limits = {"timeout_seconds": 30, "queue": 1, "batching": False}
    control.deploy("blue", "models:/iris/1", executor="python", limits=limits)
    control.call("PATCH", f"{ENDPOINT}/deployments/blue", status=400, limits={"timeout_seconds": 0})
    with Load(server.url, callers=8) as load:
        wait_for(lambda: load.failures, "requests that find the queue full", STARTED_WITHIN_SECONDS)
    assert {failure[1] for failure in load.failures} == {429}, load.failures[:5]
    control.call("PATCH", f"{ENDPOINT}/deployments/blue", limits={"queue": 100})
    wait_for(lambda: control.deployment("blue")["serving"]["current"], "the new limits", STARTED_WITHIN_SECONDS)
    assert control.deployment("blue")["limits"] == limits | {"queue": 100}
    with Load(server.url, callers=8) as load:
        load.more(20)
    assert not load.failures, load.failures[:5]
