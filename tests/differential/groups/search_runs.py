"""`runs/search`: filters, orders and pages over runs with metrics, params, tags and datasets."""

from ..grammar import ODD, ORDERS, TOKENS, clauses, conjunctions, sizes

T = 1_600_000_000_000


def build(g):
    seed(g)
    filters(g)
    orders(g)
    pages(g)


def seed(g):
    g.post("experiment", "experiments/create", {"name": "search-runs"}, save={"e": "experiment_id"})
    g.post("other experiment", "experiments/create", {"name": "search-runs-other"}, save={"o": "experiment_id"})
    for n in range(9):
        body = {
            "experiment_id": "${o}" if n == 8 else "${e}",
            "start_time": T + n * 1000,
            "run_name": f"run-{'abcABCxyz'[n]}",
            "user_id": ["ann", "bob", ""][n % 3],
        }
        g.post(f"seed {n}", "runs/create", body, save={f"r{n}": "run.info.run_id"})
        batch = {
            "run_id": f"${{r{n}}}",
            "metrics": [
                {"key": "loss", "value": ["NaN", 0.5, 1.5, "Infinity", "-Infinity", 0.5, -1, 2, 3][n], "timestamp": T, "step": n},
                {"key": "every", "value": 1, "timestamp": T, "step": 0},
            ]
            + ([{"key": "some", "value": n, "timestamp": T, "step": 0}] if n % 2 else []),
            "params": [{"key": "lr", "value": ["0.1", "0.01", "1", "10", "x", "X", "", "0.1", "0.1"][n]}]
            + ([{"key": "depth", "value": str(n)}] if n % 2 else []),
            "tags": [{"key": "a", "value": ["b", "B", "c", "%", "_", "b", "bb", "it's", "b"][n]}, {"key": "with space", "value": "x"}]
            + ([{"key": "odd", "value": "yes"}] if n % 2 else []),
        }
        g.post(f"log {n}", "runs/log-batch", batch)
        if n in (1, 2, 5):
            dataset = {"name": f"data{n % 2}", "digest": f"d{n}", "source_type": "local", "source": "{}"}
            tags = [{"key": "mlflow.data.context", "value": ["train", "eval"][n % 2]}]
            g.post(f"dataset {n}", "runs/log-inputs", {"run_id": f"${{r{n}}}", "datasets": [{"dataset": dataset, "tags": tags}]})
        if n % 3 == 0:
            g.post(f"finish {n}", "runs/update", {"run_id": f"${{r{n}}}", "status": ["FINISHED", "FAILED", "KILLED"][n // 3 % 3], "end_time": T + n * 5000})
    g.post("delete 6", "runs/delete", {"run_id": "${r6}"})


FIELDS = {
    "metrics.loss": ["0.5", "-1", "1e-3", "'0.5'", "NaN"],
    "metric.some": ["3"],
    "metrics.`every`": ["1"],
    "metrics.nobody": ["1"],
    "params.lr": ["'0.1'", "'X'", "'%1%'", "0.1"],
    "param.depth": ["'3'"],
    "parameters.depth": ["'5'"],
    "params.nobody": ["'x'"],
    "tags.a": ["'b'", "'B%'", "'_'", "'%'", '"c"'],
    "tag.`with space`": ["'x'"],
    'tags."with space"': ["'x'"],
    "tags.odd": ["'yes'"],
    "attributes.run_name": ["'run-a'", "'RUN-A'"],
    "run_name": ["'run-_'"],
    "`run name`": ["'run-b'"],
    "attribute.`Run name`": ["'run-b'"],
    "attributes.status": ["'FINISHED'", "'finished'", "'%IN%'"],
    "status": ["'RUNNING'"],
    "user_id": ["'ann'", "'A%'"],
    "artifact_uri": ["'%artifacts'"],
    "start_time": [str(T + 3000), "'x'", "1.5"],
    "created": [str(T + 3000)],
    "attributes.Created": [str(T + 3000)],
    "end_time": [str(T + 5000), "0"],
    "run_id": ["'${r1}'", "('${r1}', '${r2}')", "('${r1}',)"],
    "attr.run_id": ["'${r3}'"],
    "run.status": ["'FAILED'"],
    "lifecycle_stage": ["'active'"],
    "experiment_id": ["'1'"],
    "dataset.name": ["'data1'", "'DATA%'", "('data0', 'data1')"],
    "datasets.digest": ["'d1'"],
    "dataset.context": ["'train'", "('train', 'eval')"],
    "dataset.nonsense": ["'x'"],
    "inputs.name": ["'x'"],
}


def find(g, id, text, **more):
    g.post(id, "runs/search", {"experiment_ids": ["${e}"], "filter": text, "order_by": ["start_time"], **more})


def filters(g):
    some = list(clauses(FIELDS))
    for clause in some:
        find(g, f"filter {clause}", clause)
    for number, text in enumerate(conjunctions(some, 60, "runs")):
        find(g, f"filters {number}", text)
    for number, text in enumerate(ODD):
        find(g, f"odd {number} {text}", text)


def orders(g):
    keys = ["metrics.loss", "metric.some", "params.lr", "params.depth", "tags.a", "tag.odd", "attributes.status", "run_name", "start_time", "end_time", "Created", "user_id", "artifact_uri"]
    for key in keys:
        for direction in ("", " ASC", " DESC", " desc"):
            more = [] if "artifact" not in key else ["run_name"]
            if key == "artifact_uri":
                continue
            g.post(f"order {key}{direction}", "runs/search", {"experiment_ids": ["${e}"], "order_by": [key + direction, *more]})
    for order in ORDERS:
        text = order.format("start_time", "start_time")
        g.post(f"order shape {text}", "runs/search", {"experiment_ids": ["${e}"], "order_by": [text]})
    for id, order in {
        "two": ["params.lr DESC", "metrics.loss"],
        "same twice": ["metrics.loss", "metrics.loss DESC"],
        "unknown": ["nonsense"],
        "unknown attribute": ["attributes.nonsense"],
        "unknown prefix": ["nonsense.x"],
        "dataset": ["dataset.name"],
        "empty text": [""],
        "no key": ["metrics."],
        "quoted": ["metrics.`loss`"],
        "double quoted": ['tags."with space" DESC'],
        "text": "start_time",
        "number": [1],
        "null": None,
        "empty": [],
        "missing key": ["metrics.nobody"],
        "unicode": ["tags.ü"],
        "many": ["metrics.some", "metrics.loss", "params.lr", "params.depth", "tags.a", "tags.odd", "start_time DESC"],
        "lifecycle": ["lifecycle_stage", "start_time"],
        "injection": ["start_time; DROP TABLE runs"],
    }.items():
        g.post(f"order {id}", "runs/search", {"experiment_ids": ["${e}"], "order_by": order})


def pages(g):
    path = "runs/search"
    body = {"experiment_ids": ["${e}"], "order_by": ["start_time"]}
    for id, size in sizes(50000).items():
        g.post(f"size {id}", path, {**body, "max_results": size})
    for id, text in TOKENS.items():
        g.post(f"token {id}", path, {**body, "max_results": 3, "page_token": text})
    for size in (1, 2, 3, 7, 8):
        g.post(f"pages of {size}", path, {**body, "max_results": size}, pages=True)
        g.post(f"pages by loss of {size}", path, {**body, "order_by": ["metrics.loss DESC"], "max_results": size}, pages=True)
    for view in ("ACTIVE_ONLY", "DELETED_ONLY", "ALL", "BOGUS", "", 1, 2, 3, None):
        g.post(f"view {view!r}", path, {**body, "run_view_type": view})
    for id, experiments in {
        "none": [],
        "null": None,
        "both": ["${e}", "${o}"],
        "twice": ["${e}", "${e}"],
        "unknown": ["987654"],
        "word": ["abc"],
        "empty text": [""],
        "number": [0],
        "text": "${o}",
        "other": ["${o}"],
    }.items():
        g.post(f"experiments {id}", path, {**body, "experiment_ids": experiments})
    g.post("everything default", path, {"experiment_ids": ["${e}"]})
    g.post("no experiments", path, {})
