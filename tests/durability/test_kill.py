"""`kill -9` in the middle of writing, then a restart: everything acknowledged is there, three times over."""

import itertools
import random
import threading
import time

import pytest
import requests

from support import database
from support.rest import Api

WRITERS = 8
ROUNDS = 3


@pytest.fixture(autouse=True, scope="module")
def durable_postgres(backend):
    """The cluster of a test run leaves fsync off; a test of durability turns it on."""
    if backend != "postgresql":
        yield
        return
    database.run_sql("ALTER SYSTEM SET fsync = on", "SELECT pg_reload_conf()")
    yield
    database.run_sql("ALTER SYSTEM RESET fsync", "SELECT pg_reload_conf()")


class Writer(threading.Thread):
    """Writes until the server is gone, and remembers what was acknowledged."""

    def __init__(self, url, number, round_number, experiment_id):
        super().__init__()
        self.api = Api(url)
        self.url = url
        self.number = number
        self.round = round_number
        self.experiment_id = experiment_id
        self.run_id = None
        self.points = set()
        self.params = {}
        self.tags = {}
        self.artifacts = {}
        self.failure = None

    def run(self):
        try:
            self.run_id = self.api.new_run(self.experiment_id, run_name=f"round {self.round} writer {self.number}")
            for turn in itertools.count():
                self.single(turn)
                self.batch(turn)
                if turn % 5 == 0:
                    self.artifact(turn)
        except requests.RequestException:
            pass  # the server is gone, as it should be
        except Exception as error:
            self.failure = error

    def single(self, turn):
        point = {"key": "single", "value": turn / 4, "timestamp": turn, "step": turn}
        self.api.ask("runs/log-metric", {"run_id": self.run_id, **point})
        self.points.add(("single", turn, turn, turn / 4))
        self.api.ask("runs/set-tag", {"run_id": self.run_id, "key": "turn", "value": str(turn)})
        self.tags["turn"] = turn

    def batch(self, turn):
        points = [(f"batch_{number % 3}", turn * 50 + number, number, turn + number / 64) for number in range(50)]
        metrics = [{"key": key, "step": step, "timestamp": time_, "value": value} for key, step, time_, value in points]
        param = {"key": f"param_{turn}", "value": str(turn)}
        self.api.ask("runs/log-batch", {"run_id": self.run_id, "metrics": metrics, "params": [param]})
        self.points.update(points)
        self.params[param["key"]] = param["value"]

    def artifact(self, turn):
        path = f"{self.experiment_id}/{self.run_id}/artifacts/file_{turn}.bin"
        data = random.Random(turn).randbytes(3000)
        answer = self.api.session.put(f"{self.url}/api/2.0/mlflow-artifacts/artifacts/{path}", data=data, timeout=30)
        assert answer.status_code == 200, answer.text
        self.artifacts[path] = data

    def verify(self, api):
        if self.run_id is None:
            return  # killed before its run was acknowledged
        data = api.get("runs/get", run_id=self.run_id)["run"]["data"]
        stored = set()
        for key in ["single", "batch_0", "batch_1", "batch_2"]:
            stored.update((key, *point) for point in api.history(self.run_id, key))
        missing = self.points - stored
        assert not missing, f"{len(missing)} of {len(self.points)} acknowledged points are gone, such as {min(missing)}"
        params = {param["key"]: param["value"] for param in data.get("params", [])}
        assert self.params.items() <= params.items()
        tags = {tag["key"]: tag["value"] for tag in data.get("tags", [])}
        if self.tags:
            assert int(tags["turn"]) >= self.tags["turn"], "an acknowledged tag is gone"
        for path, content in self.artifacts.items():
            answer = api.session.get(f"{self.url}/api/2.0/mlflow-artifacts/artifacts/{path}", timeout=30)
            assert answer.status_code == 200 and answer.content == content, f"the artifact {path} is not what was sent"


def test_kill_in_the_middle_of_writing(own_server):
    experiment_id = Api(own_server.url).new_experiment("killed")
    writers = []
    for round_number in range(ROUNDS):
        current = [Writer(own_server.url, number, round_number, experiment_id) for number in range(WRITERS)]
        for writer in current:
            writer.start()
        time.sleep(1.5 + random.random())
        own_server.kill()
        for writer in current:
            writer.join()
            assert writer.failure is None, writer.failure
        writers += current
        assert sum(len(writer.points) for writer in current) > 100, "the writers hardly wrote"
        own_server.start()
        api = Api(own_server.url)
        for writer in writers:
            writer.verify(api)
    # The store is not only readable: it takes new runs.
    run_id = Api(own_server.url).new_run(experiment_id)
    Api(own_server.url).ask("runs/log-metric", {"run_id": run_id, "key": "after", "value": 1.0, "timestamp": 1})


def test_a_stop_lets_requests_finish(own_server):
    """SIGTERM: what is being written is answered, then the process ends by itself with success."""
    experiment_id = Api(own_server.url).new_experiment("stopped")
    writers = [Writer(own_server.url, number, 0, experiment_id) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    time.sleep(1)
    assert own_server.stop() == 0
    for writer in writers:
        writer.join()
        assert writer.failure is None, writer.failure
    own_server.start()
    for writer in writers:
        writer.verify(Api(own_server.url))
