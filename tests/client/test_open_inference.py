"""The Open Inference Protocol with Triton's own client, over HTTP and gRPC."""

import math
import sys
from contextlib import closing

import cloudpickle
import mlflow
import numpy
import pandas
import pytest
import requests
import tritonclient.grpc
import tritonclient.http
from mlflow.models import infer_signature
from mlflow.pyfunc import PythonModel
from tritonclient.utils import InferenceServerException

from support import server as servers
from support.process import free_port

ROWS = pandas.DataFrame(
    {
        "amount": numpy.array([1.5, -2.25, 1e300, math.nan]),
        "ratio": numpy.array([0.5, 0.25, -1.0, 2.0], dtype=numpy.float32),
        "count": numpy.array([1, -2, 2**53 + 1, 0]),
        "small": numpy.array([1, 2, 3, -4], dtype=numpy.int32),
        "flag": numpy.array([True, False, True, False]),
        "city": ["Oslo", "São Paulo", "", "大阪"],
    }
)


class Witness(PythonModel):
    """Gives back what it was given, so that every type makes the way there and back."""

    def predict(self, context, model_input, params=None):
        given = model_input.copy()
        given["factor"] = given["count"] * (params or {}).get("factor", 1)
        return given


class Mode:
    """One of the two clients, under one set of names."""

    def __init__(self, module, url):
        self.module, self.url = module, url

    def client(self):
        return closing(self.module.InferenceServerClient(self.url))

    def input(self, name, values, datatype, binary=True):
        tensor = self.module.InferInput(name, list(values.shape), datatype)
        if self.module is tritonclient.http:
            tensor.set_data_from_numpy(values, binary_data=binary)
        else:
            tensor.set_data_from_numpy(values)
        return tensor

    def output(self, name, binary=True):
        if self.module is tritonclient.http:
            return self.module.InferRequestedOutput(name, binary_data=binary)
        return self.module.InferRequestedOutput(name)


def inputs(mode, rows=ROWS, binary=True):
    column = {name: rows[name].to_numpy() for name in rows.columns}
    column["city"] = numpy.array([city.encode() for city in rows["city"]], dtype=object)
    datatypes = {"amount": "FP64", "ratio": "FP32", "count": "INT64", "small": "INT32", "flag": "BOOL", "city": "BYTES"}
    return [mode.input(name, column[name], datatype, binary) for name, datatype in datatypes.items()]


def save_witness(folder):
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    signature = infer_signature(ROWS.assign(amount=1.0), ROWS.assign(factor=ROWS["count"]), params={"factor": 1})
    mlflow.pyfunc.save_model(folder, python_model=Witness(), signature=signature, pip_requirements=[])
    return folder


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    folder = tmp_path_factory.mktemp("open-inference")
    grpc = free_port()
    model = save_witness(folder / "witness")
    server = servers.scoring_server(folder, model, "", "--executor", "python", "--python", sys.executable, "--grpc-port", str(grpc)).start()
    yield {"http": Mode(tritonclient.http, server.url.removeprefix("http://")), "grpc": Mode(tritonclient.grpc, f"127.0.0.1:{grpc}")}
    server.stop()


@pytest.fixture(params=["http", "grpc"])
def mode(request, running):
    return running[request.param]


def test_metadata_and_health(mode):
    with mode.client() as client:
        assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("witness")
        assert client.is_model_ready("witness", "local")
        if mode.module is tritonclient.http:
            server, model = client.get_server_metadata(), client.get_model_metadata("witness")
        else:
            server = client.get_server_metadata(as_json=True)
            model = client.get_model_metadata("witness", as_json=True)
        assert server["name"] == "fettle" and {"binary_tensor_data", "model_repository"} <= set(server["extensions"])
        described = [(tensor["name"], tensor["datatype"], [int(size) for size in tensor["shape"]]) for tensor in model["inputs"]]
        assert described == [
            ("amount", "FP64", [-1]),
            ("ratio", "FP32", [-1]),
            ("count", "INT64", [-1]),
            ("small", "INT32", [-1]),
            ("flag", "BOOL", [-1]),
            ("city", "BYTES", [-1]),
        ]
        assert [tensor["name"] for tensor in model["outputs"]] == [*ROWS.columns, "factor"]
        assert model["platform"] == "python_function_python" and model["versions"] == ["local"]


@pytest.mark.parametrize("binary", [True, False])
def test_every_type_makes_the_way_there_and_back(mode, binary):
    with mode.client() as client:
        outputs = None if binary else [mode.output(name, binary=False) for name in [*ROWS.columns, "factor"]]
        result = client.infer("witness", inputs(mode, binary=binary), outputs=outputs, request_id="42", parameters={"factor": 3})
        for name in ROWS.columns:
            answered, sent = result.as_numpy(name), ROWS[name].to_numpy()
            if name == "city":
                texts = [text.decode() if isinstance(text, bytes) else text for text in answered]
                assert texts == list(sent)
            else:
                assert answered.dtype == sent.dtype, name
                assert numpy.array_equal(answered, sent, equal_nan=sent.dtype.kind == "f"), name
        assert result.as_numpy("factor").tolist() == (ROWS["count"] * 3).tolist()
        response = result.get_response()
        assert (response["id"] if isinstance(response, dict) else response.id) == "42"


def test_only_the_outputs_that_are_asked_for(mode):
    with mode.client() as client:
        result = client.infer("witness", inputs(mode), outputs=[mode.output("city"), mode.output("count")])
        assert result.as_numpy("count").tolist() == ROWS["count"].tolist()
        assert result.as_numpy("amount") is None
        with pytest.raises(InferenceServerException, match="no output 'nothing'"):
            client.infer("witness", inputs(mode), outputs=[mode.output("nothing")])


