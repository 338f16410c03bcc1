"""The same scenario by four clients, old and new, against one server."""

from pathlib import Path

import pytest

from support import clients

SCENARIO = Path(__file__).parent / "scenario.py"


@pytest.mark.parametrize("version", clients.VERSIONS)
def test_scenario(server, version, tmp_path):
    python = clients.pythons().get(version)
    if python is None:
        pytest.fail(f"FETTLE_TEST_CLIENTS does not name a Python with mlflow {version}")
    print(clients.run([python, SCENARIO], server.url, tmp_path, MPLCONFIGDIR=str(tmp_path)))
