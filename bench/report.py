"""The results as a page to read and as data to compare with later ones."""

import datetime
import json
import os
import platform
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
# What Fettle is to reach: a ratio to MLflow, or a bound in the unit of the case.
GOALS = {
    ("cold-start", "fettle"): ("<= 0.030 s", lambda value, ratio: value <= 0.030),
    ("idle-memory", "fettle"): ("<= 25 MiB", lambda value, ratio: value <= 25),
    ("log-metric", "fettle"): (">= 100x", lambda value, ratio: ratio >= 100),
    ("log-batch", "fettle"): (">= 1,000 req/s", lambda value, ratio: value >= 1000),
    ("runs-get", "fettle"): (">= 100x", lambda value, ratio: ratio >= 100),
    ("runs-search", "fettle"): (">= 100x", lambda value, ratio: ratio >= 100),
    ("scoring-1", "fettle-native"): (">= 100x", lambda value, ratio: ratio >= 100),
    ("scoring-32", "fettle-native"): (">= 100x", lambda value, ratio: ratio >= 100),
    ("scoring-32", "fettle-python"): (">= 5x", lambda value, ratio: ratio >= 5),
}
TITLES = {
    "cold-start": "Cold start on an empty folder, to the first answer",
    "idle-memory": "Memory at rest (proportional set size of all processes)",
    "log-metric": "log-metric, 8 connections",
    "log-batch": "log-batch of 1,000 metrics, 8 connections",
    "runs-get": "runs/get, 8 connections",
    "runs-search": "runs/search of 100 full runs, 8 connections",
    "scoring-1": "Scoring a 100-tree forest, one row per request, 1 connection",
    "scoring-32": "Scoring a 100-tree forest, one row per request, 32 connections",
}


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown")
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    return {
        "date": datetime.date.today().isoformat(),
        "commit": commit,
        "cpu": model,
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "load_at_start": round(os.getloadavg()[0], 2),
    }


def rows_of(name, case):
    """One row per Fettle side: MLflow's figure, ours, the ratio, the goal and whether it is met."""
    reference = case["sides"]["mlflow"]
    for side, measured in case["sides"].items():
        if side == "mlflow":
            continue
        theirs, ours = figure(reference), figure(measured)
        ratio = theirs / ours if case["better"] == "less" else ours / theirs
        goal, met = GOALS.get((name, side), ("", None))
        yield {
            "case": name,
            "side": side,
            "mlflow": theirs,
            "fettle": ours,
            "ratio": ratio,
            "goal": goal,
            "met": met(ours, ratio) if met else None,
            "reference": reference,
            "measured": measured,
        }


def figure(measured):
    return measured["requests_per_second"] if isinstance(measured, dict) else measured


def number(value):
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.4g}"


def table(results, rows):
    """One line per case and side of Fettle."""
    lines = ["| what | MLflow | Fettle | ratio | goal | |", "|---|---:|---:|---:|---|---|"]
    for row in rows:
        unit = results[row["case"]]["unit"].split()[0].rstrip(",").replace("requests/s", "req/s")
        title = TITLES[row["case"]] + (f" ({row['side'].removeprefix('fettle-')} executor)" if "-" in row["side"] else "")
        verdict = {True: "reached", False: "**short**", None: ""}[row["met"]]
        lines.append(
            f"| {title} | {number(row['mlflow'])} {unit} | {number(row['fettle'])} {unit} | {number(row['ratio'])}x | {row['goal']} | {verdict} |"
        )
    return lines


def markdown(results, about, quick):
    lines = ["# Fettle beside MLflow 3.17.2", ""]
    lines += [
        "Written by `cargo xtask bench`. Both servers run on one machine and on SQLite, answer the same requests with the",
        "same data (that is checked first), and are asked in turn; figures are medians of the rounds. Ratios travel between",
        "machines, absolute figures do not.",
        "",
        f"{about['date']}, commit {about['commit']}, {about['cores']} cores ({about['cpu']}), Linux {about['kernel']}, load average"
        f" at the start {about['load_at_start']}. The load generator (wrk) runs on the same cores.",
        "",
    ]
    if quick:
        lines += ["**A quick run: one short round each. It shows that the bench works and is no measurement.**", ""]
    rows = [row for name, case in results.items() for row in rows_of(name, case)]
    lines += table(results, rows)
    loaded = [row for row in rows if isinstance(row["measured"], dict)]
    if loaded:
        lines += ["", "## Latency and processor time under that load", ""]
        lines += ["| what | | p50 ms | p99 ms | CPU s per 1,000 requests |", "|---|---|---:|---:|---:|"]
        for name, case in results.items():
            for side, measured in case["sides"].items():
                if isinstance(measured, dict):
                    cells = [TITLES[name], side, *(number(measured[key]) for key in ("p50_ms", "p99_ms", "cpu_seconds_per_1000"))]
                    lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def write(results, about, quick, only):
    """Print the report. A full run replaces the files, a run of single cases replaces those, a quick run leaves them."""
    stored = HERE / "results.json"
    if only and not quick and stored.is_file():
        before = json.loads(stored.read_text())
        results = {**before["results"], **results}
    results = {name: results[name] for name in TITLES if name in results}
    text = markdown(results, about, quick)
    print(text)
    if not quick:
        stored.write_text(json.dumps({"about": about, "results": results}, indent=1) + "\n")
        (HERE / "REPORT.md").write_text(text)
        fill_readme(results)


def fill_readme(results):
    """The README shows the table of the newest full report, between its two marks."""
    readme = HERE.parent / "README.md"
    before, rest = readme.read_text().split("<!-- figures -->\n")
    after = rest.split("<!-- /figures -->")[1]
    rows = [row for name, case in results.items() for row in rows_of(name, case)]
    shown = "\n".join(table(results, rows))
    words = (
        "Measured side by side with MLflow 3.17.2 on one machine of two cores, on SQLite, by `cargo xtask bench`, after both\n"
        "gave the same answers. Latencies, processor time and the machine are in [bench/REPORT.md](bench/REPORT.md).\n"
    )
    readme.write_text(f"{before}<!-- figures -->\n{words}\n{shown}\n<!-- /figures -->{after}")
