"""`kill -9` while requests are captured: what was acknowledged is found again, what may be lost is counted before, and the
gap is told of."""

import itertools
import json
import threading
import time

import requests

from support import database, server as servers
from support.endpoints import ROW, Control, Load, log_models, wait_for

FOUND_WITHIN_SECONDS = 30


def exchange(request_id):
    common = {"specversion": "1.0", "source": "/endpoints/churn/deployments/blue", "correlationid": request_id}
    question = {**common, "id": f"{request_id}-q", "type": "fettle.inference.request", "data": {"inputs": [[1.0]]}}
    answer = {**common, "id": f"{request_id}-a", "type": "fettle.inference.response", "httpstatus": 200, "data": {"predictions": [0.5]}}
    return f"{json.dumps(question)}\n{json.dumps(answer)}\n"


def logged(url, endpoint="churn"):
    found, token = set(), ""
    while True:
        query = {"since": "1d", "endpoint": endpoint, "max_results": 1000, "page_token": token}
        page = requests.get(f"{url}/api/fettle/v1/logs", params=query, timeout=30).json()
        found |= {request["correlation_id"] for request in page["requests"]}
        token = page.get("next_page_token")
        if not token:
            return found


def test_acknowledged_events_survive(backend, tmp_path):
    running = servers.tracking_server(tmp_path, database.backend_uri(backend, tmp_path))
    running.environment["FETTLE_CAPTURE_ROLL"] = "1"
    running.start()
    acknowledged = set()

    def write():
        session = requests.Session()
        try:
            for turn in itertools.count():
                request_id = f"r{turn}"
                address = f"{running.url}/api/fettle/v1/capture/events"
                answer = session.post(address, data=exchange(request_id), headers={"content-type": "application/x-ndjson"}, timeout=30)
                assert answer.json()["accepted"] == 2
                acknowledged.add(request_id)
        except requests.RequestException:
            pass  # the server is gone, as it should be

    try:
        writers = [threading.Thread(target=write)]
        for writer in writers:
            writer.start()
        # Long enough for some files to have been taken to the artifact store.
        time.sleep(3)
        running.kill()
        for writer in writers:
            writer.join()
        assert len(acknowledged) > 20, "the writer hardly wrote"

        running.start()
        deadline = time.monotonic() + FOUND_WITHIN_SECONDS
        while acknowledged - logged(running.url) and time.monotonic() < deadline:
            time.sleep(0.2)
        missing = acknowledged - logged(running.url)
        assert not missing, f"{len(missing)} of {len(acknowledged)} acknowledged requests are lost, such as {min(missing)}"
        gaps = requests.get(f"{running.url}/api/fettle/v1/capture/gaps", timeout=10).json()["gaps"]
        assert gaps and "not closed" in gaps[0]["detail"], gaps
        assert "ended without closing its capture" in running.tail(20_000)

        assert running.stop() == 0
        running.start()
        again = requests.get(f"{running.url}/api/fettle/v1/capture/gaps", timeout=10).json()["gaps"]
        assert again == gaps, "an orderly end leaves no gap"
    finally:
        running.kill()


def test_a_kill_between_two_files_is_told(tmp_path):
    running = servers.tracking_server(tmp_path, database.backend_uri("sqlite", tmp_path))
    running.environment["FETTLE_CAPTURE_ROLL"] = "1"
    running.start()
    try:
        requests.post(f"{running.url}/api/fettle/v1/capture/events", data=exchange("only"), headers={"content-type": "application/x-ndjson"}, timeout=30)
        wait_for(lambda: not list(tmp_path.rglob("*.jsonl")) and list(tmp_path.rglob("*.unclosed")), "the only file to be sealed", 30)
        running.kill()
        running.start()
        gaps = requests.get(f"{running.url}/api/fettle/v1/capture/gaps", timeout=10).json()["gaps"]
        assert [gap["detail"] for gap in gaps] == ["the capture was not closed; no file was being written"]
        assert logged(running.url) == {"only"}
    finally:
        running.kill()


def unsynced(url):
    lines = requests.get(f"{url}/metrics", timeout=10).text.splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("fettle_capture_unsynced_events "))


def scored(url):
    headers = {"Content-Type": "application/json"}
    return requests.post(f"{url}/endpoints/iris/invocations", data=ROW, headers=headers, timeout=10).status_code == 200


def test_no_more_is_lost_than_was_counted(tmp_path):
    running = servers.tracking_server(tmp_path, database.backend_uri("sqlite", tmp_path)).start()
    try:
        log_models(running.url)
        control = Control(running.url)
        control.call("POST", "/api/fettle/v1/endpoints", name="iris")
        control.deploy("blue", "models:/iris/1", executor="native")
        gaps = 0
        for turn in range(3):
            wait_for(lambda: scored(running.url), "the model to be loaded", 60)
            load = Load(running.url, name=f"turn{turn}")
            with load:
                load.more(500 * (turn + 1))
                # In the middle of a window: what has been answered by now was counted as unsynced, or is on disk.
                answered = {request_id for request_id, _, _ in list(load.answers)}
                counted = unsynced(running.url)
                running.kill()
            running.start()
            missing = answered - logged(running.url, "iris")
            assert len(missing) <= counted, f"{len(missing)} of {len(answered)} are lost, and {counted} were counted as unsynced"
            told = requests.get(f"{running.url}/api/fettle/v1/capture/gaps", timeout=10).json()["gaps"]
            assert len(told) > gaps and "not closed" in told[0]["detail"], told
            gaps = len(told)
    finally:
        running.kill()
