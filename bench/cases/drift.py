"""`fettle drift compare --profile evidently` beside Evidently on the same two Parquet files.

Both decide of every column by Evidently's tests and thresholds; their values and verdicts are compared before anything is
measured. Of Evidently the reading of the files and the report count, not the import of its packages, which takes seconds;
of Fettle the whole command does.
"""

import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from bench import wide_table

NAMES = ["drift-compare"]
SCRIPT = Path(wide_table.__file__)
COLUMNS = 50
# Half of a test's last digits depend on the order in which numbers are added.
TOLERANCE = 1e-6


def measure(plan, wanted):
    evidently = os.environ.get("FETTLE_BENCH_EVIDENTLY")
    if not evidently:
        raise SystemExit("FETTLE_BENCH_EVIDENTLY names no Python with evidently: run cargo xtask bench, which makes one")
    with tempfile.TemporaryDirectory() as folder:
        wide_table.write(Path(folder), plan.drift_rows, COLUMNS)
        commands = {
            "evidently": [evidently, SCRIPT, "evidently", folder, "--json"],
            "fettle": [sys.executable, SCRIPT, "measure", folder, "--profile", "evidently", "--json"],
        }
        rounds = {name: [] for name in commands}
        for _ in range(plan.rounds):
            for name, command in commands.items():
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                rounds[name].append(json.loads(done.stdout))
    require_equal(rounds["evidently"][0]["columns"], rounds["fettle"][0]["columns"])
    case = {
        "title": f"Drift of {plan.drift_rows:,} and {plan.drift_rows:,} rows, {COLUMNS} columns (beside Evidently 0.7.23, not MLflow)",
        "store": "",
        "unit": "s",
        "better": "less",
        "reference": "evidently",
        "goals": [["ratio", "", 10]],
        "sides": {name: median(each["seconds"] for each in measured) for name, measured in rounds.items()},
        "memory_mib": {name: max(each["memory_mib"] for each in measured) for name, measured in rounds.items()},
        "cpu_seconds": {name: median(each["cpu_seconds"] for each in measured) for name, measured in rounds.items()},
    }
    ratio = case["sides"]["evidently"] / case["sides"]["fettle"]
    print(f"  {COLUMNS} verdicts are equal; {ratio:.1f} times as fast as Evidently")
    yield {"drift-compare": case}


def require_equal(theirs, ours):
    wrong = sorted(theirs.keys() ^ ours.keys())
    for name in theirs.keys() & ours.keys():
        their, our = theirs[name], ours[name]
        close = math.isclose(their["value"], our["value"], rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        if not close or their["drifted"] != our["drifted"]:
            wrong.append(f"{name}: {their} is {our}")
    if wrong or len(theirs) != COLUMNS or not any(column["drifted"] for column in theirs.values()):
        raise SystemExit(f"Evidently and Fettle judge {len(wrong)} of {len(theirs)} columns differently: {wrong[:3]}")
