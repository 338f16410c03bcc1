"""`python -m bench [--only NAME] [--quick]`, from the root of the repository; `cargo xtask bench` calls it."""

import argparse
import logging
import os
import time
import warnings

from bench import report
from bench.cases import FULL, QUICK, scoring, start, tracking

CASES = [start, tracking, scoring]


def main():
    names = [name for case in CASES for name in case.NAMES]
    parser = argparse.ArgumentParser(prog="cargo xtask bench")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help=f"one of {', '.join(names)}")
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.only if name not in names]
    if unknown:
        parser.error(f"no case {unknown[0]!r}; there are {', '.join(names)}")
    wanted = arguments.only or names
    warnings.filterwarnings("ignore")
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

    about = report.machine()
    results = {}
    for case in CASES:
        chosen = [name for name in case.NAMES if name in wanted]
        if chosen:
            started = time.monotonic()
            print(f"measuring {', '.join(chosen)} ...", flush=True)
            results.update(case.measure(QUICK if arguments.quick else FULL, chosen))
            print(f"  took {time.monotonic() - started:.0f} s", flush=True)
    report.write(results, about, arguments.quick, arguments.only)


main()
