"""Load from wrk (closed loop: a connection asks again when it has its answer), and what the rounds showed."""

import json
import subprocess
from statistics import median

# A slow server on a busy machine may answer nothing in a short round; it is then given a longer one, up to this.
LONGEST_SECONDS = 60
LATENCIES = ("p50_ms", "p95_ms", "p99_ms", "p999_ms")


def measure(server, script, arguments, connections, seconds):
    """One round against one server. A request that fails fails the bench: fast errors are no figures."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", f"bench/wrk/{script}.lua"]
    command += [server.url, "--", *[str(argument) for argument in arguments]]
    cpu_before = server.cpu_seconds()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    cpu = server.cpu_seconds() - cpu_before
    result = json.loads(done.stdout.strip().splitlines()[-1])
    if result["failures"]:
        raise SystemExit(f"{script} against {server.name}: {result}\n{done.stderr}")
    if not result["requests"]:
        if seconds > LONGEST_SECONDS:
            raise SystemExit(f"{script} against {server.name}: no answer in {seconds} s")
        return measure(server, script, arguments, connections, seconds * 4)
    return {
        "requests_per_second": result["requests"] / result["seconds"],
        **{field: result[field] for field in LATENCIES},
        "cpu_seconds_per_1000": cpu / result["requests"] * 1000,
    }


def interleaved(servers, script, arguments_of, connections, plan):
    """Rounds in turn, A B A B A B, so that a slow minute of the machine meets all; the median of each."""
    rounds = {server.name: [] for server in servers}
    for server in servers:
        measure(server, script, arguments_of(server, 0), connections, plan.warm_up_seconds)
    for number in range(1, plan.rounds + 1):
        for server in servers:
            rounds[server.name].append(measure(server, script, arguments_of(server, number), connections, plan.seconds))
    return {name: summary(measured) for name, measured in rounds.items()}


def summary(rounds):
    middle = {field: median(one[field] for one in rounds) for field in rounds[0]}
    return {**middle, "rounds": [one["requests_per_second"] for one in rounds]}


def case(title, store, sides, *, connections, goals=(), points=None):
    """A case as the report takes it. `points` is how many metric points a request carries."""
    return {
        "title": title,
        "store": store,
        "unit": "requests/s",
        "better": "more",
        "connections": connections,
        "goals": [list(goal) for goal in goals],
        **({"points": points} if points else {}),
        "sides": sides,
    }
