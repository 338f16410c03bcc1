"""Databases for one test each: a file, or a fresh database in the PostgreSQL cluster of the test run."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from .process import START_SECONDS, free_port

ADDRESS = "FETTLE_TEST_POSTGRES"


def postgres_address():
    address = os.environ.get(ADDRESS)
    if not address:
        pytest.fail(f"{ADDRESS} is not set; `cargo xtask test client` starts a cluster and sets it")
    return address


def run_sql(*statements):
    """Run each statement on its own in the cluster's first database."""
    command = ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "-v", "ON_ERROR_STOP=1", postgres_address()]
    for statement in statements:
        command += ["-c", statement]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def new_database():
    name = f"client_{uuid.uuid4().hex[:12]}"
    run_sql(f"CREATE DATABASE {name}")
    return urlunsplit(urlsplit(postgres_address())._replace(path=f"/{name}"))


class Cluster:
    """A PostgreSQL of one test's own, which may kill it."""

    def __init__(self):
        # pytest's folders are closed to everybody but root, as whom PostgreSQL refuses to run.
        self.folder = Path(tempfile.mkdtemp(prefix="fettle-postgres-"))
        self.user = {}
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
            self.user = {"user": "postgres", "group": "postgres", "extra_groups": []}
        self.programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        self.port = free_port()
        self.uri = f"postgresql://fettle@127.0.0.1:{self.port}/postgres"
        self.child = None
        data = self.folder / "data"
        self.run("initdb", "--pgdata", data, "--username=fettle", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")

    def run(self, program, *arguments, check=True):
        command = [str(word) for word in (self.programs / program, *arguments)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.folder, **self.user)
        assert not check or done.returncode == 0, (command, done.stdout, done.stderr)
        return done

    def start(self):
        command = [self.programs / "postgres", "-D", self.folder / "data", "-k", self.folder, "-h", "127.0.0.1", "-p", str(self.port)]
        with open(self.folder / "log", "ab") as log:
            self.child = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, start_new_session=True, **self.user)
        end = time.monotonic() + START_SECONDS
        while self.run("pg_isready", "-q", "-h", "127.0.0.1", "-p", self.port, "-U", "fettle", check=False).returncode != 0:
            assert time.monotonic() < end and self.child.poll() is None, (self.folder / "log").read_text()[-4000:]
            time.sleep(0.05)
        return self

    def kill(self):
        """Every process of it, as a power cut would end them."""
        if self.child is None:
            return
        for number in [self.child.pid, *self.backends()]:
            try:
                os.kill(number, signal.SIGKILL)
            except ProcessLookupError:
                pass  # it ended with the others
        self.child.wait()

    def backends(self):
        """They are in sessions of their own."""
        data = str(self.folder / "data")
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if os.readlink(folder / "cwd") == data:
                    yield int(folder.name)
            except OSError:
                continue  # it ended while it was looked at

    def remove(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def backend_uri(kind, folder):
    """The `--backend-store-uri` of an empty store."""
    return f"sqlite:///{folder / 'fettle.db'}" if kind == "sqlite" else new_database()
