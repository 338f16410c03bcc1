"""Dataset inputs of a run."""

import json

import mlflow
import pandas

from .support import client, equal, new_experiment

FRAME = pandas.DataFrame({"distance": [200, 733, 1400], "delay": [1.5, -3.0, 20.0]})


def check_log_input():
    experiment_id = new_experiment("datasets")
    dataset = mlflow.data.from_pandas(FRAME, source="https://example.com/flights.csv", name="flights", targets="delay")
    with mlflow.start_run() as run:
        mlflow.log_input(dataset, context="training")
        mlflow.log_input(dataset, context="training")  # linking it again changes nothing
    (linked,) = client().get_run(run.info.run_id).inputs.dataset_inputs
    equal("name", linked.dataset.name, "flights")
    equal("digest", linked.dataset.digest, dataset.digest)
    equal("tags", [(tag.key, tag.value) for tag in linked.tags], [("mlflow.data.context", "training")])
    equal("profile", json.loads(linked.dataset.profile), {"num_rows": 3, "num_elements": 6})
    equal("columns", [column["name"] for column in json.loads(linked.dataset.schema)["mlflow_colspec"]], ["distance", "delay"])

    def found(filter_string):
        return list(mlflow.search_runs([experiment_id], filter_string)["run_id"])

    equal("by name", found("datasets.name = 'flights'"), [run.info.run_id])
    equal("by digest", found(f"dataset.digest = '{dataset.digest}'"), [run.info.run_id])
    equal("by context", found("datasets.context = 'training'"), [run.info.run_id])
    equal("by another name", len(mlflow.search_runs([experiment_id], "datasets.name = 'trains'")), 0)


def check_two_datasets_two_runs():
    experiment_id = new_experiment("datasets")
    train = mlflow.data.from_pandas(FRAME[:2], name="train")
    test = mlflow.data.from_pandas(FRAME[2:], name="test")
    ids = []
    for _ in range(2):
        with mlflow.start_run() as run:
            mlflow.log_input(train, context="training")
            mlflow.log_input(test, context="testing")
        ids.append(run.info.run_id)
    for run_id in ids:
        inputs = client().get_run(run_id).inputs.dataset_inputs
        equal("names", sorted(linked.dataset.name for linked in inputs), ["test", "train"])
    equal("runs with both", len(mlflow.search_runs([experiment_id], "datasets.name = 'train' AND datasets.name = 'test'")), 2)
    equal("runs with one", len(mlflow.search_runs([experiment_id], "datasets.name = 'train'")), 2)


def check_from_numpy():
    import numpy

    new_experiment("datasets")
    dataset = mlflow.data.from_numpy(numpy.ones((3, 2)), targets=numpy.zeros(3), name="arrays")
    with mlflow.start_run() as run:
        mlflow.log_input(dataset, context="testing", tags={"quality": "gold"})
    (linked,) = client().get_run(run.info.run_id).inputs.dataset_inputs
    equal("name and kind", (linked.dataset.name, linked.dataset.source_type), ("arrays", "code"))
    equal("tags", {tag.key: tag.value for tag in linked.tags}, {"mlflow.data.context": "testing", "quality": "gold"})
    assert json.loads(linked.dataset.profile)["features_shape"] == [3, 2], linked.dataset.profile
    kind = "mlflow_tensorspec"
    assert kind in linked.dataset.schema, linked.dataset.schema


def check_source_is_found_again():
    new_experiment("datasets")
    dataset = mlflow.data.from_pandas(FRAME, source="https://example.com/flights.csv", name="flights")
    with mlflow.start_run() as run:
        mlflow.log_input(dataset)
    (linked,) = client().get_run(run.info.run_id).inputs.dataset_inputs
    source = mlflow.data.get_source(linked.dataset)
    equal("source", source.url, "https://example.com/flights.csv")
    found = mlflow.search_runs(filter_string="datasets.name LIKE 'fli%' AND datasets.digest IN ('{}')".format(dataset.digest))
    equal("by LIKE and IN", found["run_id"].tolist(), [run.info.run_id])
