"""`metrics/get-history` and its variants for many runs, over a series with repeats, gaps, NaN and infinities."""

from ..dsl import AJAX
from ..grammar import TOKENS, sizes

T = 1_600_000_000_000
HISTORY, BULK, INTERVAL = "metrics/get-history", AJAX + "metrics/get-history-bulk", "metrics/get-history-bulk-interval"


def build(g):
    g.post("experiment", "experiments/create", {"name": "metric-history"}, save={"e": "experiment_id"})
    for run in ("a", "b", "c", "empty"):
        body = {"experiment_id": "${e}", "start_time": T, "run_name": run}
        g.post(f"run {run}", "runs/create", body, save={run: "run.info.run_id"})
    series = {
        "a": [(n, T + n * 10, n / 4) for n in range(300)],
        "b": [(n // 3 - 5, T + (n * 7) % 50, (n * 37) % 11) for n in range(120)],
        "c": [(n % 10, T + n, ["NaN", "Infinity", "-Infinity", 0, 1][n % 5]) for n in range(40)],
    }
    for run, points in series.items():
        metrics = [{"key": "m", "step": step, "timestamp": time, "value": value} for step, time, value in points]
        g.post(f"log {run}", "runs/log-batch", {"run_id": f"${{{run}}}", "metrics": metrics})
    g.post("log other", "runs/log-metric", {"run_id": "${a}", "key": "ü/x y", "value": 1, "timestamp": T})
    history(g)
    bulk(g)
    interval(g)


def history(g):
    query = {"run_id": "${b}", "metric_key": "m"}
    for run in ("a", "b", "c", "empty"):
        g.get(f"history {run}", HISTORY, {"run_id": f"${{{run}}}", "metric_key": "m"})
        g.get(f"history pages {run}", HISTORY, {"run_id": f"${{{run}}}", "metric_key": "m", "max_results": 17}, pages=True)
    for size in (1, 7, 119, 120, 121):
        g.get(f"history pages of {size}", HISTORY, {**query, "max_results": size}, pages=size > 1)
    for id, size in sizes(25000).items():
        if not isinstance(size, (list, type(None))):
            g.get(f"history size {id}", HISTORY, {**query, "max_results": size})
        g.get(f"history size in body {id}", HISTORY, body={**query, "max_results": size})
    for id, text in TOKENS.items():
        g.get(f"history token {id}", HISTORY, {**query, "max_results": 5, "page_token": text})
        g.get(f"history token alone {id}", HISTORY, {**query, "page_token": text})
    for id, change in {
        "uuid": {"run_id": None, "run_uuid": "${b}"},
        "no run": {"run_id": None},
        "empty run": {"run_id": ""},
        "unknown run": {"run_id": "0" * 32},
        "odd run": {"run_id": "a b"},
        "no key": {"metric_key": None},
        "empty key": {"metric_key": ""},
        "unknown key": {"metric_key": "nobody"},
        "unicode key": {"run_id": "${a}", "metric_key": "ü/x y"},
        "odd key": {"metric_key": "a;b"},
    }.items():
        g.get(f"history {id}", HISTORY, {name: value for name, value in {**query, **change}.items() if value is not None})
    g.get("history nothing", HISTORY)
    g.get("history ajax", AJAX + HISTORY, query)
    g.post("history post", HISTORY, query)


def bulk(g):
    all_runs = ["${a}", "${b}", "${c}", "${empty}"]
    for id, query in {
        "one": {"run_id": ["${b}"], "metric_key": "m"},
        "c": {"run_id": ["${c}"], "metric_key": "m", "max_results": 25000},
        "five": {"run_id": all_runs[:1], "metric_key": "m", "max_results": 5},
        "no key": {"run_id": all_runs},
        "empty key": {"run_id": all_runs, "metric_key": ""},
        "no run": {"metric_key": "m"},
        "unknown key": {"run_id": all_runs, "metric_key": "nobody"},
        "unknown run": {"run_id": ["0" * 32], "metric_key": "m"},
        "size 0": {"run_id": ["${b}"], "metric_key": "m", "max_results": 0},
        "size negative": {"run_id": ["${b}"], "metric_key": "m", "max_results": -1},
        "size word": {"run_id": ["${b}"], "metric_key": "m", "max_results": "x"},
        "size 25001": {"run_id": ["${b}"], "metric_key": "m", "max_results": 25001},
        "100 runs": {"run_id": ["${empty}"] * 100, "metric_key": "m"},
        "101 runs": {"run_id": ["${empty}"] * 101, "metric_key": "m"},
        "run_ids": {"run_ids": ["${b}"], "metric_key": "m"},
    }.items():
        g.get(f"bulk {id}", BULK, query)
    g.get("bulk nothing", BULK)
    g.get("bulk on api", "metrics/get-history-bulk", {"run_id": ["${b}"], "metric_key": "m"})


def interval(g):
    for run in ("a", "b", "c", "empty"):
        for size in (1, 2, 3, 7, 10, 40, 119, 120, 320, 2500):
            g.get(f"interval {run} {size}", INTERVAL, {"run_ids": [f"${{{run}}}"], "metric_key": "m", "max_results": size})
        for start, end in ((0, 10), (5, 5), (-5, 0), (100, 250), (10, 0), (1000, 2000)):
            query = {"run_ids": [f"${{{run}}}"], "metric_key": "m", "max_results": 5, "start_step": start, "end_step": end}
            g.get(f"interval {run} from {start} to {end}", INTERVAL, query)
    query = {"run_ids": ["${b}", "${a}", "${c}"], "metric_key": "m", "max_results": 10}
    for id, change in {
        "three": {},
        "three by 3": {"max_results": 3},
        "same twice": {"run_ids": ["${b}", "${b}"]},
        "with unknown": {"run_ids": ["${b}", "0" * 32]},
        "no size": {"max_results": None},
        "size 0": {"max_results": 0},
        "size 2501": {"max_results": 2501},
        "size negative": {"max_results": -1},
        "size word": {"max_results": "x"},
        "no runs": {"run_ids": None},
        "100 runs": {"run_ids": ["${empty}"] * 100},
        "101 runs": {"run_ids": ["${empty}"] * 101},
        "no key": {"metric_key": None},
        "empty key": {"metric_key": ""},
        "unknown key": {"metric_key": "nobody"},
        "start only": {"start_step": 1},
        "end only": {"end_step": 5},
        "start word": {"start_step": "x", "end_step": 5},
        "run_id": {"run_ids": None, "run_id": "${b}"},
    }.items():
        query_now = {name: value for name, value in {**query, **change}.items() if value is not None}
        g.get(f"interval {id}", INTERVAL, query_now)
    g.get("interval ajax", AJAX + INTERVAL, query)
    g.get("interval nothing", INTERVAL)
