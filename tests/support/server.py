"""The server under test: the Fettle binary, or the real MLflow when a test itself is in doubt.

`FETTLE_BIN` names the binary. `FETTLE_TEST_TARGET=mlflow` runs the same tests against the `mlflow server` of the
environment that pytest runs in: what fails there too is a wrong test.
"""

import os
import shutil
import sys
from pathlib import Path

from .process import Process, free_port

TARGET = os.environ.get("FETTLE_TEST_TARGET", "fettle")
SECRET_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


def binary():
    path = os.environ.get("FETTLE_BIN") or shutil.which("fettle")
    if not path or not Path(path).is_file():
        raise RuntimeError(f"FETTLE_BIN does not name a binary ({path!r}); `cargo xtask test client` builds one and sets it")
    return path


def server_command(port, backend_uri, artifacts):
    program = [binary()] if TARGET == "fettle" else [sys.executable, "-m", "mlflow"]
    command = [*program, "server", "--host", "127.0.0.1", "--port", port]
    command += ["--backend-store-uri", backend_uri, "--artifacts-destination", artifacts]
    return command + (["--workers", "1"] if TARGET == "mlflow" else [])


def mlflow_server(folder):
    """The real MLflow, whatever the server under test is; not started yet."""
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", port, "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}", "--artifacts-destination", folder / "artifacts"]
    return Process(command, port, folder / "mlflow.log", {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"})


def tracking_server(folder, backend_uri, artifacts=None):
    """A server that is not started yet, on a port of its own, with its files in `folder`; several may share artifacts."""
    port = free_port()
    environment = {
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "FETTLE_CAPTURE_FOLDER": str(folder / "capture"),
        # The receivers of webhooks listen on this machine.
        "MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http,https",
        "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true",
        "MLFLOW_WEBHOOK_CACHE_TTL": "0",
    }
    if not backend_uri.startswith("sqlite"):
        # A server with a file for its database makes a key of its own; replicas have to be given one.
        environment["FETTLE_SECRET_KEY"] = SECRET_KEY
    command = server_command(port, backend_uri, artifacts or folder / "artifacts")
    return Process(command, port, folder / "server.log", environment)


def gateway(folder, control_plane, environment=None):
    """`fettle gateway` for the endpoints of a server, with its files in `folder`; not started yet."""
    port = free_port()
    command = [binary(), "gateway", "--control-plane", control_plane, "-p", port, "--folder", folder / "gateway"]
    seen = {"FETTLE_PYTHON": sys.executable, **(environment or {})}
    return Process(command, port, folder / "gateway.log", seen, "/readyz")


def scoring_server(folder, model, tracking_uri, *arguments, environment=None):
    """`fettle serve -m MODEL`, or `mlflow models serve`; not started yet."""
    port = free_port()
    if TARGET == "fettle":
        command = [binary(), "serve", "-m", model, "-p", port, *arguments]
    else:
        command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", model, "-p", port, "--env-manager", "local"]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    seen = {"MLFLOW_TRACKING_URI": tracking_uri, "PATH": path, **(environment or {})}
    return Process(command, port, folder / f"serve-{port}.log", seen, "/ping")
