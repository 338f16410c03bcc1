"""What is measured, one file per subject."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """How long to look. Quick is for seeing that the bench works, not for figures."""

    rounds: int
    seconds: int
    warm_up_seconds: int
    cold_starts: int
    # Runs of the largest store.
    large_runs: int
    artifact_mib: int
    # Of each of two tables of which one may have drifted.
    drift_rows: int


FULL = Plan(rounds=3, seconds=2, warm_up_seconds=1, cold_starts=2, large_runs=1_000_000, artifact_mib=1024, drift_rows=20_000)
QUICK = Plan(rounds=1, seconds=1, warm_up_seconds=1, cold_starts=1, large_runs=20_000, artifact_mib=64, drift_rows=2_000)