def test_other_types_are_converted_as_the_signature_asks(mode):
    with mode.client() as client:
        rows = ROWS[:2]
        sent = [tensor for tensor in inputs(mode, rows) if tensor.name() not in ("count", "amount")]
        sent.append(mode.input("count", numpy.array([7, 8], dtype=numpy.uint8), "UINT8"))
        sent.append(mode.input("amount", numpy.array([0.5, 1.5], dtype=numpy.float16), "FP16"))
        result = client.infer("witness", sent)
        assert result.as_numpy("count").tolist() == [7, 8] and result.as_numpy("count").dtype == numpy.int64
        assert result.as_numpy("amount").tolist() == [0.5, 1.5]


def test_what_is_wrong_is_named(mode):
    with mode.client() as client:
        for sent, words in [
            (inputs(mode)[1:], "amount"),
            ([*inputs(mode)[1:], mode.input("amount", numpy.zeros(3), "FP64")], "same number of rows"),
            ([*inputs(mode)[1:], mode.input("amount", numpy.array([b"a"] * 4, dtype=object), "BYTES")], "amount"),
        ]:
            with pytest.raises(InferenceServerException, match=words):
                client.infer("witness", sent)
        for call in [client.get_model_metadata, client.is_model_ready]:
            if mode.module is tritonclient.http and call == client.is_model_ready:
                assert not call("nobody")
            else:
                with pytest.raises(InferenceServerException, match="no model 'nobody'"):
                    call("nobody")
        with pytest.raises(InferenceServerException, match="version '9'"):
            client.infer("witness", inputs(mode), model_version="9")


def test_load_and_unload(mode):
    with mode.client() as client:
        def states():
            index = client.get_model_repository_index()
            entries = index if isinstance(index, list) else [{"name": m.name, "state": m.state} for m in index.models]
            return {entry["name"]: entry["state"] for entry in entries}

        assert states() == {"witness": "READY"}
        client.unload_model("witness")
        assert states() == {"witness": "UNAVAILABLE"}
        assert not client.is_model_ready("witness")
        with pytest.raises(InferenceServerException, match="unloaded"):
            client.infer("witness", inputs(mode))
        client.load_model("witness")
        assert client.is_model_ready("witness") and states() == {"witness": "READY"}
        assert client.infer("witness", inputs(mode)).as_numpy("count") is not None
        with pytest.raises(InferenceServerException, match="no model 'nobody'"):
            client.load_model("nobody")


def test_statistics_and_streams(running):
    with running["grpc"].client() as client:
        before = client.get_inference_statistics("witness", as_json=True)["model_stats"][0]
        answers = []
        client.start_stream(lambda result, error: answers.append((result, error)))
        for start in (0, 2):
            client.async_stream_infer("witness", inputs(running["grpc"], ROWS[start : start + 2]))
        client.async_stream_infer("witness", inputs(running["grpc"])[1:])
        client.stop_stream()
        assert [error is None for _, error in answers] == [True, True, False]
        assert answers[1][0].as_numpy("count").tolist() == ROWS["count"][2:].tolist()
        after = client.get_inference_statistics("witness", as_json=True)["model_stats"][0]
        assert int(after["inference_count"]) == int(before.get("inference_count", 0)) + 4
    with running["http"].client() as client:
        assert client.get_inference_statistics("witness")["model_stats"][0]["name"] == "witness"
        assert client.get_model_config("witness")["backend"] == "fettle"


def test_json_by_hand(running):
    url = f"http://{running['http'].url}/v2"
    assert requests.get(f"{url}/health/ready", timeout=10).json() == {"ready": True, "live": True}
    columns = [
        {"name": "amount", "datatype": "FP64", "shape": [2, 1], "data": [[1.0], [2.0]]},
        {"name": "ratio", "datatype": "FP32", "shape": [2], "data": [0.1, 0.2]},
        {"name": "count", "datatype": "INT64", "shape": [2], "data": [1, 2]},
        {"name": "small", "datatype": "INT32", "shape": [2], "data": [1, 2]},
        {"name": "flag", "datatype": "BOOL", "shape": [2], "data": [True, False]},
        {"name": "city", "datatype": "BYTES", "shape": [2], "data": ["Oslo", "Lima"]},
    ]
    answer = requests.post(f"{url}/models/witness/infer", json={"id": "a", "inputs": columns}, timeout=30)
    assert answer.status_code == 200, answer.text
    outputs = {output["name"]: output for output in answer.json()["outputs"]}
    assert outputs["ratio"]["data"] == [0.1, 0.2] and outputs["ratio"]["datatype"] == "FP32"
    assert outputs["city"]["data"] == ["Oslo", "Lima"] and answer.json()["id"] == "a"
    for body, status, words in [
        (b"{", 400, "JSON"),
        (b"{}", 400, "inputs"),
        (b'{"inputs": []}', 400, "no inputs"),
        (b'{"inputs": [{"name": "amount", "datatype": "FP99", "shape": [1], "data": [1]}]}', 400, "FP99"),
        (b'{"inputs": [{"name": "amount", "datatype": "FP64", "shape": [5], "data": [1]}]}', 400, "asks for 5"),
        (b" " * (17 << 20), 413, "16777216"),
    ]:
        answer = requests.post(f"{url}/models/witness/infer", data=body, timeout=60)
        assert answer.status_code == status and words in answer.json()["error"], answer.text[:300]
    assert requests.get(f"{url}/models/nobody", timeout=10).status_code == 404
