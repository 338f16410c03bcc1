"""Requests never stop, and none fails: traffic shifts and goes back, a worker is killed, models are swapped, a broken one
is deployed, replicas come and go, and the database is away for a while."""

import itertools
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import mlflow
import numpy
import pytest
import requests
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression

from support import database, server as servers

CALLERS = 4
STARTED_WITHIN_SECONDS = 120
AWAY_SECONDS = 4
ROW = json.dumps({"dataframe_split": {"columns": ["x"], "data": [[2.0]]}})
ENDPOINT = "/api/fettle/v1/endpoints/iris"


def wait_for(holds, what, seconds):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.05)


class Load:
    """Callers that send the next request as soon as the last is answered."""

    def __init__(self, url):
        self.url = f"{url}/endpoints/iris/invocations"
        self.ended = threading.Event()
        self.failures = []
        self.answers = []
        self.threads = [threading.Thread(target=self.call, args=(number,)) for number in range(CALLERS)]

    def call(self, number):
        session = requests.Session()
        session.headers["Content-Type"] = "application/json"
        for count in itertools.count():
            if self.ended.is_set():
                return
            request_id = f"{number}-{count}"
            try:
                answer = session.post(self.url, data=ROW, headers={"X-Request-ID": request_id}, timeout=60)
            except requests.RequestException as error:
                self.failures.append((request_id, repr(error)))
                continue
            if answer.status_code != 200:
                self.failures.append((request_id, answer.status_code, answer.text))
                continue
            self.answers.append((request_id, answer.headers["x-fettle-deployment"], answer.json()["predictions"]))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def more(self, count=200):
        """Waits until so many more requests have been answered, and gives what they got."""
        start = len(self.answers)
        wait_for(lambda: len(self.answers) >= start + count, "the answers to more requests", 60)
        assert not self.failures, self.failures[:5]
        return self.answers[start:]


class Control:
    def __init__(self, url):
        self.url = url

    def call(self, method, path, status=200, **body):
        answer = requests.request(method, self.url + path, json=body or None, timeout=60)
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        return answer.json()

    def deployment(self, name):
        found = self.call("GET", ENDPOINT)["deployments"]
        return next(each for each in found if each["name"] == name)

    def wait_for_state(self, name, state="ready"):
        wait_for(lambda: self.deployment(name)["state"] == state, f"{name} to be {state}", STARTED_WITHIN_SECONDS)
        return self.deployment(name)

    def deploy(self, name, model_uri, **spec):
        self.call("POST", f"{ENDPOINT}/deployments", name=name, model_uri=model_uri, **spec)
        return self.wait_for_state(name)

    def traffic(self, **split):
        return self.call("PUT", f"{ENDPOINT}/traffic", split=split)


class Unloadable(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        raise RuntimeError("this model is broken")

    def predict(self, context, model_input, params=None):
        return [0.0]


def log_models(url):
    """Versions 1 and 2 answer 20 and 40 for the row; version 3 cannot be loaded."""
    mlflow.set_tracking_uri(url)
    rows = numpy.arange(10.0).reshape(-1, 1)
    signature = infer_signature({"x": rows[:, 0]}, rows[:, 0])
    with mlflow.start_run():
        for factor in (10.0, 20.0):
            fitted = LinearRegression(fit_intercept=False).fit(rows, factor * rows[:, 0])
            mlflow.sklearn.log_model(fitted, name="model", registered_model_name="iris", pip_requirements=["scikit-learn"])
        mlflow.pyfunc.log_model(
            name="broken", python_model=Unloadable(), registered_model_name="iris", signature=signature, pip_requirements=["mlflow"]
        )


def workers(server):
    """The Python workers below a server's process."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = (folder / "stat").read_text().rsplit(")", 1)[1].split()[1]
            if int(parent) == server.child.pid and b"fettle_worker.py" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except (OSError, IndexError):
            continue  # it ended while it was looked at
    return found


def settled(answers):
    """Without each caller's first answer, whose request may have been under way before the change."""
    seen = set()
    callers = [request_id.partition("-")[0] for request_id, _, _ in answers]
    return [answer for answer, caller in zip(answers, callers, strict=True) if caller in seen or seen.add(caller)]


def predictions(answers):
    """What came, as the model means it: the fitted coefficient is ten but for its last digit."""
    return {round(prediction[0], 6) for _, _, prediction in answers}


@pytest.fixture
def busy_server(tmp_path):
    database.postgres_address()
    uri = database.new_database()
    running = servers.tracking_server(tmp_path, uri)
    running.environment["FETTLE_PYTHON"] = sys.executable
    running.start()
    yield running, urlsplit(uri).path.lstrip("/")
    running.kill()


def test_no_request_fails(busy_server):
    server, database_name = busy_server
    log_models(server.url)
    control = Control(server.url)
    control.call("POST", "/api/fettle/v1/endpoints", name="iris")
    blue = control.deploy("blue", "models:/iris/1", executor="python")
    assert blue["executor"] == "python"
    with Load(server.url) as load:
        assert predictions(load.more()) == {20.0}

        # Blue/green: nothing to everything, and back.
        green = control.deploy("green", "models:/iris/2")
        assert green["executor"] == "native", green["reason"]
        for percent in (10, 50, 100):
            number = control.traffic(blue=100 - percent, green=percent)["number"]
            answers = settled(load.more())
            assert {deployment for _, deployment, _ in answers} == ({"green"} if percent == 100 else {"blue", "green"})
            if percent == 50:
                half, halves = number, answers
        control.call("POST", f"{ENDPOINT}/rollback", number=1)
        assert {deployment for _, deployment, _ in settled(load.more())} == {"blue"}

        # A worker is killed with a request in its hands.
        before = workers(server)
        assert before
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        assert predictions(load.more()) == {20.0}

        # Replicas come and go: each time the old ones answer until the new ones do.
        for replicas in (3, 1):
            control.call("PATCH", f"{ENDPOINT}/deployments/blue", replicas=replicas)
            wait_for(lambda: control.deployment("blue")["serving"]["current"], "the new revision", STARTED_WITHIN_SECONDS)
            load.more()

        # A broken model is never ready, gets no traffic, and as an update changes nothing.
        control.call("POST", f"{ENDPOINT}/deployments", name="red", model_uri="models:/iris/3")
        assert "ended before it was ready" in control.wait_for_state("red", "failed")["reason"]
        control.call("PUT", f"{ENDPOINT}/traffic", status=409, split={"blue": 90, "red": 10})
        control.call("PATCH", f"{ENDPOINT}/deployments/blue", model_uri="models:/iris/3")
        control.wait_for_state("blue", "failed")
        assert predictions(load.more()) == {20.0}

        # The database goes away, and comes back.
        database.run_sql(
            f"ALTER DATABASE {database_name} WITH ALLOW_CONNECTIONS false",
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database_name}'",
        )
        assert requests.get(f"{server.url}/readyz", timeout=60).status_code == 503
        end = time.monotonic() + AWAY_SECONDS
        while time.monotonic() < end:
            load.more()
        database.run_sql(f"ALTER DATABASE {database_name} WITH ALLOW_CONNECTIONS true")
        wait_for(lambda: requests.get(f"{server.url}/readyz", timeout=60).status_code == 200, "the store", 60)
        control.traffic(green=100)
        assert predictions(settled(load.more())) == {40.0}
    assert not load.failures
    # Where a request went can be asked for afterwards.
    for request_id, deployment, _ in halves[:20]:
        asked = control.call("POST", f"{ENDPOINT}/traffic/route", request_id=request_id, number=half)
        assert asked["deployment"] == deployment
