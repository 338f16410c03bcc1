"""Runs by the methods of `MlflowClient` that the fluent calls do not show: parents, inputs, outputs, times."""

import mlflow
from mlflow.entities import Dataset, DatasetInput, InputTag

from .support import client, equal, fresh, new_experiment, since


def check_parent():
    experiment_id = new_experiment("parents")
    with mlflow.start_run(run_name="outer") as outer:
        with mlflow.start_run(nested=True) as middle:
            with mlflow.start_run(nested=True) as inner:
                pass
    equal("parent of the inner", client().get_parent_run(inner.info.run_id).info.run_id, middle.info.run_id)
    equal("parent of the middle", client().get_parent_run(middle.info.run_id).info.run_name, "outer")
    equal("parent of the outer", client().get_parent_run(outer.info.run_id), None)
    equal("all three", len(client().search_runs([experiment_id])), 3)


def check_inputs():
    run_id = client().create_run(new_experiment("inputs")).info.run_id
    datasets = [
        DatasetInput(Dataset(f"set {number}", f"digest{number}", "http", f'{{"url": "http://{number}"}}'), [InputTag("use", "x")])
        for number in range(3)
    ]
    client().log_inputs(run_id, datasets)
    client().log_inputs(run_id, datasets[:1])
    inputs = client().get_run(run_id).inputs.dataset_inputs
    equal("names", sorted(found.dataset.name for found in inputs), ["set 0", "set 1", "set 2"])
    equal("source", sorted(found.dataset.source for found in inputs)[2], '{"url": "http://2"}')
    equal("tags", {(tag.key, tag.value) for found in inputs for tag in found.tags}, {("use", "x")})


@since("3.0")
def check_models_as_inputs_and_outputs():
    from mlflow.entities import LoggedModelInput, LoggedModelOutput

    experiment_id = new_experiment("inputs")
    model_id = client().create_logged_model(experiment_id, name="made").model_id
    run_id = client().create_run(experiment_id).info.run_id
    client().log_inputs(run_id, models=[LoggedModelInput(model_id)])
    client().log_outputs(run_id, [LoggedModelOutput(model_id, step=3)])
    run = client().get_run(run_id)
    equal("input", [found.model_id for found in run.inputs.model_inputs], [model_id])
    equal("output", [(found.model_id, found.step) for found in run.outputs.model_outputs], [(model_id, 3)])


def check_tracking_uri():
    equal("tracking uri", client().tracking_uri, mlflow.get_tracking_uri())


@since("3.10")
def check_workspace_store_uri():
    equal("workspaces are kept where runs are", client().get_workspace_store_uri(), mlflow.get_tracking_uri())


def check_end_times():
    run_id = client().create_run(new_experiment("ends"), start_time=1_700_000_000_123).info.run_id
    client().set_terminated(run_id, status="FAILED", end_time=1_700_000_001_456)
    info = client().get_run(run_id).info
    equal("times", (info.start_time, info.end_time, info.status), (1_700_000_000_123, 1_700_000_001_456, "FAILED"))


@since("3.0")
def check_delete_experiment_tag():
    experiment_id = client().create_experiment(fresh("tagged"), tags={"keep": "1", "drop": "2"})
    client().delete_experiment_tag(experiment_id, "drop")
    tags = client().get_experiment(experiment_id).tags
    equal("tags", {key: tags.get(key) for key in ("keep", "drop")}, {"keep": "1", "drop": None})
