"""One large file up and down again through both servers, with their memory on the way."""

import hashlib
import http.client
import os
import tempfile
import threading
import time
from pathlib import Path

from bench import processes

NAMES = ["artifact-upload", "artifact-download", "artifact-memory"]
PATH = "/api/2.0/mlflow-artifacts/artifacts/0/large.bin"
CHUNK = 1 << 20


def measure(plan, wanted):
    up, down, memory = {}, {}, {}
    for make in (processes.mlflow_server, processes.fettle_server):
        with tempfile.TemporaryDirectory() as folder:
            server = make(Path(folder))
            server.start()
            try:
                up[server.name], down[server.name], memory[server.name] = through(server, plan.artifact_mib)
            finally:
                server.stop()
    size = f"{plan.artifact_mib:,} MiB"
    figures = {
        "artifact-upload": figure(f"Artifact of {size}: upload", "MiB/s", "more", up),
        "artifact-download": figure(f"Artifact of {size}: download", "MiB/s", "more", down),
        "artifact-memory": figure(f"Artifact of {size}: most memory on the way", "MiB", "less", memory),
    }
    yield {name: figures[name] for name in wanted}


def figure(title, unit, better, sides):
    return {"title": title, "store": "sqlite", "unit": unit, "better": better, "goals": [], "sides": sides}


def through(server, mib):
    """Throughput up and down, and the highest memory; the bytes that come back are those that were sent."""
    peak, done = [0.0], threading.Event()

    def watch():
        while not done.wait(0.1):
            peak[0] = max(peak[0], server.memory_mib())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        sent = hashlib.sha256()
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
        started = time.monotonic()
        connection.request("PUT", PATH, body=chunks(mib, sent), headers={"Content-Length": str(mib * CHUNK)})
        answer = connection.getresponse()
        if answer.status != 200:
            raise SystemExit(f"upload to {server.name}: {answer.status} {answer.read()[:300]}")
        answer.read()
        up = time.monotonic() - started
        received, started = hashlib.sha256(), time.monotonic()
        connection.request("GET", PATH)
        answer = connection.getresponse()
        while data := answer.read(CHUNK):
            received.update(data)
        down = time.monotonic() - started
    finally:
        done.set()
        watcher.join()
    if sent.digest() != received.digest():
        raise SystemExit(f"{server.name} gives back other bytes")
    return mib / up, mib / down, peak[0]


def chunks(count, digest):
    block = os.urandom(CHUNK)
    for number in range(count):
        data = number.to_bytes(8, "big") + block[8:]
        digest.update(data)
        yield data
