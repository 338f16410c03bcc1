"""The results as a page to read and as data to compare with later ones.

`python3 -m bench.report` writes the pages anew from results.json; with `--check` it fails if they differ from it.
"""

import datetime
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

from bench import plot, reasons

HERE = Path(__file__).parent
README = HERE.parent / "README.md"
RESULTS = HERE / "results.json"
STORES = {"sqlite": "SQLite", "postgres": "PostgreSQL", "": ""}
MARKS = ("<!-- figures -->\n", "<!-- /figures -->")
# What the README shows.
SHOWN = [
    "cold-start", "idle-memory", "loaded-memory@sqlite", "log-metric@sqlite", "log-metric@postgres", "log-batch-1000-8@sqlite", "runs-get@sqlite",
    "runs-search@sqlite", "search-newest-100-20k@sqlite", "search-by-metric-20k@sqlite", "search-by-metric-1m@sqlite", "search-deep-page-1m@sqlite",
    "history-50k@sqlite", "history-10m@sqlite", "models-search", "spans@sqlite", "spans-search one of few@sqlite", "artifact-memory", "scoring-1", "scoring-32",
    "gateway-overhead", "drift-compare",
]  # fmt: skip


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


def rows_of(case):
    """One row per side of Fettle: MLflow's figure (or that of the tool in its place) if it has one, ours, the ratio, the goals and whether they are met."""
    beside = case.get("reference", "mlflow")
    reference = case["sides"].get(beside)
    for side, measured in case["sides"].items():
        if side == beside:
            continue
        theirs, ours = figure(reference) if reference else None, figure(measured)
        ratio = None
        if theirs and ours:
            ratio = theirs / ours if case["better"] == "less" else ours / theirs
        goals = [goal for goal in case["goals"] if len(goal) < 4 or goal[3] == side]
        met = [reached(goal, measured, ratio) for goal in goals]
        title = case["title"]
        if "connections" in case:
            title += f", {case['connections']} connection{'s' if case['connections'] != 1 else ''}"
        if "-" in side:
            title += f" ({side.removeprefix('fettle-')} executor)"
        silent = reference.get("no_answer_seconds") if isinstance(reference, dict) else None
        yield {"title": title, "store": STORES[case["store"]], "mlflow": theirs, "silent": silent, "fettle": ours, "ratio": ratio, "goals": goals, "met": met, "unit": case["unit"]}


def figure(measured):
    return measured.get("requests_per_second") if isinstance(measured, dict) else measured


def reached(goal, measured, ratio):
    kind, field, bound = goal[:3]
    if kind == "ratio":
        return ratio is not None and ratio >= bound
    value = measured[field] if field else figure(measured)
    return value >= bound if kind == "at_least" else value <= bound


def goal_text(goal, unit):
    kind, field, bound = goal[:3]
    if kind == "ratio":
        return f">= {bound}x"
    sign = ">=" if kind == "at_least" else "<="
    return f"{field.removesuffix('_ms')} {sign} {bound:,} ms" if field else f"{sign} {bound:,} {short(unit)}"


def short(unit):
    return unit.replace("requests/s", "req/s")


def number(value):
    if value is None:
        return ""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.4g}"


def table(cases):
    """One line per case and side of Fettle."""
    lines = ["| what | store | MLflow | Fettle | ratio | goal | |", "|---|---|---:|---:|---:|---|---|"]
    for case in cases:
        for row in rows_of(case):
            unit = short(row["unit"])
            theirs = f"{number(row['mlflow'])} {unit}" if row["mlflow"] else f"no answer in {row['silent']} s" if row["silent"] else ""
            ratio = f"{number(row['ratio'])}x" if row["ratio"] else ""
            goals = ", ".join(goal_text(goal, row["unit"]) for goal in row["goals"])
            verdict = ", ".join("reached" if met else "**short**" for met in row["met"])
            lines.append(f"| {row['title']} | {row['store']} | {theirs} | {number(row['fettle'])} {unit} | {ratio} | {goals} | {verdict} |")
    return lines


def latencies(cases):
    lines = ["| what | store | | p50 ms | p95 ms | p99 ms | p99.9 ms | CPU s per 1,000 requests |", "|---|---|---|---:|---:|---:|---:|---:|"]
    for case in cases:
        for side, measured in case["sides"].items():
            if isinstance(measured, dict):
                title = f"{case['title']}, {case['connections']} conn."
                fields = ("p50_ms", "p95_ms", "p99_ms", "p999_ms", "cpu_seconds_per_1000")
                cells = [title, STORES[case["store"]], side, *(number(measured.get(field)) for field in fields)]
                lines.append("| " + " | ".join(cells) + " |")
    return lines


def curves(cases):
    lines = []
    for case in cases:
        lines += ["", f"{case['title']} on {STORES[case['store']]}, {case['connections']} connections:", ""]
        lines += ["| offered/s | achieved/s | p50 ms | p95 ms | p99 ms | p99.9 ms |", "|---:|---:|---:|---:|---:|---:|"]
        for step in case["curve"]:
            cells = [number(step[field]) for field in ("offered", "achieved", "p50_ms", "p95_ms", "p99_ms", "p999_ms")]
            lines.append("| " + " | ".join(cells) + " |")
    return lines


