"""Metrics: single points, batches, history, what counts as the latest, odd numbers."""

import math

import mlflow
from mlflow.entities import Metric

from .support import client, equal, new_experiment


def points(run_id, key):
    return [(point.step, point.timestamp, point.value) for point in client().get_metric_history(run_id, key)]


def check_single_points():
    new_experiment("metrics")
    with mlflow.start_run() as run:
        mlflow.log_metric("auc", 0.5)
        mlflow.log_metrics({"f1": 0.25, "loss/val": 1e-300})
    equal("latest", client().get_run(run.info.run_id).data.metrics, {"auc": 0.5, "f1": 0.25, "loss/val": 1e-300})
    (point,) = client().get_metric_history(run.info.run_id, "auc")
    equal("key and value", (point.key, point.value, point.step), ("auc", 0.5, 0))
    assert point.timestamp > 1_600_000_000_000
    equal("history of an unknown key", client().get_metric_history(run.info.run_id, "never"), [])


def check_steps():
    new_experiment("metrics")
    with mlflow.start_run() as run:
        for step in range(20):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
    history = client().get_metric_history(run.info.run_id, "loss")
    equal("steps and values", [(p.step, p.value) for p in sorted(history, key=lambda p: p.step)], [(s, 1 / (s + 1)) for s in range(20)])
    equal("latest", client().get_run(run.info.run_id).data.metrics["loss"], 1 / 20)


def check_latest_is_the_greatest_step():
    new_experiment("metrics")
    with mlflow.start_run() as run:
        client().log_metric(run.info.run_id, "m", 3.0, timestamp=3000, step=9)
        client().log_metric(run.info.run_id, "m", 1.0, timestamp=5000, step=1)
        client().log_metric(run.info.run_id, "m", 2.0, timestamp=4000, step=9)
        client().log_metric(run.info.run_id, "m", 7.0, timestamp=4000, step=-5)
        client().log_metric(run.info.run_id, "m", 2.0, timestamp=4000, step=9)  # an exact repeat is one point
    equal("latest", client().get_run(run.info.run_id).data.metrics["m"], 2.0)
    equal(
        "history by time",
        points(run.info.run_id, "m"),
        [(9, 3000, 3.0), (-5, 4000, 7.0), (9, 4000, 2.0), (1, 5000, 1.0)],
    )


def check_batch():
    new_experiment("metrics")
    batch = [Metric(f"k{number % 4}", float(number), 1000 + number, number) for number in range(1000)]
    with mlflow.start_run() as run:
        client().log_batch(run.info.run_id, metrics=batch)
    for key in range(4):
        expected = [(number, 1000 + number, float(number)) for number in range(1000) if number % 4 == key]
        equal(f"history of k{key}", points(run.info.run_id, f"k{key}"), expected)
    equal("latest", client().get_run(run.info.run_id).data.metrics, {f"k{key}": 996.0 + key for key in range(4)})


def check_long_history():
    new_experiment("metrics")
    with mlflow.start_run() as run:
        for start in range(0, 5000, 1000):
            batch = [Metric("curve", math.sin(step / 50), 10_000 + step, step) for step in range(start, start + 1000)]
            client().log_batch(run.info.run_id, metrics=batch)
    equal("5000 points", points(run.info.run_id, "curve"), [(s, 10_000 + s, math.sin(s / 50)) for s in range(5000)])


def check_odd_numbers():
    new_experiment("metrics")
    largest = 1.7976931348623157e308
    with mlflow.start_run() as run:
        mlflow.log_metric("nan", float("nan"))
        mlflow.log_metric("up", float("inf"))
        mlflow.log_metric("down", float("-inf"))
        mlflow.log_metric("tiny", 5e-324)
        mlflow.log_metric("whole", 3)
    latest = client().get_run(run.info.run_id).data.metrics
    assert math.isnan(latest.pop("nan")), "NaN is kept"
    equal("the others", latest, {"up": largest, "down": -largest, "tiny": 5e-324, "whole": 3.0})
