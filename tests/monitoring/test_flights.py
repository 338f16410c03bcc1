"""A year of flights through a live endpoint whose model knows the winter only.

What Fettle finds in each month is held against scipy and scikit-learn on the same rows; the alerts that follow arrive at
a real HTTP receiver and a real mail server, and end when the winter is back.
"""

import email
import json
import subprocess
import sys
import threading
import time
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import mlflow
import numpy
import pandas
import pytest
import requests
from aiosmtpd.controller import Controller
from mlflow.models import infer_signature
from scipy import stats
from scipy.spatial.distance import jensenshannon
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score, roc_auc_score

from support import server as servers
from support.process import free_port

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "demo"))
import flights  # noqa: E402

ROWS_A_MONTH = 2500
ROWS_A_REQUEST = 500
REFERENCE_ROWS = 8000
AUC_DROP = 0.03
PATIENCE_SECONDS = 30


class Receiver(ThreadingHTTPServer):
    """An Alertmanager-compatible receiver."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/alerts"
        self.messages = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Mailbox:
    """What a mail server has taken."""

    def __init__(self):
        self.mails = []

    async def handle_DATA(self, _server, _session, envelope):
        self.mails.append(email.message_from_bytes(envelope.content))
        return "250 taken"


@pytest.fixture
def mailbox():
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    box.port = controller.port
    yield box
    controller.stop()


@pytest.fixture
def watched(tmp_path, mailbox):
    """A server that may tell this machine of alerts."""
    running = servers.tracking_server(tmp_path, f"sqlite:///{tmp_path / 'fettle.db'}")
    running.environment |= {
        "FETTLE_WEBHOOK_ALLOW_HTTP": "true",
        "FETTLE_WEBHOOK_ALLOWED_HOSTS": "127.0.0.1",
        "FETTLE_SMTP_URL": f"smtp://127.0.0.1:{mailbox.port}",
        "FETTLE_SMTP_FROM": "Fettle <fettle@example.org>",
        "FETTLE_CAPTURE_FOLDER": str(tmp_path / "capture"),
        "FETTLE_CAPTURE_ROLL": "2",
        "FETTLE_PYTHON": sys.executable,
    }
    yield running.start()
    running.kill()


def fettle(server, *arguments):
    command = [servers.binary(), *map(str, arguments), "--tracking-uri", server.url, "-o", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return json.loads(done.stdout)


def until(what, condition):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what} did not happen in {PATIENCE_SECONDS} s")


def now():
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


def train(server):
    """A forest that has seen January to March, registered."""
    mlflow.set_tracking_uri(server.url)
    winter = flights.load(1, 3)
    rates = flights.LateRates(winter)
    features = rates.features(winter)
    forest = RandomForestClassifier(25, max_depth=10, min_samples_leaf=20, random_state=7, n_jobs=2)
    sample = features.sample(25_000, random_state=1).index
    forest.fit(features.loc[sample], winter.loc[sample, "late"])
    forest.set_params(n_jobs=1)
    with mlflow.start_run():
        example = features[:5]
        mlflow.sklearn.log_model(
            forest,
            name="model",
            registered_model_name="flight-delay",
            signature=infer_signature(example, forest.predict_proba(example)),
            input_example=example,
            pyfunc_predict_fn="predict_proba",
            serialization_format="skops",
            skops_trusted_types=["sklearn.tree._tree.Tree"],
            pip_requirements=["scikit-learn", "skops"],
        )
    unseen = features.drop(sample)
    auc = roc_auc_score(winter.loc[unseen.index, "late"], forest.predict_proba(unseen)[:, 1])
    return rates, unseen.sample(REFERENCE_ROWS, random_state=2), auc


def replay(server, features, late, name):
    """Sends the rows, then the truth; answers with the window and the probabilities that came back."""
    start, predicted, labels = now(), [], []
    url = f"{server.url}/endpoints/flight-delay/invocations"
    for number, begin in enumerate(range(0, len(features), ROWS_A_REQUEST)):
        rows = features[begin : begin + ROWS_A_REQUEST]
        body = {"dataframe_split": {"columns": list(rows.columns), "data": rows.values.tolist()}}
        request_id = f"{name}-{number}"
        answer = requests.post(url, json=body, headers={"X-Request-ID": request_id}, timeout=60)
        assert answer.status_code == 200 and answer.headers["x-request-id"] == request_id, answer.text
        predicted += [row[1] for row in answer.json()["predictions"]]
        for index, truth in enumerate(late[begin : begin + ROWS_A_REQUEST]):
            labels.append({"correlationid": request_id, "row_index": index, "label": bool(truth)})
    time.sleep(0.002)
    return (start, now()), predicted, labels


def offline(reference, current):
    """Each column's effect and adjusted p-value, with scipy."""
    effects, p_values = {}, {}
    for column in reference.columns:
        before, after = reference[column], current[column]
        if before.nunique() > 20:
            p_values[column] = stats.ks_2samp(before, after, method="asymp").pvalue
            effects[column] = stats.wasserstein_distance(before, after) / before.std(ddof=0)
        else:
            levels = sorted(set(before) | set(after))
            counts = numpy.array([[(side == level).sum() for level in levels] for side in (before, after)])
            p_values[column] = stats.chi2_contingency(counts, correction=False).pvalue
            effects[column] = jensenshannon(counts[0], counts[1], base=2)
    adjusted = dict(zip(p_values, stats.false_discovery_control(list(p_values.values()))))
    return {column: (effects[column], adjusted[column]) for column in reference.columns}


