"""Everything at once for a long time: memory has to stay where it is. An hour unless FETTLE_BENCH_MINUTES says otherwise."""

import http.client
import json
import os
import random
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

from bench import processes

NAMES = ["mixed@sqlite", "mixed@postgres"]
TOGETHER = [[name] for name in NAMES]
MINUTES = float(os.environ.get("FETTLE_BENCH_MINUTES", "60"))
TRAINERS, READERS = 8, 2
# Between two requests of one client, in seconds.
PAUSE = 0.01
BATCHES_PER_RUN = 200
SAMPLE_SECONDS = 5
API = "/api/2.0/mlflow/"


def measure(plan, wanted):
    yield {name: mixed(name.partition("@")[2]) for name in wanted}


class Client:
    """A connection that is kept, the answers it got and how long they took."""

    def __init__(self, server):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self.seconds = []

    def ask(self, path, body):
        started = time.perf_counter()
        self.connection.request("POST", API + path, json.dumps(body), {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        content = answer.read()
        self.seconds.append(time.perf_counter() - started)
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {content[:300]}")
        return json.loads(content)


def trainer(client, done):
    while not done.is_set():
        run_id = client.ask("runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"]
        client.ask("runs/log-batch", {"run_id": run_id, "params": [{"key": f"p{k}", "value": str(random.random())} for k in range(5)]})
        for step in range(BATCHES_PER_RUN):
            now = int(time.time() * 1000)
            metrics = [{"key": f"m{k}", "value": random.random(), "step": step, "timestamp": now} for k in range(10)]
            client.ask("runs/log-batch", {"run_id": run_id, "metrics": metrics})
            if done.wait(PAUSE):
                break
        client.ask("runs/update", {"run_id": run_id, "status": "FINISHED", "end_time": int(time.time() * 1000)})


def reader(client, done):
    while not done.wait(PAUSE):
        body = {"experiment_ids": ["0"], "filter": "metrics.m0 > 0.5", "order_by": ["metrics.m1 DESC"], "max_results": 50}
        runs = client.ask("runs/search", body).get("runs", [])
        client.ask("runs/search", {"experiment_ids": ["0"], "max_results": 20})
        client.ask("experiments/search", {"max_results": 100})
        if runs:
            client.connection.request("GET", f"{API}metrics/get-history?run_id={runs[0]['info']['run_id']}&metric_key=m0")
            client.connection.getresponse().read()


def mixed(store):
    with tempfile.TemporaryDirectory() as folder, processes.databases(store, folder) as uri:
        server = processes.fettle_server(Path(folder), uri("fettle"))
        server.start()
        done, failures = threading.Event(), []

        def guarded(work, client):
            try:
                work(client, done)
            except Exception as error:
                failures.append(f"{error}")
                done.set()

        clients = [(trainer, Client(server)) for _ in range(TRAINERS)] + [(reader, Client(server)) for _ in range(READERS)]
        threads = [threading.Thread(target=guarded, args=pair) for pair in clients]
        memory, began = [], time.monotonic()
        try:
            for thread in threads:
                thread.start()
            while time.monotonic() - began < MINUTES * 60 and not done.wait(SAMPLE_SECONDS):
                memory.append((time.monotonic() - began, server.memory_mib()))
        finally:
            done.set()
            for thread in threads:
                thread.join()
            server.stop()
    if failures:
        raise SystemExit(f"mixed load on {store}: {failures[0]}")
    seconds = sorted(second for _, client in clients for second in client.seconds)
    tenth = max(1, len(memory) // 10)
    figures = {
        "minutes": MINUTES,
        "requests": len(seconds),
        "p50_ms": seconds[len(seconds) // 2] * 1000,
        "p99_ms": seconds[len(seconds) * 99 // 100] * 1000,
        "memory_mib": {
            "second tenth": median(mib for _, mib in memory[tenth : 2 * tenth] or memory),
            "middle": median(mib for _, mib in memory[len(memory) // 2 :][:tenth]),
            "last tenth": median(mib for _, mib in memory[-tenth:]),
            "most": max(mib for _, mib in memory),
        },
    }
    return {"title": f"Mixed load, {TRAINERS} writers and {READERS} readers", "store": store, "mixed": figures}
