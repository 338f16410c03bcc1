"""A plot of latency against size, both logarithmic, as SVG."""

import math

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 860, 380, 70, 290, 30, 50
COLOURS = ["#1f6feb", "#d1242f", "#1a7f37", "#9a6700", "#8250df", "#57606a", "#bf3989", "#0a7ea4"]


def sizes(results):
    """(store, query) -> points of (runs, p95 in ms), of Fettle and of MLflow."""
    lines = {}
    for case in results.values():
        if "query" in case:
            for side, measured in case["sides"].items():
                if "p95_ms" not in measured:
                    # It gave no answer in the time that it had.
                    continue
                name = f"{side}, {case['store']}: {case['query']}"
                lines.setdefault(name, []).append((case["runs"], measured["p95_ms"]))
    return {name: sorted(points) for name, points in lines.items() if len(points) > 1}


def svg(results):
    lines = sizes(results)
    runs = [point[0] for points in lines.values() for point in points]
    costs = [point[1] for points in lines.values() for point in points]
    across = math.log10(min(runs)), math.log10(max(runs))
    up = math.floor(math.log10(min(costs))), math.ceil(math.log10(max(costs)))

    def x(value):
        return LEFT + (math.log10(value) - across[0]) / (across[1] - across[0] or 1) * (WIDTH - LEFT - RIGHT)

    def y(value):
        return HEIGHT - BOTTOM - (math.log10(value) - up[0]) / (up[1] - up[0] or 1) * (HEIGHT - TOP - BOTTOM)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">']
    out.append(f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>')
    out.append(f'<text x="{LEFT}" y="18">p95 of runs/search in ms against runs in the experiment</text>')
    for power in range(up[0], up[1] + 1):
        value = 10.0**power
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#d0d7de"/>')
        out.append(f'<text x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{value:g}</text>')
    for value in sorted(set(runs)):
        out.append(f'<text x="{x(value):.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{value:,}</text>')
    for index, (name, points) in enumerate(lines.items()):
        colour = COLOURS[index % len(COLOURS)]
        path = " ".join(f"{x(size):.1f},{y(cost):.1f}" for size, cost in points)
        dash = ' stroke-dasharray="5 4"' if name.startswith("mlflow") else ""
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        out.append(f'<text x="{WIDTH - RIGHT + 12}" y="{TOP + 16 * index + 12}" fill="{colour}">{name}</text>')
    return "\n".join([*out, "</svg>"]) + "\n"
