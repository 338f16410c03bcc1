"""`fettle gateway`: the data plane alone goes on answering while its control plane is killed, starts while it is away, and
takes up what changed when it is back."""

import os
import signal
import subprocess
import sys
import time

import pytest
import requests

from support import server as servers
from support.endpoints import (
    ENDPOINT,
    ROW,
    STARTED_WITHIN_SECONDS,
    Control,
    Load,
    log_models,
    predictions,
    settled,
    wait_for,
    workers,
)

AWAY_SECONDS = 3
SECRET = "0123456789abcdef0123456789abcdef"
# The gateway asks twice a second, and every two seconds while it gets no answer.
TAKEN_UP_WITHIN_SECONDS = 30


@pytest.fixture
def control_plane(own_server):
    own_server.environment["FETTLE_PYTHON"] = sys.executable
    own_server.kill()
    return own_server.start()


@pytest.fixture
def gateway(control_plane, tmp_path):
    running = servers.gateway(tmp_path, control_plane.url)
    yield running
    running.kill()


def answer(url):
    return requests.post(f"{url}/endpoints/iris/invocations", data=ROW, headers={"Content-Type": "application/json"}, timeout=60)


def test_it_answers_while_the_control_plane_is_away(control_plane, gateway):
    log_models(control_plane.url)
    control = Control(control_plane.url)
    control.call("POST", "/api/fettle/v1/endpoints", name="iris")
    control.deploy("blue", "models:/iris/1", executor="python")
    control.deploy("green", "models:/iris/2", executor="native")
    gateway.start()
    # Ready everywhere means on the gateway too: it may be given traffic now.
    control.wait_for_state("blue")
    control.wait_for_state("green")

    with Load(gateway.url) as load:
        assert predictions(load.more()) == {20.0}
        control.traffic(green=100)
        wait_for(lambda: predictions(settled(load.more())) == {40.0}, "the traffic", TAKEN_UP_WITHIN_SECONDS)
        control.traffic(blue=100)
        wait_for(lambda: predictions(settled(load.more())) == {20.0}, "the traffic", TAKEN_UP_WITHIN_SECONDS)

        control_plane.kill()
        end = time.monotonic() + AWAY_SECONDS
        while time.monotonic() < end:
            assert predictions(load.more()) == {20.0}
        for pid in workers(gateway):
            os.kill(pid, signal.SIGKILL)
        assert predictions(load.more()) == {20.0}

        control_plane.start()
        control.wait_for_state("green")
        control.traffic(green=100)
        wait_for(lambda: predictions(settled(load.more())) == {40.0}, "the traffic", TAKEN_UP_WITHIN_SECONDS)
    assert not load.failures

    # Every request is in the control plane's log, those from while it was away included.
    def logged():
        found = control.call("GET", "/api/fettle/v1/logs?endpoint=iris&max_results=1000")["requests"]
        return {request["correlation_id"] for request in found}

    newest = {request_id for request_id, _, _ in load.answers[-100:]}
    wait_for(lambda: newest <= logged(), "the requests in the log", TAKEN_UP_WITHIN_SECONDS)

    # A gateway that is started while the control plane is away serves what it served last.
    control_plane.kill()
    gateway.kill()
    gateway.start()
    assert answer(gateway.url).json()["predictions"] == pytest.approx([40.0])
    assert "fettle_gateway_control_plane_up 0" in requests.get(f"{gateway.url}/metrics", timeout=60).text
    control_plane.start()
    wait_for(
        lambda: "fettle_gateway_control_plane_up 1" in requests.get(f"{gateway.url}/metrics", timeout=60).text,
        "the control plane",
        TAKEN_UP_WITHIN_SECONDS,
    )


def test_a_rollout_counts_what_the_gateway_sees(control_plane, gateway):
    log_models(control_plane.url)
    control = Control(control_plane.url)
    control.call("POST", "/api/fettle/v1/endpoints", name="iris")
    control.deploy("blue", "models:/iris/1", executor="native")
    control.deploy("green", "models:/iris/2", executor="native")
    gateway.start()
    control.wait_for_state("green")
    # The server itself gets no request: the step can only end by what the gateway tells.
    policy = {"steps": [{"percent": 50}, {"percent": 100}], "requests_min": 50, "timeout": "5m"}
    control.call("POST", f"{ENDPOINT}/rollouts", to="green", policy=policy)
    with Load(gateway.url) as load:
        wait_for(
            lambda: control.call("GET", f"{ENDPOINT}/rollouts")["rollouts"][0]["state"] == "succeeded",
            "the rollout",
            STARTED_WITHIN_SECONDS,
        )
        wait_for(lambda: predictions(settled(load.more())) == {40.0}, "the traffic", TAKEN_UP_WITHIN_SECONDS)
    assert not load.failures
    usage = control.call("GET", "/api/fettle/v1/audit?max_results=50")["entries"]
    assert any(entry["action"] == "finish_rollout" for entry in usage)

    # Parity that a gateway finds out is kept with the version.
    found = control.call("GET", "/api/fettle/v1/models/parity?model_uri=models:/iris/2")
    assert found["report"]["passed"] and found["report"]["rows_differing"] == 0, found


def test_it_says_what_is_wrong(control_plane, gateway, tmp_path):
    gateway.start()
    missing = answer(gateway.url)
    assert missing.status_code == 404 and "no endpoint `iris`" in missing.json()["message"], missing.text
    assert requests.get(f"{gateway.url}/nothing", timeout=60).status_code == 404
    # Two gateways do not share a folder.
    second = servers.gateway(tmp_path, control_plane.url)
    with pytest.raises(RuntimeError, match="another gateway uses it"):
        second.start()


def test_a_secret_says_whom_the_control_plane_talks_to(control_plane, tmp_path):
    exchange = f"{control_plane.url}/api/fettle/v1/gateways/g1/exchange"
    # Without one it is this machine, unless something on it asks for others.
    assert requests.post(exchange, json={}, timeout=60).status_code == 200
    refused = requests.post(exchange, json={}, headers={"X-Forwarded-For": "10.0.0.7"}, timeout=60)
    assert refused.status_code == 403 and "--gateway-secret-file" in refused.json()["detail"], refused.text

    control_plane.kill()
    control_plane.environment["FETTLE_GATEWAY_SECRET"] = SECRET
    control_plane.start()
    for guess in ({}, {"X-Fettle-Gateway-Secret": SECRET[:-1]}):
        refused = requests.post(exchange, json={}, headers=guess, timeout=60)
        assert refused.status_code == 403, refused.text
    assert requests.post(exchange, json={}, headers={"X-Fettle-Gateway-Secret": SECRET}, timeout=60).status_code == 200

    with pytest.raises(RuntimeError, match="start the gateway with the same --gateway-secret-file"):
        servers.gateway(tmp_path, control_plane.url).start()
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    knowing = servers.gateway(tmp_path, control_plane.url, {"FETTLE_GATEWAY_SECRET_FILE": str(file)})
    try:
        knowing.start()
    finally:
        knowing.kill()

    file.write_text("short")
    words = [servers.binary(), "server", "--gateway-secret-file", str(file)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert done.returncode == 1 and "--gateway-secret-file" in done.stderr and "at least 16" in done.stderr, done.stderr
