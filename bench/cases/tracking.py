"""The tracking API under load, on SQLite, both servers up and asked in turn."""

import json
import tempfile
from pathlib import Path

from bench import processes
from bench.load import interleaved
from bench.tracking_data import Seeded, require_equal

CONNECTIONS = 8
WRITTEN_RUNS = 8
STEPS_PER_ROUND = 100_000_000
NAMES = ["log-metric", "log-batch", "runs-get", "runs-search"]


def measure(plan, wanted):
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        # Its background jobs would take processor time from whoever is measured.
        mlflow = processes.mlflow_server(folder, MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false")
        servers = [mlflow, processes.fettle_server(folder)]
        try:
            for server in servers:
                server.start()
            seeded = {server.name: Seeded(server) for server in servers}
            require_equal(seeded)
            load = Load(folder, seeded)
            for name in NAMES:
                if name in wanted:
                    script, arguments_of, connections = load.of(name)
                    sides = interleaved(servers, script, arguments_of, connections, plan)
                    results[name] = {"unit": "requests/s", "better": "more", "connections": connections, "sides": sides}
            require_equal(seeded)
        finally:
            for server in servers:
                server.stop()
    return results


class Load:
    """The wrk script of each case, and its arguments per server and round."""

    def __init__(self, folder, seeded):
        self.folder = folder
        self.seeded = seeded
        for name, side in seeded.items():
            # The runs that are written to are not among those that are compared and read.
            written = [side.ask("runs/create", {"experiment_id": "0", "start_time": 1})["run"]["info"]["run_id"] for _ in range(WRITTEN_RUNS)]
            (folder / f"{name}-written").write_text("".join(f"{run_id}\n" for run_id in written))
            gets = [f"GET\t/api/2.0/mlflow/runs/get?run_id={run_id}\t\n" for run_id in side.run_ids]
            (folder / f"{name}-runs-get").write_text("".join(gets))
            search = json.dumps(side.search_body())
            (folder / f"{name}-runs-search").write_text(f"POST\t/api/2.0/mlflow/runs/search\t{search}\n")

    def of(self, name):
        if name in ("log-metric", "log-batch"):
            def arguments(server, number):
                return [self.folder / f"{server.name}-written", (number + 1) * STEPS_PER_ROUND]

            return name.replace("-", "_"), arguments, CONNECTIONS
        return "requests", lambda server, _: [self.folder / f"{server.name}-{name}"], CONNECTIONS
