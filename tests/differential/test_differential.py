"""Every case on MLflow and on Fettle: the same status, headers and body, but for what `allowlist.py` explains."""

import json

import pytest

from .allowlist import ALLOWED
from .compare import covers, differences
from .servers import GROUPS

CASES = [case for group in GROUPS.values() for case in group.cases]
USED = set()
RUN = set()


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_case(answers, case, backend):
    of_all = answers.of(GROUPS[case.group])
    mlflow, fettle = of_all["mlflow"][case.id], of_all[backend][case.id]
    RUN.add((case.name, backend))
    found = differences(case, mlflow, fettle)
    for entry in ALLOWED:
        if case.name in entry.cases:
            for allowed in entry.paths:
                covered = [path for path in found if covers(allowed, path)]
                if covered:
                    USED.add((entry, case.name, allowed))
                for path in covered:
                    del found[path]
    if found:
        pytest.fail(report(mlflow, fettle, found), pytrace=False)


def test_allowlist_is_needed(answers):
    """Runs last. Entries whose cases were left out of this run are not judged."""
    backends = ("sqlite", "postgresql")
    idle, names = [], {case.name for case in CASES}
    for entry in ALLOWED:
        for name in entry.cases:
            if name not in names:
                idle.append(f"{name}: there is no such case")
            elif all((name, backend) in RUN for backend in backends):
                if not any((entry, name, path) in USED for path in entry.paths):
                    idle.append(f"{name}: answers as MLflow does, the entry is not needed")
        if all((name, backend) in RUN for name in entry.cases for backend in backends):
            idle += [
                f"{path} of {entry.cases}: no case differs there"
                for path in entry.paths
                if not any((entry, name, path) in USED for name in entry.cases)
            ]
    assert not idle, "\n".join(idle)


def report(mlflow, fettle, found):
    lines = [fettle["request"], ""]
    for path, (one, other) in found.items():
        lines += [f"{path}", f"   mlflow: {short(one)}", f"   fettle: {short(other)}"]
    lines += ["", f"mlflow {answer(mlflow)}", f"fettle {answer(fettle)}"]
    return "\n".join(lines)


def short(value, limit=600):
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text)} characters)"


def answer(answer):
    return f"{answer['status']} {answer['headers']}\n{short_json(answer['body'])}"


def short_json(body, limit=1500):
    text = json.dumps(body, ensure_ascii=False)
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text)} characters)"
