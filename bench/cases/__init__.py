"""What is measured, one file per server under load."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """How long to look. Quick is for seeing that the bench works, not for figures."""

    rounds: int
    seconds: int
    warm_up_seconds: int
    cold_starts: int


FULL = Plan(rounds=5, seconds=4, warm_up_seconds=1, cold_starts=3)
QUICK = Plan(rounds=1, seconds=2, warm_up_seconds=1, cold_starts=1)
