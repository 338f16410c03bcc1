"""The commands that watch a model, as a user types them, and what they say against scipy and scikit-learn."""

import json
import os
import subprocess
import sys
import threading
import time
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import mlflow
import numpy
import pandas
import pytest
import requests
from mlflow.entities import Dataset, DatasetInput, InputTag
from mlflow.models import infer_signature
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score

from support import dashboard, database, server as servers
from support.endpoints import wait_for

ROWS = 600
MONITOR = """
name: churn
trigger: {type: cron, expression: "15 6 * * *", time_zone: Europe/Berlin}
create_monitor:
  monitoring_target: {ml_task: classification, endpoint_deployment_id: "azureml:churn:default", model_id: models:/churn/1}
  monitoring_signals:
    drift: {type: data_drift, features: [age, income]}
    quality: {type: data_quality}
    performance: {type: model_performance, metric_thresholds: {classification: {accuracy: 0.5}}}
  alert_notification: {receivers: [oncall], severity: 1}
"""
RULES = """
name: model-high-latency
condition: avg HttpResponseTime > 5000
scopes: [churn]
windowSize: PT5M
evaluationFrequency: PT1M
severity: 2
---
name: bad-requests
condition: total Requests > 2
endpoint: churn
dimensions: [{name: statusCodeClass, operator: Include, values: [4xx]}]
windowSize: PT1M
evaluationFrequency: 1s
actions: [oncall]
annotations: {summary: "{{ $value }} requests of {{ $labels.endpoint }} were refused"}
"""


class Receiver(BaseHTTPRequestHandler):
    messages = []

    def do_POST(self):
        self.messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/alerts"
    server.shutdown()


@pytest.fixture
def server(tmp_path):
    running = servers.tracking_server(tmp_path, database.backend_uri("sqlite", tmp_path))
    running.environment |= {"FETTLE_WEBHOOK_ALLOW_HTTP": "true", "FETTLE_WEBHOOK_ALLOWED_HOSTS": "127.0.0.1", "FETTLE_PYTHON": sys.executable}
    yield running.start()
    running.kill()


@pytest.fixture
def fettle(server, tmp_path):
    def run(*words, code=0):
        """What the command prints, or what it says when it fails as expected."""
        done = subprocess.run(
            [servers.binary(), *map(str, words)],
            capture_output=True, text=True, timeout=300, cwd=tmp_path, env={**os.environ, "MLFLOW_TRACKING_URI": server.url},
        )
        assert done.returncode == code, f"{words} ended with {done.returncode}: {done.stdout} {done.stderr}"
        return done.stdout if code == 0 else done.stderr

    return run


def people(seed, years_older=0.0):
    random = numpy.random.default_rng(seed)
    return pandas.DataFrame({"age": random.normal(40 + years_older, 10, ROWS).round(2), "income": random.lognormal(8, 0.5, ROWS).round(0)})


def leaves(table, seed):
    return (table["age"] + numpy.random.default_rng(seed).normal(0, 8, len(table)) > 42).astype(int)


def train(server):
    mlflow.set_tracking_uri(server.url)
    table = people(1)
    model = LogisticRegression(max_iter=1000).fit(table, leaves(table, 2))
    with mlflow.start_run():
        mlflow.sklearn.log_model(
            model, name="model", registered_model_name="churn", signature=infer_signature(table, model.predict(table)),
            serialization_format="skops", pip_requirements=["scikit-learn", "skops"],
        )
    return model, table


def now():
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


def ask(server, table, request_id):
    """One request of many rows; answers with the predictions and the window in which it was."""
    start = now()
    body = {"dataframe_split": {"columns": list(table.columns), "data": table.values.tolist()}}
    answer = requests.post(f"{server.url}/endpoints/churn/invocations", json=body, headers={"X-Request-ID": request_id}, timeout=60)
    assert answer.status_code == 200, answer.text
    time.sleep(0.002)
    return answer.json()["predictions"], ["--window-start", start, "--window-end", now()]


def found(run, signal, metric, feature=None):
    wanted = (signal, metric, feature)
    return next(each for each in run["results"] if (each["signal"], each["metric"], each["feature"]) == wanted)


