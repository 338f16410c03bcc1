"""Document E: train and register, query, stages, load by stage, signature."""

import pytest
import requests

from seeds.author import VERSIONS, Author
from support import clients


@pytest.fixture(params=VERSIONS)
def author(request, own_server, tmp_path):
    return Author(request.param, own_server.url, tmp_path)


def test_registry_scripts(author):
    for _ in range(2):  # the second version goes to Staging, which a later script loads
        assert "Model registered with accuracy: 1.0000" in author.run("train_and_register.py")
    queried = author.run("query_registry.py")
    assert "Model: iris-classifier\n  Latest versions: " in queried
    assert "Version 1:\n  Stage: None\n  Run ID: " in queried
    assert "Version 2:\n  Stage: None" in queried

    moved = author.run("stage_transitions.py")
    assert "iris-classifier v1 transitioned to Staging" in moved
    assert "iris-classifier v1 transitioned to Production" in moved
    parameters = {"name": "iris-classifier", "version": "1"}
    found = requests.get(f"{author.url}/api/2.0/mlflow/model-versions/get", params=parameters, timeout=10).json()
    assert found["model_version"]["current_stage"] == "Production"
    assert found["model_version"]["description"] == "Production model deployed after validation. Accuracy: 96.7%"
    assert {"key": "validation_status", "value": "passed"} in found["model_version"]["tags"]

    stage = {"name": "iris-classifier", "version": "2", "stage": "Staging", "archive_existing_versions": False}
    staged = requests.post(f"{author.url}/api/2.0/mlflow/model-versions/transition-stage", json=stage, timeout=10)
    assert staged.status_code == 200, staged.text
    assert "Prediction: [0]" in author.run("load_by_stage.py")


def test_signature_script(author):
    printed = author.run("model_signature.py")
    assert "['feature_1': double" in printed and "'feature_2': double" in printed
    check = "import mlflow; print(mlflow.models.get_model_info('models:/price-predictor/1').signature.to_dict())"
    stored = clients.run_python(author.version, ["-c", check], author.url, author.folder)
    assert '"name": "feature_1"' in stored and '"type": "double"' in stored
