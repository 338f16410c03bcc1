"""The `mlflow-export-import` tool of PyPI moves an experiment and a model out of MLflow into Fettle and back.

What it brings to Fettle is compared, field by field, with what the same tool brings from the same files to MLflow.
Its version 1.2.0, the newest, knows models only where runs keep their artifacts in a folder that the client sees; so
the experiments behind models name such a folder. Runs move with artifacts behind the server.
"""

import json
import uuid

import pytest

from support import clients, server as servers

FILL = """
import sys, mlflow
from mlflow.entities import Metric
client = mlflow.MlflowClient()
name, location = sys.argv[1], sys.argv[2] or None
experiment_id = client.create_experiment(name, artifact_location=location)
client.create_registered_model(name, tags={"domain": "flights", "ü": "✈"}, description="words on\\nthe model")
for number in range(3):
    run_id = client.create_run(experiment_id, run_name=f"run {number}", tags={"number": str(number), "ü": "grüß"}).info.run_id
    client.log_batch(run_id, [Metric("loss", 1 / (step + 1), 1000 + step, step) for step in range(120)])
    client.log_batch(run_id, [Metric("odd", value, 5, -3) for value in (1e-300, 0.1 + 0.2)])
    client.log_param(run_id, "depth", number)
    client.log_param(run_id, "words", "ünï code, with 'quotes'")
    client.log_text(run_id, f"note {number}\\n", "notes/deep/note ü.txt")
    client.log_dict(run_id, {"flavors": {"number": number}, "run_id": run_id}, "model/MLmodel")
    client.set_terminated(run_id, status="FINISHED" if number else "FAILED")
    source = client.get_run(run_id).info.artifact_uri + "/model"
    client.create_model_version(name, source, run_id, tags={"number": str(number)}, description=f"version of run {number}")
client.transition_model_version_stage(name, "1", "Production")
client.transition_model_version_stage(name, "2", "Staging")
"""

# Everything there is about an experiment and a model, without ids and times of their own.
TELL = """
import json, sys, mlflow
from pathlib import Path
client = mlflow.MlflowClient()
experiment = client.get_experiment_by_name(sys.argv[1])
runs = {}
for run in client.search_runs([experiment.experiment_id], order_by=["tags.number"]):
    run_id = run.info.run_id
    folder = Path(mlflow.artifacts.download_artifacts(run_id=run_id))
    runs[run.data.tags["number"]] = {
        "name": run.info.run_name,
        "status": run.info.status,
        "lifecycle": run.info.lifecycle_stage,
        "user": run.info.user_id,
        "params": run.data.params,
        "latest": run.data.metrics,
        "history": {key: [(m.step, m.timestamp, m.value) for m in client.get_metric_history(run_id, key)] for key in run.data.metrics},
        "tags": {key: value.replace(run_id, "RUN") for key, value in run.data.tags.items()},
        "files": {str(f.relative_to(folder)): f.read_text().replace(run_id, "RUN") for f in folder.rglob("*") if f.is_file()},
    }
told = {"lifecycle": experiment.lifecycle_stage, "runs": runs}
if len(sys.argv) > 2:
    model = client.get_registered_model(sys.argv[2])
    versions = client.search_model_versions(f"name = '{model.name}'", order_by=["version_number ASC"])
    told["model"] = {"description": model.description, "tags": model.tags, "versions": [
        {
            "number": int(version.version),
            "stage": version.current_stage,
            "status": version.status,
            "description": version.description,
            "tags": version.tags,
            "run": client.get_run(version.run_id).data.tags["number"],
            "source": version.source.partition(version.run_id)[2],
            "file": Path(mlflow.artifacts.download_artifacts(f"models:/{model.name}/{version.version}"), "MLmodel").read_text().replace(version.run_id, "RUN"),
        }
        for version in versions
    ]}
print("TOLD " + json.dumps(told))
"""


class Place:
    """A server from which and to which the tool moves things."""

    def __init__(self, url, folder):
        self.url = url
        self.folder = folder

    def python(self, *arguments):
        return clients.run_python("newest", arguments, self.url, self.folder)

    def tool(self, module, **options):
        words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", value)]
        return self.python("-m", f"mlflow_export_import.{module}", *words)

    def tell(self, *names):
        printed = self.python("-c", TELL, *names)
        (told,) = [line for line in printed.splitlines() if line.startswith("TOLD ")]
        return json.loads(told.removeprefix("TOLD "))

    def new_experiment(self, name):
        """An experiment that keeps its artifacts in a folder of its own."""
        location = (self.folder / f"store-{name}").as_uri()
        self.python("-c", "import sys, mlflow; mlflow.create_experiment(*sys.argv[1:])", name, location)


@pytest.fixture(scope="module")
def mlflow_url(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mlflow")
    running = servers.mlflow_server(folder).start()
    yield running.url
    running.stop()


@pytest.fixture
def places(server, mlflow_url, tmp_path):
    return Place(mlflow_url, tmp_path), Place(server.url, tmp_path)


def test_an_experiment_moves_there_and_back(places, tmp_path):
    mlflow, fettle = places
    name = f"moved-{uuid.uuid4().hex}"
    mlflow.python("-c", FILL, name, "")
    original = mlflow.tell(name)
    mlflow.tool("experiment.export_experiment", experiment=name, output_dir=tmp_path / "out")
    mlflow.tool("experiment.import_experiment", experiment_name=f"{name}-control", input_dir=tmp_path / "out")
    fettle.tool("experiment.import_experiment", experiment_name=name, input_dir=tmp_path / "out")
    control, moved = mlflow.tell(f"{name}-control"), fettle.tell(name)
    assert moved == control
    for number, run in original["runs"].items():
        for field in ["params", "latest", "history", "name"]:
            assert moved["runs"][number][field] == run[field], field
        assert moved["runs"][number]["files"].keys() == run["files"].keys()
        assert run["tags"].items() <= moved["runs"][number]["tags"].items()

    fettle.tool("experiment.export_experiment", experiment=name, output_dir=tmp_path / "back")
    mlflow.tool("experiment.import_experiment", experiment_name=f"{name}-back", input_dir=tmp_path / "back")
    assert mlflow.tell(f"{name}-back") == control


def test_a_model_moves_there_and_back(places, tmp_path):
    mlflow, fettle = places
    name = f"moved-{uuid.uuid4().hex}"
    mlflow.python("-c", FILL, name, (tmp_path / "original").as_uri())
    original = mlflow.tell(name, name)
    mlflow.tool("model.export_model", model=name, output_dir=tmp_path / "out")
    told = []
    for place, target in [(mlflow, f"{name}-control"), (fettle, name)]:
        place.new_experiment(f"{target}-runs")
        place.tool("model.import_model", model=target, experiment_name=f"{target}-runs", input_dir=tmp_path / "out")
        told.append(place.tell(f"{target}-runs", target))
    control, moved = told
    assert moved == control
    assert moved["model"]["tags"] == original["model"]["tags"]
    assert len(moved["model"]["versions"]) == 3

    fettle.tool("model.export_model", model=name, output_dir=tmp_path / "back")
    mlflow.new_experiment(f"{name}-back-runs")
    mlflow.tool("model.import_model", model=f"{name}-back", experiment_name=f"{name}-back-runs", input_dir=tmp_path / "back")
    assert mlflow.tell(f"{name}-back-runs", f"{name}-back") == control
