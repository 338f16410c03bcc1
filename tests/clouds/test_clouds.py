"""Clouds behind the server: the real client moves files under each policy, and the server says who moved the bytes.

`cargo xtask test artifacts` starts the emulators. moto is what people use for S3 and checks no signature, Azurite checks
all of them, and so does the emulator of this repository, which plays S3 and Google Cloud Storage.
"""

import filecmp
import json
import os
import re
from dataclasses import dataclass, field

import mlflow
import pytest
import requests
from sklearn.linear_model import LinearRegression

from support import server as servers
from support.process import Process, free_port

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
MIB = 1 << 20
PARTS = "/api/2.0/mlflow-artifacts/mpu"
FILES = "/api/2.0/mlflow-artifacts/artifacts"


@dataclass
class Cloud:
    destination: str
    environment: dict = field(default_factory=dict)


def azure(destination):
    connection = f"AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={os.environ['FETTLE_TEST_AZURE']}/{ACCOUNT};"
    return Cloud(destination, {"AZURE_STORAGE_CONNECTION_STRING": connection})


CLOUDS = {
    "moto": lambda: Cloud(
        "s3://bucket",
        {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "MLFLOW_S3_ENDPOINT_URL": os.environ["FETTLE_TEST_S3"]},
    ),
    "s3": lambda: Cloud(
        "s3://bucket",
        {
            "AWS_ACCESS_KEY_ID": "AKIATEST",
            "AWS_SECRET_ACCESS_KEY": "the secret of the test",
            "AWS_ENDPOINT_URL": os.environ["FETTLE_TEST_CLOUD"],
        },
    ),
    "gcs": lambda: Cloud("gs://bucket", {"STORAGE_EMULATOR_HOST": os.environ["FETTLE_TEST_CLOUD"]}),
    "azure": lambda: azure(f"wasbs://container@{ACCOUNT}.blob.core.windows.net"),
    "adls": lambda: azure(f"abfss://container@{ACCOUNT}.dfs.core.windows.net"),
}


@pytest.fixture(params=CLOUDS)
def cloud(request):
    return CLOUDS[request.param]()


@pytest.fixture
def serve(cloud, tmp_path):
    running = []

    def start(policy):
        port = free_port()
        command = [servers.binary(), "server", "--host", "127.0.0.1", "--port", port]
        command += ["--backend-store-uri", f"sqlite:///{tmp_path / policy}.db", "--artifact-access", policy]
        command += ["--artifacts-destination", f"{cloud.destination}/{tmp_path.name}-{policy}"]
        running.append(Process(command, port, tmp_path / f"{policy}.log", cloud.environment).start())
        return running[-1]

    yield start
    for server in running:
        server.kill()


@pytest.fixture(autouse=True)
def sizes(monkeypatch):
    """From which on the client moves a file in parts, and how large these are."""
    for name in ("UPLOAD", "DOWNLOAD"):
        monkeypatch.setenv(f"MLFLOW_MULTIPART_{name}_MINIMUM_FILE_SIZE", str(10 * MIB))
        monkeypatch.setenv(f"MLFLOW_MULTIPART_{name}_CHUNK_SIZE", str(5 * MIB))
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")


def log_and_read(server, tmp_path):
    """Uploads a large file and small ones, lists them, downloads them; compares all bytes."""
    source, target = tmp_path / "source", tmp_path / f"target-{server.port}"
    target.mkdir()
    if not source.exists():
        source.mkdir()
        (source / "weights.bin").write_bytes(os.urandom(12 * MIB))
        (source / "ünd so weiter.txt").write_bytes(b"small")
        (source / "MLmodel").write_bytes(b"flavors: {}")
    mlflow.set_tracking_uri(server.url)
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(source), "model")
    found = sorted((item.path, item.file_size) for item in mlflow.MlflowClient().list_artifacts(run.info.run_id, "model"))
    assert found == sorted((f"model/{file.name}", file.stat().st_size) for file in source.iterdir())
    got = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="model", dst_path=str(target))
    names = [file.name for file in source.iterdir()]
    assert filecmp.cmpfiles(source, got, names, shallow=False) == (names, [], []), os.listdir(got)
    return run.info.run_id


def calls(server, path):
    """How many requests to this path the server has answered well."""
    metrics = requests.get(f"{server.url}/metrics", timeout=10).text
    counts = re.findall(r"^fettle_http_requests_total\{(.*)\} (\d+)", metrics, re.MULTILINE)
    return sum(int(count) for labels, count in counts if path in labels and re.search(r'status="[23]', labels))


def test_large_files_go_past_the_server(serve, tmp_path):
    server = serve("auto")
    log_and_read(server, tmp_path)
    assert calls(server, "/mpu/create") == 1 and calls(server, "/mpu/complete") == 1, server.tail()
    assert calls(server, "/presigned/") == 3, "each download asks where the file is"


