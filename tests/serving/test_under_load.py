"""Requests never stop, and none fails: traffic shifts and goes back, a worker is killed, models are swapped, a broken one
is deployed, replicas come and go, and the database is killed and comes back."""

import os
import signal
import sys
import time

import pytest
import requests

from support import database, server as servers
from support.endpoints import ENDPOINT, STARTED_WITHIN_SECONDS, Control, Load, log_models, predictions, settled, wait_for, workers

AWAY_SECONDS = 4


@pytest.fixture
def cluster():
    made = database.Cluster()
    yield made.start()
    made.remove()


@pytest.fixture
def busy_server(cluster, tmp_path):
    yield from started(servers.tracking_server(tmp_path, cluster.uri))


@pytest.fixture
def killable_server(backend, tmp_path):
    yield from started(servers.tracking_server(tmp_path, database.backend_uri(backend, tmp_path)))


def started(server):
    server.environment["FETTLE_PYTHON"] = sys.executable
    yield server.start()
    server.kill()


def test_no_request_fails(busy_server, cluster, record_property):
    server = busy_server
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
        began = time.monotonic()
        control.call("POST", f"{ENDPOINT}/rollback", number=1)
        record_property("rollback_seconds", round(time.monotonic() - began, 3))
        print(f"rolled back in {time.monotonic() - began:.3f} s")
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

        # The database is killed, and comes back.
        cluster.kill()
        assert requests.get(f"{server.url}/readyz", timeout=60).status_code == 503
        end = time.monotonic() + AWAY_SECONDS
        while time.monotonic() < end:
            assert predictions(load.more()) == {20.0}
        cluster.start()
        wait_for(lambda: requests.get(f"{server.url}/readyz", timeout=60).status_code == 200, "the store", 60)
        control.traffic(green=100)
        assert predictions(settled(load.more())) == {40.0}
    assert not load.failures
    # Where a request went can be asked for afterwards.
    for request_id, deployment, _ in halves[:20]:
        asked = control.call("POST", f"{ENDPOINT}/traffic/route", request_id=request_id, number=half)
        assert asked["deployment"] == deployment


def test_a_rollout_goes_on_where_it_was_when_its_server_is_killed(killable_server):
    server = killable_server
    log_models(server.url)
    control = Control(server.url)
    control.call("POST", "/api/fettle/v1/endpoints", name="iris")
    control.deploy("blue", "models:/iris/1", executor="native")
    control.deploy("green", "models:/iris/2", executor="native")
    steps = [{"percent": 20}, {"percent": 50, "wait": "4s"}, {"percent": 100}]
    control.call("POST", f"{ENDPOINT}/rollouts", to="green", policy={"steps": steps, "requests_min": 20, "timeout": "1h"})

    def rollout():
        return control.call("GET", f"{ENDPOINT}/rollouts")["rollouts"][0]

    with Load(server.url) as load:
        wait_for(lambda: rollout()["step"] == 2, "the second step", STARTED_WITHIN_SECONDS)
        load.more()
        before = rollout()
    assert not load.failures
    server.kill()
    assert (before["step"], before["state"]) == (2, "running"), before

    server.start()
    after = rollout()
    assert after["id"] == before["id"] and after["step"] >= 2 and after["events"][: len(before["events"])] == before["events"]
    for name in ("blue", "green"):
        wait_for(lambda name=name: control.deployment(name)["serving"], f"{name} to answer again", STARTED_WITHIN_SECONDS)
    # Nobody says anything to it: it goes on by itself.
    with Load(server.url) as load:
        wait_for(lambda: rollout()["state"] == "succeeded", "the end of the rollout", STARTED_WITHIN_SECONDS)
        assert predictions(settled(load.more())) == {40.0}
    assert not load.failures
    assert [event["event"] for event in rollout()["events"]] == ["started", "step", "step", "step", "succeeded"]
