"""`logged-models/...`"""

from ..dsl import missing
from ..grammar import ODD, clauses, conjunctions, sizes

T = 1_600_000_000_000
LM = "logged-models"


def build(g):
    g.post("experiment", "experiments/create", {"name": "logged-models"}, save={"e": "experiment_id"})
    run = {"experiment_id": "${e}", "start_time": T, "run_name": "logged-models"}
    g.post("run", "runs/create", run, save={"r": "run.info.run_id"})
    life(g)
    search(g)


def life(g):
    body = {"experiment_id": "${e}", "name": "plain"}
    g.post("create", LM, body, save={"m": "model.info.model_id"})
    full = {
        **body,
        "name": "full",
        "model_type": "sklearn",
        "source_run_id": "${r}",
        "params": [{"key": "p", "value": "1"}, {"key": "q", "value": ""}],
        "tags": [{"key": "t", "value": "1"}, {"key": "u", "value": ""}],
    }
    g.post("create full", LM, full, save={"full": "model.info.model_id"})
    g.post("create random name", LM, {"experiment_id": "${e}"})
    missing(g, "logged-models", body, ["experiment_id"])
    for id, change in {
        "unknown experiment": {"experiment_id": "987654"},
        "word experiment": {"experiment_id": "abc"},
        "name slash": {"name": "a/b"},
        "name colon": {"name": "a:b"},
        "name dot": {"name": "a.b"},
        "name percent": {"name": "a%b"},
        "name quote": {"name": "a'b"},
        "name double quote": {"name": 'a"b'},
        "name empty": {"name": ""},
        "name unicode": {"name": "ü 日本"},
        "name 500": {"name": "n" * 500},
        "unknown run": {"source_run_id": "0" * 32},
        "param no key": {"params": [{"value": "1"}]},
        "param twice": {"params": [{"key": "p", "value": "1"}, {"key": "p", "value": "2"}]},
        "param 6001": {"params": [{"key": "p", "value": "v" * 6001}]},
        "tag twice": {"tags": [{"key": "p", "value": "1"}, {"key": "p", "value": "2"}]},
        "100 params": {"params": [{"key": f"p{n}", "value": "1"} for n in range(100)]},
        "number name": {"name": 5},
    }.items():
        g.post(f"create {id}", LM, {**body, **change})
    for id, model in {"plain": "${m}", "full": "${full}", "unknown": "m-" + "0" * 32, "odd": "nonsense"}.items():
        g.get(f"get {id}", f"{LM}/{model}")
    g.get("get allow deleted", f"{LM}/${{m}}", {"allow_deleted": "true"})
    for id, change in {
        "ready": {"status": "LOGGED_MODEL_READY"},
        "failed": {"status": "LOGGED_MODEL_UPLOAD_FAILED"},
        "pending": {"status": "LOGGED_MODEL_PENDING"},
        "number": {"status": 2},
        "bogus": {"status": "BOGUS"},
        "nothing": {},
        "no id": {"model_id": None, "status": "LOGGED_MODEL_READY"},
        "other id": {"model_id": "m-" + "0" * 32, "status": "LOGGED_MODEL_READY"},
    }.items():
        g.patch(f"finalize {id}", f"{LM}/${{m}}", {"model_id": "${m}", **change})
    g.patch("finalize unknown", f"{LM}/m-{'0' * 32}", {"model_id": "m-" + "0" * 32, "status": "LOGGED_MODEL_READY"})
    g.get("get finalized", f"{LM}/${{m}}")
    for id, params in {
        "one": [{"key": "late", "value": "1"}],
        "again": [{"key": "late", "value": "1"}],
        "changed": [{"key": "late", "value": "2"}],
        "none": [],
        "no key": [{"value": "1"}],
        "long": [{"key": "long", "value": "v" * 6001}],
    }.items():
        g.post(f"params {id}", f"{LM}/${{m}}/params", {"model_id": "${m}", "params": params})
    g.post("params no id", f"{LM}/${{m}}/params", {"params": [{"key": "x", "value": "1"}]})
    for id, tags in {
        "one": [{"key": "t", "value": "1"}],
        "again": [{"key": "t", "value": "2"}],
        "twice": [{"key": "w", "value": "1"}, {"key": "w", "value": "2"}],
        "none": [],
        "no key": [{"value": "1"}],
        "unicode": [{"key": "ü", "value": "日本"}],
    }.items():
        g.patch(f"tags {id}", f"{LM}/${{m}}/tags", {"model_id": "${m}", "tags": tags})
    g.delete("untag", f"{LM}/${{m}}/tags/t")
    g.delete("untag twice", f"{LM}/${{m}}/tags/t")
    g.delete("untag unknown model", f"{LM}/m-{'0' * 32}/tags/t")
    metric = {"run_id": "${r}", "key": "acc", "value": 0.5, "timestamp": T, "model_id": "${m}"}
    g.post("metric", "runs/log-metric", metric)
    g.post("metric dataset", "runs/log-metric", {**metric, "value": 0.75, "timestamp": T + 1, "dataset_name": "d", "dataset_digest": "1"})
    g.post("metric NaN", "runs/log-metric", {**metric, "key": "nan", "value": "NaN"})
    g.get("get after all", f"{LM}/${{m}}")
    g.post("outputs", "runs/outputs", {"run_id": "${r}", "models": [{"model_id": "${m}", "step": 3}]})
    g.post("inputs", "runs/log-inputs", {"run_id": "${r}", "models": [{"model_id": "${m}"}]})
    g.get("run with models", "runs/get", {"run_id": "${r}"})
    g.delete("delete", f"{LM}/${{full}}")
    g.delete("delete twice", f"{LM}/${{full}}")
    g.get("get deleted", f"{LM}/${{full}}")
    g.get("get deleted allowed", f"{LM}/${{full}}", {"allow_deleted": "true"})
    g.patch("tag deleted", f"{LM}/${{full}}/tags", {"model_id": "${full}", "tags": [{"key": "x", "value": "1"}]})