def test_a_watched_model(server, receiver, fettle, tmp_path):
    model, table = train(server)
    table.assign(prediction=model.predict(table)).to_parquet(tmp_path / "train.parquet", index=False)
    (tmp_path / "monitor.yaml").write_text(MONITOR)
    (tmp_path / "rule.yaml").write_text(RULES)
    fettle("endpoint", "create", "churn", "-m", "models:/churn/1")
    assert "oncall" in fettle("monitor", "create", "-f", "monitor.yaml", code=1), "its receiver is missing"
    fettle("alert", "receiver", "create", "oncall", "--url", receiver)
    assert json.loads(fettle("alert", "receiver", "test", "oncall", "-o", "json"))["success"] is True

    monitor = json.loads(fettle("monitor", "create", "-f", "monitor.yaml", "-o", "json"))
    next_run = datetime.fromisoformat(monitor["next_run_at"])
    assert (next_run.hour, next_run.minute) in [(5, 15), (4, 15)], "06:15 in Berlin is 05:15 or, in summer, 04:15 of UTC"
    assert "already exists" in fettle("monitor", "create", "-f", "monitor.yaml", code=1)

    # Nothing to compare with is no green light.
    quiet = people(3)
    predictions, window = ask(server, quiet, "quiet")
    run = json.loads(fettle("monitor", "run", "churn", *window, "-o", "json"))["runs"][0]
    assert found(run, "drift", "coverage")["verdict"] == "insufficient_data"
    assert "baseline create" in found(run, "drift", "coverage")["detail"]["reason"]
    fettle("baseline", "create", "-m", "models:/churn/1", "--file", "train.parquet")

    run = json.loads(fettle("monitor", "run", "churn", *window, "--fail-on-alarm", "-o", "json"))["runs"][0]
    age = found(run, "drift", "normalized_wasserstein_distance", "age")
    assert age["value"] == pytest.approx(stats.wasserstein_distance(table["age"], quiet["age"]) / table["age"].std(ddof=0), rel=1e-9)
    assert age["verdict"] == "ok" and run["rows"] == ROWS
    assert 0 < age["detail"]["false_alarm_rate"] <= 0.025, "of two columns"
    assert 0.1 < age["detail"]["smallest_detectable_shift"]["value"] < 0.4
    assert found(run, "performance", "alarms")["verdict"] == "insufficient_data", "no labels yet"

    older = people(4, years_older=6)
    late, late_window = ask(server, older, "older")
    assert "raises an alarm" in fettle("monitor", "run", "churn", *late_window, "--fail-on-alarm", code=1)
    shown = json.loads(fettle("monitor", "show", "churn", "-o", "json"))
    p_values = [stats.ks_2samp(table[name], older[name]).pvalue for name in ("age", "income")]
    age = found(shown["last_run"], "drift", "normalized_wasserstein_distance", "age")
    assert age["verdict"] == "alarm"
    assert age["detail"]["significance"]["adjusted_p_value"] == pytest.approx(stats.false_discovery_control(p_values)[0], rel=1e-9)
    text = fettle("monitor", "show", "churn", "-o", "table")
    assert "normalized_wasserstein_distance" in text and "alarm" in text

    # The truth comes, in two parts, and changes the window that it is of.
    truth = leaves(older, 5)
    labels = pandas.DataFrame({"correlationid": "older", "row_index": range(ROWS), "label": truth})
    labels.to_parquet(tmp_path / "labels.parquet", index=False)
    uploaded = json.loads(fettle("ground-truth", "upload", "--endpoint", "churn", "labels.parquet", "-o", "json"))
    assert uploaded == {"rows": ROWS, "new": ROWS}
    again = json.loads(fettle("ground-truth", "upload", "--endpoint", "churn", "labels.parquet", "-o", "json"))
    assert again == {"rows": ROWS, "new": 0}, "the same again changes nothing"
    run = json.loads(fettle("monitor", "run", "churn", *late_window, "-o", "json"))["runs"][0]
    accuracy, f1 = found(run, "performance", "accuracy"), found(run, "performance", "f1_score")
    assert accuracy["value"] == pytest.approx(accuracy_score(truth, late), rel=1e-9)
    assert f1["value"] == pytest.approx(f1_score(truth, late), rel=1e-9)
    low, high = accuracy["detail"]["interval"]
    assert low < accuracy["value"] < high and accuracy["detail"]["label_coverage"] == 1 and accuracy["verdict"] == "ok"

    # Alerts: the monitor's own, and a rule over figures of operation.
    rules = json.loads(fettle("alert-rule", "create", "-f", "rule.yaml", "-o", "json"))["rules"]
    assert [rule["name"] for rule in rules] == ["model-high-latency", "bad-requests"]
    assert rules[0]["condition"] == "Average HttpResponseTime > 5000"
    for number in range(3):
        bad = requests.post(f"{server.url}/endpoints/churn/invocations", json={"rows": 1}, headers={"X-Request-ID": f"bad-{number}"}, timeout=60)
        assert bad.status_code == 400, bad.text

    def firing():
        return {alert["rule"]: alert for alert in json.loads(fettle("alert", "list", "--state", "firing", "-o", "json"))["alerts"]}

    wait_for(lambda: {"churn.drift", "bad-requests"} <= firing().keys(), "both alerts", 30)
    assert firing()["bad-requests"]["annotations"]["summary"] == "3 requests of churn were refused"
    assert firing()["bad-requests"]["labels"]["status_class"] == "4xx"
    assert "age" in firing()["churn.drift"]["annotations"]["description"]
    assert "model-high-latency" not in firing()
    assert "bad-requests" in fettle("alert", "list", "--state", "firing", "-o", "table")
    assert "inactive, pending, firing or resolved" in fettle("alert", "list", "--state", "burning", code=1)
    wait_for(lambda: {"churn.drift", "bad-requests"} <= {message["commonLabels"]["alertname"] for message in Receiver.messages}, "messages", 30)
    dashboard.check(requests.get(f"{server.url}/metrics", timeout=10).text)
    fettle("alert", "silence", "create", "-m", "endpoint=churn", "--duration", "2h", "--comment", "being mended")
    nightly = ["--schedule", "0 2 * * *", "--timezone", "Europe/Berlin", "--duration", "1h"]
    fettle("alert", "silence", "create", "-m", "severity=4", *nightly)
    silences = json.loads(fettle("alert", "silence", "list", "-o", "json"))["silences"]
    assert {each["silence"]["comment"]: each["active"] for each in silences}["being mended"] is True

    # What was captured is what was asked and answered.
    fettle("capture", "export", "--endpoint", "churn", "--since", "P7D", "-o", "out.parquet")
    captured = pandas.read_parquet(tmp_path / "out.parquet")
    rows = captured[captured["_correlationid"] == "older"].sort_values("_row_index")
    assert list(rows["age"]) == list(older["age"]) and list(rows["prediction"]) == late and len(captured) == 2 * ROWS
    assert list(captured[captured["_correlationid"] == "quiet"].sort_values("_row_index")["prediction"]) == predictions
    logged = json.loads(fettle("logs", "query", "--since", "1h", "--endpoint", "churn", "--status", "4xx", "--limit", "100", "-o", "json"))
    assert {request["correlation_id"] for request in logged["requests"]} == {"bad-0", "bad-1", "bad-2"}
    assert "bad-2" in fettle("logs", "query", "--correlation-id", "bad-2", "-o", "table")
    assert json.loads(fettle("logs", "query", "--endpoint", "churn", "--status", "5xx", "-o", "json"))["requests"] == []


