"""Child processes that answer HTTP: a free port, a log file, a bounded wait, a certain end."""

import os
import signal
import socket
import subprocess
import time

import requests

# For MLflow, on a busy machine, with nothing of it in any cache.
START_SECONDS = 300
STOP_SECONDS = 20


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """One process that listens on `port`; its output goes to a file that failures quote."""

    def __init__(self, command, port, log, environment=None, ready_path="/health"):
        self.command = [str(word) for word in command]
        self.url = f"http://127.0.0.1:{port}"
        self.port = port
        self.log = log
        self.environment = {**os.environ, **(environment or {})}
        self.ready_path = ready_path
        self.child = None

    def start(self):
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(
                self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self.environment, start_new_session=True
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.child.poll() is not None:
                raise RuntimeError(f"`{' '.join(self.command)}` ended with {self.child.returncode}:\n{self.tail()}")
            try:
                if requests.get(self.url + self.ready_path, timeout=2).status_code == 200:
                    return self
            except requests.RequestException:
                pass
            time.sleep(0.02)
        self.kill()
        raise RuntimeError(f"`{' '.join(self.command)}` did not answer in {START_SECONDS} s:\n{self.tail()}")

    def tail(self, size=4000):
        with open(self.log, "rb") as log:
            return log.read()[-size:].decode(errors="replace")

    def alive(self):
        return self.child is not None and self.child.poll() is None

    def kill(self):
        """End the process group at once, as a power cut would end the process."""
        if self.child is not None:
            try:
                os.killpg(self.child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.child.wait()

    def stop(self):
        """Ask for an orderly end; answer with the exit code."""
        if not self.alive():
            self.kill()
            return self.child.returncode if self.child else None
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise RuntimeError(f"`{self.command[0]}` did not end {STOP_SECONDS} s after SIGTERM:\n{self.tail()}") from None
        finally:
            self.kill()
        return self.child.returncode
