"""Every public method of `MlflowClient`, of each version, is called by a check or listed with the reason why not."""

import json

import pytest

from client import catalogue
from client.uncovered import UNCOVERED
from support import clients

LIST_METHODS = "import json, mlflow; print(json.dumps([name for name in dir(mlflow.MlflowClient) if name[0] != '_']))"


@pytest.mark.parametrize("version", clients.VERSIONS)
def test_every_method_of_the_client_is_called(version, tmp_path):
    printed = clients.run_python(version, ["-c", LIST_METHODS], "", tmp_path)
    methods = set(json.loads(printed.splitlines()[-1]))
    called = catalogue.calls_of_client(version)
    assert methods - called - UNCOVERED.keys() == set(), "neither called by a check nor listed in uncovered.py"
    assert UNCOVERED.keys() & called == set(), "listed in uncovered.py although a check calls it"
