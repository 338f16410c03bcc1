"""The commands of `mlflow` that talk to the server: artifacts, runs, experiments."""

import csv
import json
import tempfile
from pathlib import Path

import mlflow
from click.testing import CliRunner
from mlflow.cli import cli

from .support import client, equal, fresh, new_experiment, since


def command(*words):
    """What `mlflow WORDS` prints; it must succeed."""
    done = CliRunner().invoke(cli, [str(word) for word in words])
    assert done.exit_code == 0, f"mlflow {' '.join(map(str, words))}: {done.output}\n{done.exception!r}"
    return done.output


def check_artifacts():
    run_id = client().create_run(new_experiment("commands")).info.run_id
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "note.txt").write_text("a note")
        Path(folder, "tree/deep").mkdir(parents=True)
        Path(folder, "tree/deep/leaf.txt").write_text("leaf")
        command("artifacts", "log-artifact", "--local-file", f"{folder}/note.txt", "--run-id", run_id, "--artifact-path", "notes")
        command("artifacts", "log-artifacts", "--local-dir", f"{folder}/tree", "--run-id", run_id)
        listed = json.loads(command("artifacts", "list", "--run-id", run_id))
        equal("listed", sorted((item["path"], item["is_dir"]) for item in listed), [("deep", True), ("notes", True)])
        below = json.loads(command("artifacts", "list", "--run-id", run_id, "--artifact-path", "notes"))
        equal("below", [(item["path"], int(item["file_size"])) for item in below], [("notes/note.txt", 6)])
        target = Path(folder, "target")
        target.mkdir()
        command("artifacts", "download", "--run-id", run_id, "--artifact-path", "deep", "--dst-path", target)
        equal("downloaded", Path(target, "deep/leaf.txt").read_text(), "leaf")
        command("artifacts", "download", "--artifact-uri", f"runs:/{run_id}/notes/note.txt", "--dst-path", target)
        equal("by its address", [path.read_text() for path in target.rglob("note.txt")], ["a note"])


def check_runs():
    experiment_id = new_experiment("commands")
    with mlflow.start_run(run_name="described") as run:
        mlflow.log_param("depth", 3)
        mlflow.log_metric("auc", 0.5)
    run_id = run.info.run_id
    described = json.loads(command("runs", "describe", "--run-id", run_id))
    equal("described", (described["info"]["run_id"], described["data"]["params"]), (run_id, {"depth": "3"}))
    assert run_id in command("runs", "list", "--experiment-id", experiment_id)
    command("runs", "delete", "--run-id", run_id)
    assert run_id not in command("runs", "list", "--experiment-id", experiment_id)
    assert run_id in command("runs", "list", "--experiment-id", experiment_id, "--view", "deleted_only")
    command("runs", "restore", "--run-id", run_id)
    equal("restored", client().get_run(run_id).info.lifecycle_stage, "active")


@since("3.6")
def check_create_run():
    experiment_id = new_experiment("commands")
    command("runs", "create", "--experiment-id", experiment_id, "--run-name", "made", "--tags", "team=red")
    (run,) = client().search_runs([experiment_id], "tags.team = 'red'")
    equal("run", (run.info.run_name, run.info.status), ("made", "FINISHED"))


def check_experiments():
    name, renamed = fresh("command"), fresh("renamed")
    created = command("experiments", "create", "--experiment-name", name)
    experiment_id = client().get_experiment_by_name(name).experiment_id
    assert experiment_id in created, created
    with mlflow.start_run(experiment_id=experiment_id) as run:
        mlflow.log_metric("auc", 0.25)
        mlflow.log_param("depth", "3")
    assert name in command("experiments", "search")
    command("experiments", "rename", "--experiment-id", experiment_id, "--new-name", renamed)
    equal("renamed", client().get_experiment(experiment_id).name, renamed)
    with tempfile.TemporaryDirectory() as folder:
        command("experiments", "csv", "--experiment-id", experiment_id, "--filename", f"{folder}/runs.csv")
        with open(f"{folder}/runs.csv", newline="", encoding="utf-8") as file:
            (row,) = csv.DictReader(file)
    equal("csv", (row["run_id"], row["metrics.auc"], row["params.depth"]), (run.info.run_id, "0.25", "3"))
    command("experiments", "delete", "--experiment-id", experiment_id)
    equal("deleted", client().get_experiment(experiment_id).lifecycle_stage, "deleted")
    assert renamed in command("experiments", "search", "--view", "deleted_only")
    command("experiments", "restore", "--experiment-id", experiment_id)
    equal("restored", client().get_experiment(experiment_id).lifecycle_stage, "active")


@since("3.10")
def check_get_and_update_experiment():
    name = fresh("command")
    experiment_id = client().create_experiment(name)
    found = json.loads(command("experiments", "get", "--experiment-id", experiment_id, "--output", "json"))
    equal("name", found["name"], name)


def check_models():
    """`mlflow models` needs the server only to find and fetch the model."""
    from .models import ROWS, log_forest

    new_experiment("commands")
    name = fresh("command")
    model, _ = log_forest(name)
    with tempfile.TemporaryDirectory() as folder:
        ROWS[:3].to_csv(f"{folder}/rows.csv", index=False)
        command(
            "models", "predict", "-m", f"models:/{name}/1", "--env-manager", "local",
            "-i", f"{folder}/rows.csv", "-t", "csv", "-o", f"{folder}/answer.json",
        )  # fmt: skip
        answer = json.loads(Path(folder, "answer.json").read_text())
    equal("predictions", answer, {"predictions": model.predict(ROWS[:3]).tolist()})
