"""Why goals are missed and what the machine allows: shown in the report beside those that are."""

SHARED_COMMIT = (
    "Callers share commits: while one group is synced the next one gathers, so that a caller sees about two of them. Bare, a commit"
    " of eight such points takes {eight_points:.2f} ms here (floors), so that two take {two:.2f} ms before any HTTP. Waiting for more"
    " callers, one group at a time instead of two, and rarer checkpoints were tried: slower, or the same. With 64 connections the"
    " server takes about twice as many (saturation)."
)
SLOW_HOUR = "The processor was slower in this hour than in others, for both servers."
ROUND_TRIPS = "Each statement is a round trip to another process, which has the same two cores."

WHY = {
    "log-metric@sqlite": SHARED_COMMIT,
    "log-batch-1000-8@sqlite": (
        "Bound by processor: a request takes the server 0.9 to 1.0 ms of one, a fifth of it to read the JSON, and the load generator, which"
        " makes 100 KB for each request, and MLflow's waiting processes have the same two cores. Alone on this machine Fettle reached 1,025"
        " to 1,219 under the same load. Bare, the same bodies are read {parsed:,.0f} times a second and kept by nobody (floors)."
    ),
    "cold-start": (
        "Of it 5 ms are the program being loaded, and six syncs follow one another; the rest is SQLite reading its schema for each"
        " connection, and the server putting itself together."
    ),
    "loaded-memory@sqlite": "Probably the writer's pages (4 MB), a reader's, and what the allocator keeps for the threads that are left.",
    "loaded-memory@postgres": (
        "Not looked into further: connections that nobody needs are closed after five seconds, which spared a third; what is left is"
        " probably freed memory that the allocator keeps for the threads."
    ),
    "search-small-1m@postgres": (
        "One of ten values of a param meets 100,000 runs and one of a hundred 10,000: these 10,000 are looked up in the index of the"
        " other param one by one."
    ),
    "search-by-metric-20k@postgres": f"{ROUND_TRIPS} PostgreSQL itself takes about 4 ms for the page and 2 to plan it (EXPLAIN ANALYZE).",
    "search-by-metric-20k@sqlite": SLOW_HOUR + " Earlier it was 7.8 ms.",
    "spans@sqlite": SLOW_HOUR + " Earlier the same code took in 30,740 a second beside 466 of MLflow: 66 times as many then, too.",
    "spans-search one of few@sqlite": SLOW_HOUR + " Earlier it was 4.9 ms.",
    "spans-search one that all have@sqlite": SLOW_HOUR + " Earlier it was 9.5 ms.",
    "gateway-overhead": SLOW_HOUR + " Earlier it was 97.1 us.",
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
