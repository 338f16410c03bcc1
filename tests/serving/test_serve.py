"""`fettle serve`: one model from wherever it is, from its start to its end."""

import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import mlflow
import pandas
import pytest
import requests
from mlflow.models import infer_signature

from support import database, server as servers
from support.endpoints import ROW, log_models, wait_for

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    running = servers.tracking_server(folder, database.backend_uri("sqlite", folder)).start()
    log_models(running.url)
    yield running
    running.kill()


@pytest.fixture
def temporary():
    """A folder for temporary files whose path leaves room for that of a socket, which pytest's own do not."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.fixture
def serve(server, tmp_path, temporary):
    """Starts `fettle serve`, and sees to it that nothing of it is left when it has ended."""
    begun = []

    def begin(model, *arguments, temporary=temporary):
        environment = {"FETTLE_PYTHON": sys.executable, "TMPDIR": str(temporary)}
        process = servers.scoring_server(tmp_path, model, server.url, *arguments, environment=environment)
        begun.append(process)
        return process

    yield begin
    for process in begun:
        process.stop()
    assert list(temporary.iterdir()) == []


def slow(load_seconds, predict_seconds):
    """A class of its own scope goes with the model, since no module has it."""

    class Slow(mlflow.pyfunc.PythonModel):
        def load_context(self, context):
            import time

            time.sleep(load_seconds)

        def predict(self, context, model_input, params=None):
            import time

            time.sleep(predict_seconds)
            return [1.0] * len(model_input)

    return Slow()


def save_slow(folder, load_seconds, predict_seconds):
    rows = pandas.DataFrame({"x": [1.0]})
    mlflow.pyfunc.save_model(
        folder, python_model=slow(load_seconds, predict_seconds), signature=infer_signature(rows, [1.0]), pip_requirements=["mlflow"]
    )


def predictions(process):
    answer = requests.post(f"{process.url}/invocations", data=ROW, headers=JSON, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()["predictions"]


def test_a_registered_version_a_model_of_a_run_and_a_folder(serve, server, tmp_path):
    client = mlflow.MlflowClient(server.url)
    version = client.get_model_version("iris", "1")
    client.set_registered_model_alias("iris", "champion", "2")
    mlflow.set_tracking_uri(server.url)
    folder = mlflow.artifacts.download_artifacts("models:/iris/2", dst_path=str(tmp_path / "folder"))
    for model, executor, name, expected in [
        ("models:/iris/1", "native", "1", 20.0),
        ("models:/iris@champion", "python", "2", 40.0),
        # Two models of that name: the run's newest.
        (f"runs:/{version.run_id}/model", "auto", version.run_id, 40.0),
        (folder, "auto", "local", 40.0),
    ]:
        process = serve(model, "--executor", executor).start()
        assert predictions(process) == pytest.approx([expected])
        assert requests.get(f"{process.url}/version", timeout=60).text.startswith(mlflow.__version__.split(".")[0])
        assert requests.get(f"{process.url}/health", timeout=60).json()["model_version"] == name
        assert requests.get(f"{process.url}/readyz", timeout=60).status_code == 200
        assert process.stop() == 0


def test_command_lines_of_mlflow_models_serve(serve):
    process = serve("models:/iris/1", "-h", "127.0.0.1", "-w", "2", "-t", "30", "--no-conda", "--install-mlflow", "--executor", "python").start()
    assert predictions(process) == pytest.approx([20.0])
    wait_for(lambda: 'fettle_scoring_replicas{model="iris",version="1",state="ready"} 2' in requests.get(f"{process.url}/metrics", timeout=60).text, "two workers", 60)


def test_temporary_files_may_be_far_down(serve, tmp_path):
    far = tmp_path / ("d" * 120)
    far.mkdir()
    assert predictions(serve("models:/iris/1", "--executor", "python", temporary=far).start()) == pytest.approx([20.0])


def test_probes_are_answered_while_the_model_loads(serve, tmp_path):
    save_slow(tmp_path / "slow", load_seconds=4, predict_seconds=0)
    process = serve(tmp_path / "slow")
    process.ready_path = "/livez"
    process.start()
    status = {path: requests.get(process.url + path, timeout=60).status_code for path in ["/readyz", "/startupz", "/health", "/ping"]}
    assert status == {"/readyz": 503, "/startupz": 503, "/health": 503, "/ping": 404}
    early = requests.post(f"{process.url}/invocations", data=ROW, headers=JSON, timeout=60)
    assert (early.status_code, early.headers["retry-after"]) == (503, "1")
    assert "being loaded" in early.json()["message"]
    wait_for(lambda: requests.get(f"{process.url}/startupz", timeout=60).status_code == 200, "the model", 120)
    assert predictions(process) == [1.0]


@pytest.mark.parametrize("word", [signal.SIGINT, signal.SIGTERM])
def test_what_is_in_progress_is_answered_before_the_end(serve, tmp_path, word):
    save_slow(tmp_path / "slow", load_seconds=0, predict_seconds=2)
    process = serve(tmp_path / "slow").start()
    answers = []
    caller = threading.Thread(target=lambda: answers.append(predictions(process)))
    caller.start()
    wait_for(lambda: "fettle_scoring_in_flight" in (text := requests.get(f"{process.url}/metrics", timeout=60).text)
             and 'fettle_scoring_in_flight{model="slow",version="local"} 1' in text, "the request", 60)
    process.child.send_signal(word)
    caller.join()
    assert answers == [[1.0]]
    assert process.child.wait(30) == 0


def test_it_can_be_stopped_while_the_model_loads(serve, tmp_path, temporary):
    save_slow(tmp_path / "slow", load_seconds=60, predict_seconds=0)
    process = serve(tmp_path / "slow")
    process.ready_path = "/livez"
    process.start()
    wait_for(lambda: list(temporary.glob("fettle-worker-*")), "the worker", 60)
    assert process.stop() == 0


def test_what_is_wrong_is_said(serve, tmp_path):
    def refused(model, *arguments):
        process = serve(model, *arguments)
        done = subprocess.run(process.command, capture_output=True, text=True, timeout=300, env=process.environment)
        assert done.returncode == 1, done.stderr
        return done.stderr

    assert "version=99) not found" in refused("models:/iris/99")
    assert "name=tulip not found" in refused("models:/tulip@champion")
    assert "is no folder" in refused(tmp_path / "nowhere")
    assert "is not a model: cannot read" in refused(tmp_path)
    assert "this model is broken" in refused("models:/iris/3")
    assert "cannot be scored natively" in refused("models:/iris/3", "--executor", "native")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert "Address already in use" in refused("models:/iris/1", "--grpc-port", str(taken.getsockname()[1]))
