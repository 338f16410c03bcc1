"""The tracking API without a client in between."""

import requests


class Api:
    """One connection of one caller. Not shared between threads, as a requests session is not."""

    def __init__(self, url):
        self.base = f"{url}/api/2.0/mlflow/"
        self.session = requests.Session()

    def post(self, path, body, timeout=60):
        return self.session.post(self.base + path, json=body, timeout=timeout)

    def ask(self, path, body):
        """A call that must succeed."""
        answer = self.post(path, body)
        assert answer.status_code == 200, f"{path} {body!r}: {answer.status_code} {answer.text}"
        return answer.json()

    def get(self, path, **parameters):
        answer = self.session.get(self.base + path, params=parameters, timeout=60)
        assert answer.status_code == 200, f"{path} {parameters}: {answer.status_code} {answer.text}"
        return answer.json()

    def new_experiment(self, name):
        return self.ask("experiments/create", {"name": name})["experiment_id"]

    def new_run(self, experiment_id, **fields):
        created = self.ask("runs/create", {"experiment_id": experiment_id, "start_time": 1, **fields})
        return created["run"]["info"]["run_id"]

    def history(self, run_id, key):
        """Every point of a metric as (step, timestamp, value), page by page."""
        points, token = [], None
        while True:
            parameters = {"run_id": run_id, "metric_key": key, "max_results": 25000}
            page = self.get("metrics/get-history", **parameters, **({"page_token": token} if token else {}))
            points += [(point["step"], point["timestamp"], point["value"]) for point in page.get("metrics", [])]
            token = page.get("next_page_token")
            if not token:
                return points
