"""The real clients, one Python environment per version."""

import atexit
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

VERSIONS = ["2.9.2", "2.22.5", "3.6.0", "newest"]
# What most scripts import. Each is imported once per client version instead of once per script.
MODULES = ["mlflow", "mlflow.cli", "mlflow.pyfunc", "mlflow.sklearn", "mlflow.models", "mlflow.genai"]
MODULES += ["mlflow.data", "mlflow.tracking.request_header.registry", "mlflow.models.evaluation", "git", "skops.io"]
MODULES += ["pandas", "sklearn.ensemble", "sklearn.linear_model", "sklearn.metrics", "matplotlib.pyplot"]


def pythons():
    """`FETTLE_TEST_CLIENTS` is `2.9.2=/path/to/python,...`; the newest client is the one that runs pytest."""
    named = dict(pair.split("=", 1) for pair in os.environ.get("FETTLE_TEST_CLIENTS", "").split(",") if pair)
    return {"newest": sys.executable, **named}


def python(version):
    found = pythons().get(version)
    if found is None:
        pytest.fail(f"FETTLE_TEST_CLIENTS does not name a Python with mlflow {version}; `cargo xtask test client` sets it")
    return found


def environment(tracking_uri):
    """What a client process sees: where the server is, and nothing of the test runner."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("FETTLE_", "PYTEST_"))},
        "MLFLOW_TRACKING_URI": tracking_uri,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        "GIT_PYTHON_REFRESH": "quiet",
        "PYTHONWARNINGS": "ignore",
        "OMP_NUM_THREADS": "1",
    }


class Preloaded:
    """A process that has the client imported and forks for each command; see `preloaded.py`."""

    def __init__(self, version):
        self.folder = tempfile.TemporaryDirectory(prefix="fettle-client-")
        self.log = Path(self.folder.name, "log")
        self.output = Path(self.folder.name, "output")
        with open(self.log, "wb") as log:
            self.child = subprocess.Popen(
                [python(version), Path(__file__).parent / "preloaded.py", *MODULES],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**environment(""), "MPLCONFIGDIR": self.folder.name, "MPLBACKEND": "Agg"},
                text=True,
            )
        atexit.register(self.end)
        self.answer()

    def answer(self):
        line = self.child.stdout.readline()
        assert line, f"the preloaded client ended with {self.child.wait()}:\n{self.log.read_text(errors='replace')}"
        return json.loads(line)

    def run(self, arguments, folder, timeout, environment):
        """The exit code, or None when the time was up, and the output."""
        task = {"arguments": arguments, "folder": str(folder), "timeout": timeout, "environment": environment}
        print(json.dumps({**task, "output": str(self.output)}), file=self.child.stdin, flush=True)
        code = self.answer()
        return code, self.output.read_text(errors="replace")

    def end(self):
        self.child.stdin.close()
        self.child.wait()
        self.folder.cleanup()


PRELOADED = {}


def run_python(version, arguments, tracking_uri, folder, timeout=300, **more_environment):
    """`python ARGUMENTS` with the client of a version, to its end; a failure carries all that it printed."""
    if version not in PRELOADED:
        PRELOADED[version] = Preloaded(version)
    arguments = [str(word) for word in arguments]
    path = os.pathsep.join([str(Path(python(version)).parent), os.environ["PATH"]])
    environs = {**environment(tracking_uri), "MPLBACKEND": "Agg", "PATH": path, **more_environment}
    code, printed = PRELOADED[version].run(arguments, folder, timeout, environs)
    ended = f"did not end in {timeout} s" if code is None else f"ended with {code}"
    assert code == 0, f"`python {' '.join(arguments)}` with mlflow {version} {ended}:\n{printed}"
    return printed


def run(command, tracking_uri, folder, timeout=600, **more_environment):
    """Run a command of a user to its end; a failure carries all that it printed."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env={**environment(tracking_uri), **more_environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == 0, f"`{' '.join(map(str, command))}` ended with {done.returncode}:\n{done.stdout}"
    return done.stdout
