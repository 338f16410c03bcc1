"""Records what NannyML says of the tables of `data.py`, into `nannyml.json`. See README.md."""

import json
import os
import warnings
from pathlib import Path

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
import nannyml  # noqa: E402 (it reports home when imported otherwise)
import pandas as pd
from data import TABLES, table

warnings.filterwarnings("ignore")
recorded = []
for seed, n, m, drift in TABLES:
    reference, current = pd.DataFrame(table(seed, n, 0.0)), pd.DataFrame(table(seed + 50, m, drift))
    reference["flag"], current["flag"] = reference["flag"].astype(str), current["flag"].astype(str)
    calculator = nannyml.UnivariateDriftCalculator(column_names=list(reference.columns)).fit(reference)
    # The current rows as one chunk; the thresholds stay those of the reference's ten.
    calculator.chunker = nannyml.chunk.SizeBasedChunker(chunk_size=m)
    results = calculator.calculate(current).filter(period="analysis").to_df()
    columns = {}
    for name in reference:
        row = results[(name, "jensen_shannon")].iloc[0]
        columns[name] = {"value": float(row["value"]), "threshold": float(row["upper_threshold"]), "drifted": bool(row["alert"])}
    recorded.append({"seed": seed, "rows": [n, m], "drift": drift, "columns": columns})
text = ",\n".join(json.dumps(item) for item in recorded)
(Path(__file__).parent / "nannyml.json").write_text(f"[\n{text}\n]\n")
