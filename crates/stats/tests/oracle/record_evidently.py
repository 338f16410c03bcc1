"""Records what Evidently says of the tables of `data.py`, into `evidently.json`. See README.md."""

import json
import warnings
from pathlib import Path

import pandas as pd
from data import TABLES, table
from evidently import DataDefinition, Dataset, Report
from evidently.metrics import ValueDrift
from evidently.presets import DataDriftPreset

warnings.filterwarnings("ignore")


def dataset(frame):
    return Dataset.from_pandas(frame, data_definition=DataDefinition())


recorded = []
for seed, n, m, drift in TABLES:
    reference, current = pd.DataFrame(table(seed, n, 0.0)), pd.DataFrame(table(seed + 50, m, drift))
    columns = {}
    for name in reference:
        report = Report([ValueDrift(column=name)], include_tests=True).run(dataset(current), dataset(reference))
        metric = report.dict()["metrics"][0]
        status = report.dict()["tests"][0]["status"]
        columns[name] = {
            "method": metric["config"]["method"],
            "score": float(metric["value"]),
            "drifted": "FAIL" in str(status),
        }
    preset = Report([DataDriftPreset()]).run(dataset(current), dataset(reference)).dict()["metrics"][0]["value"]
    recorded.append({"seed": seed, "rows": [n, m], "drift": drift, "columns": columns, "drifted_share": float(preset["share"])})
text = ",\n".join(json.dumps(item) for item in recorded)
(Path(__file__).parent / "evidently.json").write_text(f"[\n{text}\n]\n")
