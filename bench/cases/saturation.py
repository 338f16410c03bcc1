"""Offered load against achieved load and latency, from an open loop; and the floors of the machine beside it."""

import json
import subprocess
import tempfile
import time
from pathlib import Path

from bench import processes
from bench.cases.tracking import WRITTEN_RUNS
from bench.load import measure as closed_loop
from bench.tracking_data import Seeded

CONNECTIONS = 64
# Requests a second.
OFFERED = {"log-metric": [1_000, 5_000, 10_000, 15_000, 20_000, 30_000, 40_000], "log-batch-1000": [100, 250, 500, 750, 1_000, 1_500]}
TOGETHER = [*[[f"saturation-{kind}@{store}" for kind in OFFERED] for store in ("sqlite", "postgres")], ["floors"]]
NAMES = [name for names in TOGETHER for name in names]


def measure(plan, wanted):
    results = {}
    for store in ("sqlite", "postgres"):
        kinds = [kind for kind in OFFERED if f"saturation-{kind}@{store}" in wanted]
        if kinds:
            results.update(curves(plan, store, kinds))
    if "floors" in wanted:
        results["floors"] = floors(plan)
    yield results


def curves(plan, store, kinds):
    results = {}
    with tempfile.TemporaryDirectory() as folder, processes.databases(store, folder) as uri:
        folder = Path(folder)
        server = processes.fettle_server(folder, uri("fettle"))
        try:
            server.start()
            side = Seeded(server)
            runs = [side.ask("runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"] for _ in range(WRITTEN_RUNS)]
            for kind in kinds:
                (folder / kind).write_text("".join(line(kind, run_id) for run_id in runs))
                steps = []
                for offered in OFFERED[kind]:
                    command = [processes.tool("open_loop"), f"127.0.0.1:{server.port}", offered, plan.seconds, CONNECTIONS, folder / kind]
                    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True)
                    step = json.loads(done.stdout)
                    if step["failures"]:
                        raise SystemExit(f"{kind} at {offered}/s: {step}")
                    steps.append(step)
                    if step["achieved"] < offered * 0.8:
                        break
                    time.sleep(0.5)
                title = "log-metric" if kind == "log-metric" else "log-batch of 1,000 metrics"
                results[f"saturation-{kind}@{store}"] = {"title": title, "store": store, "curve": steps, "connections": CONNECTIONS}
        finally:
            server.stop()
    return results


def line(kind, run_id):
    if kind == "log-metric":
        body = {"run_id": run_id, "key": "loss", "value": 0.5, "timestamp": "{n}", "step": "{n}"}
        return "POST\t/api/2.0/mlflow/runs/log-metric\t" + json.dumps(body).replace('"{n}"', "{n}") + "\n"
    # Each request holds the next steps of ten metrics.
    metrics = [
        f'{{"key": "metric_{number % 10}", "value": {number / 7}, "step": {{n}}{number // 10:02}, "timestamp": {{n}}}}' for number in range(1000)
    ]
    return f'POST\t/api/2.0/mlflow/runs/log-batch\t{{"run_id": "{run_id}", "metrics": [{", ".join(metrics)}]}}\n'


def floors(plan):
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([processes.tool("floors"), folder], capture_output=True, text=True, check=True)
        disk = json.loads(done.stdout)
        port = processes.free_port()
        server = processes.Server("floor", [processes.tool("floors"), "serve", port], port, Path(folder))
        try:
            server.start("/hello")
            hello = closed_loop(server, "body", ["/hello"], 8, plan.seconds)
            parsed = closed_loop(server, "body", ["/metrics"], 8, plan.seconds)
        finally:
            server.stop()
    return {
        "title": "Floors",
        "floors": {
            "a row inserted into SQLite and synced, one by one": disk["row"]["commits_per_second"],
            "eight batches of one point and eight latest values, in SQLite, synced": disk["eight_points"]["commits_per_second"],
            "a batch of 1,000 points and ten latest values, in SQLite, synced": disk["thousand_points"]["commits_per_second"],
            "HTTP requests answered with `{}`": hello["requests_per_second"],
            "HTTP requests with 1,000 metrics, read into structs and dropped": parsed["requests_per_second"],
        },
        "p50_ms": {work: measured["p50_ms"] for work, measured in disk.items()},
    }
