"""Cold start on an empty folder, and what the server holds in memory when nobody asks it anything."""

import tempfile
import time
from pathlib import Path
from statistics import median

from bench import processes

FIRST_ANSWER = "/api/2.0/mlflow/experiments/get?experiment_id=0"
SETTLE_SECONDS = 5
NAMES = ["cold-start", "idle-memory"]


def measure(plan, wanted):
    seconds, memory = {}, {}
    for name, make, repeats in [
        ("mlflow", processes.mlflow_server, plan.cold_starts),
        ("fettle", processes.fettle_server, plan.cold_starts * 5),
    ]:
        started = []
        for number in range(repeats):
            with tempfile.TemporaryDirectory() as folder:
                server = make(Path(folder))
                started.append(server.start(FIRST_ANSWER))
                if number == repeats - 1:
                    time.sleep(SETTLE_SECONDS)
                    memory[name] = server.memory_mib()
                server.stop()
        seconds[name] = median(started)
    results = {}
    if "cold-start" in wanted:
        results["cold-start"] = {"unit": "s to the first answer", "better": "less", "sides": seconds}
    if "idle-memory" in wanted:
        results["idle-memory"] = {"unit": "MiB, all processes", "better": "less", "sides": memory}
    return results
