"""Fills a tracking server, through the real mlflow client, with the data the browser tests look for.

usage: python seed.py TRACKING_URI [--runs N]

N is the number of runs of the sweep experiment (default 40); everything else has a fixed size.
"""

import argparse
import math
import random
import struct
import time
import zlib

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

FAMILIES = ("forest", "boosting", "linear")
HISTORY_POINTS = 400


def png(width: int, height: int) -> bytes:
    """A small gradient, written by hand so that the seed needs no drawing library."""
    rows = b"".join(
        b"\0" + bytes(c for x in range(width) for c in (200 - y, 90 + x // 3, 40 + (x * y) % 60))
        for y in range(height)
    )

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def tags_of(**named: str) -> list[RunTag]:
    return [RunTag(key.replace("__", "."), value) for key, value in named.items()]


def seed_sweep(client: MlflowClient, runs: int) -> None:
    """Many runs, every fifth one a parent of the four that follow."""
    experiment = client.create_experiment("churn sweep", tags={"mlflow.note.content": "Hyper-parameter sweep for the churn model."})
    rng = random.Random(7)
    now = int(time.time() * 1000)
    parent = None
    for index in range(runs):
        family = FAMILIES[index % len(FAMILIES)]
        nested = index % 5 != 0
        started = now - (runs - index) * 1_800_000
        tags = tags_of(
            mlflow__user=rng.choice(["ana", "joao", "mei"]),
            mlflow__source__name="train.py",
            mlflow__source__type="LOCAL",
            mlflow__source__git__commit=f"{rng.getrandbits(160):040x}",
            family=family,
        )
        if nested and parent:
            tags += tags_of(mlflow__parentRunId=parent)
        run = client.create_run(experiment, start_time=started, run_name=f"{family}-{index:03d}", tags={t.key: t.value for t in tags})
        run_id = run.info.run_id
        if not nested:
            parent = run_id
        depth, rate = rng.randint(2, 24), 10 ** rng.uniform(-4, -1)
        score = 0.72 + 0.2 * rng.random()
        client.log_batch(
            run_id,
            metrics=[
                Metric("val/auc", score, started, 0),
                Metric("val/accuracy", score - 0.04 * rng.random(), started, 0),
                Metric("train/loss", 1.2 - score + 0.1 * rng.random(), started, 0),
                Metric("fit_seconds", rng.uniform(1, 900), started, 0),
            ],
            params=[
                Param("family", family),
                Param("max_depth", str(depth)),
                Param("learning_rate", f"{rate:.5f}"),
                Param("features", "age,tenure,plan,calls,complaints"),
                Param("seed", "42"),
            ],
        )
        status = "FAILED" if index % 11 == 7 else "RUNNING" if index == runs - 1 else "FINISHED"
        if status != "RUNNING":
            client.set_terminated(run_id, status, end_time=started + rng.randint(4_000, 5_400_000))


def histories(seed: int, offset_ms: int) -> list[Metric]:
    rng = random.Random(seed)
    begin = int(time.time() * 1000) - offset_ms
    points = []
    for step in range(HISTORY_POINTS):
        at = begin + step * 1500
        fall = math.exp(-step / (60 + 15 * seed))
        points += [
            Metric("train/loss", 0.08 + 1.6 * fall + rng.gauss(0, 0.03), at, step),
            Metric("train/accuracy", 0.96 - 0.6 * fall + rng.gauss(0, 0.008), at, step),
            Metric("system/gpu_memory_mb", 4200 + 600 * math.sin(step / 25) + rng.gauss(0, 40), at, step),
        ]
        if step % 10 == 0:
            points += [
                Metric("val/loss", 0.16 + 1.5 * fall + rng.gauss(0, 0.02) + step / 9000, at, step),
                Metric("val/accuracy", 0.93 - 0.58 * fall + rng.gauss(0, 0.01), at, step),
                Metric("learning_rate", 0.01 * 0.5 ** (step // 100), at, step),
            ]
    points.append(Metric("val/loss", float("nan"), begin + 600_000, HISTORY_POINTS - 5))
    return points


def seed_training(client: MlflowClient) -> None:
    """Three runs with curves; the first one with artifacts of every previewed kind and a dataset."""
    experiment = mlflow.set_experiment("flight delays").experiment_id
    for index, name in enumerate(("baseline-net", "wide-net", "wide-net-dropout")):
        with mlflow.start_run(run_name=name, experiment_id=experiment, tags={"team": "ops", "mlflow.note.content": "Predicts arrival delay from departure data."}) as run:
            mlflow.log_params({"optimizer": "adam", "layers": 2 + index, "dropout": 0.3 if index == 2 else 0.0, "batch_size": 256})
            points = histories(index + 1, (3 - index) * 3_600_000)
            for start in range(0, len(points), 1000):
                client.log_batch(run.info.run_id, metrics=points[start : start + 1000])
            if index == 0:
                log_artifacts()
                log_dataset()


def log_artifacts() -> None:
    mlflow.log_text("Epoch 1 done\nEpoch 2 done\nThe curve is flat after step 300.\n", "logs/train.log")
    mlflow.log_text("".join(f"line {n}: {'x' * 60}\n" for n in range(30_000)), "logs/verbose.log")
    mlflow.log_dict({"threshold": 0.41, "classes": ["late", "on time"], "confusion": [[812, 91], [77, 1204]]}, "report/summary.json")
    rows = ["carrier,origin,delay_minutes,comment"] + [f'UA,EWR,{n % 37 - 5},"row {n}, quoted"' for n in range(300)]
    mlflow.log_text("\n".join(rows) + "\n", "report/predictions.csv")
    mlflow.log_text("<!doctype html><h1>Delay report</h1><p>Rendered in a sandbox.</p><script>document.body.append('script ran')</script>", "report/index.html")
    with open_temporary("figure.png", png(320, 180)) as path:
        mlflow.log_artifact(path, "report")
    with open_temporary("weights.bin", bytes(range(256)) * 64) as path:
        mlflow.log_artifact(path)


class open_temporary:
    """A file of the given name in a folder that is removed again."""

    def __init__(self, name: str, data: bytes) -> None:
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.path = f"{self.folder.name}/{name}"
        with open(self.path, "wb") as file:
            file.write(data)

    def __enter__(self) -> str:
        return self.path

    def __exit__(self, *_: object) -> None:
        self.folder.cleanup()


def log_dataset() -> None:
    import pandas

    frame = pandas.DataFrame({"origin": ["EWR", "JFK"], "dep_delay": [2.0, 14.0], "arr_delay": [11.0, 20.0]})
    mlflow.log_input(mlflow.data.from_pandas(frame, source="s3://flights/2013.parquet", name="flights-2013", targets="arr_delay"), context="training")


def seed_models(client: MlflowClient) -> None:
    """`churn-forest` with three versions, an alias, stages and tags; `delay-net` with one version."""
    from sklearn.ensemble import RandomForestClassifier

    experiment = mlflow.set_experiment("churn model").experiment_id
    rng = random.Random(3)
    rows = [[rng.uniform(18, 80), rng.uniform(0, 60), float(rng.randint(0, 9))] for _ in range(200)]
    labels = [int(row[2] > 4) for row in rows]
    import pandas

    frame = pandas.DataFrame(rows, columns=["age", "tenure_months", "complaints"])
    signature = ModelSignature(
        inputs=Schema([ColSpec("double", name) for name in frame.columns]), outputs=Schema([ColSpec("long")])
    )
    for trees in (5, 10, 20):
        with mlflow.start_run(run_name=f"forest-{trees}", experiment_id=experiment):
            mlflow.log_params({"n_estimators": trees, "max_depth": 6})
            model = RandomForestClassifier(n_estimators=trees, max_depth=6, random_state=1).fit(frame, labels)
            mlflow.log_metric("train_accuracy", model.score(frame, labels))
            mlflow.sklearn.log_model(
                model, name="model", signature=signature, input_example=frame.head(2),
                pip_requirements=["scikit-learn", "skops"], registered_model_name="churn-forest",
                skops_trusted_types=["sklearn.tree._tree.Tree"],
            )
    client.update_registered_model("churn-forest", "Says which customers are about to leave.\nOwner: retention team.")
    client.update_model_version("churn-forest", "2", "Retrained with the March complaints.")
    client.set_registered_model_tag("churn-forest", "domain", "retention")
    client.set_model_version_tag("churn-forest", "2", "validated", "yes")
    client.set_registered_model_alias("churn-forest", "champion", "2")
    client.set_registered_model_alias("churn-forest", "challenger", "3")
    client.transition_model_version_stage("churn-forest", "2", "Production")
    client.transition_model_version_stage("churn-forest", "1", "Archived")

    client.create_registered_model("delay-net", tags={"domain": "operations"}, description="Arrival delay, minutes.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tracking_uri")
    parser.add_argument("--runs", type=int, default=40)
    arguments = parser.parse_args()
    mlflow.set_tracking_uri(arguments.tracking_uri)
    client = MlflowClient(arguments.tracking_uri)
    seed_training(client)
    seed_models(client)
    seed_sweep(client, arguments.runs)


if __name__ == "__main__":
    main()
