"""Sixteen threads log shuffled batches onto the same runs: no error, every point there."""

import random
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from mlflow.entities import Metric, Param, RunTag
from mlflow.tracking import MlflowClient

from support.rest import Api

THREADS = 16
RUNS = 4
KEYS = 3
STEPS = 2000
BATCH = 100


@pytest.fixture
def runs(server):
    api = Api(server.url)
    experiment_id = api.new_experiment(f"writers-{uuid.uuid4().hex}")
    return experiment_id, [api.new_run(experiment_id, run_name=f"run {number}") for number in range(RUNS)]


def value_of(run, key, step):
    """A number that is different for each point, so that a mixed-up one shows."""
    return run * 1e6 + key * 1e5 + step / 8


def shuffled_batches(run_ids):
    batches = []
    for run, run_id in enumerate(run_ids):
        points = [
            Metric(f"metric_{key}", value_of(run, key, step), 1_700_000_000_000 + step, step)
            for key in range(KEYS)
            for step in range(STEPS)
        ]
        random.Random(run).shuffle(points)
        batches += [(run_id, points[start : start + BATCH]) for start in range(0, len(points), BATCH)]
    random.Random(0).shuffle(batches)
    return batches


def test_sixteen_threads_of_shuffled_batches(server, runs):
    experiment_id, run_ids = runs
    batches = shuffled_batches(run_ids)
    client = MlflowClient(server.url)

    def log(item):
        number, (run_id, points) = item
        client.log_batch(
            run_id,
            metrics=points,
            params=[Param(f"param_{number}", str(number))],
            tags=[RunTag(f"tag_{number}", f"value {number}"), RunTag("last_writer", str(number))],
        )

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(log, enumerate(batches)))  # an error in any of them is raised here

    api = Api(server.url)
    for run, run_id in enumerate(run_ids):
        for key in range(KEYS):
            expected = [(step, 1_700_000_000_000 + step, value_of(run, key, step)) for step in range(STEPS)]
            assert api.history(run_id, f"metric_{key}") == expected
        data = api.get("runs/get", run_id=run_id)["run"]["data"]
        latest = {metric["key"]: metric["value"] for metric in data["metrics"]}
        assert latest == {f"metric_{key}": value_of(run, key, STEPS - 1) for key in range(KEYS)}
        own = [str(number) for number, (batch_run, _) in enumerate(batches) if batch_run == run_id]
        assert {param["key"]: param["value"] for param in data["params"]} == {f"param_{n}": n for n in own}
        tags = {tag["key"]: tag["value"] for tag in data["tags"]}
        assert {key: value for key, value in tags.items() if key.startswith("tag_")} == {f"tag_{n}": f"value {n}" for n in own}
        assert tags["last_writer"] in own
    found = api.ask("runs/search", {"experiment_ids": [experiment_id], "filter": f"metrics.metric_0 > {value_of(2, 0, 0)}"})
    assert {run["info"]["run_id"] for run in found["runs"]} == set(run_ids[2:])


def test_sixteen_threads_on_everything_else(server, runs):
    """Creation, single points, tags, the registry and searches, all at once."""
    experiment_id, run_ids = runs
    mark = uuid.uuid4().hex

    def work(thread):
        api = Api(server.url)
        model = f"{mark}-{thread % 4}"
        created = api.post("registered-models/create", {"name": model})
        assert created.status_code == 200 or created.json()["error_code"] == "RESOURCE_ALREADY_EXISTS", created.text
        for number in range(10):
            run_id = api.new_run(experiment_id, run_name=f"{mark} {thread} {number}")
            point = {"key": "shared", "value": number, "timestamp": thread * 100 + number, "step": thread * 10 + number}
            api.ask("runs/log-metric", {"run_id": run_ids[number % RUNS], **point})
            api.ask("runs/set-tag", {"run_id": run_ids[0], "key": "contended", "value": f"{thread}-{number}"})
            api.ask("model-versions/create", {"name": model, "source": f"mlflow-artifacts:/{experiment_id}/{run_id}/artifacts/m", "run_id": run_id})
            found = api.ask("runs/search", {"experiment_ids": [experiment_id], "max_results": 5})
            assert len(found["runs"]) == 5
            api.ask("runs/update", {"run_id": run_id, "status": "FINISHED", "end_time": 2})

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(work, range(THREADS)))

    api = Api(server.url)
    points = [point for run_id in run_ids for point in api.history(run_id, "shared")]
    assert sorted(step for step, _, _ in points) == list(range(THREADS * 10))
    found = api.ask("runs/search", {"experiment_ids": [experiment_id], "filter": "status = 'FINISHED'", "max_results": 1000})
    assert len(found["runs"]) == THREADS * 10
    for model in range(4):
        versions = api.get("model-versions/search", filter=f"name = '{mark}-{model}'", max_results=1000)["model_versions"]
        assert sorted(int(version["version"]) for version in versions) == list(range(1, THREADS * 10 // 4 + 1))
