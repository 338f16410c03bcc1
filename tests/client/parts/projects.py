"""`mlflow run`: a project runs in a process of its own and logs to the run that was made for it."""

import tempfile
from pathlib import Path

import mlflow

from .support import client, equal, new_experiment

PROJECT = """
name: halves
entry_points:
  main:
    parameters:
      alpha: {type: float, default: 0.1}
    command: "python halve.py {alpha}"
"""
PROGRAM = """
import sys, mlflow
with mlflow.start_run():
    mlflow.log_metric("half", float(sys.argv[1]) / 2)
"""


def check_a_project():
    experiment_id = new_experiment("projects")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "MLproject").write_text(PROJECT)
        Path(folder, "halve.py").write_text(PROGRAM)
        submitted = mlflow.run(folder, env_manager="local", parameters={"alpha": 0.5}, experiment_id=experiment_id)
    run = client().get_run(submitted.run_id)
    equal("param, metric", (run.data.params, run.data.metrics), ({"alpha": "0.5"}, {"half": 0.25}))
    equal("status", (submitted.get_status(), run.info.status), ("FINISHED", "FINISHED"))
    equal("what ran", (run.data.tags["mlflow.project.entryPoint"], run.data.tags["mlflow.source.type"]), ("main", "PROJECT"))
