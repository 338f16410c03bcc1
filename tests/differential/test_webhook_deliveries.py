"""What a receiver of webhooks gets: the same changes on MLflow and on Fettle, each delivery compared byte for byte.

Ids and times of deliveries are each server's own; the signature is checked with the secret that both were given.
"""

import base64
import hashlib
import hmac
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

SECRET = "not a secret"
PATIENCE_SECONDS = 60
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
EVENTS = [
    ("REGISTERED_MODEL", ["CREATED"]),
    ("MODEL_VERSION", ["CREATED"]),
    ("MODEL_VERSION_TAG", ["SET", "DELETED"]),
    ("MODEL_VERSION_ALIAS", ["CREATED", "DELETED"]),
    ("PROMPT", ["CREATED"]),
    ("PROMPT_VERSION", ["CREATED"]),
    ("PROMPT_TAG", ["SET", "DELETED"]),
    ("PROMPT_VERSION_TAG", ["SET", "DELETED"]),
    ("PROMPT_ALIAS", ["CREATED", "DELETED"]),
]
IS_PROMPT = {"key": "mlflow.prompt.is_prompt", "value": "true"}
TEXT = {"key": "mlflow.prompt.text", "value": "Say {{x}} ü"}
MODEL, PROMPT = "deliveries-model", "deliveries-prompt"
# Changes that tell of themselves, and how many deliveries each makes.
CHANGES = [
    ("POST", "registered-models/create", {"name": MODEL, "description": "ü \"quoted\"", "tags": [{"key": "a", "value": "1"}]}),
    ("POST", "model-versions/create", {"name": MODEL, "source": "s3://bucket/m", "description": "first", "tags": [{"key": "b", "value": "2"}]}),
    ("POST", "model-versions/create", {"name": MODEL, "source": "s3://bucket/n", "run_id": "0" * 32}),
    ("POST", "model-versions/set-tag", {"name": MODEL, "version": "1", "key": "k", "value": "v ü"}),
    ("DELETE", "model-versions/delete-tag", {"name": MODEL, "version": "1", "key": "k"}),
    ("POST", "registered-models/alias", {"name": MODEL, "alias": "champion", "version": "1"}),
    ("DELETE", "registered-models/alias", {"name": MODEL, "alias": "champion"}),
    ("POST", "registered-models/create", {"name": PROMPT, "tags": [IS_PROMPT]}),
    ("POST", "registered-models/create", {"name": f"{PROMPT}-full", "description": "d", "tags": [IS_PROMPT, {"key": "team", "value": "red"}]}),
    ("POST", "model-versions/create", {"name": PROMPT, "source": "prompt-template", "tags": [IS_PROMPT, TEXT]}),
    ("POST", "model-versions/create", {"name": PROMPT, "source": "dummy-source", "description": "c", "tags": [IS_PROMPT, TEXT, {"key": "t", "value": "u"}]}),
    ("POST", "registered-models/set-tag", {"name": PROMPT, "key": "k", "value": "v"}),
    ("DELETE", "registered-models/delete-tag", {"name": PROMPT, "key": "k"}),
    ("POST", "model-versions/set-tag", {"name": PROMPT, "version": "1", "key": "k", "value": "v"}),
    ("DELETE", "model-versions/delete-tag", {"name": PROMPT, "version": "1", "key": "k"}),
    ("POST", "registered-models/alias", {"name": PROMPT, "alias": "live", "version": "1"}),
    ("DELETE", "registered-models/alias", {"name": PROMPT, "alias": "live"}),
    # What nobody listens to: tags of models, stages, updates.
    ("POST", "registered-models/set-tag", {"name": MODEL, "key": "k", "value": "v"}),
    ("PATCH", "model-versions/update", {"name": MODEL, "version": "1", "description": "new"}),
    ("POST", "model-versions/transition-stage", {"name": MODEL, "version": "1", "stage": "Staging", "archive_existing_versions": False}),
]
SILENT = 3


class Receiver:
    def __init__(self):
        received = self.received = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                received.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait(self, count):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(self.received) < count and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)  # for one too many
        self.server.shutdown()
        self.server.server_close()
        return sorted(map(comparable, self.received), key=repr)


def comparable(delivery):
    headers, body = delivery
    id, at = headers.pop("x-mlflow-delivery-id"), headers.pop("x-mlflow-timestamp")
    signed = f"{id}.{at}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    assert headers.pop("x-mlflow-signature") == expected
    assert UUID.fullmatch(id) and abs(time.time() - int(at)) < 2 * PATIENCE_SECONDS
    text = re.sub(r'("timestamp": ")[^"]+', r"\1<now>", body.decode())
    assert text != body.decode(), "a delivery says when it was made"
    # What says who sends and how is each server's own.
    own = {"host", "user-agent", "content-length", "accept", "accept-encoding", "connection"}
    return text, {name: value for name, value in headers.items() if name not in own}


@pytest.fixture(scope="module")
def deliveries(answers):
    found = {}

    def of(kind):
        if kind not in found:
            found[kind] = deliver(answers.running(kind).url)
        return found[kind]

    return of


def deliver(url):
    """Makes the changes, and answers with what was delivered."""
    receiver = Receiver()
    api = f"{url}/api/2.0/mlflow/"
    events = [{"entity": entity, "action": action} for entity, actions in EVENTS for action in actions]
    hook = {"name": "deliveries", "url": receiver.url, "secret": SECRET, "events": events}
    made = requests.post(api + "webhooks", json=hook, timeout=30)
    assert made.status_code == 200, made.text
    for method, path, body in CHANGES:
        done = requests.request(method, api + path, json=body, timeout=30)
        assert done.status_code == 200, f"{path}: {done.text}"
    delivered = receiver.wait(len(CHANGES) - SILENT)
    id = made.json()["webhook"]["webhook_id"]
    requests.delete(f"{api}webhooks/{id}", timeout=30)
    return delivered


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_receivers_get_the_same(deliveries, backend):
    mlflow, fettle = deliveries("mlflow"), deliveries(backend)
    assert [json.loads(text) for text, _ in fettle] == [json.loads(text) for text, _ in mlflow]
    assert fettle == mlflow
