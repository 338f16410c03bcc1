"""The Python environments that hold the real client, one per version."""

import os
import subprocess
import sys

VERSIONS = ["2.9.2", "2.22.5", "3.6.0", "newest"]


def pythons():
    """`FETTLE_TEST_CLIENTS` is `2.9.2=/path/to/python,...`; the newest client is the one that runs pytest."""
    named = dict(pair.split("=", 1) for pair in os.environ.get("FETTLE_TEST_CLIENTS", "").split(",") if pair)
    return {"newest": sys.executable, **named}


def environment(tracking_uri):
    """What a client process sees: where the server is, and nothing of the test runner."""
    return {
        **os.environ,
        "MLFLOW_TRACKING_URI": tracking_uri,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        "GIT_PYTHON_REFRESH": "quiet",
        "PYTHONWARNINGS": "ignore",
    }


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
