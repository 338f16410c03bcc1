"""Document A: configure, train and register, read the registry, validate."""

import os
import shutil
from pathlib import Path

import pytest

from seeds.newest_client import name_the_format
from support import clients

HERE = Path(__file__).parent


@pytest.fixture(params=["2.9.2", "newest"])
def bash(request, own_server, tmp_path):
    """Runs a script of the document in the client's environment, in one folder, as one would by hand."""
    python = clients.pythons().get(request.param)
    if python is None:
        pytest.fail(f"no Python with mlflow {request.param}")
    folder = tmp_path / "work"
    folder.mkdir()

    def run(script):
        return clients.run(
            ["bash", "-eu", "-o", "pipefail", script],
            own_server.url,
            folder,
            PATH=os.pathsep.join([str(HERE / "stand_ins/bin"), str(Path(python).parent), os.environ["PATH"]]),
            PYTHONPATH=str(HERE / "stand_ins"),
            RESOURCE_GROUP="group",
            ML_WORKSPACE_NAME="workspace",
            SUBSCRIPTION_ID="subscription",
        )

    run.version = request.param
    run.folder = folder
    return run


def test_steps_2_and_3_and_validation(bash, tmp_path):
    bash(HERE / "a/step_2.sh")
    train = bash.folder / "train_model.py"
    train.write_text(name_the_format(train.read_text(), bash.version))

    trained = bash(HERE / "a/step_3.sh")
    assert "MLflow configured for workspace: workspace" in trained
    assert "Model trained and logged - MSE: " in trained
    assert "Model: demo-regression-model\n  Version: 1, Stage: None" in trained
    assert "Model trained and registered: models:/demo-regression-model/1" in trained

    again = bash(HERE / "a/step_3.sh")
    assert "Version: 2, Stage: None" in again
    assert "models:/demo-regression-model/2" in again

    # The last word of each script is its own command, as the document shows them one after the other.
    validated = bash(HERE / "a/validate.sh")
    assert "Found 1 registered models\nModel: demo-regression-model\n  Version: 2, Stage: None" in validated
    assert "Found 2 experiments" in validated
    assert "Experiment: model-lifecycle-demo, Runs: 2" in validated
    assert "Experiment: Default, Runs: 0" in validated
    shutil.rmtree(bash.folder)
