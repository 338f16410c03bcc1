"""A Python environment of a model's own, made from the requirements that were logged with it."""

import os
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

import mlflow
import pandas
import pytest
import requests
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression

from support import server as servers

ROWS = pandas.DataFrame({"a": [1.0, 2.0, 3.0]})
# The one that made the environment these tests run in; its cache has all that is asked for here.
UV = shutil.which("uv") or Path(sys.executable).parents[2] / "uv/bin/uv"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model") / "linear"
    fitted = LinearRegression().fit(ROWS, ROWS["a"] * 2)
    names = ["mlflow", "scikit-learn", "skops"]
    requirements = [f"{name}=={version(name)}" for name in names]
    signature = infer_signature(ROWS, fitted.predict(ROWS))
    mlflow.sklearn.save_model(fitted, folder, signature=signature, pip_requirements=requirements)
    return folder


def serving(folder, model, *arguments):
    """A server that sees no Python of its own, and uv set up as pip is here."""
    environment = {"PATH": f"{Path(UV).parent}:/usr/bin:/bin", "FETTLE_PYTHON": "", "VIRTUAL_ENV": "", "CONDA_PREFIX": ""}
    certificates = Path("/etc/ssl/certs/ca-certificates.crt")
    if certificates.is_file():
        environment.setdefault("SSL_CERT_FILE", os.environ.get("SSL_CERT_FILE", str(certificates)))
    if index := os.environ.get("PIP_INDEX_URL"):
        environment["UV_DEFAULT_INDEX"] = index
    server = servers.scoring_server(folder, model, "", "--executor", "python", *arguments)
    server.environment.update(environment)
    return server


def answer(server):
    body = {"dataframe_split": ROWS.to_dict(orient="split", index=False)}
    return requests.post(server.url + "/invocations", json=body, timeout=60).json()


def test_an_environment_is_made_once(model, tmp_path):
    arguments = ["--env-manager", "uv", "--environments", str(tmp_path / "environments")]
    for _ in range(2):
        server = serving(tmp_path, model, *arguments).start()
        try:
            assert answer(server) == {"predictions": pytest.approx([2.0, 4.0, 6.0])}
            report = requests.get(server.url + "/model-info", timeout=10).json()["report"]
            assert report["python"]["versions"]["scikit-learn"] == version("scikit-learn")
        finally:
            server.stop()
    made = [entry for entry in (tmp_path / "environments").iterdir() if entry.is_dir()]
    assert len(made) == 1 and (made[0] / "complete").is_file(), made
    assert server.tail().count("Making a Python environment") <= 1


def test_an_empty_wheelhouse_is_the_only_source(model, tmp_path):
    (tmp_path / "wheels").mkdir()
    arguments = ["--env-manager", "virtualenv", "--environments", str(tmp_path / "environments")]
    server = serving(tmp_path, model, *arguments, "--wheelhouse", str(tmp_path / "wheels"))
    with pytest.raises(RuntimeError, match="No matching distribution found for mlflow"):
        server.start()
    assert not list((tmp_path / "environments").glob("*/complete"))
