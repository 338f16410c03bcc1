"""Words that every part uses: fresh names, exact comparison, the error that must come."""

import uuid

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

MLFLOW_VERSION = tuple(int(part) for part in mlflow.__version__.split(".")[:2])


def since(_version):
    """The check is for clients of this version and later; `catalogue.py` reads it."""
    return lambda check: check


def before(_version):
    """The check is for clients before this version; `catalogue.py` reads it."""
    return lambda check: check


def client():
    return MlflowClient()


def fresh(prefix):
    """A name that no earlier scenario on this server has used."""
    return f"{prefix}-{uuid.uuid4().hex[:10]}"


def new_experiment(prefix="scenario"):
    """Create an experiment, make it the active one and return its id."""
    return mlflow.set_experiment(fresh(prefix)).experiment_id


def equal(what, actual, expected):
    assert actual == expected, f"{what}: expected {expected!r}, got {actual!r}"


def close(what, actual, expected, tolerance=1e-12):
    assert abs(actual - expected) <= tolerance, f"{what}: expected {expected!r}, got {actual!r}"


def refused(what, code, action, *words):
    """Run `action`, which must fail with MLflow's error `code` and a message that holds every one of `words`."""
    try:
        result = action()
    except MlflowException as error:
        equal(f"{what}, error code", error.error_code, code)
        for word in words:
            assert word in str(error), f"{what}: {word!r} is not in the message {str(error)!r}"
        return
    raise AssertionError(f"{what}: expected {code}, got the answer {result!r}")