def check_drift(results, expected, month):
    """The same columns have drifted; those on the edge may fall either way."""
    found = {result["feature"]: result for result in results if result["feature"]}
    assert set(found) == set(expected), month
    for column, (effect, p_value) in expected.items():
        result = found[column]
        assert result["value"] == pytest.approx(effect, rel=1e-6, abs=1e-9), (month, column)
        edge = abs(effect - 0.1) < 0.002 or 0.03 < p_value < 0.07
        drifted = effect >= 0.1 and p_value <= 0.05
        assert edge or (result["verdict"] == "alarm") == drifted, (month, column, effect, p_value, result)


def auc_upper_bound(late, predicted):
    """The 97.5th percentile of the bootstrap."""
    late, predicted = numpy.asarray(late), numpy.asarray(predicted)
    random = numpy.random.default_rng(5)
    draws = []
    for _ in range(150):
        drawn = random.integers(0, len(late), len(late))
        draws.append(roc_auc_score(late[drawn], predicted[drawn]))
    return numpy.percentile(draws, 97.5)


def test_a_year_of_flights(watched, mailbox, tmp_path):
    receiver = Receiver()
    rates, reference, auc = train(watched)
    fettle(watched, "endpoint", "create", "flight-delay", "-m", "models:/flight-delay/1")
    reference_file = tmp_path / "reference.parquet"
    reference.to_parquet(reference_file, index=False)
    fettle(watched, "baseline", "create", "-m", "models:/flight-delay/1", "--file", reference_file)
    fettle(watched, "alert", "receiver", "create", "oncall", "--url", receiver.url)
    fettle(watched, "alert", "receiver", "create", "mail", "--email", "oncall@example.org")
    monitor = tmp_path / "monitor.yaml"
    monitor.write_text(
        f"""
name: flights
trigger: {{type: recurrence, frequency: month, interval: 1}}
create_monitor:
  monitoring_target:
    ml_task: classification
    endpoint_deployment_id: azureml:flight-delay:default
    model_id: models:/flight-delay/1
  monitoring_signals:
    drift:
      type: data_drift
      production_data: {{data_window: {{lookback_window_size: P30D}}}}
    performance:
      type: model_performance
      production_data: {{data_window: {{lookback_window_size: P30D}}}}
      metric_thresholds: {{classification: {{roc_auc: {auc - AUC_DROP:.6f}}}}}
    quality:
      type: data_quality
      production_data: {{data_window: {{lookback_window_size: P30D}}}}
      alert_enabled: false
  alert_notification:
    receivers: [oncall, mail]
"""
    )
    fettle(watched, "monitor", "create", "-f", monitor)

    months = [(f"2013-{month:02}", flights.load(month, month)) for month in range(1, 13)]
    drifted, decayed = [], []
    for name, table in months:
        table = table.sample(ROWS_A_MONTH, random_state=3)
        features, late = rates.features(table), table["late"].to_numpy()
        window, predicted, labels = replay(watched, features, late, name)
        truth = tmp_path / f"{name}.parquet"
        pandas.DataFrame(labels).to_parquet(truth, index=False)
        # In April the truth comes late.
        is_late = name == "2013-04"
        if not is_late:
            fettle(watched, "ground-truth", "upload", "--endpoint", "flight-delay", truth)
        run = fettle(watched, "monitor", "run", "flights", "--window-start", window[0], "--window-end", window[1])["runs"][0]
        if is_late:
            by_metric = {result["metric"]: result for result in run["results"] if result["signal"] == "performance"}
            assert by_metric["label_coverage"]["value"] == 0 and by_metric["alarms"]["verdict"] == "insufficient_data"
            fettle(watched, "ground-truth", "upload", "--endpoint", "flight-delay", truth)
            base = f"{watched.url}/api/fettle/v1/monitors/flights/runs"

            def again():
                runs = requests.get(base, timeout=10).json()["runs"]
                looks = (look for look in runs if look["cause"] == "labels" and look["state"] == "succeeded")
                return next((look for look in looks if look["window_end"] == run["window_end"]), None)

            newest = until("the window's second look", again)
            run = requests.get(f"{base}/{newest['id']}", timeout=10).json()
        results = {signal: [result for result in run["results"] if result["signal"] == signal] for signal in ("drift", "performance")}
        assert run["rows"] == ROWS_A_MONTH, name

        check_drift(results["drift"], offline(reference, features), name)
        scores = {result["metric"]: result for result in results["performance"]}
        assert scores["label_coverage"]["value"] == 1, name
        assert scores["roc_auc"]["value"] == pytest.approx(roc_auc_score(late, predicted), rel=1e-9), name
        assert scores["accuracy"]["value"] == pytest.approx(accuracy_score(late, numpy.array(predicted) >= 0.5), rel=1e-9)
        bound = auc_upper_bound(late, predicted)
        edge = abs(bound - (auc - AUC_DROP)) < 0.01
        assert edge or (scores["roc_auc"]["verdict"] == "alarm") == (bound < auc - AUC_DROP), (name, bound, scores["roc_auc"])
        drifted += [name] * any(result["verdict"] == "alarm" for result in results["drift"])
        decayed += [name] * (scores["roc_auc"]["verdict"] == "alarm")

    assert {"2013-06", "2013-07", "2013-08"} <= set(drifted), "summer is not winter"
    assert decayed, "the winter's model is worse in some month"

    # The alert fires, and both receivers hear of it.
    def heard(status):
        names = [message["commonLabels"]["alertname"] for message in receiver.messages if message["status"] == status]
        mails = [mail["Subject"] for mail in mailbox.mails if mail["X-Fettle-Status"] == status]
        return "flights.drift" in names and any("flights.drift" in subject for subject in mails)

    until("the alarm", lambda: heard("firing"))
    firing = next(message for message in receiver.messages if message["status"] == "firing")
    assert firing["version"] == "4" and firing["alerts"][0]["labels"]["endpoint"] == "flight-delay"
    assert "changed" in firing["alerts"][0]["annotations"]["description"]

    # The winter comes back, with rows like those of the reference.
    winter = flights.load(1, 3).sample(ROWS_A_MONTH, random_state=11)
    window, _, labels = replay(watched, rates.features(winter), winter["late"].to_numpy(), "2014-winter")
    pandas.DataFrame(labels).to_parquet(truth, index=False)
    fettle(watched, "ground-truth", "upload", "--endpoint", "flight-delay", truth)
    fettle(watched, "monitor", "run", "flights", "--window-start", window[0], "--window-end", window[1])
    until("the end of the alarm", lambda: heard("resolved"))
    states = {alert["rule"]: alert["state"] for alert in fettle(watched, "alert", "list")["alerts"]}
    assert states["flights.drift"] == "resolved", states

    # What was captured is found and exported.
    logs = fettle(watched, "logs", "query", "--since", "1h", "--endpoint", "flight-delay", "--status", "success", "--limit", "1000")
    assert len(logs["requests"]) == 13 * ROWS_A_MONTH // ROWS_A_REQUEST
    exported = tmp_path / "out.parquet"
    command = [servers.binary(), "capture", "export", "--endpoint", "flight-delay", "--since", "1h", "-o", exported, "--tracking-uri", watched.url]
    subprocess.run(command, check=True, timeout=60)
    captured = pandas.read_parquet(exported)
    assert len(captured) == 13 * ROWS_A_MONTH and {"temp", "prediction_1", "_correlationid"} <= set(captured.columns)
    metrics = requests.get(f"{watched.url}/metrics", timeout=10).text
    assert 'fettle_signal_value{monitor="flights",signal="drift"' in metrics and "fettle_capture_dropped_total 0" in metrics
