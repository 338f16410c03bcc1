"""Two servers on one PostgreSQL, which share the requests of an endpoint: figures and alerts are of both."""

import pytest
import requests

from support import database, server as servers
from support.endpoints import ROW, Control, log_models, wait_for

API = "/api/fettle/v1"


@pytest.fixture
def pair(tmp_path):
    uri, running = database.backend_uri("postgresql", tmp_path), []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        server = servers.tracking_server(tmp_path / name, uri, tmp_path / "artifacts")
        server.environment["FETTLE_CAPTURE_ROLL"] = "2"
        running.append(server.start())
    yield running
    for server in running:
        server.kill()


def test_alerts_see_what_all_servers_counted(pair):
    first, second = pair
    log_models(first.url)
    control = Control(first.url)
    control.call("POST", f"{API}/endpoints", name="iris")
    control.deploy("blue", "models:/iris/1", executor="native")

    def newest(metric):
        query = {"endpoint": "iris", "metric": metric, "since": "10m", "interval": "10s"}
        points = requests.get(f"{first.url}{API}/operational-metrics", params=query, timeout=10).json()["metrics"][0]["points"]
        return next((point["value"] for point in reversed(points) if point["value"] is not None), None)

    wait_for(lambda: newest("Replicas") == 2, "a replica in each server", 60)
    common = {"endpoint": "iris", "window_size": "2m", "evaluation_frequency": "1s"}
    control.call("POST", f"{API}/alert-rules", name="asked", condition="total Requests >= 40", **common)
    control.call("POST", f"{API}/alert-rules", name="broken", condition="avg ErrorRate > 0.5", **common)

    # All failures are in one server, and all else is in the other.
    for server, count, body, status in [(first, 10, "{", 400), (second, 30, ROW, 200)]:
        for _ in range(count):
            address = f"{server.url}/endpoints/iris/invocations"
            answer = requests.post(address, data=body, headers={"content-type": "application/json"}, timeout=30)
            assert answer.status_code == status, answer.text

    def alerts():
        return {alert["rule"]: alert for alert in control.call("GET", f"{API}/alerts")["alerts"]}

    wait_for(lambda: "asked" in alerts(), "the requests of both servers", 60)
    assert alerts()["asked"]["value"] == 40
    assert "broken" not in alerts(), "a quarter of all requests failed, whoever looked first"

    # The log has those of the other server when its file has been taken to the artifact store.
    def logged():
        query = {"since": "1h", "endpoint": "iris", "max_results": "1000"}
        return len(control.call("GET", f"{API}/logs?" + "&".join(f"{name}={value}" for name, value in query.items()))["requests"])

    wait_for(lambda: logged() == 40, "the requests of both servers in the log", 60)
    assert second.stop() == 0
    wait_for(lambda: newest("Replicas") == 1, "the second server's replica to be gone", 30)
