"""The real MLflow, Fettle on SQLite, Fettle on PostgreSQL. Each group runs on all of them."""

import base64
import importlib
import json
import os
import pkgutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

from support import database
from support.process import Process, free_port
from support.server import binary

from . import groups, wire
from .dsl import Group

# A folder in which MLflow's answers are kept between runs, for work on scenarios. A real run asks MLflow anew.
CACHE = os.environ.get("FETTLE_DIFFERENTIAL_CACHE")


def all_groups():
    """By name, but for prompts: they are registered models, which the group `registry` lists without a filter."""
    found = {}
    names = [module.name for module in pkgutil.iter_modules(groups.__path__)]
    for name in sorted(names, key=lambda name: (name == "prompts", name)):
        group = Group(name)
        importlib.import_module(f"{groups.__name__}.{name}").build(group)
        found[name] = group
    return found


GROUPS = all_groups()
# The webhooks of the scenario go nowhere, which MLflow tries once.
WEBHOOKS = {
    "MLFLOW_WEBHOOK_REQUEST_MAX_RETRIES": "0",
    # A webhook that was just made is heard of at once.
    "MLFLOW_WEBHOOK_CACHE_TTL": "0",
    "MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http,https",
    "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true",
    "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": base64.urlsafe_b64encode(bytes(32)).decode(),
}


def mlflow_server(folder):
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", port, "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}", "--artifacts-destination", folder / "artifacts"]
    environment = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true", **WEBHOOKS}
    return Process(command, port, folder / "server.log", environment)


def fettle_server(folder, backend_uri):
    port = free_port()
    command = [binary(), "server", "--host", "127.0.0.1", "--port", port]
    command += ["--backend-store-uri", backend_uri, "--artifacts-destination", folder / "artifacts"]
    return Process(command, port, folder / "server.log", WEBHOOKS)


class Answers:
    """The answers of each server, asked for group by group and kept.

    MLflow is the slow one, so it is asked ahead, by a server per lane; a group sees only what it made itself.
    """

    def __init__(self, folder, names):
        self.servers = {}
        self.folder = folder
        self.groups = {}
        self.failures = {}
        self.seconds = {}
        self.lanes = {kind: ThreadPoolExecutor(1) for kind in ("mlflow", "mlflow-slow")}
        self.ahead = {name: self.lanes[lane(name)].submit(self.ask, lane(name), GROUPS[name]) for name in names}

    def server(self, kind):
        if kind not in self.servers:
            folder = self.folder / kind
            folder.mkdir()
            if kind in self.lanes:
                new = mlflow_server(folder)
            else:
                new = fettle_server(folder, database.backend_uri(kind, folder))
            self.servers[kind] = new.start()
        return self.servers[kind]

    def running(self, kind):
        """A server for tests of another kind, once it has answered what was asked ahead."""
        if kind in self.lanes:
            return self.lanes[kind].submit(self.server, kind).result()
        return self.server(kind)

    def ask(self, kind, group):
        kept = Path(CACHE) / f"{group.name}-{fingerprint(group)}.json" if CACHE and kind in self.lanes else None
        if kept and kept.exists():
            return json.loads(kept.read_text())
        answers = wire.run(group.cases, self.server(kind).url)
        if kept:
            kept.write_text(json.dumps(answers))
        return answers

    def of(self, group):
        """A group is asked once: what it made stays, so a second try would find it there and hide the first failure."""
        if group.name in self.failures:
            failure = self.failures[group.name]
            raise RuntimeError(f"the group {group.name} failed: {failure!r}") from failure
        if group.name not in self.groups:
            started = time.monotonic()
            try:
                self.groups[group.name] = self.ask_all(group)
            except Exception as failure:
                self.failures[group.name] = failure
                raise
            self.seconds[group.name] = time.monotonic() - started
        return self.groups[group.name]

    def ask_all(self, group):
        kinds = ["sqlite", "postgresql"]
        with ThreadPoolExecutor(len(kinds)) as threads:
            asked = {kind: threads.submit(self.ask, kind, group) for kind in kinds}
            asked["mlflow"] = self.ahead[group.name]
            return {kind: answers.result() for kind, answers in asked.items()}

    def stop(self):
        for threads in self.lanes.values():
            threads.shutdown(cancel_futures=True)
        for server in self.servers.values():
            server.kill()


def lane(name):
    """Half of MLflow's time goes into the largest group."""
    return "mlflow-slow" if name == "search_runs" else "mlflow"


def fingerprint(group):
    text = repr(group.cases) + Path(wire.__file__).read_text() + Path(wire.__file__).with_name("normal.py").read_text()
    return sha256(text.encode()).hexdigest()[:12]
