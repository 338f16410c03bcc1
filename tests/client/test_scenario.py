"""The same scenario by four clients, old and new, against one server; each check in a process of its own."""

from pathlib import Path

import pytest

from client import catalogue
from support import clients

SCENARIO = Path(__file__).parent / "scenario.py"
CASES = [
    pytest.param(version, check.full_name, id=f"{version}-{check.full_name}")
    for version in clients.VERSIONS
    for check in catalogue.checks()
    if check.suits(version)
]


@pytest.mark.parametrize("version, check", CASES)
def test_check(server, version, check, tmp_path):
    print(clients.run_python(version, [SCENARIO, check], server.url, tmp_path))
