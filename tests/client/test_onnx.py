"""Models of the ONNX flavour in ONNX Runtime, without Python, beside the same models in Python."""

import sys

import mlflow
import numpy
import onnx
import onnxruntime
import pandas
import pytest
import requests
import tritonclient.http
from mlflow.models import infer_signature
from onnx import TensorProto, helper, numpy_helper

from support import server as servers

DICE = numpy.random.default_rng(11)


def model(name, nodes, inputs, outputs, **weights):
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(*tensor) for tensor in inputs],
        [helper.make_tensor_value_info(*tensor) for tensor in outputs],
        [numpy_helper.from_array(value, key) for key, value in weights.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(made)
    return made


def dense():
    """Four columns to one number, as a model of a table."""
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["xw"]),
        helper.make_node("Add", ["xw", "b"], ["hidden"]),
        helper.make_node("Relu", ["hidden"], ["relu"]),
        helper.make_node("ReduceSum", ["relu", "axes"], ["y"], keepdims=0),
    ]
    w = DICE.normal(size=(4, 8)).astype(numpy.float32)
    b = DICE.normal(size=8).astype(numpy.float32)
    axes = numpy.array([1], dtype=numpy.int64)
    inputs, outputs = [("x", TensorProto.FLOAT, [None, 4])], [("y", TensorProto.FLOAT, [None])]
    return model("dense", nodes, inputs, outputs, w=w, b=b, axes=axes)


def images():
    """A convolution and a softmax over images of one channel."""
    nodes = [
        helper.make_node("Conv", ["image", "kernel"], ["conv"], pads=[1, 1, 1, 1]),
        helper.make_node("GlobalAveragePool", ["conv"], ["pool"]),
        helper.make_node("Flatten", ["pool"], ["flat"]),
        helper.make_node("Softmax", ["flat"], ["probabilities"]),
        helper.make_node("ArgMax", ["probabilities"], ["label"], axis=1, keepdims=0),
    ]
    kernel = DICE.normal(size=(3, 1, 3, 3)).astype(numpy.float32)
    outputs = [("probabilities", TensorProto.FLOAT, [None, 3]), ("label", TensorProto.INT64, [None])]
    return model("images", nodes, [("image", TensorProto.FLOAT, [None, 1, 8, 8])], outputs, kernel=kernel)


def two_inputs():
    nodes = [helper.make_node("Mul", ["price", "weight"], ["total"]), helper.make_node("Identity", ["city"], ["town"])]
    inputs = [("price", TensorProto.DOUBLE, [None]), ("weight", TensorProto.DOUBLE, [None]), ("city", TensorProto.STRING, [None])]
    return model("two", nodes, inputs, [("total", TensorProto.DOUBLE, [None]), ("town", TensorProto.STRING, [None])])


TABLE = pandas.DataFrame(DICE.normal(size=(5, 4)), columns=list("abcd"))
PIXELS = DICE.normal(size=(2, 1, 8, 8)).astype(numpy.float32)
SALES = pandas.DataFrame({"price": [1.5, 2.0], "weight": [2.0, 0.1], "city": ["Oslo", "大阪"]})


@pytest.fixture(scope="module", params=["dense", "images", "two_inputs"])
def both(request, tmp_path_factory):
    """A model in both executors, and a body that it takes."""
    name = request.param
    folder = tmp_path_factory.mktemp(name)
    made = {"dense": dense, "images": images, "two_inputs": two_inputs}[name]()
    example = {"dense": TABLE, "images": PIXELS, "two_inputs": SALES}[name]
    answered = {"dense": numpy.zeros(5, numpy.float32), "images": None, "two_inputs": None}[name]
    mlflow.onnx.save_model(made, folder / "model", signature=infer_signature(example, answered), pip_requirements=[])
    running = [
        servers.scoring_server(folder, folder / "model", "", "--executor", executor, "--python", sys.executable).start()
        for executor in ("auto", "python")
    ]
    if name == "images":
        body = {"inputs": PIXELS.tolist()}
    else:
        body = {"dataframe_split": example.to_dict(orient="split", index=False)}
    yield name, *running, body
    for server in running:
        server.stop()


def predictions(server, body):
    answer = requests.post(server.url + "/invocations", json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()["predictions"]


def test_answers_are_those_of_python(both):
    name, ours, python, body = both
    info = requests.get(ours.url + "/model-info", timeout=10).json()
    assert info["executor"] == "onnx", info["why"]
    if name == "two_inputs":
        # MLflow hands the column of texts on as pandas has it, which ONNX Runtime refuses there.
        assert predictions(ours, body) == [{"total": 3.0, "town": "Oslo"}, {"total": 0.2, "town": "大阪"}]
    else:
        assert predictions(ours, body) == predictions(python, body)
    # One thread and sessions of their own: many at once get what one alone gets.
    expected = predictions(ours, body)
    assert all(predictions(ours, body) == expected for _ in range(5))


def test_tensors_go_in_and_out_as_they_are(both):
    name, ours, _, _ = both
    client = tritonclient.http.InferenceServerClient(ours.url.removeprefix("http://"))
    metadata = client.get_model_metadata("model")
    assert metadata["platform"] == "onnx_onnxv1"
    if name == "images":
        tensor = tritonclient.http.InferInput("input", list(PIXELS.shape), "FP32")
        tensor.set_data_from_numpy(PIXELS)
        result = client.infer("model", [tensor])
        session = onnxruntime.InferenceSession(images_bytes(ours))
        probabilities, label = session.run(None, {"image": PIXELS})
        assert numpy.allclose(result.as_numpy("probabilities"), probabilities, rtol=1e-6)
        assert result.as_numpy("label").tolist() == label.tolist()
    elif name == "dense":
        tensor = tritonclient.http.InferInput("x", [5, 4], "FP64")
        tensor.set_data_from_numpy(TABLE.to_numpy())
        result = client.infer("model", [tensor])
        (output,) = result.get_response()["outputs"]
        assert output["shape"] == [5]
    client.close()


def images_bytes(server):
    """The file that the server runs; weights were drawn when it was made."""
    folder = server.command[server.command.index("-m") + 1]
    return (folder if isinstance(folder, str) else str(folder)) + "/model.onnx"


def test_what_does_not_fit_is_refused(both):
    name, ours, _, _ = both
    bad = {
        "dense": [({"dataframe_split": {"columns": ["a"], "data": [[1]]}}, "missing inputs"), ({"instances": [["x"]]}, "")],
        "images": [({"inputs": [[1.0]]}, ""), ({"inputs": "none"}, ""), ({"dataframe_split": {"data": [[1]]}}, "inputs")],
        "two_inputs": [({"dataframe_records": [{"price": 1.0, "city": "x"}]}, "weight")],
    }[name]
    for body, word in bad:
        answer = requests.post(ours.url + "/invocations", json=body, timeout=60)
        assert answer.status_code == 400 and word in answer.json()["message"], answer.text


def test_a_runtime_that_is_not_there(tmp_path):
    mlflow.onnx.save_model(dense(), tmp_path / "model", signature=infer_signature(TABLE), pip_requirements=[])
    server = servers.scoring_server(tmp_path, tmp_path / "model", "", "--executor", "onnx", "--onnxruntime", "/nowhere/lib.so")
    with pytest.raises(RuntimeError, match="/nowhere/lib.so"):
        server.start()
