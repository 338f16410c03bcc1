"""What a data scientist does with MLflow in a week, as one script.

It is run by every client version that Fettle promises to please, each in an environment of its own:

    MLFLOW_TRACKING_URI=http://127.0.0.1:5000 python tests/client/scenario.py [PART | PART.CHECK ...]

It asserts values, goes on after a failure to show all of them, and leaves its experiments behind to be looked at.
"""

import importlib
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

import catalogue  # noqa: E402


def main(wanted):
    print(f"mlflow {mlflow.__version__} against {mlflow.get_tracking_uri()}", flush=True)
    failed = []
    count = 0
    for check in catalogue.checks():
        if not check.suits(mlflow.__version__) or wanted and not {check.part, check.full_name} & set(wanted):
            continue
        started = time.monotonic()
        count += 1
        try:
            part = importlib.import_module(f"parts.{check.part}")
            getattr(part, f"check_{check.name}")()
            verdict = "ok"
        except Exception:
            failed.append(check.full_name)
            verdict = "FAILED\n" + traceback.format_exc()
        print(f"{check.full_name} {time.monotonic() - started:.2f}s {verdict}", flush=True)
    print(f"{count - len(failed)} of {count} checks passed" + (f"; failed: {', '.join(failed)}" if failed else ""))
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
