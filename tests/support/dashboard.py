"""Whether the server has what the Grafana dashboard asks Prometheus for."""

import json
import re
from pathlib import Path

DASHBOARD = Path(__file__).resolve().parents[2] / "docs/grafana/monitoring.json"
NAMED = re.compile(r"\b(fettle_[a-z_]+)\b(?:\{([^}]*)\})?")
# Prometheus adds these itself, and `le` is of the buckets of a histogram.
OWN = {"instance", "job", "le"}


def check(metrics):
    """Fails unless every metric of the dashboard is in the text of `/metrics`, with the labels that are asked for."""
    families = set(re.findall(r"^# TYPE (\S+)", metrics, re.MULTILINE))
    labels = {}
    for name, given in re.findall(r"^([a-z_]+)(?:\{(.*)\})? ", metrics, re.MULTILINE):
        labels.setdefault(name, set()).update(re.findall(r'([a-z_]+)="', given))
    panels = json.loads(DASHBOARD.read_text())["panels"]
    expressions = [target["expr"] for panel in panels for target in panel["targets"]]
    assert expressions
    for expression in expressions:
        found = NAMED.findall(expression)
        assert found, f"no metric of ours in {expression}"
        for name, matchers in found:
            assert {name, name.removesuffix("_bucket")} & families, f"{name} of {expression} is not in /metrics"
            assert name in labels, f"{name} of {expression} has no samples in /metrics"
            asked = set(re.findall(r"([a-z_]+)\s*(?:=|!)", matchers))
            for by in re.findall(r"by \(([^)]*)\)", expression):
                asked |= {label.strip() for label in by.split(",")}
            assert asked <= labels[name] | OWN, f"{name} has no labels {asked - labels[name] - OWN}, which {expression} asks for"
