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
    figures = {
        "cold-start": single("Cold start on an empty folder, to the first answer", "s", seconds, 0.030),
        "idle-memory": single("Memory at rest (proportional set size of all processes)", "MiB", memory, 25),
    }
    yield {name: figures[name] for name in wanted}


def single(title, unit, sides, bound):
    return {"title": title, "store": "sqlite", "unit": unit, "better": "less", "goals": [["at_most", "", bound]], "sides": sides}
