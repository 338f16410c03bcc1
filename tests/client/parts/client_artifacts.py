"""Artifacts by the methods of `MlflowClient`, of runs and of logged models; images and downloads."""

import io
import os
import re
import tempfile
from pathlib import Path

import mlflow
import numpy

from .support import client, equal, new_experiment, since

PIXELS = numpy.tile(numpy.arange(16, dtype=numpy.uint8), (8, 1))


def paths(found):
    return sorted(item.path for item in found)


def check_every_kind():
    from matplotlib import pyplot

    run_id = client().create_run(new_experiment("client-artifacts")).info.run_id
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "one.txt").write_text("one")
        Path(folder, "deep").mkdir()
        Path(folder, "deep/two.txt").write_text("two")
        client().log_artifact(run_id, str(Path(folder, "one.txt")))
        client().log_artifact(run_id, str(Path(folder, "one.txt")), "below")
        client().log_artifacts(run_id, folder, "tree")
    client().log_text(run_id, "words", "text.txt")
    client().log_dict(run_id, {"a": [1, None, "ü"]}, "dict.yaml")
    figure, axes = pyplot.subplots()
    axes.plot([1, 2])
    client().log_figure(run_id, figure, "plot.svg")
    client().log_image(run_id, PIXELS, "pixels.png")
    expected = ["below", "dict.yaml", "one.txt", "pixels.png", "plot.svg", "text.txt", "tree"]
    equal("root", paths(client().list_artifacts(run_id)), expected)
    equal("tree", paths(client().list_artifacts(run_id, "tree")), ["tree/deep", "tree/one.txt"])
    equal("below", paths(client().list_artifacts(run_id, "below")), ["below/one.txt"])
    equal("dictionary", load_yaml(run_id), {"a": [1, None, "ü"]})
    image = mlflow.artifacts.load_image(f"runs:/{run_id}/pixels.png")
    equal("image", numpy.asarray(image).tolist(), PIXELS.tolist())
    with tempfile.TemporaryDirectory() as folder:
        path = client().download_artifacts(run_id, "tree/deep/two.txt", folder)
        equal("downloaded", Path(path).read_text(), "two")


def load_yaml(run_id):
    import yaml

    return yaml.safe_load(mlflow.artifacts.load_text(f"runs:/{run_id}/dict.yaml"))


def check_tables():
    experiment_id = new_experiment("tables")
    ids = []
    for number in range(2):
        run_id = client().create_run(experiment_id).info.run_id
        client().log_table(run_id, {"question": [f"q{number}"], "score": [number]}, "eval.json")
        client().log_table(run_id, {"question": [f"r{number}"], "score": [number + 10]}, "eval.json")
        ids.append(run_id)
    one = client().load_table(experiment_id, "eval.json", run_ids=ids[:1])
    equal("appended", one[["question", "score"]].values.tolist(), [["q0", 0], ["r0", 10]])
    both = client().load_table(experiment_id, "eval.json", extra_columns=["run_id"])
    equal("all runs that logged it", sorted(set(both["run_id"])), sorted(ids))
    equal("their rows", sorted(both["score"].tolist()), [0, 1, 10, 11])


@since("2.11")
def check_images_by_step():
    from PIL import Image

    run_id = client().create_run(new_experiment("images")).info.run_id
    for step in range(3):
        client().log_image(run_id, Image.fromarray(PIXELS), key="view", step=step, timestamp=1000 + step)
    client().log_image(run_id, mlflow.Image(PIXELS), key="other", step=7)
    mlflow.flush_artifact_async_logging()
    names = paths(client().list_artifacts(run_id, "images"))
    steps = sorted({int(re.search(r"step\D(\d+)", name)[1]) for name in names if "view" in name})
    equal("steps of one key", steps, [0, 1, 2])
    assert any(name.startswith("images/other") for name in names), names
    equal("marked as a run with images", client().get_run(run_id).data.tags["mlflow.loggedImages"], "True")
    small = [name for name in names if "compressed" in name and "view" in name]
    equal("a small copy of each", len(small), 3)


@since("3.10")
def check_stream():
    run_id = client().create_run(new_experiment("streams")).info.run_id
    client().log_stream(run_id, io.BytesIO(b"streamed " * 1000), "deep/stream.bin")
    (found,) = client().list_artifacts(run_id, "deep")
    equal("size", (found.path, found.file_size), ("deep/stream.bin", 9000))


def check_download_by_every_address():
    with mlflow.start_run(experiment_id=new_experiment("downloads")) as run:
        mlflow.log_text("content", "folder/file.txt")
    run_id = run.info.run_id
    for uri in [f"runs:/{run_id}/folder/file.txt", f"{run.info.artifact_uri}/folder/file.txt"]:
        equal(uri, Path(mlflow.artifacts.download_artifacts(artifact_uri=uri)).read_text(), "content")
    with tempfile.TemporaryDirectory() as folder:
        whole = mlflow.artifacts.download_artifacts(run_id=run_id, dst_path=folder)
        equal("the whole run", sorted(str(p.relative_to(whole)) for p in Path(whole).rglob("*")), ["folder", "folder/file.txt"])


def check_large_files_in_parts_where_the_store_has_none():
    """The client asks for parts, hears that a folder has none, and sends the file as a whole."""
    wishes = {
        f"MLFLOW_{name}": value
        for name, value in {
            "ENABLE_PROXY_MULTIPART_UPLOAD": "true",
            "MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": "1000000",
            "ENABLE_PROXY_MULTIPART_DOWNLOAD": "true",
            "MULTIPART_DOWNLOAD_MINIMUM_FILE_SIZE": "1000000",
        }.items()
    }
    os.environ.update(wishes)
    run_id = client().create_run(new_experiment("parts")).info.run_id
    data = os.urandom(6_000_000)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "large.bin").write_bytes(data)
        client().log_artifact(run_id, str(Path(folder, "large.bin")))
        Path(folder, "back").mkdir()
        path = client().download_artifacts(run_id, "large.bin", str(Path(folder, "back")))
        assert Path(path).read_bytes() == data, "the file comes back as it was"
