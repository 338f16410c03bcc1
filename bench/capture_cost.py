"""What capture costs an endpoint: the same model behind two endpoints of one server, of which one records.

    FETTLE_BIN=target/release/fettle python -m bench.capture_cost [--seconds 5] [--rounds 5] [--rate 10000]

Requests of one row to a forest of 100 trees that is scored natively, wrk with 32 connections, in turns. It prints the
share of the throughput that is left, and then offers the recording endpoint so many requests a second for twenty seconds
(`open_loop` of bench/tools) and prints what was dropped.
"""

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median

import requests

from bench import processes
from bench.cases import scoring
from bench.load import measure

CONNECTIONS = 32
NAMES = ("recorded", "plain")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rate", type=int, default=10_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        bodies = scoring.train(folder)
        server = processes.fettle_server(folder)
        server.start()
        try:
            deploy(server, folder / "model")
            for name in NAMES:
                lines = [f"POST\t/endpoints/{name}/invocations\t{body}\n" for body in bodies]
                (folder / name).write_text("".join(lines))
            closed(server, folder, arguments)
            opened(server, folder, arguments.rate)
        finally:
            server.stop()


def deploy(server, model):
    import mlflow

    mlflow.set_tracking_uri(server.url)
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(model), "model")
    mlflow.register_model(f"runs:/{run.info.run_id}/model", "forest")
    for name in NAMES:
        ask(server, "POST", "endpoints", {"name": name})
        ask(server, "POST", f"endpoints/{name}/deployments", {"name": "only", "model_uri": "models:/forest/1", "executor": "native"})
    ask(server, "PUT", "endpoints/plain/capture", {"enabled": False})
    for name in NAMES:
        while ask(server, "GET", f"endpoints/{name}")["deployments"][0]["state"] != "ready":
            time.sleep(0.2)


def ask(server, method, path, body=None):
    answer = requests.request(method, f"{server.url}/api/fettle/v1/{path}", json=body, timeout=60)
    answer.raise_for_status()
    return answer.json()


def closed(server, folder, arguments):
    rounds = {name: [] for name in NAMES}
    for number in range(arguments.rounds + 1):
        for name in NAMES:
            one = measure(server, "requests", [folder / name], CONNECTIONS, arguments.seconds)
            # The first round warms up.
            if number:
                rounds[name].append(one)
    figures = {
        name: {field: median(one[field] for one in measured) for field in ("requests_per_second", "p99_ms", "cpu_seconds_per_1000")}
        for name, measured in rounds.items()
    }
    shares = [one["requests_per_second"] / other["requests_per_second"] for one, other in zip(*(rounds[name] for name in NAMES), strict=True)]
    for name, found in figures.items():
        print(
            f"{name}: {found['requests_per_second']:,.0f} requests/s, {found['p99_ms']:.2f} ms at the 99th percentile, "
            f"{1000 * found['cpu_seconds_per_1000']:.1f} us of processors a request"
        )
    print(f"capture leaves {median(shares):.1%} of the throughput (of the rounds {min(shares):.1%} to {max(shares):.1%})")


def opened(server, folder, rate):
    command = [processes.tool("open_loop"), f"127.0.0.1:{server.port}", rate, 20, 64, folder / "recorded"]
    before = counts(server)
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    after = counts(server)
    changed = {name: after[name] - before[name] for name in after}
    print(f"offered {rate:,}/s for 20 s: {found}; {changed}")


def counts(server):
    text = requests.get(f"{server.url}/metrics", timeout=60).text
    lines = [line.split(" ") for line in text.splitlines() if line.startswith("fettle_capture_")]
    return {name: float(value) for name, value in lines if "dropped" in name or "errors" in name or "written" in name}


main()