def registered(name, table, tags=None, address=None, **source):
    """A version of a model that does not matter, of a run that was given a dataset and has its rows as an artifact."""
    with mlflow.start_run(tags=tags) as run:
        mlflow.log_text(table.to_csv(index=False), "sets/train.csv")
        if address:
            dataset = Dataset(name="people", digest="1", source_type="artifact", source=json.dumps({"uri": address}))
            mlflow.MlflowClient().log_inputs(run.info.run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])])
        else:
            mlflow.log_input(mlflow.data.from_pandas(table, name=name, **source), context="training")
        mlflow.log_text("flavors: {}", "model/MLmodel")
    return mlflow.register_model(f"runs:/{run.info.run_id}/model", name)


def test_registered_versions_have_baselines(server, fettle, tmp_path):
    mlflow.set_tracking_uri(server.url)
    table = people(1)

    def baseline(version):
        """The version's one baseline, once nothing is to be waited for."""
        def settled():
            listed = json.loads(fettle("baseline", "list", "-m", f"models:/{version.name}/{version.version}", "-o", "json"))["baselines"]
            return listed[0] if [each["state"] for each in listed] in (["ready"], ["failed"]) else None

        wait_for(settled, "the baseline", 30)
        return settled()

    of_file = baseline(registered("by-tag", table, {"fettle.baseline": "sets/train.csv"}))
    assert (of_file["state"], of_file["rows"]) == ("ready", ROWS)
    shown = json.loads(fettle("baseline", "show", of_file["id"], "-o", "json"))
    assert {column["name"] for column in shown["columns"]} == {"age", "income"}

    with mlflow.start_run() as run:
        mlflow.log_text(table[:300].to_csv(index=False), "train.csv")
    in_store = baseline(registered("by-dataset", table, address=f"{run.info.artifact_uri}/train.csv"))
    assert (in_store["state"], in_store["rows"]) == ("ready", 300)
    assert in_store["source"] == f"training dataset {run.info.artifact_uri}/train.csv"

    # What this server does not read is said, and the registration does not mind.
    table.to_csv(tmp_path / "private.csv", index=False)
    private = baseline(registered("by-path", table, source=str(tmp_path / "private.csv")))
    assert private["state"] == "failed" and "not kept by this server" in private["reason"]
    script = baseline(registered("by-script", table))
    assert script["state"] == "failed" and "fettle baseline create --file" in script["reason"]
    assert "does not say where its rows lie" in fettle("baseline", "list", "-o", "table")


