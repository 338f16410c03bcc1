"""Watch the endpoint through the rest of 2013: what drifts, how good the predictions are, which alerts fire.

usage: python watch.py http://HOST:PORT NAME
"""

import io
import sys
import time
from datetime import datetime, timezone

import mlflow
import requests

from flights import LateRates, load

MODEL = "flight-delay"
ROWS_A_MONTH = 4000
ROWS_A_REQUEST = 500
REFERENCE_ROWS = 8000
PATIENCE_SECONDS = 20


def now():
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


class Watch:
    def __init__(self, server, endpoint):
        self.server, self.endpoint = server, endpoint
        self.session = requests.Session()

    def ask(self, method, path, **arguments):
        answer = self.session.request(method, f"{self.server}/api/fettle/v1/{path}", timeout=120, **arguments)
        if answer.status_code != 200:
            raise SystemExit(f"{path} answered {answer.status_code}: {answer.text[:500]}")
        return answer.json()

    def start(self, version, reference):
        """The reference of the model version, and a monitor that holds the endpoint's traffic against it."""
        file = io.BytesIO()
        reference.to_parquet(file, index=False)
        query = {"model_name": MODEL, "model_version": version}
        self.ask("POST", "baselines/upload", params=query, data=file.getvalue())
        window = {"data_window": {"lookback_window_size": "P30D"}}
        signals = {
            "drift": {"type": "data_drift", "production_data": window},
            "quality": {"type": "data_quality", "production_data": window},
            "performance": {"type": "model_performance", "production_data": window},
        }
        target = {"endpoint": self.endpoint, "model_id": f"models:/{MODEL}/{version}"}
        self.ask("POST", "monitors", json={"name": MODEL, "monitoring_target": target, "monitoring_signals": signals})

    def month(self, number, features, late):
        """Sends a month's flights, then how late they really were; answers with what the monitor found."""
        started = now()
        for begin in range(0, len(features), ROWS_A_REQUEST):
            rows = features[begin : begin + ROWS_A_REQUEST]
            body = {"dataframe_split": {"columns": list(rows.columns), "data": rows.values.tolist()}}
            request_id = f"2013-{number:02}-{begin}"
            url = f"{self.server}/endpoints/{self.endpoint}/invocations"
            answer = self.session.post(url, json=body, headers={"X-Request-ID": request_id}, timeout=60)
            answer.raise_for_status()
            truth = late[begin : begin + ROWS_A_REQUEST]
            labels = [{"correlationid": request_id, "row_index": index, "label": bool(is_late)} for index, is_late in enumerate(truth)]
            self.ask("POST", f"endpoints/{self.endpoint}/ground-truth", json={"rows": labels})
        time.sleep(0.002)
        window = {"window_start": started, "window_end": now()}
        return self.ask("POST", f"monitors/{MODEL}/run", json=window)["runs"][0]["results"]

    def alert(self):
        """The alert on the drift, once it fires."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            for alert in self.ask("GET", "alerts", params={"state": "firing"})["alerts"]:
                if alert["rule"] == f"{MODEL}.drift":
                    return alert
            time.sleep(0.2)
        raise SystemExit("no alert fired")


def main(server, endpoint):
    champion = mlflow.MlflowClient().get_model_version_by_alias(MODEL, "champion")
    rates = LateRates.from_dict(mlflow.artifacts.load_dict(f"runs:/{champion.run_id}/late_rates.json"))
    watch = Watch(server, endpoint)
    watch.start(champion.version, rates.features(load(1, 3).sample(REFERENCE_ROWS, random_state=1)))
    for number in (5, 7, 9, 12):
        table = load(number, number).sample(ROWS_A_MONTH, random_state=2)
        results = watch.month(number, rates.features(table), table["late"].to_numpy())
        drifted = [result for result in results if result["signal"] == "drift" and result["feature"] and result["verdict"] == "alarm"]
        drifted = sorted(drifted, key=lambda result: -result["value"])
        auc = next(result for result in results if result["metric"] == "roc_auc")
        low, high = auc["detail"]["interval"]
        names = ", ".join(f"{result['feature']} {result['value']:.2f}" for result in drifted[:3])
        print(f"    2013-{number:02}: AUC {auc['value']:.3f} ({low:.3f} to {high:.3f}), {len(drifted)} features drifted: {names}", flush=True)
    alert = watch.alert()
    print(f"    alert {alert['rule']} fires: {alert['annotations']['description']}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
