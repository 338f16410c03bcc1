"""Bad input to endpoints, over MLflow's wire and the Open Inference Protocol, HTTP and gRPC, and to the calls that change
them: each is refused with a 4xx that says what is wrong, and a good request is answered afterwards."""

import json
import sys

import mlflow
import numpy
import pandas
import pytest
import requests
import tritonclient.grpc
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression
from tritonclient.utils import InferenceServerException

from support import server as servers
from support.endpoints import Control
from support.process import free_port
from support.raw import send

BODY_LIMIT = 16 << 20
HUGE = 100 << 20
API = "/api/fettle/v1/endpoints"
GOOD = {"dataframe_split": {"columns": ["distance", "hour"], "data": [[100.0, 6.0]]}}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A server with one endpoint: `native` has all of its traffic, `python` is the same model in a worker."""
    folder = tmp_path_factory.mktemp("bad_endpoints")
    grpc = free_port()
    server = servers.tracking_server(folder, f"sqlite:///{folder / 'fettle.db'}")
    server.command += ["--inference-grpc-port", str(grpc)]
    server.environment["FETTLE_PYTHON"] = sys.executable
    server.start()
    try:
        mlflow.set_tracking_uri(server.url)
        rows = pandas.DataFrame({"distance": numpy.linspace(100.0, 900.0, 9), "hour": numpy.tile([6.0, 12.0, 18.0], 3)})
        fitted = LinearRegression().fit(rows, rows["distance"] / 100 + rows["hour"])
        signature = infer_signature(rows, fitted.predict(rows))
        mlflow.sklearn.log_model(
            fitted, name="model", registered_model_name="flight", signature=signature, input_example=rows[:2],
            pip_requirements=["scikit-learn"],
        )
        control = Control(server.url)
        control.call("POST", API, name="iris")
        for executor in ("native", "python"):
            control.deploy(executor, "models:/flight/1", executor=executor)
        yield server, grpc
        assert server.alive(), server.tail()
    finally:
        server.stop()


@pytest.fixture(params=["native", "python"])
def executor(request):
    return request.param


def invoke(server, body, executor="native", content_type="application/json", endpoint="iris"):
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": content_type, "x-fettle-deployment": executor}
    return send(server.url, "POST", f"/endpoints/{endpoint}/invocations", sent, headers)


ROWS = [
    ("a missing column", {"columns": ["distance"], "data": [[1.0]]}, "hour"),
    ("too few values", {"columns": ["distance", "hour"], "data": [[1.0]]}, "column"),
    ("too many values", {"columns": ["distance", "hour"], "data": [[1.0, 2.0, 3.0]]}, "column"),
    ("a text for a number", {"columns": ["distance", "hour"], "data": [["far", 1.0]]}, "distance"),
    ("a list for a number", {"columns": ["distance", "hour"], "data": [[[1.0], 1.0]]}, "column"),
    ("null where the model refuses it", {"columns": ["distance", "hour"], "data": [[None, 6.0]]}, "NaN"),
]


@pytest.mark.parametrize(("split", "word"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_rows(world, executor, split, word):
    server, _ = world
    answer = invoke(server, {"dataframe_split": split}, executor)
    assert answer.status == 400, f"{answer.status} {answer.text[:500]}"
    assert word in answer.json()["message"], answer.text[:500]
    assert invoke(server, GOOD, executor).json()["predictions"] == pytest.approx([7.0])


def test_nan_where_the_model_refuses_it(world, executor):
    server, _ = world
    body = b'{"dataframe_split": {"columns": ["distance", "hour"], "data": [[NaN, 6.0]]}}'
    answer = invoke(server, body, executor)
    assert answer.status == 400 and "NaN" in answer.json()["message"], answer.text[:500]


def test_a_hundred_megabytes(world, executor):
    server, _ = world
    for path in ("/endpoints/iris/invocations", "/endpoints/iris/predict", "/v2/models/iris/infer"):
        answer = send(server.url, "POST", path, b" " * HUGE, {"x-fettle-deployment": executor})
        assert answer.status == 413 and str(BODY_LIMIT) in answer.text, f"{path}: {answer.status} {answer.text[:300]}"
    assert invoke(server, GOOD, executor).status == 200


def test_unknown_names(world):
    server, _ = world
    for answer, word in [
        (invoke(server, GOOD, "grey"), "native, python"),
        (invoke(server, GOOD, endpoint="nobody"), "nobody"),
        (send(server.url, "GET", f"{API}/nobody"), "nobody"),
        (send(server.url, "PATCH", f"{API}/iris/deployments/grey", {"replicas": 1}), "grey"),
        (send(server.url, "POST", "/v2/models/nobody/infer", {"inputs": []}), "nobody"),
        (send(server.url, "POST", "/v2/models/iris/versions/9/infer", {"inputs": []}), "9"),
    ]:
        assert answer.status == 404 and word in answer.text, f"{answer.status} {answer.text[:300]}"
    assert invoke(server, b"a=1", content_type="text/html").status == 415


SPLITS = [
    ("99", {"native": 50, "python": 49}, "sum to 99"),
    ("101", {"native": 51, "python": 50}, "sum to 101"),
    ("nobody", {"native": 50, "grey": 50}, "grey"),
    ("less than none", {"native": 101, "python": -1}, "between 0 and 100"),
    ("a fraction", {"native": 50.5, "python": 49.5}, "split"),
    ("nothing", {}, "there are none"),
]


@pytest.mark.parametrize(("split", "word"), [row[1:] for row in SPLITS], ids=[row[0] for row in SPLITS])
def test_traffic(world, split, word):
    server, _ = world
    before = send(server.url, "GET", f"{API}/iris/traffic").json()
    answer = send(server.url, "PUT", f"{API}/iris/traffic", {"split": split})
    assert answer.status == 400 and word in answer.json()["detail"], f"{answer.status} {answer.text[:300]}"
    assert send(server.url, "GET", f"{API}/iris/traffic").json() == before


def test_other_routing(world):
    server, _ = world
    for body, word in [
        ({"mirror": {"deployment": "python", "percent": 51}}, "between 1 and 50"),
        ({"mirror": {"deployment": "grey", "percent": 10}}, "grey"),
        ({"rules": [{"header": "x y", "exact": "a", "deployment": "native"}]}, "x y"),
        ({"rules": [{"header": "x", "deployment": "native"}]}, "`exact` or `prefix`"),
        ({"sticky": {"field": "customer"}}, "JSON pointer"),
    ]:
        answer = send(server.url, "PUT", f"{API}/iris/traffic", body)
        assert answer.status == 400 and word in answer.json()["detail"], f"{body}: {answer.status} {answer.text[:300]}"


def tensor(name, shape, datatype, data):
    return {"name": name, "shape": shape, "datatype": datatype, "data": data}


DISTANCE, HOUR = tensor("distance", [1], "FP64", [100.0]), tensor("hour", [1], "FP64", [6.0])
TENSORS = [
    ("shape and data differ", [tensor("distance", [2], "FP64", [1.0]), HOUR], "distance"),
    ("rows differ", [tensor("distance", [2], "FP64", [1.0, 2.0]), HOUR], "row"),
    ("a negative shape", [tensor("distance", [-1], "FP64", [1.0]), HOUR], "shape"),
    ("an unknown datatype", [tensor("distance", [1], "FP128", [1.0]), HOUR], "FP128"),
    ("texts for numbers", [tensor("distance", [1], "BYTES", ["far"]), HOUR], "distance"),
    ("a value beyond its datatype", [tensor("distance", [1], "INT8", [1000]), HOUR], "INT8"),
    ("a missing tensor", [DISTANCE], "hour"),
    ("no tensor", [], "inputs"),
    ("a matrix of another width", [tensor("all", [1, 3], "FP64", [1.0, 2.0, 3.0])], "3"),
    ("NaN where the model refuses it", [tensor("distance", [1], "FP64", [None]), HOUR], ""),
]


@pytest.mark.parametrize(("inputs", "word"), [row[1:] for row in TENSORS], ids=[row[0] for row in TENSORS])
def test_tensors_over_http(world, executor, inputs, word):
    server, _ = world
    answer = send(server.url, "POST", "/v2/models/iris/infer", {"inputs": inputs}, {"x-fettle-deployment": executor})
    assert answer.status == 400 and word in answer.json()["error"], f"{answer.status} {answer.text[:500]}"
    good = send(server.url, "POST", "/v2/models/iris/infer", {"inputs": [DISTANCE, HOUR]}, {"x-fettle-deployment": executor})
    assert good.json()["outputs"][0]["data"] == pytest.approx([7.0]), good.text


def column(name, values, datatype="FP64", shape=None):
    values = numpy.array(values)
    made = tritonclient.grpc.InferInput(name, shape or list(values.shape), datatype)
    made._raw_content = values.tobytes()
    return made


GRPC = [
    ("too few bytes", "iris", [("distance", numpy.array([1.0]), "FP64", [2]), ("hour", numpy.array([1.0]), "FP64", [1])], "INVALID"),
    ("an unknown datatype", "iris", [("distance", numpy.array([1.0]), "FP128", [1])], "INVALID"),
    ("a missing tensor", "iris", [("distance", numpy.array([1.0]), "FP64", [1])], "INVALID"),
    ("NaN where the model refuses it", "iris", [("distance", numpy.array([numpy.nan]), "FP64", [1]), ("hour", numpy.array([6.0]), "FP64", [1])], "INVALID"),
    ("no such model", "nobody", [("distance", numpy.array([1.0]), "FP64", [1])], "NOT_FOUND"),
]


@pytest.mark.parametrize(("model", "inputs", "status"), [row[1:] for row in GRPC], ids=[row[0] for row in GRPC])
def test_tensors_over_grpc(world, executor, model, inputs, status):
    _, grpc = world
    made = [column(name, values, datatype, shape) for name, values, datatype, shape in inputs]
    with tritonclient.grpc.InferenceServerClient(f"127.0.0.1:{grpc}") as client:
        headers = {"x-fettle-deployment": executor}
        with pytest.raises(InferenceServerException) as refused:
            client.infer(model, made, headers=headers)
        assert status in refused.value.status(), refused.value
        good = client.infer("iris", [column("distance", [100.0]), column("hour", [6.0])], headers=headers)
        assert good.as_numpy(good.get_response().outputs[0].name) == pytest.approx([7.0])


def test_a_hundred_megabytes_over_grpc(world):
    _, grpc = world
    with tritonclient.grpc.InferenceServerClient(f"127.0.0.1:{grpc}") as client:
        rows = numpy.zeros(HUGE // 16)
        with pytest.raises(InferenceServerException) as refused:
            client.infer("iris", [column("distance", rows), column("hour", rows)])
        assert "RESOURCE_EXHAUSTED" in refused.value.status() or "OUT_OF_RANGE" in refused.value.status(), refused.value


def test_specs_of_deployments(world):
    server, _ = world
    for body, status, word in [
        ({"name": "a", "model_uri": "models:/nobody/1"}, 404, "nobody"),
        ({"name": "a", "model_uri": "models:/flight/9"}, 404, "9"),
        ({"name": "a b", "model_uri": "models:/flight/1"}, 400, "name"),
        ({"name": "a", "model_uri": "models:/flight/1", "executor": "gpu"}, 400, "gpu"),
        ({"name": "a", "model_uri": "models:/flight/1", "replicas": 65}, 400, "replicas"),
        ({"name": "a", "model_uri": "models:/flight/1", "limits": {"queue": 0}}, 400, "limits.queue"),
        ({"name": "a", "model_uri": "models:/flight/1", "limits": {"patience": 1}}, 400, "patience"),
        ({"name": "native", "model_uri": "models:/flight/1"}, 400, "already"),
        ({"name": "a"}, 400, "model_uri"),
    ]:
        answer = send(server.url, "POST", f"{API}/iris/deployments", body)
        assert answer.status in (status, 409) and word in answer.text, f"{body}: {answer.status} {answer.text[:300]}"
    assert requests.get(f"{server.url}{API}/iris", timeout=60).json()["state"] == "ready"