def test_everything_goes_through_the_server(serve, tmp_path):
    server = serve("proxy")
    log_and_read(server, tmp_path)
    assert calls(server, "/mpu/") == 0 and calls(server, "/presigned/") == 0
    refusal = requests.post(f"{server.url}{PARTS}/create/0", json={"path": "a.bin", "num_parts": 2}, timeout=10)
    assert refusal.status_code == 501 and "Multipart upload is not supported" in refusal.json()["message"]


def test_downloads_are_sent_on(serve, tmp_path):
    server = serve("presign")
    run_id = log_and_read(server, tmp_path)
    address = f"{server.url}{FILES}/0/{run_id}/artifacts/model"
    sent_on = requests.get(f"{address}/weights.bin", allow_redirects=False, timeout=30)
    assert sent_on.status_code == 307 and not sent_on.headers["location"].startswith(server.url)
    part = requests.get(f"{address}/weights.bin", headers={"Range": "bytes=5-8"}, timeout=30)
    assert (part.status_code, part.content) == (206, (tmp_path / "source/weights.bin").read_bytes()[5:9])
    odd = requests.get(f"{address}/ünd so weiter.txt", allow_redirects=False, timeout=30)
    assert odd.status_code == 307 and requests.get(odd.headers["location"], timeout=30).content == b"small"
    missing = requests.get(f"{address}/none", timeout=30)
    assert missing.status_code == 404 and missing.json()["error_code"] == "RESOURCE_DOES_NOT_EXIST"


def test_an_upload_in_parts_is_complete_or_nothing(serve):
    server = serve("auto")

    def ask(call, **body):
        return requests.post(f"{server.url}{PARTS}/{call}/0/abc/artifacts", json={"path": "/home/u/a.bin", **body}, timeout=30)

    file = f"{server.url}{FILES}/0/abc/artifacts/a.bin"
    for finish in ["abort", "complete"]:
        upload = ask("create", num_parts=2).json()
        parts = []
        for credential, size in zip(upload["credentials"], [5 * MIB, 3]):
            answer = requests.put(credential["url"], data=bytes(size), headers=credential.get("headers"), timeout=60)
            answer.raise_for_status()
            parts.append({"part_number": credential["part_number"], "etag": answer.headers.get("ETag", ""), "url": credential["url"]})
        assert requests.get(file, timeout=30).status_code == 404, "nothing before it is complete"
        done = ask(finish, upload_id=upload["upload_id"], parts=parts)
        assert (done.status_code, done.text) == (200, "{}")
    assert requests.get(file, timeout=30).content == bytes(5 * MIB + 3)
    again = ask("complete", upload_id=upload["upload_id"], parts=[*parts, {"part_number": 7, "etag": parts[0]["etag"]}])
    assert again.status_code == 400, again.text
    for body, part in [({"num_parts": 0}, "num_parts"), ({"num_parts": 10_001}, "num_parts"), ({"path": ""}, "path")]:
        refusal = ask("create", **body)
        assert refusal.status_code == 400 and part in refusal.json()["message"], json.dumps(refusal.json())


def test_signed_addresses_for_runs_with_a_place_of_their_own(cloud, serve, tmp_path):
    server = serve("auto")

    def ask(call, **body):
        return requests.post(f"{server.url}/api/2.0/mlflow/{call}", json=body, timeout=30)

    place = f"{cloud.destination}/{tmp_path.name}-own"
    experiment = ask("experiments/create", name="own", artifact_location=place).json()["experiment_id"]
    run = ask("runs/create", experiment_id=experiment).json()["run"]["info"]["run_id"]
    upload = ask("artifacts/presigned-upload-url", run_id=run, path="data/table.csv").json()
    requests.put(upload["presigned_url"], data=b"a,b\n", headers=upload["headers"], timeout=30).raise_for_status()
    download = ask("artifacts/presigned-download-url", run_id=run, path="data/table.csv").json()
    assert int(download["file_size"]) == 4
    assert requests.get(download["presigned_url"], timeout=30).content == b"a,b\n"
    listed = requests.get(f"{server.url}/api/2.0/mlflow/artifacts/list", params={"run_id": run, "path": "data"}, timeout=30)
    assert listed.json()["files"] == [{"path": "data/table.csv", "is_dir": False, "file_size": 4}]


def test_a_model_in_a_cloud_is_served(cloud, serve, tmp_path):
    """Without any server, with the credentials of the process."""
    model = LinearRegression(fit_intercept=False).fit([[1.0], [2.0]], [3.0, 6.0])
    address = f"{cloud.destination}/{tmp_path.name}-proxy"
    mlflow.set_tracking_uri(serve("proxy").url)
    with mlflow.start_run():
        logged = mlflow.sklearn.log_model(model, name="model", pip_requirements=["scikit-learn"])
    below = mlflow.get_logged_model(logged.model_id).artifact_location.removeprefix("mlflow-artifacts:/")
    process = servers.scoring_server(tmp_path, f"{address}/{below}", "http://127.0.0.1:9", "--executor", "native", environment=cloud.environment)
    process.start()
    try:
        answer = requests.post(f"{process.url}/invocations", json={"inputs": [[2.0]]}, timeout=60)
        assert answer.json()["predictions"] == pytest.approx([6.0]), answer.text
    finally:
        assert process.stop() == 0
