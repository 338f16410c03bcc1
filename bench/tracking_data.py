"""The same experiment in both servers, and the proof that both tell the same about it."""

import json
import math

import requests

RUNS = 120
KEYS = 10
STEPS = 20
EXPERIMENT = "bench"


class Seeded:
    """One server filled with the experiment."""

    def __init__(self, server):
        self.api = f"{server.url}/api/2.0/mlflow/"
        self.session = requests.Session()
        self.experiment_id = self.ask("experiments/create", {"name": EXPERIMENT})["experiment_id"]
        self.run_ids = [self.create(number) for number in range(RUNS)]

    def ask(self, path, body):
        answer = self.session.post(self.api + path, json=body, timeout=120)
        if answer.status_code != 200:
            raise SystemExit(f"{path} at {self.api}: {answer.status_code} {answer.text[:500]}")
        return answer.json()

    def create(self, number):
        start = 1_700_000_000_000 + number
        created = self.ask("runs/create", {"experiment_id": self.experiment_id, "run_name": f"run {number}", "start_time": start})
        run_id = created["run"]["info"]["run_id"]
        metrics = [
            {"key": f"metric_{key}", "value": math.sin(number * 31 + key * 7 + step), "timestamp": start + step, "step": step}
            for key in range(KEYS)
            for step in range(STEPS)
        ]
        params = [{"key": f"param_{key}", "value": f"value {number % (key + 1)}"} for key in range(KEYS)]
        tags = [{"key": f"tag_{key}", "value": f"tag of {number}"} for key in range(5)]
        self.ask("runs/log-batch", {"run_id": run_id, "metrics": metrics, "params": params, "tags": tags})
        self.ask("runs/update", {"run_id": run_id, "status": "FINISHED", "end_time": start + 1000})
        return run_id

    def search_body(self):
        return {
            "experiment_ids": [self.experiment_id],
            "filter": "metrics.metric_0 > -2 AND params.param_0 = 'value 0'",
            "order_by": ["metrics.metric_1 DESC"],
            "max_results": 100,
        }

    def everything(self):
        """All that the measured calls answer, without what differs by nature (ids, places)."""
        found = self.ask("runs/search", self.search_body())["runs"]
        single = self.session.get(self.api + "runs/get", params={"run_id": self.run_ids[3]}, timeout=60).json()["run"]
        parameters = {"run_id": self.run_ids[3], "metric_key": "metric_3"}
        history = self.session.get(self.api + "metrics/get-history", params=parameters, timeout=60).json()["metrics"]
        points = [(point["timestamp"], point["step"], point["value"]) for point in history]
        return {"found": [essence(run) for run in found], "single": essence(single), "history": points}


def essence(run):
    info, data = run["info"], run["data"]
    return {
        "info": {name: info[name] for name in ("run_name", "status", "start_time", "end_time", "lifecycle_stage")},
        "metrics": sorted((metric["key"], metric["value"], metric["step"]) for metric in data["metrics"]),
        "params": sorted((param["key"], param["value"]) for param in data["params"]),
        "tags": sorted((tag["key"], tag["value"]) for tag in data["tags"]),
    }


def require_equal(seeded):
    """Figures of servers that answer differently would compare nothing."""
    answers = {name: json.dumps(side.everything(), sort_keys=True) for name, side in seeded.items()}
    if len(set(answers.values())) != 1:
        texts = "\n".join(f"{name}: {text[:1500]}" for name, text in answers.items())
        raise SystemExit(f"the servers answer differently:\n{texts}")
