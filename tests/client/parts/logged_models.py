"""Logged models by the methods of `MlflowClient`: made by hand, filled with files, finalized, deleted."""

import tempfile
from pathlib import Path

import mlflow

from .support import client, equal, new_experiment, refused

SINCE = "3.0"


def status(model):
    return str(getattr(model.status, "value", model.status))


def check_life_cycle():
    experiment_id = new_experiment("logged-models")
    run_id = client().create_run(experiment_id).info.run_id
    model = client().create_logged_model(
        experiment_id, name="agent", source_run_id=run_id, tags={"a": "1"}, params={"depth": "3"}, model_type="agent"
    )
    equal("status", status(model), "PENDING")
    client().log_model_params(model.model_id, {"width": "4", **{f"p{number}": "x" for number in range(150)}})
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "MLmodel").write_text("flavors: {}")
        Path(folder, "more").mkdir()
        Path(folder, "more/data.bin").write_bytes(b"12345")
        client().log_model_artifacts(model.model_id, folder)
        client().log_model_artifact(model.model_id, str(Path(folder, "MLmodel")))
    listed = client().list_logged_model_artifacts(model.model_id)
    equal("files", sorted((item.path, item.is_dir, item.file_size) for item in listed), [("MLmodel", False, 11), ("more", True, None)])
    below = client().list_logged_model_artifacts(model.model_id, "more")
    equal("files below", [(item.path, item.file_size) for item in below], [("more/data.bin", 5)])
    equal("finalized", status(client().finalize_logged_model(model.model_id, "READY")), "READY")
    found = client().get_logged_model(model.model_id)
    equal("params", (found.params["depth"], found.params["width"], len(found.params)), ("3", "4", 152))
    equal("type, run", (found.model_type, found.source_run_id), ("agent", run_id))
    assert found.last_updated_timestamp >= found.creation_timestamp
    client().delete_logged_model(model.model_id)
    refused("after deletion", "RESOURCE_DOES_NOT_EXIST", lambda: client().get_logged_model(model.model_id), model.model_id)


def check_failed_upload():
    experiment_id = new_experiment("logged-models")
    model = client().create_logged_model(experiment_id)
    assert model.name, "a model without a name is given one"
    equal("finalized", status(client().finalize_logged_model(model.model_id, "FAILED")), "FAILED")


def check_metrics_by_dataset():
    import pandas

    experiment_id = new_experiment("logged-models")
    data = mlflow.data.from_pandas(pandas.DataFrame({"a": [1, 2]}), name="validation")
    ids = []
    with mlflow.start_run():
        for number, auc in enumerate([0.5, 0.9, 0.7]):
            model = mlflow.initialize_logged_model(name=f"model-{number}")
            mlflow.log_metric("auc", auc, model_id=model.model_id, dataset=data)
            mlflow.log_metric("auc", 1 - auc, model_id=model.model_id, step=1)
            ids.append(model.model_id)
    first = client().get_logged_model(ids[0])
    equal("metrics", sorted((m.key, m.value, m.dataset_name) for m in first.metrics if m.dataset_name), [("auc", 0.5, "validation")])

    def search(filter_string=None, **arguments):
        found = client().search_logged_models([experiment_id], filter_string, **arguments)
        return [ids.index(model.model_id) for model in found]

    on_data = [{"dataset_name": "validation", "dataset_digest": data.digest}]
    by_auc = [{"field_name": "metrics.auc", "ascending": False, "dataset_name": "validation"}]
    equal("on the dataset", search("metrics.auc >= 0.7", datasets=on_data, order_by=by_auc), [1, 2])
    equal("best first", search(order_by=by_auc), [1, 2, 0])
    equal("newest first", search(), [2, 1, 0])
    page = client().search_logged_models([experiment_id], max_results=2)
    rest = client().search_logged_models([experiment_id], max_results=2, page_token=page.token)
    equal("pages", [ids.index(model.model_id) for model in [*page, *rest]], [2, 1, 0])


def check_active_model():
    new_experiment("active-model")
    model = mlflow.set_active_model(name="app-v1")
    equal("active", mlflow.get_active_model_id(), model.model_id)
    mlflow.log_model_params({"prompt": "short"})
    equal("its params", mlflow.get_logged_model(model.model_id).params, {"prompt": "short"})
    again = mlflow.set_active_model(name="app-v1")
    equal("found by its name", again.model_id, model.model_id)
    mlflow.clear_active_model()
    frame = mlflow.search_logged_models(filter_string="name = 'app-v1'")
    equal("as a table", frame["model_id"].tolist(), [model.model_id])
