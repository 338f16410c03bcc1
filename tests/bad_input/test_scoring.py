"""Bad input to a scoring server, and models that are none."""

import json
import shutil
import subprocess

import mlflow
import numpy
import pandas
import pytest
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression

from support.process import free_port
from support.raw import send
from support.server import TARGET, binary, scoring_server

GOOD = {"dataframe_split": {"columns": ["distance", "hour"], "data": [[100.0, 6.0]]}}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A linear model whose signature asks for two numbers by name."""
    rows = pandas.DataFrame({"distance": numpy.linspace(100.0, 900.0, 9), "hour": numpy.tile([6.0, 12.0, 18.0], 3)})
    fitted = LinearRegression().fit(rows, rows["distance"] / 100 + rows["hour"])
    folder = tmp_path_factory.mktemp("model") / "linear"
    signature = infer_signature(rows, fitted.predict(rows))
    mlflow.sklearn.save_model(
        fitted, folder, signature=signature, input_example=rows[:2], pip_requirements=["scikit-learn"]
    )
    return folder


@pytest.fixture(scope="module", params=["native", "python"])
def scoring(request, model, tmp_path_factory):
    if TARGET == "mlflow" and request.param == "native":
        pytest.skip("mlflow has one executor")
    server = scoring_server(tmp_path_factory.mktemp("scoring"), model, "", "--executor", request.param).start()
    yield server
    server.stop()


def test_a_good_row(scoring):
    answer = send(scoring.url, "POST", "/invocations", GOOD)
    assert answer.status == 200, answer.text
    assert answer.json()["predictions"] == pytest.approx([7.0])


BAD = [
    (b"{", ["json"]),
    (b"not json", ["json"]),
    ({}, ["dataframe_split"]),
    ([1, 2], []),
    ("text", []),
    ({"rows": [[1, 2]]}, ["dataframe_split"]),
    ({"dataframe_split": 7}, ["dataframe split"]),
    ({"dataframe_split": {"columns": ["distance", "hour"]}}, ["data"]),
    ({"dataframe_split": {"columns": ["distance"], "data": [[1.0, 2.0]]}}, ["column"]),
    ({"dataframe_split": {"columns": ["distance", "hour"], "data": [[1.0, 2.0], [3.0]]}}, []),
    ({"dataframe_split": {"columns": ["distance"], "data": [[1.0]]}}, ["hour"]),
    ({"dataframe_records": [{"distance": 1.0}]}, ["hour"]),
    ({"dataframe_records": {"distance": 1.0}}, ["dataframe records"]),
    ({"dataframe_records": [7]}, []),
    ({"dataframe_records": [{"distance": "far", "hour": 1.0}]}, ["distance"]),
    ({"dataframe_split": {"columns": ["distance", "hour"], "data": [["far", 1.0]]}}, ["distance"]),
    ({"inputs": {"distance": [1.0]}}, ["hour"]),
    ({**GOOD, "dataframe_records": []}, []),
]


@pytest.mark.parametrize(("body", "words"), BAD, ids=range(len(BAD)))
def test_bad_bodies(scoring, body, words):
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = send(scoring.url, "POST", "/invocations", sent)
    assert answer.status == 400, f"{answer.status} {answer.text[:500]}"
    error = answer.json()
    assert error["error_code"] in {"BAD_REQUEST", "INVALID_PARAMETER_VALUE"}, answer.text[:500]
    for word in words if TARGET == "fettle" else []:
        assert word.lower() in error["message"].lower(), f"{word!r} is not named in {answer.text[:500]}"
    assert send(scoring.url, "POST", "/invocations", GOOD).status == 200, "a good row still gets its answer"


def test_bad_content_types(scoring):
    for content_type in ["text/html", "application/x-www-form-urlencoded", "image/png"]:
        answer = send(scoring.url, "POST", "/invocations", b"a=1", {"Content-Type": content_type})
        assert answer.status == 415, f"{content_type}: {answer.status} {answer.text[:300]}"


def test_bad_csv(scoring):
    csv = {"Content-Type": "text/csv"}
    assert send(scoring.url, "POST", "/invocations", b"distance,hour\n100,6\n", csv).json()["predictions"] == pytest.approx([7.0])
    for body, word in [(b"distance\n100\n", "hour"), (b"distance,hour\nfar,6\n", "far"), (b"", "")]:
        answer = send(scoring.url, "POST", "/invocations", body, csv)
        assert answer.status == 400, f"{answer.status} {answer.text[:300]}"
        assert word in answer.text or TARGET == "mlflow", answer.text[:300]


@pytest.mark.skipif(TARGET == "mlflow", reason="MLflow reads any amount")
def test_a_huge_body(scoring):
    body = b'{"dataframe_split": {"columns": ["distance", "hour"], "data": [' + b"[1,2]," * 60_000_000 + b"[1,2]]}}"
    answer = send(scoring.url, "POST", "/invocations", body)
    assert answer.status in (400, 413), answer.text[:300]
    assert send(scoring.url, "POST", "/invocations", GOOD).status == 200


def spoil_nothing(folder):
    shutil.rmtree(folder)


def spoil_missing(folder):
    (folder / "MLmodel").unlink()


def spoil_yaml(folder):
    (folder / "MLmodel").write_text("flavors: [unclosed\n\t:")


def spoil_kind(folder):
    (folder / "MLmodel").write_text("just a sentence")


def spoil_flavors(folder):
    (folder / "MLmodel").write_text("artifact_path: model\nmlflow_version: 3.0.0\n")


def spoil_weights(folder):
    (folder / "model.skops").write_bytes(b"this is no zip file")


def spoil_truncated(folder):
    weights = folder / "model.skops"
    weights.write_bytes(weights.read_bytes()[:200])


SPOILED = [
    (spoil_nothing, ["copy"]),
    (spoil_missing, ["MLmodel"]),
    (spoil_yaml, ["MLmodel"]),
    (spoil_kind, ["MLmodel"]),
    (spoil_flavors, ["MLmodel", "flavors"]),
    (spoil_weights, ["model.skops"]),
    (spoil_truncated, ["model.skops"]),
]


@pytest.mark.skipif(TARGET == "mlflow", reason="about Fettle's own messages")
@pytest.mark.parametrize(("spoil", "words"), SPOILED, ids=[spoil.__name__ for spoil, _ in SPOILED])
def test_a_model_that_is_none(model, spoil, words, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(model, folder)
    spoil(folder)
    command = [binary(), "serve", "-m", str(folder), "-p", str(free_port()), "--executor", "native"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert done.returncode == 1, f"ended with {done.returncode}: {done.stderr}"
    assert "panicked" not in done.stderr
    for word in words:
        assert word in done.stderr, f"{word!r} is not named in {done.stderr}"
