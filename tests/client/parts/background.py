"""Logging behind the user's back: asynchronous calls, system metrics, many threads."""

import time
from concurrent.futures import ThreadPoolExecutor

import mlflow
from mlflow.entities import Metric, Param, RunTag

from .support import client, equal, new_experiment, since


def check_asynchronous_calls():
    run_id = client().create_run(new_experiment("background")).info.run_id
    waiting = [client().log_metric(run_id, "loss", 1 / (step + 1), step=step, synchronous=False) for step in range(50)]
    waiting.append(client().log_param(run_id, "depth", 3, synchronous=False))
    waiting.append(client().set_tag(run_id, "team", "red", synchronous=False))
    waiting.append(
        client().log_batch(run_id, [Metric("auc", 0.5, 1, 0)], [Param("width", "4")], [RunTag("owner", "ana")], synchronous=False)
    )
    for operation in waiting:
        operation.wait()
    run = client().get_run(run_id)
    equal("params", run.data.params, {"depth": "3", "width": "4"})
    equal("tags", (run.data.tags["team"], run.data.tags["owner"]), ("red", "ana"))
    equal("points", len(client().get_metric_history(run_id, "loss")), 50)


@since("2.22")
def check_asynchronous_by_default():
    experiment_id = new_experiment("background")
    mlflow.config.enable_async_logging()
    try:
        with mlflow.start_run() as run:
            for step in range(300):
                mlflow.log_metrics({"a": step, "b": -step}, step=step)
            mlflow.log_params({"p": 1})
            mlflow.log_text("later", "later.txt")
        mlflow.flush_async_logging()
    finally:
        mlflow.config.enable_async_logging(False)
    equal("points", len(client().get_metric_history(run.info.run_id, "b")), 300)
    equal("latest", client().get_run(run.info.run_id).data.metrics, {"a": 299.0, "b": -299.0})
    equal("found", len(client().search_runs([experiment_id], "params.p = '1'")), 1)


def check_system_metrics():
    new_experiment("system-metrics")
    mlflow.set_system_metrics_sampling_interval(0.2)
    mlflow.set_system_metrics_samples_before_logging(1)
    with mlflow.start_run(log_system_metrics=True) as run:
        time.sleep(2.5)
    names = [key for key in client().get_run(run.info.run_id).data.metrics if key.startswith("system/")]
    for key in ("system/cpu_utilization_percentage", "system/system_memory_usage_megabytes"):
        assert key in names, names
        assert len(client().get_metric_history(run.info.run_id, key)) >= 2, key


def check_threads():
    experiment_id = new_experiment("threads")

    def work(number):
        run_id = client().create_run(experiment_id, run_name=f"worker {number}").info.run_id
        for step in range(10):
            client().log_metric(run_id, "loss", number + step, step=step)
        client().set_terminated(run_id)
        return run_id

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(work, range(8)))
    equal("runs", sorted(run.info.run_id for run in client().search_runs([experiment_id], "status = 'FINISHED'")), sorted(ids))
    equal("points", [len(client().get_metric_history(run_id, "loss")) for run_id in ids], [10] * 8)
