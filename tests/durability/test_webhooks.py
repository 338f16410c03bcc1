"""`kill -9` between a change and its webhook: every acknowledged change is told, with a signature that mlflow accepts."""

import collections
import hmac
import itertools
import json
import random
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from mlflow.webhooks import WEBHOOK_SIGNATURE_HEADER
from mlflow.webhooks.constants import WEBHOOK_DELIVERY_ID_HEADER, WEBHOOK_TIMESTAMP_HEADER
from mlflow.webhooks.delivery import _generate_hmac_signature

from support import database, server as servers
from support.rest import Api

ROUNDS = 3
SECRET = "hunter2"
TOLD_WITHIN_SECONDS = 90


class Receiver(ThreadingHTTPServer):
    """Another system. It verifies as MLflow's documentation says, and fails every fourth time."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/hook"
        self.names = {}
        self.times = collections.Counter()
        self.bad_signatures = []
        self.count = itertools.count()
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        delivery_id = self.headers[WEBHOOK_DELIVERY_ID_HEADER]
        expected = _generate_hmac_signature(SECRET, delivery_id, self.headers[WEBHOOK_TIMESTAMP_HEADER], body)
        if not hmac.compare_digest(expected, self.headers[WEBHOOK_SIGNATURE_HEADER]):
            self.server.bad_signatures.append(body)
        answer = 200
        if next(self.server.count) % 4 == 3:
            answer = 503
        else:
            name = json.loads(body)["data"]["name"]
            self.server.names.setdefault(name, set()).add(delivery_id)
            self.server.times[name] += 1
        self.send_response(answer)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def new_server(folder, backend_uri):
    """A server that may send to this machine and gives its receivers little time, so that leases end soon."""
    running = servers.tracking_server(folder, backend_uri)
    running.environment |= {
        "FETTLE_WEBHOOK_ALLOW_HTTP": "true",
        "FETTLE_WEBHOOK_ALLOWED_HOSTS": "127.0.0.1",
        "FETTLE_SECRET_KEY": servers.SECRET_KEY,
        "MLFLOW_WEBHOOK_REQUEST_TIMEOUT": "2",
        # The same for the real MLflow, whose webhooks do not survive this.
        "MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http,https",
        "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true",
    }
    return running


@pytest.fixture
def telling_server(backend, tmp_path):
    running = new_server(tmp_path, database.backend_uri(backend, tmp_path))
    yield running.start()
    running.kill()


@pytest.fixture
def replicas(tmp_path):
    """Two processes on one database, which only PostgreSQL has."""
    backend_uri = database.backend_uri("postgresql", tmp_path)
    running = []
    for name in ("one", "other"):
        folder = tmp_path / name
        folder.mkdir()
        running.append(new_server(folder, backend_uri).start())
    yield running
    for server in running:
        server.kill()


def test_every_acknowledged_change_is_told(telling_server):
    receiver = Receiver()
    event = {"entity": "REGISTERED_MODEL", "action": "CREATED"}
    Api(telling_server.url).ask("webhooks", {"name": "w", "url": receiver.url, "events": [event], "secret": SECRET})
    acknowledged = []

    def write(round_number):
        api = Api(telling_server.url)
        try:
            for turn in itertools.count():
                name = f"model-{round_number}-{turn}"
                api.ask("registered-models/create", {"name": name})
                acknowledged.append(name)
        except requests.RequestException:
            pass  # the server is gone, as it should be

    for round_number in range(ROUNDS):
        writer = threading.Thread(target=write, args=(round_number,))
        writer.start()
        time.sleep(0.5 + random.random())
        telling_server.kill()
        writer.join()
        telling_server.start()
    assert len(acknowledged) > 30, "the writer hardly wrote"
    deadline = time.monotonic() + TOLD_WITHIN_SECONDS
    while set(acknowledged) - receiver.names.keys() and time.monotonic() < deadline:
        time.sleep(0.1)
    missing = set(acknowledged) - receiver.names.keys()
    assert not missing, f"{len(missing)} of {len(acknowledged)} changes were never told, such as {min(missing)}"
    assert all(len(ids) == 1 for ids in receiver.names.values()), "a delivery has one id, however often it is sent"
    assert not receiver.bad_signatures


def test_replicas_share_one_outbox(replicas):
    """Both send what either was told, each message by one of them; what a dead one was sending the other sends."""
    receiver = Receiver()
    event = {"entity": "REGISTERED_MODEL", "action": "CREATED"}
    Api(replicas[0].url).ask("webhooks", {"name": "w", "url": receiver.url, "events": [event], "secret": SECRET})

    def write(first):
        apis = [Api(server.url) for server in replicas if server.alive()]
        names = [f"model-{number}" for number in range(first, first + 40)]
        for number, name in enumerate(names):
            apis[number % len(apis)].ask("registered-models/create", {"name": name})
        return names

    def wait_for(names):
        deadline = time.monotonic() + TOLD_WITHIN_SECONDS
        while set(names) - receiver.names.keys() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not set(names) - receiver.names.keys()

    quiet = write(0)
    wait_for(quiet)
    told_twice = [name for name in quiet if receiver.times[name] > 1]
    assert not told_twice, f"both servers sent {told_twice}"
    wait_for_all = write(40)
    replicas[0].kill()
    wait_for(wait_for_all + write(80))
    assert all(len(ids) == 1 for ids in receiver.names.values()) and not receiver.bad_signatures


def test_a_receiver_that_was_away_is_told_later(telling_server):
    """The first attempt finds nobody, the server dies, and the next one finds the receiver."""
    receiver = Receiver()
    address = receiver.server_address
    receiver.shutdown()
    receiver.server_close()
    event = {"entity": "REGISTERED_MODEL", "action": "CREATED"}
    api = Api(telling_server.url)
    webhook = api.ask("webhooks", {"name": "w", "url": receiver.url, "events": [event], "secret": SECRET})["webhook"]
    api.ask("registered-models/create", {"name": "while-away"})
    time.sleep(0.5)
    telling_server.kill()
    returned = ThreadingHTTPServer(address, Handler)
    returned.names, returned.bad_signatures, returned.count = {}, [], itertools.count()
    returned.times = collections.Counter()
    threading.Thread(target=returned.serve_forever, daemon=True).start()
    telling_server.start()
    deadline = time.monotonic() + TOLD_WITHIN_SECONDS
    while not returned.names and time.monotonic() < deadline:
        time.sleep(0.1)
    assert list(returned.names) == ["while-away"] and not returned.bad_signatures
    path = f"{telling_server.url}/api/fettle/v1/webhooks/{webhook['webhook_id']}/deliveries"
    while time.monotonic() < deadline:
        delivery = requests.get(path, timeout=10).json()["deliveries"][0]
        if delivery["state"] == "succeeded":
            break
        time.sleep(0.1)
    assert delivery["state"] == "succeeded" and delivery["attempt_count"] >= 2, delivery
