"""Endpoints in tests: callers that never stop, the control API, and models to deploy."""

import itertools
import json
import os
import threading
import time
from pathlib import Path

import mlflow
import numpy
import requests
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression

CALLERS = 4
STARTED_WITHIN_SECONDS = 120
ROW = json.dumps({"dataframe_split": {"columns": ["x"], "data": [[2.0]]}})
ENDPOINT = "/api/fettle/v1/endpoints/iris"


def wait_for(holds, what, seconds):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.05)


class Load:
    """Callers that send the next request as soon as the last is answered."""

    def __init__(self, url, callers=CALLERS, row=ROW, patience_seconds=60, name=""):
        self.row = row
        self.patience_seconds = patience_seconds
        self.name = name
        self.url = f"{url}/endpoints/iris/invocations"
        self.ended = threading.Event()
        self.failures = []
        self.answers = []
        self.threads = [threading.Thread(target=self.call, args=(number,)) for number in range(callers)]

    def call(self, number):
        session = requests.Session()
        session.headers["Content-Type"] = "application/json"
        for count in itertools.count():
            if self.ended.is_set():
                return
            request_id = f"{self.name}{number}-{count}"
            try:
                answer = session.post(self.url, data=self.row, headers={"X-Request-ID": request_id}, timeout=self.patience_seconds)
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
        wait_for(lambda: self.failures or len(self.answers) >= start + count, "the answers to more requests", self.patience_seconds)
        assert not self.failures, self.failures[:5]
        return self.answers[start:]


class Control:
    def __init__(self, url):
        self.url = url

    def call(self, method, path, status=200, **body):
        answer = requests.request(method, self.url + path, json=None if method == "GET" else body, timeout=60)
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


def unloadable():
    """A model that breaks when it is loaded; its class goes with it, since no module has it."""

    class Unloadable(mlflow.pyfunc.PythonModel):
        def load_context(self, context):
            raise RuntimeError("this model is broken")

        def predict(self, context, model_input, params=None):
            return [0.0]

    return Unloadable()


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
            name="broken", python_model=unloadable(), registered_model_name="iris", signature=signature, pip_requirements=["mlflow"]
        )


def workers(server):
    """The Python workers below a process."""
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
