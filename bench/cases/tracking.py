"""The tracking API under load, both servers on one kind of store, up and asked in turn."""

import json
import tempfile
import time
from pathlib import Path

from bench import processes
from bench.load import case, interleaved, measure as round_of
from bench.tracking_data import Seeded, require_equal

CONNECTIONS = 8
WRITTEN_RUNS = 8
STEPS_PER_ROUND = 100_000_000
# A server's background work gives back what the load took.
SETTLE_SECONDS = 10
BATCHES = [(points, connections) for points in (10, 100, 1000) for connections in (1, 8, 32)]
KINDS = ["log-metric", *[f"log-batch-{points}-{connections}" for points, connections in BATCHES], "create-run", "runs-get", "runs-search", "runs-search-small", "loaded-memory"]
STORES = ["sqlite", "postgres"]
# Measured on the same servers.
TOGETHER = [[f"{kind}@{store}" for kind in KINDS] for store in STORES]
NAMES = [name for names in TOGETHER for name in names]

# Of MLflow one size and one concurrency of batches is enough: it is the reference.
AGAINST_MLFLOW = {"log-batch-10-8", "log-batch-100-8", "log-batch-1000-8"}
GOALS = {
    "log-metric": [("ratio", "", 200), ("at_most", "p50_ms", 0.3)],
    "log-batch-1000-8": [("at_least", "", 1000)],
    "runs-get": [("ratio", "", 300)],
    "runs-search": [("ratio", "", 100)],
}


def measure(plan, wanted):
    """What each store showed, as soon as it is known."""
    for store in STORES:
        chosen = [name.partition("@")[0] for name in wanted if name.endswith(f"@{store}")]
        if chosen:
            yield on_store(plan, store, chosen)


def on_store(plan, store, chosen):
    results = {}
    with tempfile.TemporaryDirectory() as folder, processes.databases(store, folder) as uri:
        folder = Path(folder)
        # Its background jobs would take processor time from whoever is measured.
        mlflow = processes.mlflow_server(folder, uri("mlflow"), MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false")
        servers = [mlflow, processes.fettle_server(folder, uri("fettle"))]
        try:
            for server in servers:
                server.start()
            seeded = {server.name: Seeded(server) for server in servers}
            require_equal(seeded)
            load = Load(folder, seeded)
            for kind in KINDS:
                if kind not in chosen:
                    continue
                if kind == "loaded-memory":
                    results[f"{kind}@{store}"] = loaded_memory(store, servers, load, plan)
                    continue
                title, script, arguments, connections, points = load.of(kind)
                alone = kind.startswith("log-batch") and kind not in AGAINST_MLFLOW
                sides = interleaved(servers[1:] if alone else servers, script, arguments, connections, plan)
                goals = GOALS.get(kind, ()) if store == "sqlite" else ()
                results[f"{kind}@{store}"] = case(title, store, sides, connections=connections, goals=goals, points=points)
        finally:
            for server in servers:
                server.stop()
    return results


def loaded_memory(store, servers, load, plan):
    """After a minute's worth of everything, as much as fits in the plan."""
    sides = {}
    for server in servers:
        for kind in ("log-metric", "log-batch-1000-8", "runs-get", "runs-search"):
            _, script, arguments, connections, _ = load.of(kind)
            round_of(server, script, arguments(server, 50), connections, plan.seconds)
        time.sleep(SETTLE_SECONDS)
        sides[server.name] = server.memory_mib()
    return {
        "title": f"Memory {SETTLE_SECONDS} s after load (proportional set size of all processes)",
        "store": store,
        "unit": "MiB",
        "better": "less",
        "goals": [["at_most", "", 45]],
        "sides": sides,
    }


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
            small = {"experiment_ids": [side.experiment_id], "filter": "params.param_9 = 'value 3'", "max_results": 5}
            for kind, body in (("runs-search", side.search_body()), ("runs-search-small", small)):
                (folder / f"{name}-{kind}").write_text(f"POST\t/api/2.0/mlflow/runs/search\t{json.dumps(body)}\n")
            side.other = side.ask("experiments/create", {"name": "created"})["experiment_id"]

    def of(self, kind):
        if kind == "create-run":
            return "runs/create", "create_run", lambda server, _: [self.seeded[server.name].other], CONNECTIONS, None
        if kind == "log-metric":
            return "log-metric", "log_metric", lambda server, number: self.written(server, number), CONNECTIONS, 1
        if kind.startswith("log-batch"):
            points, connections = (int(part) for part in kind.split("-")[2:])
            shift = BATCHES.index((points, connections)) + 1

            def arguments(server, number):
                return [*self.written(server, 100 * shift + number), points]

            return f"log-batch of {points:,} metrics", "log_batch", arguments, connections, points
        titles = {"runs-get": "runs/get", "runs-search": "runs/search of 100 full runs by metric", "runs-search-small": "runs/search, five runs by a param"}
        return titles[kind], "requests", lambda server, _: [self.folder / f"{server.name}-{kind}"], CONNECTIONS, None

    def written(self, server, number):
        """No two rounds write the same points."""
        return [self.folder / f"{server.name}-written", (number + 1) * STEPS_PER_ROUND]
