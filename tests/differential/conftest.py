"""The answers of all servers, and what a run says at its end."""

import pytest

from .servers import GROUPS, Answers

SECONDS = pytest.StashKey()


@pytest.fixture(scope="session")
def answers(tmp_path_factory, request):
    cases = [item.callspec.params["case"] for item in request.session.items if "case" in getattr(item, "fixturenames", [])]
    # Made here: pytest's factory of folders is not for several threads.
    folder = tmp_path_factory.mktemp("differential")
    answers = Answers(folder, list(dict.fromkeys(case.group for case in cases)))
    request.config.stash[SECONDS] = answers.seconds
    yield answers
    answers.stop()


def pytest_terminal_summary(terminalreporter, config):
    seconds = config.stash.get(SECONDS, {})
    if not seconds:
        return
    terminalreporter.section("cases per group")
    for name, taken in seconds.items():
        terminalreporter.line(f"{name:<20}{len(GROUPS[name].cases):>6} cases {taken:>7.1f} s")
    total = sum(len(GROUPS[name].cases) for name in seconds)
    terminalreporter.line(f"{'all':<20}{total:>6} cases {sum(seconds.values()):>7.1f} s")
