"""What an endpoint answers besides `/invocations`: documents A and E as written, and the Open Inference Protocol."""

import json
import subprocess
import time
from pathlib import Path

import mlflow
import numpy
import pandas
import pytest
import requests
import tritonclient.grpc
import tritonclient.http
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from tritonclient.utils import InferenceServerException

from support import server as servers
from support.process import free_port

E = Path(__file__).parents[1] / "seeds/e"
IRIS = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
TREES = ["sklearn.tree._tree.Tree"]


def register(name, model, rows, target):
    model.fit(rows, target)
    signature = infer_signature(rows, model.predict(rows))
    mlflow.sklearn.log_model(
        model, name="model", registered_model_name=name, signature=signature, input_example=rows[:5], pip_requirements=[],
        skops_trusted_types=TREES,
    )
    return model


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A server with the models of both documents behind endpoints of the same names."""
    folder = tmp_path_factory.mktemp("endpoints")
    grpc = free_port()
    server = servers.tracking_server(folder, f"sqlite:///{folder / 'fettle.db'}")
    server.command += ["--inference-grpc-port", str(grpc)]
    server.start()
    try:
        mlflow.set_tracking_uri(server.url)
        dice = numpy.random.default_rng(42)
        rows = dice.normal(size=(1000, 4))
        regression = RandomForestRegressor(n_estimators=20, random_state=42)
        register("demo-regression-model", regression, rows, rows @ numpy.array([1, 2, -1, 0.5]))
        iris = load_iris()
        table = pandas.DataFrame(iris.data, columns=IRIS)
        register("iris-classifier", RandomForestClassifier(n_estimators=20, random_state=42), table, iris.target)
        for name in ["demo-regression-model", "iris-classifier"]:
            deploy(server, name)
        yield server, grpc, regression
    finally:
        server.stop()


def deploy(server, name):
    made = requests.post(f"{server.url}/api/fettle/v1/endpoints", json={"name": name, "model_uri": f"models:/{name}/1"}, timeout=30)
    assert made.status_code == 200, made.text
    end = time.monotonic() + 120
    while True:
        found = requests.get(f"{server.url}/api/fettle/v1/endpoints/{name}", timeout=30).json()
        if found["state"] == "ready":
            return
        assert found["state"] != "failed" and time.monotonic() < end, found
        time.sleep(0.1)


def curl(script):
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)


def test_the_serving_app_of_document_a(world):
    server, _, model = world
    url = f"{server.url}/endpoints/demo-regression-model"
    assert curl(f"curl -sf -X GET {url}/health") == {"status": "healthy", "model_loaded": True, "model_version": "1"}
    info = curl(f"curl -sf -X GET {url}/model-info")
    assert (info["model_name"], info["model_version"], info["framework"], info["status"]) == (
        "demo-regression-model", "1", "sklearn", "active",
    )
    answer = curl(
        f"""curl -s -X POST {url}/predict -H "Content-Type: application/json" -d '{{"features": [1.0, 2.0, -1.0, 0.5]}}'"""
    )
    expected = model.predict(numpy.array([[1.0, 2.0, -1.0, 0.5]])).tolist()
    assert answer == {"prediction": expected, "model_version": "1", "status": "success"}
    for body, word in [('{"features": [1.0]}', "4"), ("{}", "features"), ("no", "features")]:
        answer = requests.post(f"{url}/predict", data=body, timeout=30)
        assert answer.status_code == 400 and word in answer.json()["error"], answer.text
    assert requests.get(f"{server.url}/endpoints/nobody/health", timeout=30).status_code == 404


def test_the_payloads_of_document_e(world):
    server, _, _ = world
    url = f"{server.url}/endpoints/iris-classifier"
    script = (E / "curl.sh").read_text().replace("http://localhost:5001", url)
    assert curl(script) == {"predictions": [0]}
    defined = {}
    source = (E / "predict_rest.py").read_text().replace("http://localhost:5001", url)
    exec(compile(source.partition("# Make the prediction request")[0], "predict_rest.py", "exec"), defined)
    payloads = [value for name, value in defined.items() if name.startswith("payload")]
    assert len(payloads) == 2
    for payload in payloads:
        answer = requests.post(f"{url}/invocations", json=payload, timeout=30)
        assert (answer.status_code, answer.json()) == (200, {"predictions": [0, 1]})
    for path in ["/ping", "/health", "/version"]:
        assert requests.get(url + path, timeout=10).status_code == 200, path


@pytest.fixture(params=["endpoint", "server", "grpc"])
def client(request, world):
    server, grpc, _ = world
    address = server.url.removeprefix("http://")
    if request.param == "grpc":
        module, made = tritonclient.grpc, tritonclient.grpc.InferenceServerClient(f"127.0.0.1:{grpc}")
    else:
        path = "/endpoints/iris-classifier" if request.param == "endpoint" else ""
        module, made = tritonclient.http, tritonclient.http.InferenceServerClient(address + path)
    yield request.param, module, made
    made.close()


def flower(module):
    tensor = module.InferInput("input-0", [2, 4], "FP64")
    tensor.set_data_from_numpy(numpy.array([[5.1, 3.5, 1.4, 0.2], [6.2, 2.9, 4.3, 1.3]]))
    return [tensor]


def test_an_endpoint_is_a_model_of_the_protocol(client):
    kind, module, triton = client
    assert triton.is_server_live() and triton.is_server_ready() and triton.is_model_ready("iris-classifier", "1")
    index = triton.get_model_repository_index()
    names = {entry["name"] for entry in index} if isinstance(index, list) else {entry.name for entry in index.models}
    assert names == ({"iris-classifier"} if kind == "endpoint" else {"iris-classifier", "demo-regression-model"})
    for version in ("", "1"):
        result = triton.infer("iris-classifier", flower(module), model_version=version)
        assert result.as_numpy(result_name(result)).tolist() == [0, 1]
    with pytest.raises(InferenceServerException, match="version '2'"):
        triton.infer("iris-classifier", flower(module), model_version="2")
    with pytest.raises(InferenceServerException, match="nobody"):
        triton.infer("nobody", flower(module))


def result_name(result):
    response = result.get_response()
    return response["outputs"][0]["name"] if isinstance(response, dict) else response.outputs[0].name


def test_an_endpoint_is_unloaded_and_loaded(client, world):
    _, module, triton = client
    server, _, _ = world
    triton.unload_model("iris-classifier")
    assert not triton.is_model_ready("iris-classifier")
    with pytest.raises(InferenceServerException):
        triton.infer("iris-classifier", flower(module))
    rows = {"dataframe_split": {"columns": IRIS, "data": [[5.1, 3.5, 1.4, 0.2]]}}
    refused = requests.post(f"{server.url}/endpoints/iris-classifier/invocations", json=rows, timeout=30)
    assert refused.status_code == 503, refused.text
    triton.load_model("iris-classifier")
    result = triton.infer("iris-classifier", flower(module))
    assert result.as_numpy(result_name(result)).tolist() == [0, 1]
    result = triton.infer("iris-classifier", flower(module))
    assert result.as_numpy(result_name(result)).tolist() == [0, 1]
    answer = requests.post(f"{server.url}/endpoints/iris-classifier/invocations", json=rows, timeout=30)
    assert answer.json() == {"predictions": [0]}
    entries = requests.get(f"{server.url}/api/fettle/v1/audit", params={"max_results": 100}, timeout=30).text
    assert "unload" in entries


def test_headers_say_what_answered(world):
    server, _, _ = world
    body = {"inputs": [{"name": "x", "datatype": "FP64", "shape": [1, 4], "data": [5.1, 3.5, 1.4, 0.2]}]}
    url = f"{server.url}/endpoints/iris-classifier/v2/models/iris-classifier/infer"
    answer = requests.post(url, json=body, headers={"X-Request-ID": "abc"}, timeout=30)
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-request-id"] == "abc" and answer.headers["x-fettle-model-version"] == "1"
    pinned = requests.post(url, json=body, headers={"x-fettle-deployment": "nobody"}, timeout=30)
    assert pinned.status_code == 404 and "nobody" in pinned.json()["error"]
    for bad, status in [({"inputs": []}, 400), ({"inputs": [{**body["inputs"][0], "shape": [1, 3]}]}, 400), ([], 400)]:
        assert requests.post(url, json=bad, timeout=30).status_code == status