def search(g):
    g.post("search experiment", "experiments/create", {"name": "logged-models-search"}, save={"s": "experiment_id"})
    run = {"experiment_id": "${s}", "start_time": T, "run_name": "search"}
    g.post("search run", "runs/create", run, save={"sr": "run.info.run_id"})
    for n in range(7):
        body = {
            "experiment_id": "${s}",
            "name": f"model-{'abcABCx'[n]}",
            "model_type": ["sklearn", "torch", ""][n % 3],
            "params": [{"key": "lr", "value": ["0.1", "0.01", "x"][n % 3]}],
            "tags": [{"key": "a", "value": ["b", "B", "c"][n % 3]}],
        }
        g.post(f"seed {n}", LM, {**body, **({"source_run_id": "${sr}"} if n % 2 else {})}, save={f"s{n}": "model.info.model_id"}, pause=True)
        for dataset in ("", "d1", "d2"):
            if n != 3 and not (dataset == "d2" and n % 2):
                metric = {"run_id": "${sr}", "key": "acc", "value": [0.5, 1.5, 2, 0, -1, 0.5, 3][n], "timestamp": T + 10 * len(dataset) + int(dataset[-1:] or 0), "step": n, "model_id": f"${{s{n}}}"}
                g.post(f"metric {n} {dataset}", "runs/log-metric", {**metric, **({"dataset_name": dataset, "dataset_digest": "1"} if dataset else {})})
    g.delete("search delete", f"{LM}/${{s6}}")
    path = LM + "/search"

    def find(id, **more):
        g.post(id, path, {"experiment_ids": ["${s}"], "order_by": [{"field_name": "name"}], **more})

    fields = {
        "metrics.acc": ["0.5", "'x'"],
        "params.lr": ["'0.1'", "'%1'"],
        "tags.a": ["'b'", "('b', 'c')"],
        "name": ["'model-a'", "'MODEL-%'"],
        "attributes.model_type": ["'torch'"],
        "model_id": ["'${s1}'"],
        "source_run_id": ["'${sr}'"],
        "creation_timestamp": ["1600000000000", "'x'"],
        "creation_time": ["1600000000000"],
        "last_updated_timestamp": ["1600000000000"],
        "status": ["'LOGGED_MODEL_PENDING'"],
        "tag.a": ["'b'"],
        "nonsense": ["'x'"],
    }
    some = list(clauses(fields))
    for clause in some:
        find(f"filter {clause}", filter=clause)
    for number, text in enumerate(conjunctions(some, 15, "logged models")):
        find(f"filters {number}", filter=text)
    for number, text in enumerate(ODD):
        find(f"odd {number} {text}", filter=text)
    for id, datasets in {
        "d1": [{"dataset_name": "d1"}],
        "d2": [{"dataset_name": "d2", "dataset_digest": "1"}],
        "both": [{"dataset_name": "d1"}, {"dataset_name": "d2"}],
        "other digest": [{"dataset_name": "d1", "dataset_digest": "x"}],
        "unknown": [{"dataset_name": "x"}],
        "no name": [{"dataset_digest": "1"}],
        "empty": [],
    }.items():
        find(f"datasets {id}", filter="metrics.acc > 0", datasets=datasets)
        find(f"datasets {id} without filter", datasets=datasets)
    for field in ("name", "attributes.name", "creation_timestamp", "creation_time", "metrics.acc", "metrics.nobody", "params.lr", "tags.a", "nonsense", "", "model_type", "source_run_id", "last_updated_timestamp"):
        for ascending in (True, False, None):
            entry = {"field_name": field} if ascending is None else {"field_name": field, "ascending": ascending}
            g.post(f"order {field} {ascending}", path, {"experiment_ids": ["${s}"], "order_by": [entry]})
    for dataset in ("d1", "d2", "x"):
        entry = {"field_name": "metrics.acc", "dataset_name": dataset, "ascending": False}
        g.post(f"order by dataset {dataset}", path, {"experiment_ids": ["${s}"], "order_by": [entry]})
    for id, size in sizes(50).items():
        find(f"size {id}", max_results=size)
    for size in (1, 2, 3, 6):
        g.post(f"pages of {size}", path, {"experiment_ids": ["${s}"], "order_by": [{"field_name": "name"}], "max_results": size}, pages=True)
    for id, experiments in {"none": [], "unknown": ["987654"], "word": ["x"], "both": ["${s}", "987654"]}.items():
        g.post(f"experiments {id}", path, {"experiment_ids": experiments})
    for token in ("x", "e30=", ""):
        find(f"token {token!r}", page_token=token)
    g.post("no body", path)
    g.post("default order", path, {"experiment_ids": ["${s}"]})
