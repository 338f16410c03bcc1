"""Load from wrk (closed loop: a connection asks again when it has its answer), and what the rounds showed."""

import json
import subprocess
from statistics import median

# A slow server on a busy machine may answer nothing in a short round; it is then given a longer one, up to this.
LONGEST_SECONDS = 60
LATENCIES = ("p50_ms", "p95_ms", "p99_ms", "p999_ms")


class NoAnswer(SystemExit):
    def __init__(self, script, server, seconds):
        super().__init__(f"{script} against {server.name}: no answer in {seconds} s")
        self.seconds = seconds


def measure(server, script, arguments, connections, seconds):
    """One round against one server. A request that fails fails the bench: fast errors are no figures."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", f"bench/wrk/{script}.lua"]
    command += [server.url, "--", *[str(argument) for argument in arguments]]
    cpu_before = server.cpu_seconds()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    cpu = server.cpu_seconds() - cpu_before
    result = json.loads(done.stdout.strip().splitlines()[-1])
    # All that was counted are requests that ran into the time limit: there are no latencies.
    unanswered = result["failures"] == result["requests"] and not result["p50_ms"]
    if result["failures"] and not unanswered:
        raise SystemExit(f"{script} against {server.name}: {result}\n{done.stderr}")
    if unanswered:
        if seconds > LONGEST_SECONDS:
            raise NoAnswer(script, server, seconds)
        return measure(server, script, arguments, connections, seconds * 4)
    return {
        "requests_per_second": result["requests"] / result["seconds"],
        **{field: result[field] for field in LATENCIES},
        "cpu_seconds_per_1000": cpu / result["requests"] * 1000,
    }


def interleaved(servers, script, arguments_of, connections, plan):
    """Rounds in turn, A B A B A B, so that a slow minute of the machine meets all; the median of each. A server that
    answers nothing in a long round is not asked again, which is its figure; Fettle has to answer."""
    rounds = {server.name: [] for server in servers}
    silent = {}
    for number in range(plan.rounds + 1):
        for server in servers:
            if server.name in silent:
                continue
            seconds = plan.seconds if number else plan.warm_up_seconds
            try:
                rounds[server.name].append(measure(server, script, arguments_of(server, number), connections, seconds))
            except NoAnswer as given_up:
                if server.name == "fettle":
                    raise
                silent[server.name] = {"no_answer_seconds": given_up.seconds}
                # It is still at work on what it was asked.
                server.stop()
                server.start()
    # The first round warms up.
    return {name: silent.get(name) or summary(measured[1:]) for name, measured in rounds.items()}


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
