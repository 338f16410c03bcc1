"""Fixtures that every end-to-end test shares."""

import pytest

from support import database, server as servers

# The real MLflow is there to tell a wrong test from a wrong server, for which one database is enough.
BACKENDS = ["sqlite"] if servers.TARGET == "mlflow" else ["sqlite", "postgresql"]


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items):
    """Tests of one file, client version and database share their servers and clients, so one worker runs them all."""
    for item in items:
        values = getattr(item, "callspec", None) and item.callspec.params or {}
        chosen = [str(values[name]) for name in ("version", "bash", "author", "backend") if name in values]
        item.add_marker(pytest.mark.xdist_group("-".join([item.path.stem, *chosen])))


@pytest.fixture(scope="session", params=BACKENDS)
def backend(request):
    if request.param == "postgresql":
        database.postgres_address()
    return request.param


@pytest.fixture(scope="session")
def server(backend, tmp_path_factory):
    """One server per backend for all tests that do not hurt it; each test brings names of its own."""
    folder = tmp_path_factory.mktemp(backend)
    running = servers.tracking_server(folder, database.backend_uri(backend, folder)).start()
    yield running
    still_alive = running.alive()
    code = running.stop()
    assert still_alive, f"the server ended with {code} during the tests:\n{running.tail()}"


@pytest.fixture
def own_server(backend, tmp_path):
    """A server for one test, which may kill it and start it again."""
    running = servers.tracking_server(tmp_path, database.backend_uri(backend, tmp_path)).start()
    yield running
    running.kill()
