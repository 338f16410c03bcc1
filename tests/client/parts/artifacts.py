"""Artifacts: upload, list, download, text, dictionaries, tables, figures."""

import os
import tempfile
from pathlib import Path

import mlflow

from .support import client, equal, new_experiment


def listing(run_id, path=None):
    return sorted((item.path, item.is_dir, item.file_size) for item in client().list_artifacts(run_id, path))


def check_text_and_dict():
    new_experiment("artifacts")
    with mlflow.start_run() as run:
        mlflow.log_text("grüß dich\n", "notes/greeting.txt")
        mlflow.log_dict({"depth": 3, "columns": ["a", "b"]}, "config.json")
    run_id = run.info.run_id
    equal("text", mlflow.artifacts.load_text(f"runs:/{run_id}/notes/greeting.txt"), "grüß dich\n")
    equal("dictionary", mlflow.artifacts.load_dict(f"runs:/{run_id}/config.json"), {"depth": 3, "columns": ["a", "b"]})
    equal("root", [(path, is_dir) for path, is_dir, _ in listing(run_id)], [("config.json", False), ("notes", True)])
    equal("folder", listing(run_id, "notes"), [("notes/greeting.txt", False, len("grüß dich\n".encode()))])
    equal("a missing folder", listing(run_id, "nowhere"), [])


def check_folder_round_trip():
    new_experiment("artifacts")
    content = {
        "plain.bin": os.urandom(100_000),
        "deep/er/file name with space.txt": b"spaced",
        "deep/ünï-✈.txt": b"unicode",
        "empty.txt": b"",
    }
    with tempfile.TemporaryDirectory() as source, tempfile.TemporaryDirectory() as target:
        for name, data in content.items():
            path = Path(source, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        with mlflow.start_run() as run:
            mlflow.log_artifacts(source, "tree")
        copy = Path(client().download_artifacts(run.info.run_id, "tree", target))
        back = {str(path.relative_to(copy)): path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    equal("names", sorted(back), sorted(content))
    for name, data in content.items():
        assert back[name] == data, f"{name}: {len(back[name])} bytes came back, {len(data)} were sent"


def check_overwrite():
    new_experiment("artifacts")
    with mlflow.start_run() as run:
        mlflow.log_text("first and longer", "same.txt")
        mlflow.log_text("second", "same.txt")
    equal("text", mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/same.txt"), "second")
    equal("size", listing(run.info.run_id), [("same.txt", False, 6)])


def check_large_file():
    new_experiment("artifacts")
    data = os.urandom(1 << 20) * 24
    with tempfile.TemporaryDirectory() as source, tempfile.TemporaryDirectory() as target:
        path = Path(source, "large.bin")
        path.write_bytes(data)
        with mlflow.start_run() as run:
            mlflow.log_artifact(str(path))
        equal("size", listing(run.info.run_id), [("large.bin", False, len(data))])
        copy = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="large.bin", dst_path=target)
        assert Path(copy).read_bytes() == data, "24 MiB come back as they were"


def check_table_and_figure():
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    new_experiment("artifacts")
    figure, axes = pyplot.subplots()
    axes.plot([1, 2, 3])
    with mlflow.start_run() as run:
        mlflow.log_table({"question": ["a", "b"], "answer": [1, 2]}, "table.json")
        mlflow.log_figure(figure, "plots/line.png")
        table = mlflow.load_table("table.json", run_ids=[run.info.run_id])
    equal("table", table[["question", "answer"]].values.tolist(), [["a", 1], ["b", 2]])
    (plot,) = listing(run.info.run_id, "plots")
    equal("figure", plot[:2], ("plots/line.png", False))
    assert plot[2] > 1000, f"the figure has {plot[2]} bytes"
