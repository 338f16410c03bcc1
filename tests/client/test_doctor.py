"""Traces that a collector swallows: what the real client does, and what `fettle doctor` says about it."""

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from support import clients, database, server as servers

pytestmark = pytest.mark.skipif(servers.TARGET == "mlflow", reason="the doctor is Fettle's")

TRACE_SOMETHING = """
import mlflow
mlflow.set_experiment({experiment!r})
with mlflow.start_span("question") as span:
    span.set_inputs({{"text": "hello"}})
mlflow.flush_trace_async_logging()
"""

# Variables beside the collector's, whether the traces reach collector and tracking server, and the doctor's verdict.
CASES = {
    "collision": ({}, (True, False), "problem"),
    "off": ({"MLFLOW_ENABLE_OTLP_EXPORTER": "false"}, (False, True), "ok"),
    "both": ({"MLFLOW_TRACE_ENABLE_OTLP_DUAL_EXPORT": "true"}, (True, True), "ok"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("doctor")
    running = servers.tracking_server(folder, database.backend_uri("sqlite", folder)).start()
    yield running
    running.stop()


@pytest.fixture
def collector():
    """Its address, and the paths that were posted to it."""
    posted = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            posted.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listening.server_port}", posted
    listening.shutdown()


def doctor(environment, folder):
    done = subprocess.run([servers.binary(), "doctor", "-o", "json"], cwd=folder, env=environment, capture_output=True, text=True)
    findings = {finding["check"]: finding for finding in json.loads(done.stdout)["findings"]}
    return done.returncode, findings["traces"]


@pytest.mark.parametrize("case", CASES)
def test_the_doctor_knows_where_traces_go(server, collector, case, tmp_path):
    address, posted = collector
    variables, (to_collector, to_server), verdict = CASES[case]
    variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": address, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf", **variables}
    program = TRACE_SOMETHING.format(experiment=case)
    clients.run([sys.executable, "-c", program], server.url, tmp_path, **variables)

    import mlflow

    client = mlflow.MlflowClient(server.url)
    experiment = client.get_experiment_by_name(case)
    # A client that only knows the collector does not even have to make the experiment here.
    traces = client.search_traces(locations=[experiment.experiment_id]) if experiment else []
    # The collector gets the client's metrics in any case; `MLFLOW_ENABLE_OTLP_EXPORTER` is for traces alone.
    assert ("/v1/traces" in posted, bool(traces)) == (to_collector, to_server), posted

    status, finding = doctor({**clients.environment(server.url), **variables}, tmp_path)
    assert (status, finding["state"]) == (1 if verdict == "problem" else 0, verdict)
    if verdict == "problem":
        assert address in finding["message"]
        assert "export MLFLOW_ENABLE_OTLP_EXPORTER=false" in finding["fix"]
        assert "export MLFLOW_TRACE_ENABLE_OTLP_DUAL_EXPORT=true" in finding["fix"]
