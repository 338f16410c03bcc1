"""`mlflow.deployments` with the plugin of this repository: models to the endpoints of a server."""

import subprocess
import sys
from pathlib import Path

import mlflow
import numpy
import pandas
import pytest
from mlflow.deployments import get_deploy_client
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression

from support import server as servers

PLUGIN = Path(__file__).parents[2] / "plugins/mlflow-fettle"
ROWS = pandas.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [0.5, 0.25, -1.0, 2.0]})


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The plugin as pip installs it, in a folder of its own."""
    folder = tmp_path_factory.mktemp("plugin")
    command = [sys.executable, "-m", "pip", "--version"]
    if subprocess.run(command, capture_output=True).returncode:
        subprocess.run([sys.executable, "-m", "ensurepip"], check=True, capture_output=True)
    install = ["install", "--quiet", "--no-deps", "--no-build-isolation", "--target", folder, PLUGIN]
    subprocess.run([sys.executable, "-m", "pip", *install], check=True, timeout=120)
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    running = servers.tracking_server(folder, f"sqlite:///{folder / 'fettle.db'}").start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def client(installed, server):
    sys.path.insert(0, str(installed))
    mlflow.deployments.interface.plugin_store.register_entrypoints()
    mlflow.set_tracking_uri(server.url)
    for factor in (1.0, 10.0):
        model = LinearRegression().fit(ROWS, ROWS["a"] * factor)
        signature = infer_signature(ROWS, model.predict(ROWS))
        mlflow.sklearn.log_model(
            model, name="linear", registered_model_name="linear", signature=signature, input_example=ROWS[:2], pip_requirements=[]
        )
    yield get_deploy_client("fettle")
    sys.path.remove(str(installed))


def test_a_deployment_from_its_making_to_its_end(client, server):
    assert client.create_deployment("iris", "models:/linear/1") == {"name": "iris", "flavor": None}
    found = client.get_deployment("iris")
    assert (found["state"], found["model_version"], found["traffic"], found["endpoint"]) == ("ready", "1", 100, "iris")
    assert client.predict("iris", ROWS).get_predictions()[0].tolist() == pytest.approx([1, 2, 3, 4])
    client.update_deployment("iris", "models:/linear/2", config={"executor": "native"})
    assert client.predict("iris", ROWS)["predictions"] == pytest.approx([10, 20, 30, 40])
    assert client.predict("iris", {"a": [1.0], "b": [0.0]})["predictions"] == pytest.approx([10])
    assert [deployment["name"] for deployment in client.list_deployments()] == ["iris"]
    other = get_deploy_client(server.url.replace("http", "fettle"))
    assert other.predict("iris", ROWS)["predictions"] == pytest.approx([10, 20, 30, 40])
    client.delete_deployment("iris")
    assert client.list_deployments() == []
    with pytest.raises(MlflowException, match="iris"):
        client.get_deployment("iris")


def test_an_endpoint_with_two_deployments(client):
    client.create_endpoint("prices")
    client.create_deployment("blue", "models:/linear/1", endpoint="prices")
    client.create_deployment("green", "models:/linear/2", endpoint="prices", config={"replicas_max": "2"})
    assert {d["name"]: d["traffic"] for d in client.list_deployments("prices")} == {"blue": 100, "green": 0}
    assert client.predict(endpoint="prices", inputs=ROWS)["predictions"] == pytest.approx([1, 2, 3, 4])
    assert client.predict("green", ROWS, endpoint="prices")["predictions"] == pytest.approx([10, 20, 30, 40])
    changed = client.update_endpoint("prices", {"traffic": {"blue": 0, "green": 100}})
    assert changed["traffic"]["split"]["green"] == 100
    assert client.predict(endpoint="prices", inputs=ROWS)["predictions"] == pytest.approx([10, 20, 30, 40])
    client.delete_deployment("blue", endpoint="prices")
    assert [d["name"] for d in client.list_deployments("prices")] == ["green"]
    assert [endpoint["name"] for endpoint in client.list_endpoints()] == ["prices"]
    client.delete_endpoint("prices")
    assert client.list_endpoints() == []


def test_what_is_wrong_is_said(client):
    client.create_deployment("here", "models:/linear/1")
    for call, words in [
        (lambda: client.create_deployment("here", "models:/linear/1"), "already exists"),
        (lambda: client.create_deployment("other", "models:/nobody/1"), "nobody"),
        (lambda: client.create_deployment("other", "models:/linear/1", config={"gpu": 1}), "gpu"),
        (lambda: client.create_deployment("other", "models:/linear/1", flavor="onnx"), "onnx"),
        (lambda: client.update_endpoint("here", {"traffic": {"here": 99}}), "100"),
        (lambda: client.predict("here", ROWS[["a"]]), "b"),
        (lambda: client.predict("here", 7), "int"),
        (lambda: client.predict("nobody", ROWS), "nobody"),
        (lambda: client.delete_deployment("nobody"), "nobody"),
    ]:
        with pytest.raises(MlflowException, match=words):
            call()
    client.delete_deployment("here")


def test_the_command_line(client, installed, server):
    environment = {"MLFLOW_TRACKING_URI": server.url, "PYTHONPATH": str(installed), "PATH": "/usr/bin:/bin"}

    def mlflow_deployments(*arguments):
        command = [sys.executable, "-m", "mlflow", "deployments", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)

    made = mlflow_deployments("create", "-t", "fettle", "--name", "cli", "-m", "models:/linear/1", "-C", "replicas_max=2")
    assert made.returncode == 0, made.stderr
    assert client.get_deployment("cli")["replicas_max"] == 2
    helped = mlflow_deployments("help", "-t", "fettle")
    assert "replicas_min" in helped.stdout, helped.stderr
    gone = mlflow_deployments("delete", "-t", "fettle", "--name", "cli")
    assert gone.returncode == 0, gone.stderr
    assert client.list_deployments() == []


def test_numbers_as_arrays(client):
    client.create_deployment("arrays", "models:/linear/1")
    answer = client.predict("arrays", {"a": numpy.array([1.5]), "b": numpy.array([0.0])})
    assert answer["predictions"] == pytest.approx([1.5])
    client.delete_deployment("arrays")