def test_two_files_compared(fettle, tmp_path):
    before, after = people(1).assign(plan="basic"), people(4, years_older=6).assign(plan="basic")
    after.loc[:200, "plan"] = "premium"
    before.to_parquet(tmp_path / "before.parquet", index=False)
    after.to_csv(tmp_path / "after.csv", index=False)

    drift = json.loads(fettle("drift", "compare", "before.parquet", "after.csv", "--html", "report.html", "-o", "json"))["drift"]
    columns = {column["column"]: column for column in drift["columns"]}
    assert {name: column["state"] for name, column in columns.items()} == {"age": "drift", "income": "no_drift", "plan": "drift"}
    assert columns["age"]["significance"]["p_value"] == pytest.approx(stats.ks_2samp(before["age"], after["age"]).pvalue, rel=1e-9)
    assert 0 < drift["false_alarm_rate"] <= 0.05
    page = (tmp_path / "report.html").read_text()
    assert page.startswith("<!doctype html>") and "Drift" in page and "age" in page and "<script" not in page
    assert page.count("http://") + page.count("https://") == 0, "it needs nothing from elsewhere"

    evidently = json.loads(fettle("drift", "compare", "before.parquet", "after.csv", "--profile", "evidently", "-o", "json"))["drift"]
    income = next(column for column in evidently["columns"] if column["column"] == "income")
    assert income["effect"]["metric"] == "two_sample_kolmogorov_smirnov_test"
    assert income["effect"]["value"] == pytest.approx(stats.ks_2samp(before["income"], after["income"]).pvalue, rel=1e-9)
    assert evidently["drifted"] is True, "two of three columns have"

    table = fettle("drift", "compare", "before.parquet", "after.csv", "--columns", "age", "-o", "table")
    assert "age" in table and "drift" in table and "income" not in table
    assert "have drifted" in fettle("drift", "compare", "before.parquet", "after.csv", "--fail-on-drift", code=1)
    few = people(1)[:50]
    few.to_parquet(tmp_path / "few.parquet", index=False)
    small = json.loads(fettle("drift", "compare", "before.parquet", "few.parquet", "-o", "json"))["drift"]
    assert {column["state"] for column in small["columns"]} == {"insufficient_data"} and small["missing_columns"] == ["plan"]
    assert "none.parquet" in fettle("drift", "compare", "none.parquet", "after.csv", code=1)
    assert "salary" in fettle("drift", "compare", "before.parquet", "after.csv", "--columns", "salary", code=1)


def test_what_is_wrong_is_said(fettle, tmp_path):
    wrong = tmp_path / "wrong.yaml"
    for text, part in [
        (MONITOR.replace("Europe/Berlin", "Europe/Nowhere"), "Europe/Nowhere"),
        (MONITOR.replace("15 6 * * *", "15 25 * * *"), "expression"),
        (MONITOR.replace("data_drift, features", "data_drift, feature"), "feature"),
        (MONITOR.replace("accuracy: 0.5", "charm: 0.5"), "charm"),
        ("name: [", "wrong.yaml"),
    ]:
        wrong.write_text(text)
        assert part in fettle("monitor", "create", "-f", "wrong.yaml", code=1), text
    # The first of a file is not made when the second is refused.
    wrong.write_text(f"{MONITOR.replace('receivers: [oncall], ', '')}---\n{MONITOR.replace('name: churn', 'name: unheard')}")
    assert "oncall" in fettle("monitor", "create", "-f", "wrong.yaml", code=1)
    assert json.loads(fettle("monitor", "list", "-o", "json"))["monitors"] == []
    for text, part in [
        (RULES.replace("5000", "fast"), "fast"),
        (RULES.replace("4xx", "7xx"), "7xx"),
        (RULES.replace("Include", "Contains"), "Include or Exclude"),
        (RULES.replace("severity: 2", "severity: 9"), "severity"),
    ]:
        wrong.write_text(text)
        assert part in fettle("alert-rule", "create", "--replace", "-f", "wrong.yaml", code=1), text
    assert json.loads(fettle("alert-rule", "list", "-o", "json"))["rules"] == []
    assert "none" in fettle("monitor", "run", "none", code=1)
    assert "none" in fettle("monitor", "show", "none", code=1)
    assert "none.yaml" in fettle("alert-rule", "create", "-f", "none.yaml", code=1)
    (tmp_path / "labels.csv").write_text("id,label\na,1\n")
    assert "correlationid" in fettle("ground-truth", "upload", "--endpoint", "churn", "labels.csv", code=1)
    assert "since" in fettle("logs", "query", "--since", "yesterday", code=1)
    assert "status" in fettle("logs", "query", "--status", "bad", code=1)
