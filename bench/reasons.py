"""Why goals are missed and what the machine allows: shown in the report beside those that are."""

SHARED_COMMIT = (
    "Callers share commits: while one group is synced the next one gathers, so that a caller sees about two of them. Bare, a commit"
    " of eight such points takes {eight_points:.2f} ms here (floors), so that two take {two:.2f} ms before any HTTP. Waiting for more"
    " callers, one group at a time instead of two, and rarer checkpoints were tried: slower, or the same. With 64 connections the"
    " server takes about twice as many (saturation)."
)
ROUND_TRIPS = "Each statement is a round trip to another process, which has the same two cores."

WHY = {
    "log-metric@sqlite": SHARED_COMMIT,
    "log-batch-1000-8@sqlite": (
        "Bound by processor: reading the JSON takes half of the server's time, and the load generator, which makes 100 KB for each"
        " request, has the same two cores. Bare, the same bodies are read {parsed:,.0f} times a second and kept by nobody (floors)."
    ),
    "cold-start": (
        "Of it 5 ms are the program being loaded, and six syncs follow one another; the rest is SQLite reading its schema for each"
        " connection, and the server putting itself together."
    ),
    "loaded-memory@sqlite": "Probably the writer's pages (8 MB), a reader's, and what the allocator keeps for the threads that are left.",
    "loaded-memory@postgres": "Probably what sixteen connections keep: their statements and the buffers of their largest answers.",
    "search-small-1m@sqlite": (
        "The indexes over values hold an expression, which SQLite does not take for the whole answer: it also opens the row of each of"
        " the 26,000 entries that it counts and reads (1.4 us each in SQLite 3.40). A column for the beginning of the value would spare it that."
    ),
    "search-by-metric-20k@postgres": f"{ROUND_TRIPS} PostgreSQL itself takes about 4 ms for the page and 2 to plan it (EXPLAIN ANALYZE).",
    "spans-search one of few@postgres": f"{ROUND_TRIPS} Spans are opened in the server, so that packed segments travel.",
    "spans-search one that all have@postgres": f"{ROUND_TRIPS} Spans are opened in the server, so that packed segments travel.",
}


def why(name, results):
    """The reason, with the floors of this machine in it."""
    text = WHY.get(name, "")
    floors = results.get("floors", {})
    commit = floors.get("p50_ms", {}).get("eight_points", 0)
    parsed = next((value for what, value in floors.get("floors", {}).items() if "read into structs" in what), 0)
    return text.format(eight_points=commit, two=2 * commit, parsed=parsed)
