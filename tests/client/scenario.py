"""What a data scientist does with MLflow in a week, as one script.

It is run by every client version that Fettle promises to please, each in an environment of its own:

    MLFLOW_TRACKING_URI=http://127.0.0.1:5000 python tests/client/scenario.py [PART ...]

It asserts values, goes on after a failure to show all of them, and leaves its experiments behind to be looked at.
"""

import logging
import os
import sys
import time
import traceback
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"

import mlflow  # noqa: E402

from parts import (  # noqa: E402
    artifacts,
    datasets,
    experiments,
    metrics,
    models,
    prompts,
    registry,
    runs,
    search_registry,
    search_runs,
    webhooks,
)

PARTS = [experiments, runs, metrics, artifacts, datasets, search_runs, models, registry, search_registry, prompts, webhooks]


def checks_of(part):
    """The functions of a part whose name starts with `check_`, in the order in which they are written."""
    return [item for name, item in vars(part).items() if name.startswith("check_")]


def main(wanted):
    print(f"mlflow {mlflow.__version__} against {mlflow.get_tracking_uri()}", flush=True)
    failed = []
    count = 0
    for part in PARTS:
        part_name = part.__name__.rpartition(".")[2]
        if wanted and part_name not in wanted:
            continue
        for check in checks_of(part):
            name = f"{part_name}.{check.__name__.removeprefix('check_')}"
            started = time.monotonic()
            count += 1
            try:
                check()
                verdict = "ok"
            except Exception:
                failed.append(name)
                verdict = "FAILED\n" + traceback.format_exc()
            print(f"{name} {time.monotonic() - started:.2f}s {verdict}", flush=True)
    print(f"{count - len(failed)} of {count} checks passed" + (f"; failed: {', '.join(failed)}" if failed else ""))
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
