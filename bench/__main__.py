"""`python -m bench [--only NAME] [--quick]`, from the root of the repository; `cargo xtask bench` calls it."""

import argparse
import json
import logging
import os
import time
import traceback
import warnings

from bench import processes, report
from bench.cases import FULL, QUICK, artifacts, drift, mixed, registry, saturation, scale, scoring, start, traces, tracking

CASES = [start, tracking, saturation, scale, registry, traces, artifacts, scoring, drift, mixed]
# What takes long is measured when it is asked for by name.
BY_NAME_ONLY = {*scale.BY_NAME_ONLY, *mixed.NAMES}
ORDER = [name for case in CASES for name in case.NAMES]


def main():
    parser = argparse.ArgumentParser(prog="cargo xtask bench")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="a case, or what its name begins with")
    parser.add_argument("--list", action="store_true", help="name the cases")
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(ORDER))
        return
    unknown = [name for name in arguments.only if not any(known.startswith(name) for known in ORDER)]
    if unknown:
        parser.error(f"no case begins with {unknown[0]!r}; there are {', '.join(ORDER)}")
    wanted = [name for name in ORDER if not arguments.only or any(name.startswith(begin) for begin in arguments.only)]
    if not arguments.only:
        wanted = [name for name in wanted if name not in BY_NAME_ONLY]
    if not processes.POSTGRES:
        raise SystemExit("FETTLE_BENCH_POSTGRES names no server: run cargo xtask bench, which starts one")
    warnings.filterwarnings("ignore")
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

    about = report.machine()
    measured, failed, began = {}, [], time.monotonic()
    for case, names in [(case, names) for case in CASES for names in getattr(case, "TOGETHER", [case.NAMES])]:
        chosen = [name for name in names if name in wanted]
        if not chosen:
            continue
        started = time.monotonic()
        print(f"measuring {', '.join(chosen)} ...", flush=True)
        try:
            for part in case.measure(QUICK if arguments.quick else FULL, chosen):
                measured.update(part)
                if arguments.quick:
                    print(json.dumps(part, indent=1), flush=True)
                else:
                    # What is measured stays, whatever comes after.
                    report.write(measured, about)
        # The others can still be measured.
        except (Exception, SystemExit) as error:
            failed += chosen
            traceback.print_exception(error)
        print(f"  took {time.monotonic() - started:.0f} s", flush=True)
    print(f"took {time.monotonic() - began:.0f} s in all")
    if failed:
        raise SystemExit(f"could not be measured: {', '.join(failed)}")
    if arguments.quick:
        print("A quick run: one short round each. It shows that the bench works and is no measurement.")


main()
