"""Send the flights of April, which the model has never seen, through its endpoint, and log how well it did.

usage: python score.py http://HOST:PORT/endpoints/NAME/invocations
"""

import sys
import time

import mlflow
import requests
from sklearn.metrics import roc_auc_score

from flights import LateRates, load

MODEL = "flight-delay"
ROWS_PER_REQUEST = 500
REPORT_EVERY = 10_000
ATTEMPTS_SECONDS = 120


def probabilities(session, endpoint, rows):
    """Ask the endpoint; while it starts it answers 503, and waiting is right."""
    body = {"dataframe_split": {"columns": list(rows.columns), "data": rows.values.tolist()}}
    deadline = time.monotonic() + ATTEMPTS_SECONDS
    while True:
        answer = session.post(endpoint, json=body, timeout=60)
        if answer.status_code != 503 or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    if answer.status_code != 200:
        raise SystemExit(f"{endpoint} answered {answer.status_code}: {answer.text[:500]}")
    return [late for _, late in answer.json()["predictions"]]


def main(endpoint):
    client = mlflow.MlflowClient()
    champion = client.get_model_version_by_alias(MODEL, "champion")
    rates = LateRates.from_dict(mlflow.artifacts.load_dict(f"runs:/{champion.run_id}/late_rates.json"))
    april = load(4, 4).sort_values("time_hour")
    features, late = rates.features(april), april["late"].to_numpy()
    predicted = []

    mlflow.set_experiment("flight-delays")
    with mlflow.start_run(run_name="april through the endpoint") as run, requests.Session() as session:
        mlflow.set_tags({"model": MODEL, "version": champion.version, "endpoint": endpoint})
        mlflow.log_params({"month": 4, "rows_per_request": ROWS_PER_REQUEST})
        probabilities(session, endpoint, features[:1])  # wait until it answers, outside of what is timed
        spent = 0.0
        for start in range(0, len(features), ROWS_PER_REQUEST):
            rows = features[start : start + ROWS_PER_REQUEST]
            asked = time.monotonic()
            predicted += probabilities(session, endpoint, rows)
            spent += time.monotonic() - asked
            done = len(predicted)
            if done // REPORT_EVERY > start // REPORT_EVERY or done == len(features):
                so_far = {"auc_so_far": roc_auc_score(late[:done], predicted), "rows_per_second": done / spent}
                mlflow.log_metrics(so_far, step=done)
                print(f"    {done:6,} of {len(features):,} flights: {done / spent:,.0f} rows/s", flush=True)
        auc = roc_auc_score(late, predicted)
        mlflow.log_metrics({"april_auc": auc, "april_rows": len(predicted), "april_late_share": late.mean()})

    print(f"    {len(predicted):,} predictions in {spent:.1f} s ({len(predicted) / spent:,.0f} rows/s)", flush=True)
    print(f"    AUC on April: {auc:.4f} (run {run.info.run_id})", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
