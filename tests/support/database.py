"""Databases for one test each: a file, or a fresh database in the PostgreSQL cluster of the test run."""

import os
import subprocess
import uuid
from urllib.parse import urlsplit, urlunsplit

import pytest

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


def backend_uri(kind, folder):
    """The `--backend-store-uri` of an empty store."""
    return f"sqlite:///{folder / 'fettle.db'}" if kind == "sqlite" else new_database()