def markdown(results, about):
    lines = ["# Fettle beside MLflow 3.17.2", ""]
    lines += [
        "Written by `cargo xtask bench`. Both servers run on one machine and one kind of store (PostgreSQL with `fsync` on), answer the",
        "same requests with the same data (that is checked first), and are asked in turn; figures are medians of the rounds. Ratios",
        "travel between machines, absolute figures do not.",
        "",
        f"{about['date']}, commit {about['commit']}, {about['cores']} cores ({about['cpu']}), Linux {about['kernel']}, load average"
        f" at the start {about['load_at_start']}. The load generator runs on the same cores: wrk, a closed loop, unless a table says"
        " otherwise. PostgreSQL's own processes are not in the processor times.",
        "",
    ]
    cases = [case for case in results.values() if "sides" in case]
    lines += table(cases)
    lines += earlier(results, about["commit"])
    lines += shortfalls(results)
    if "floors" in results:
        lines += ["", "## Floors of this machine", "", "The same work done bare, with nothing of a tracking server around it.", ""]
        lines += ["| what | per second |", "|---|---:|"]
        lines += [f"| {what} | {number(value)} |" for what, value in results["floors"]["floors"].items()]
    lines += ["", "## Latency and processor time under that load", "", *latencies(cases)]
    measured_curves = [case for case in results.values() if "curve" in case]
    if measured_curves:
        lines += ["", "## Saturation", "", "Requests are sent at a given rate whether or not the server keeps up (an open loop, `bench/tools`);"]
        lines += ["latency counts from the moment when a request was due.", *curves(measured_curves)]
    loads = [case for case in results.values() if "mixed" in case]
    if loads:
        lines += ["", "## Memory under a mixed load", "", *mixed_loads(loads)]
    if plot.sizes(results):
        lines += ["", "## Cost against size", "", "![Latency of searches against the number of runs](cost.svg)"]
    return "\n".join(lines) + "\n"


def earlier(results, commit):
    """What an earlier commit showed, where the newest run did not measure it again."""
    commits = {}
    for case in results.values():
        if case.get("commit", commit) != commit:
            commits.setdefault(case["commit"], []).append(f"{case['title']} ({STORES[case['store']]})" if case.get("store") else case["title"])
    if not commits:
        return []
    return ["", *[f"Measured on {other}: {'; '.join(titles)}." for other, titles in commits.items()]]


def shortfalls(results):
    """Every goal that is missed, by how much, and why."""
    lines = []
    for name, case in results.items():
        for row in rows_of(case) if "sides" in case else []:
            for goal, met in zip(row["goals"], row["met"]):
                if not met:
                    side = next(side for side in case["sides"] if side != case.get("reference", "mlflow"))
                    factor = missed_by(goal, case["sides"][side], row["ratio"])
                    text = f"- **{row['title']}** ({row['store']}): {goal_text(goal, row['unit'])} missed by {factor}."
                    lines.append(f"{text} {reasons.why(name, results)}".rstrip())
    return ["", "## What is short, and why", "", *lines] if lines else []


def missed_by(goal, measured, ratio):
    """How many times too little or too much."""
    kind, field, bound = goal[:3]
    value = ratio if kind == "ratio" else measured[field] if field else figure(measured)
    return f"a factor of {number(value / bound if kind == 'at_most' else bound / value)}"


def mixed_loads(cases):
    lines = ["| what | store | minutes | requests | p50 ms | p99 ms | MiB in the second tenth | middle | last tenth | most |", "|---|---|" + "---:|" * 8]
    for case in cases:
        mixed = case["mixed"]
        figures = [mixed[field] for field in ("minutes", "requests", "p50_ms", "p99_ms")]
        figures += [mixed["memory_mib"][field] for field in ("second tenth", "middle", "last tenth", "most")]
        lines.append(f"| {case['title']} | {STORES[case['store']]} | " + " | ".join(number(figure) for figure in figures) + " |")
    return lines


def readme(results):
    """The README with the newest figures between its two marks."""
    before, rest = README.read_text().split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    shown = table([results[name] for name in SHOWN if name in results])
    words = (
        "Measured side by side with MLflow 3.17.2 on one machine of two cores by `cargo xtask bench`, after both gave the same\n"
        "answers. Latencies, saturation curves, floors and the machine are in [bench/REPORT.md](bench/REPORT.md).\n"
    )
    return f"{before}{MARKS[0]}{words}\n" + "\n".join(shown) + f"\n{MARKS[1]}{after}"


def pages(stored):
    """Each file that follows from the results, with what it should hold."""
    results, about = stored["results"], stored["about"]
    files = {HERE / "REPORT.md": markdown(results, about), README: readme(results)}
    if plot.sizes(results):
        files[HERE / "cost.svg"] = plot.svg(results)
    return files


def write(results, about):
    """Measured cases replace what is stored of them; the others stay, with the commit that they were measured on."""
    results = {name: {**case, "commit": about["commit"]} for name, case in results.items()}
    if RESULTS.is_file():
        stored = json.loads(RESULTS.read_text())
        earlier = {name: {"commit": stored["about"]["commit"], **case} for name, case in stored["results"].items()}
        results = {**earlier, **results}
    results = {name: case for name, case in results.items() if "title" in case}
    stored = {"about": about, "results": results}
    RESULTS.write_text(json.dumps(stored, indent=1) + "\n")
    for path, text in pages(stored).items():
        path.write_text(text)


def main():
    stored = json.loads(RESULTS.read_text())
    if "--check" not in sys.argv:
        for path, text in pages(stored).items():
            path.write_text(text)
        return
    stale = [path.name for path, text in pages(stored).items() if not path.is_file() or path.read_text() != text]
    if stale:
        raise SystemExit(f"{', '.join(stale)} differ from bench/results.json: run python3 -m bench.report")


if __name__ == "__main__":
    main()
