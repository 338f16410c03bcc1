"""Webhooks: kept by the server, and delivered to a receiver that checks the signature.

That they outlive a kill is shown in `durability/test_webhooks.py`, which addresses are refused in the tests of the server.
"""

import base64
import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

from .support import client, equal, fresh, new_experiment, refused

SINCE = "3.6"
SECRET = "not a secret"


class Receiver:
    """Listens on a port of its own and remembers what was delivered."""

    def __init__(self):
        received = self.received = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                received.append((self.headers, self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"thanks")

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait(self, count):
        deadline = time.monotonic() + 20
        while len(self.received) < count and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(self.received) >= count, f"{len(self.received)} of {count} deliveries came"
        return [json.loads(body) for _, body in self.received]


def verify_signature(headers, body):
    signed = f"{headers['X-MLflow-Delivery-Id']}.{headers['X-MLflow-Timestamp']}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    equal("signature", headers["X-MLflow-Signature"], expected)
    assert abs(time.time() - int(headers["X-MLflow-Timestamp"])) < 60, headers


def check_life_cycle():
    name = fresh("hook")
    made = client().create_webhook(name, "https://1.1.1.1/hook", ["registered_model.created"], description="words", secret="s")
    found = client().get_webhook(made.webhook_id)
    equal("fields", (found.name, found.url, found.description), (name, "https://1.1.1.1/hook", "words"))
    equal("events", [str(event) for event in found.events], ["registered_model.created"])
    equal("status", found.status.value, "ACTIVE")
    equal("the secret is not told", found.secret, None)
    events = ["model_version.created", "model_version_tag.set"]
    client().update_webhook(made.webhook_id, name=f"{name}-2", events=events, status="DISABLED", url="https://1.1.1.1/other")
    found = client().get_webhook(made.webhook_id)
    equal("changed", (found.name, found.status.value, found.url), (f"{name}-2", "DISABLED", "https://1.1.1.1/other"))
    equal("events", sorted(str(event) for event in found.events), events)
    equal("kept", found.description, "words")
    ids, token = [], None
    while True:
        page = client().list_webhooks(max_results=2, page_token=token)
        ids += [webhook.webhook_id for webhook in page]
        token = page.token
        if not token:
            break
    assert made.webhook_id in ids, ids
    client().delete_webhook(made.webhook_id)
    refused("deleted", "RESOURCE_DOES_NOT_EXIST", lambda: client().get_webhook(made.webhook_id))


def check_refusals():
    for what, arguments in {
        "name": (" bad name ", "https://1.1.1.1/", ["registered_model.created"]),
        "scheme": (fresh("hook"), "ftp://1.1.1.1/", ["registered_model.created"]),
        "no events": (fresh("hook"), "https://1.1.1.1/", []),
    }.items():
        refused(what, "INVALID_PARAMETER_VALUE", lambda given=arguments: client().create_webhook(*given))


def check_delivery():
    receiver = Receiver()
    events = ["registered_model.created", "model_version.created", "model_version_tag.set", "model_version_alias.created"]
    made = client().create_webhook(fresh("hook"), receiver.url, events, secret=SECRET)
    try:
        name = fresh("watched")
        client().create_registered_model(name, tags={"team": "red"}, description="words")
        run = client().create_run(new_experiment("watched"))
        client().create_model_version(name, f"{run.info.artifact_uri}/model", run.info.run_id)
        client().set_model_version_tag(name, "1", "checked", "yes")
        client().set_registered_model_alias(name, "live", "1")
        sent = [event for event in receiver.wait(4) if event["data"]["name"] == name]
        kinds = sorted((event["entity"], event["action"]) for event in sent)
        equal("events", kinds, [tuple(event.split(".")) for event in sorted(events)])
        data = {event["entity"]: event["data"] for event in sent}
        equal("model", data["registered_model"], {"name": name, "tags": {"team": "red"}, "description": "words"})
        equal("tag", data["model_version_tag"], {"name": name, "version": "1", "key": "checked", "value": "yes"})
        equal("alias", data["model_version_alias"], {"name": name, "alias": "live", "version": "1"})
        for headers, body in receiver.received:
            verify_signature(headers, body)
    finally:
        client().delete_webhook(made.webhook_id)


def check_test_call():
    receiver = Receiver()
    made = client().create_webhook(fresh("hook"), receiver.url, ["registered_model.created"], secret=SECRET)
    try:
        result = client().test_webhook(made.webhook_id)
        equal("result", (result.success, result.response_status, result.response_body), (True, 200, "thanks"))
        (event,) = receiver.wait(1)
        equal("event", (event["entity"], event["action"]), ("registered_model", "created"))
        verify_signature(*receiver.received[0])
    finally:
        client().delete_webhook(made.webhook_id)
