"""Document E: local serving, with both payloads and curl."""

import json
import subprocess

import pytest
import requests

from seeds.author import VERSIONS, Author
from support import clients, server as servers

IRIS = ["sepal_length", "sepal_width", "petal_length", "petal_width"]


@pytest.fixture(scope="module", params=VERSIONS)
def author(request, tmp_path_factory):
    """A reader who has followed the document up to the promotion to Production."""
    folder = tmp_path_factory.mktemp("document-e")
    server = servers.tracking_server(folder, f"sqlite:///{folder / 'fettle.db'}").start()
    try:
        author = Author(request.param, server.url, folder)
        author.run("train_and_register.py")
        author.run("stage_transitions.py")
        yield author
    finally:
        server.stop()


@pytest.fixture(scope="module", params=["models:/iris-classifier/Production", "models:/iris-classifier/1", "runs:"])
def scoring(request, author, tmp_path_factory):
    """The three addresses under which the document serves its model."""
    model = request.param
    if model == "runs:":
        search = f"{author.url}/api/2.0/mlflow/runs/search"
        (run,) = requests.post(search, json={"experiment_ids": ["0"]}, timeout=10).json()["runs"]
        model = f"runs:/{run['info']['run_id']}/model"
    folder = tmp_path_factory.mktemp("serving")
    server = servers.scoring_server(folder, model, author.url, "--python", author.python).start()
    yield server
    server.stop()


def test_the_script_with_the_split_payload(author, scoring):
    assert "Predictions: {'predictions': [0, 1]}" in author.run("predict_rest.py", scoring_url=scoring.url)


def test_the_payload_of_records(author, scoring):
    """The script defines this payload and does not send it."""
    script = author.text_of("predict_rest.py", scoring.url).partition("# Make the prediction request")[0]
    defined = {}
    exec(compile(script, "predict_rest.py", "exec"), defined)
    answer = requests.post(scoring.url + "/invocations", json=defined["payload_records"], timeout=60)
    assert (answer.status_code, answer.json()) == (200, {"predictions": [0, 1]})


def test_curl(author, scoring):
    curl = subprocess.run(
        ["bash", "-c", author.text_of("curl.sh", scoring.url)], capture_output=True, text=True, check=True, timeout=60
    )
    assert json.loads(curl.stdout) == {"predictions": [0]}


def test_health(scoring):
    for path in ["/ping", "/health", "/version"]:
        assert requests.get(scoring.url + path, timeout=10).status_code == 200, path


def test_mlflow_itself_serves_the_registered_model(author):
    """The scoring code of MLflow, on the model that it reads from the registry under test."""
    row = json.dumps({"dataframe_split": {"columns": IRIS, "data": [[5.1, 3.5, 1.4, 0.2]]}})
    (author.folder / "input.json").write_text(row)
    predict = ["-m", "mlflow", "models", "predict", "-m", "models:/iris-classifier/Production"]
    predict += ["--env-manager", "local", "-i", "input.json", "-t", "json", "-o", "output.json"]
    clients.run_python(author.version, predict, author.url, author.folder)
    assert json.loads((author.folder / "output.json").read_text()) == {"predictions": [0]}
