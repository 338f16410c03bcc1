"""Artifacts through the server into a folder and back: one large file, and many small ones, each acknowledged."""

import hashlib
import http.client
import os
import statistics
import tempfile
import threading
import time
from pathlib import Path

from bench import processes

NAMES = ["artifact-large", "artifact-small"]
MIB = 1 << 20
LARGE_MIB = 512
SMALL_FILES = 200
SMALL = os.urandom(10_000)
PATH = "/api/2.0/mlflow-artifacts/artifacts/0/bench"


def measure(plan, wanted):
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        servers = [processes.mlflow_server(folder, MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false"), processes.fettle_server(folder)]
        try:
            for server in servers:
                server.start()
            if "artifact-large" in wanted:
                sides = {server.name: large(server) for server in servers}
                results["artifact-large"] = {"unit": "MiB/s", "better": "more", "connections": 1, "sides": sides}
            if "artifact-small" in wanted:
                sides = {server.name: small(server, plan) for server in servers}
                results["artifact-small"] = {"unit": "files/s", "better": "more", "connections": 1, "sides": sides}
        finally:
            for server in servers:
                server.stop()
    return results


def large(server):
    """The bytes are made and checked as they flow; the most memory meanwhile is that of the server above what it had."""
    sent, received, peak, stop = hashlib.sha256(), hashlib.sha256(), [0.0], threading.Event()
    idle, block = server.memory_mib(), os.urandom(MIB)

    def chunks():
        for number in range(LARGE_MIB):
            data = number.to_bytes(8, "big") + block[8:]
            sent.update(data)
            yield data

    def watch():
        while not stop.wait(0.05):
            peak[0] = max(peak[0], server.memory_mib())

    watcher = threading.Thread(target=watch)
    watcher.start()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
    cpu, started = server.cpu_seconds(), time.perf_counter()
    connection.request("PUT", f"{PATH}/large.bin", body=chunks(), headers={"Content-Length": str(LARGE_MIB * MIB)})
    succeed(connection)
    up, started = time.perf_counter() - started, time.perf_counter()
    connection.request("GET", f"{PATH}/large.bin")
    answer = connection.getresponse()
    while data := answer.read(MIB):
        received.update(data)
    down = time.perf_counter() - started
    cpu = server.cpu_seconds() - cpu
    stop.set()
    watcher.join()
    if sent.digest() != received.digest():
        raise SystemExit(f"{server.name} gave back other bytes")
    figures = {"up_mib_s": LARGE_MIB / up, "down_mib_s": LARGE_MIB / down, "cpu_seconds": cpu}
    return figures | {"idle_mib": idle, "peak_mib": peak[0]}


def small(server, plan):
    connection, times = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60), []
    for number in range(SMALL_FILES * min(plan.rounds, 2)):
        started = time.perf_counter()
        connection.request("PUT", f"{PATH}/small/{number}.bin", body=SMALL)
        succeed(connection)
        times.append(time.perf_counter() - started)
    return {
        "requests_per_second": len(times) / sum(times),
        "p50_ms": statistics.median(times) * 1000,
        "p99_ms": statistics.quantiles(times, n=100)[98] * 1000,
    }


def succeed(connection):
    answer = connection.getresponse()
    data = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{answer.status} {data[:500]}")
