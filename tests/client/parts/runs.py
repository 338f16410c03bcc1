"""Runs: life cycle, params, tags, nesting, deletion."""

import mlflow
from mlflow.entities import Param, RunTag

from .support import client, equal, new_experiment, refused


def check_life_cycle():
    experiment_id = new_experiment("runs")
    with mlflow.start_run(run_name="first steps", description="tries things") as run:
        running = client().get_run(run.info.run_id)
        equal("status while it runs", running.info.status, "RUNNING")
        equal("end time while it runs", running.info.end_time, None)
    done = client().get_run(run.info.run_id)
    equal("experiment", done.info.experiment_id, experiment_id)
    equal("status", done.info.status, "FINISHED")
    equal("name", done.info.run_name, "first steps")
    equal("name as a tag", done.data.tags["mlflow.runName"], "first steps")
    equal("description", done.data.tags["mlflow.note.content"], "tries things")
    equal("lifecycle", done.info.lifecycle_stage, "active")
    equal("id", len(done.info.run_id), 32)
    assert done.info.end_time >= done.info.start_time > 1_600_000_000_000
    assert done.info.artifact_uri.endswith(f"/{experiment_id}/{run.info.run_id}/artifacts"), done.info.artifact_uri


def check_failure_is_recorded():
    new_experiment("runs")
    try:
        with mlflow.start_run() as run:
            raise ValueError("on purpose")
    except ValueError:
        pass
    failed = client().get_run(run.info.run_id)
    equal("status", failed.info.status, "FAILED")
    assert failed.info.run_name, "a run without a name is given one"


def check_resume_and_rename():
    new_experiment("runs")
    with mlflow.start_run(run_name="before") as run:
        mlflow.log_param("first", 1)
    with mlflow.start_run(run_id=run.info.run_id):
        mlflow.log_param("second", 2)
    client().update_run(run.info.run_id, status="KILLED", name="after")
    found = client().get_run(run.info.run_id)
    equal("params of both sessions", found.data.params, {"first": "1", "second": "2"})
    equal("status", found.info.status, "KILLED")
    equal("name", found.info.run_name, "after")
    equal("name as a tag", found.data.tags["mlflow.runName"], "after")
    client().set_tag(run.info.run_id, "mlflow.runName", "by tag")
    equal("renamed by its tag", client().get_run(run.info.run_id).info.run_name, "by tag")


def check_params():
    new_experiment("params")
    long_value = "v" * 500
    with mlflow.start_run() as run:
        mlflow.log_param("depth", 7)
        mlflow.log_params({"rate": 0.1, "name with space": "ünïcode ✈", "path/like.key-1": "", "long": long_value})
        mlflow.log_param("depth", 7)  # the same value again is no error
        refused("a changed param", "INVALID_PARAMETER_VALUE", lambda: mlflow.log_param("depth", 8), "depth", "'7'")
    equal(
        "params",
        client().get_run(run.info.run_id).data.params,
        {"depth": "7", "rate": "0.1", "name with space": "ünïcode ✈", "path/like.key-1": "", "long": long_value},
    )


def check_many_params():
    new_experiment("params")
    many = {f"param_{number}": str(number) for number in range(250)}
    with mlflow.start_run() as run:
        mlflow.log_params(many)
    equal("250 params", client().get_run(run.info.run_id).data.params, many)


def check_tags():
    new_experiment("tags")
    with mlflow.start_run(tags={"from": "start"}) as run:
        mlflow.set_tag("release", "v1")
        mlflow.set_tags({"release": "v2", "owner": "ana", "gone": "soon"})
        mlflow.delete_tag("gone")
    tags = client().get_run(run.info.run_id).data.tags
    own = {key: value for key, value in tags.items() if not key.startswith("mlflow.")}
    equal("tags", own, {"from": "start", "release": "v2", "owner": "ana"})
    assert tags["mlflow.source.name"], "the client's own tags are kept"
    missing = run.info.run_id
    refused("a missing tag", "RESOURCE_DOES_NOT_EXIST", lambda: client().delete_tag(missing, "never"), "never")


def check_batch():
    new_experiment("batch")
    with mlflow.start_run() as run:
        client().log_batch(
            run.info.run_id, params=[Param("a", "1"), Param("b", "2")], tags=[RunTag("t", "x"), RunTag("u", "y")]
        )
    data = client().get_run(run.info.run_id).data
    equal("params", data.params, {"a": "1", "b": "2"})
    equal("tags", (data.tags["t"], data.tags["u"]), ("x", "y"))


def check_nested_runs():
    new_experiment("nested")
    with mlflow.start_run(run_name="parent") as parent:
        for number in range(3):
            with mlflow.start_run(run_name=f"child {number}", nested=True) as child:
                mlflow.log_metric("loss", number / 10)
    equal("parent of the last child", client().get_run(child.info.run_id).data.tags["mlflow.parentRunId"], parent.info.run_id)
    children = mlflow.search_runs(
        filter_string=f"tags.mlflow.parentRunId = '{parent.info.run_id}'", order_by=["metrics.loss DESC"]
    )
    equal("children, best last", list(children["tags.mlflow.runName"]), ["child 2", "child 1", "child 0"])
    equal("status of the parent", client().get_run(parent.info.run_id).info.status, "FINISHED")


def check_delete_and_restore():
    experiment_id = new_experiment("deletion")
    with mlflow.start_run() as kept:
        pass
    with mlflow.start_run() as deleted:
        mlflow.log_metric("m", 1.5)
    client().delete_run(deleted.info.run_id)
    found = client().get_run(deleted.info.run_id)
    equal("lifecycle", found.info.lifecycle_stage, "deleted")
    equal("found by search", list(mlflow.search_runs([experiment_id])["run_id"]), [kept.info.run_id])
    refused("writing to it", "INVALID_PARAMETER_VALUE", lambda: client().log_metric(deleted.info.run_id, "m", 2.0), "delete")
    client().restore_run(deleted.info.run_id)
    equal("metric after restore", client().get_run(deleted.info.run_id).data.metrics, {"m": 1.5})
    equal("found again", len(mlflow.search_runs([experiment_id])), 2)


def check_unknown_run():
    refused("unknown run", "RESOURCE_DOES_NOT_EXIST", lambda: client().get_run("0" * 32), "0" * 32)
