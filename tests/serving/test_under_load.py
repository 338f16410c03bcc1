"""Requests never stop, and none fails: traffic shifts and goes back, a worker is killed, models are swapped, a broken one
is deployed, replicas come and go, and the database is away for a while."""

import os
import signal
import sys
import time
from urllib.parse import urlsplit

import pytest
import requests

from support import database, server as servers
from support.endpoints import ENDPOINT, STARTED_WITHIN_SECONDS, Control, Load, log_models, predictions, settled, wait_for, workers

AWAY_SECONDS = 4


@pytest.fixture
def busy_server(tmp_path):
    database.postgres_address()
    uri = database.new_database()
    running = servers.tracking_server(tmp_path, uri)
    running.environment["FETTLE_PYTHON"] = sys.executable
    running.start()
    yield running, urlsplit(uri).path.lstrip("/")
    running.kill()


def test_no_request_fails(busy_server):
    server, database_name = busy_server
    log_models(server.url)
    control = Control(server.url)
    control.call("POST", "/api/fettle/v1/endpoints", name="iris")
    blue = control.deploy("blue", "models:/iris/1", executor="python")
    assert blue["executor"] == "python"
    with Load(server.url) as load:
        assert predictions(load.more()) == {20.0}

        # Blue/green: nothing to everything, and back.
        green = control.deploy("green", "models:/iris/2")
        assert green["executor"] == "native", green["reason"]
        for percent in (10, 50, 100):
            number = control.traffic(blue=100 - percent, green=percent)["number"]
            answers = settled(load.more())
            assert {deployment for _, deployment, _ in answers} == ({"green"} if percent == 100 else {"blue", "green"})
            if percent == 50:
                half, halves = number, answers
        control.call("POST", f"{ENDPOINT}/rollback", number=1)
        assert {deployment for _, deployment, _ in settled(load.more())} == {"blue"}

        # A worker is killed with a request in its hands.
        before = workers(server)
        assert before
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        assert predictions(load.more()) == {20.0}

        # Replicas come and go: each time the old ones answer until the new ones do.
        for replicas in (3, 1):
            control.call("PATCH", f"{ENDPOINT}/deployments/blue", replicas=replicas)
            wait_for(lambda: control.deployment("blue")["serving"]["current"], "the new revision", STARTED_WITHIN_SECONDS)
            load.more()

        # A broken model is never ready, gets no traffic, and as an update changes nothing.
        control.call("POST", f"{ENDPOINT}/deployments", name="red", model_uri="models:/iris/3")
        assert "RuntimeError: this model is broken" in control.wait_for_state("red", "failed")["reason"]
        control.call("PUT", f"{ENDPOINT}/traffic", status=409, split={"blue": 90, "red": 10})
        control.call("PATCH", f"{ENDPOINT}/deployments/blue", model_uri="models:/iris/3")
        control.wait_for_state("blue", "failed")
        assert predictions(load.more()) == {20.0}

        # The database goes away, and comes back.
        database.run_sql(
            f"ALTER DATABASE {database_name} WITH ALLOW_CONNECTIONS false",
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database_name}'",
        )
        assert requests.get(f"{server.url}/readyz", timeout=60).status_code == 503
        end = time.monotonic() + AWAY_SECONDS
        while time.monotonic() < end:
            load.more()
        database.run_sql(f"ALTER DATABASE {database_name} WITH ALLOW_CONNECTIONS true")
        wait_for(lambda: requests.get(f"{server.url}/readyz", timeout=60).status_code == 200, "the store", 60)
        control.traffic(green=100)
        assert predictions(settled(load.more())) == {40.0}
    assert not load.failures
    # Where a request went can be asked for afterwards.
    for request_id, deployment, _ in halves[:20]:
        asked = control.call("POST", f"{ENDPOINT}/traffic/route", request_id=request_id, number=half)
        assert asked["deployment"] == deployment
