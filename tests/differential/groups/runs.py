"""`runs/...` but for the search."""

from ..dsl import AJAX, missing

T = 1_600_000_000_000


def build(g):
    g.post("experiment", "experiments/create", {"name": "runs-main"}, save={"e": "experiment_id"})
    create(g)
    read_and_update(g)
    life(g)
    params(g)
    tags(g)
    metrics(g)
    batches(g)
    inputs(g)
    models(g)
    wire(g)


def create(g):
    path = "runs/create"
    body = {"experiment_id": "${e}", "start_time": T}
    full = {**body, "run_name": "runs-full", "user_id": "ann", "tags": [{"key": "a", "value": "b"}, {"key": "empty", "value": ""}]}
    g.post("create", path, {**body, "run_name": "runs-plain"}, save={"r": "run.info.run_id"})
    g.post("create full", path, full, save={"full": "run.info.run_id"})
    g.post("create random name", path, body)
    g.post("create ajax", AJAX + path, {**body, "run_name": "runs-ajax"})
    g.post("create in default", path, {"start_time": T, "run_name": "runs-default"})
    g.post("create no body", path)
    for id, change in {
        "empty experiment": {"experiment_id": ""},
        "null experiment": {"experiment_id": None},
        "number experiment": {"experiment_id": 0},
        "unknown experiment": {"experiment_id": "987654"},
        "word experiment": {"experiment_id": "abc"},
        "no time": {"start_time": None},
        "time zero": {"start_time": 0},
        "time text": {"start_time": str(T)},
        "time word": {"start_time": "now"},
        "time negative": {"start_time": -1},
        "time fraction": {"start_time": 1.5},
        "time seconds": {"start_time": 1600000000},
        "time max": {"start_time": 2**63 - 1},
        "time beyond": {"start_time": 2**63},
        "empty name": {"run_name": ""},
        "blank name": {"run_name": " "},
        "unicode name": {"run_name": "ü 日本 🦀"},
        "number name": {"run_name": 5},
        "long name": {"run_name": "n" * 8000},
        "longer name": {"run_name": "n" * 8001},
        "name in tag": {"tags": [{"key": "mlflow.runName", "value": "runs-tag"}]},
        "name agrees": {"run_name": "x", "tags": [{"key": "mlflow.runName", "value": "x"}]},
        "name differs": {"run_name": "x", "tags": [{"key": "mlflow.runName", "value": "y"}]},
        "name and empty tag": {"run_name": "x", "tags": [{"key": "mlflow.runName", "value": ""}]},
        "empty user": {"user_id": ""},
        "user tag": {"tags": [{"key": "mlflow.user", "value": "bob"}]},
        "number user": {"user_id": 5},
        "tag no key": {"tags": [{"value": "x"}]},
        "tag no value": {"tags": [{"key": "x"}]},
        "tag null": {"tags": None},
        "tags object": {"tags": {"a": "b"}},
        "tags of text": {"tags": ["a"]},
        "tag twice": {"tags": [{"key": "x", "value": "1"}, {"key": "x", "value": "2"}]},
        "tag twice same": {"tags": [{"key": "x", "value": "1"}, {"key": "x", "value": "1"}]},
        "tag key 250": {"tags": [{"key": "k" * 250, "value": "1"}]},
        "tag key 251": {"tags": [{"key": "k" * 251, "value": "1"}]},
        "tag value 8000": {"tags": [{"key": "k", "value": "v" * 8000}]},
        "tag value 8001": {"tags": [{"key": "k", "value": "v" * 8001}]},
        "tag odd key": {"tags": [{"key": "a;b", "value": "1"}]},
        "parent": {"tags": [{"key": "mlflow.parentRunId", "value": "${r}"}]},
        "status": {"status": "FINISHED"},
        "unknown field": {"nonsense": 5},
    }.items():
        g.post(f"create {id}", path, {**body, "run_name": "runs-x", **change} if "name" not in id else {**body, **change})
    g.post("create 101 tags", path, {**body, "run_name": "m", "tags": [{"key": f"t{n}", "value": "1"} for n in range(101)]})


def read_and_update(g):
    for id, query in {
        "plain": {"run_id": "${r}"},
        "full": {"run_id": "${full}"},
        "uuid": {"run_uuid": "${r}"},
        "both": {"run_id": "${r}", "run_uuid": "${r}"},
        "differing": {"run_id": "${r}", "run_uuid": "${full}"},
        "nothing": {},
        "empty": {"run_id": ""},
        "empty and uuid": {"run_id": "", "run_uuid": "${r}"},
        "unknown": {"run_id": "0" * 32},
        "short": {"run_id": "abc"},
        "upper": {"run_id": "ABCDEF0123456789ABCDEF0123456789"},
        "dashes": {"run_id": "00000000-0000-0000-0000-000000000000"},
        "unicode": {"run_id": "ü"},
        "space": {"run_id": "a b"},
        "slash": {"run_id": "a/b"},
        "dots": {"run_id": "../x"},
        "256": {"run_id": "a" * 256},
        "257": {"run_id": "a" * 257},
        "camel": {"runId": "${r}"},
    }.items():
        g.get(f"get {id}", "runs/get", query)
        if query:
            g.get(f"get by body {id}", "runs/get", body=query)
    g.get("get ajax", AJAX + "runs/get", {"run_id": "${r}"})
    g.post("get by post", "runs/get", {"run_id": "${r}"})
    for id, body in {
        "finish": {"status": "FINISHED", "end_time": T + 5000},
        "nothing": {},
        "name": {"run_name": "runs-renamed"},
        "same name": {"run_name": "runs-renamed"},
        "empty name": {"run_name": ""},
        "number name": {"run_name": 7},
        "back": {"status": "RUNNING"},
        "killed": {"status": "KILLED", "end_time": str(T + 7000)},
        "scheduled": {"status": "SCHEDULED"},
        "failed": {"status": "FAILED"},
        "bogus": {"status": "BOGUS"},
        "lower": {"status": "finished"},
        "number": {"status": 3},
        "number 9": {"status": 9},
        "number 0": {"status": 0},
        "number text": {"status": "3"},
        "empty status": {"status": ""},
        "null status": {"status": None},
        "list status": {"status": ["FINISHED"]},
        "end zero": {"end_time": 0},
        "end negative": {"end_time": -5},
        "end word": {"end_time": "later"},
        "end null": {"end_time": None},
        "end fraction": {"end_time": 1.5},
        "end beyond": {"end_time": 2**63},
        "long name": {"run_name": "n" * 9000},
        "uuid": {"run_id": "", "run_uuid": "${r}", "status": "RUNNING"},
        "unknown run": {"run_id": "0" * 32},
        "no run": {"run_id": None},
        "last": {"run_name": "runs-plain", "status": "FINISHED", "end_time": T + 9000},
    }.items():
        g.post(f"update {id}", "runs/update", {"run_id": "${r}", **body})
        if id in ("finish", "name", "end zero", "number 9", "number 0", "end null"):
            g.get(f"get after {id}", "runs/get", {"run_id": "${r}"})
    g.get("get updated", "runs/get", {"run_id": "${r}"})


def life(g):
    body = {"experiment_id": "${e}", "start_time": T, "run_name": "runs-life"}
    g.post("life", "runs/create", body, save={"life": "run.info.run_id"})
    run = {"run_id": "${life}"}
    for call in ("delete", "restore"):
        g.post(call, f"runs/{call}", run)
        g.get(f"get after {call}", "runs/get", run)
        g.post(f"{call} twice", f"runs/{call}", run)
        g.post(f"{call} uuid only", f"runs/{call}", {"run_uuid": "${life}"})
        g.post(f"{call} unknown", f"runs/{call}", {"run_id": "0" * 32})
        missing(g, f"runs/{call}", {}, ["run_id"])
    g.post("delete for writing", "runs/delete", run)
    for id, path, change in [
        ("metric", "runs/log-metric", {"key": "m", "value": 1, "timestamp": T}),
        ("param", "runs/log-parameter", {"key": "p", "value": "1"}),
        ("tag", "runs/set-tag", {"key": "t", "value": "1"}),
        ("untag", "runs/delete-tag", {"key": "t"}),
        ("batch", "runs/log-batch", {"params": [{"key": "p", "value": "1"}]}),
        ("empty batch", "runs/log-batch", {}),
        ("inputs", "runs/log-inputs", {"datasets": [{"dataset": {"name": "d", "digest": "1", "source_type": "x", "source": "y"}}]}),
        ("update", "runs/update", {"status": "FINISHED"}),
        ("history", "metrics/get-history", {"metric_key": "m"}),
    ]:
        if id == "history":
            g.get(f"deleted {id}", path, {**run, **change})
        else:
            g.post(f"deleted {id}", path, {**run, **change})
    g.get("deleted get", "runs/get", run)


KEYS = {
    "250": "k" * 250,
    "251": "k" * 251,
    "unicode": "ünï",
    "space": "with space",
    "slash": "a/b/c",
    "double slash": "a//b",
    "leading slash": "/a",
    "trailing slash": "a/",
    "dot": ".",
    "dots": "..",
    "up": "../a",
    "inner dots": "a/../b",
    "current": "./a",
    "colon": "a:b",
    "semicolon": "a;b",
    "quote": "a'b",
    "dash": "a-b_c.d",
    "tab": "a\tb",
    "emoji": "🦀",
    "percent": "100%",
    "at": "a@b",
    "backslash": "a\\b",
}


def params(g):
    path = "runs/log-parameter"
    body = {"run_id": "${r}", "key": "p", "value": "1"}
    g.post("param", path, body)
    g.post("param same", path, body)
    g.post("param change", path, {**body, "value": "2"}, exact=True)
    g.post("param uuid", path, {"run_uuid": "${r}", "key": "q", "value": "1"})
    missing(g, path, body, ["run_id", "key", "value"])
    for id, key in KEYS.items():
        g.post(f"param key {id}", path, {**body, "key": key})
    for id, value in {
        "empty": "",
        "6000": "v" * 6000,
        "6001": "v" * 6001,
        "unicode 6000": "ü" * 6000,
        "unicode 6001": "🦀" * 6001,
        "unicode": "日本 🦀",
        "newline": "a\nb",
        "null": None,
        "nothing": "null",
    }.items():
        g.post(f"param value {id}", path, {**body, "key": f"v {id}", "value": value})
    g.post("param unknown run", path, {**body, "run_id": "0" * 32})
    g.get("params", "runs/get", {"run_id": "${r}"})


def tags(g):
    path = "runs/set-tag"
    body = {"run_id": "${r}", "key": "t", "value": "1"}
    g.post("tag", path, body)
    g.post("tag change", path, {**body, "value": "2"})
    g.post("tag uuid", path, {"run_uuid": "${r}", "key": "u", "value": "1"})
    missing(g, path, body, ["run_id", "key", "value"])
    for id, key in KEYS.items():
        g.post(f"tag key {id}", path, {**body, "key": key})
    for id, value in {"8000": "v" * 8000, "8001": "v" * 8001, "unicode": "日本 🦀", "unicode 8001": "ü" * 8001}.items():
        g.post(f"tag value {id}", path, {**body, "key": f"v {id}", "value": value})
    g.post("tag renames", path, {**body, "key": "mlflow.runName", "value": "runs-by-tag"})
    g.get("get renamed by tag", "runs/get", {"run_id": "${r}"})
    g.post("tag empty name", path, {**body, "key": "mlflow.runName", "value": ""})
    g.get("get emptied by tag", "runs/get", {"run_id": "${r}"})
    g.post("tag unknown run", path, {**body, "run_id": "0" * 32})
    path = "runs/delete-tag"
    g.post("untag", path, {"run_id": "${r}", "key": "t"})
    g.post("untag twice", path, {"run_id": "${r}", "key": "t"})
    g.post("untag uuid only", path, {"run_uuid": "${r}", "key": "u"})
    g.post("untag unknown run", path, {"run_id": "0" * 32, "key": "u"})
    missing(g, path, {"run_id": "${r}", "key": "u"}, ["run_id", "key"])
    g.post("untag name", path, {"run_id": "${r}", "key": "mlflow.runName"})
    g.get("tags", "runs/get", {"run_id": "${r}"})


def metrics(g):
    body = {"experiment_id": "${e}", "start_time": T, "run_name": "runs-metrics"}
    g.post("metrics run", "runs/create", body, save={"m": "run.info.run_id"})
    path = "runs/log-metric"
    body = {"run_id": "${m}", "key": "m", "value": 1.5, "timestamp": T}
    g.post("metric", path, body)
    g.post("metric uuid", path, {**body, "run_id": None, "run_uuid": "${m}", "value": 2})
    missing(g, path, body, ["run_id", "key", "value", "timestamp"])
    for id, key in KEYS.items():
        g.post(f"metric key {id}", path, {**body, "key": key})
    for id, value in {
        "zero": 0,
        "minus zero": -0.0,
        "int": 7,
        "big int": 2**60 + 1,
        "tiny": 5e-324,
        "huge": 1.7976931348623157e308,
        "beyond": 10**400,
        "NaN text": "NaN",
        "Infinity text": "Infinity",
        "-Infinity text": "-Infinity",
        "inf text": "inf",
        "nan text": "nan",
        "number text": "1.25",
        "spaced text": " 1.25 ",
        "word": "much",
        "bare NaN": float("nan"),
        "bare Infinity": float("inf"),
        "bare -Infinity": float("-inf"),
        "true": True,
        "null": None,
        "list": [1],
        "fraction": 0.1,
        "exponent": 1e21,
    }.items():
        g.post(f"metric value {id}", path, {**body, "key": f"v {id}".replace("-", "minus "), "value": value})
    for id, time in {
        "zero": 0,
        "text": str(T),
        "negative": -1,
        "fraction": 1.5,
        "max": 2**63 - 1,
        "beyond": 2**63,
        "word": "now",
    }.items():
        g.post(f"metric time {id}", path, {**body, "key": f"t {id}", "timestamp": time})
    for id, step in {
        "negative": -5,
        "text": "7",
        "fraction": 1.5,
        "whole": 3.0,
        "null": None,
        "max": 2**63 - 1,
        "min": -(2**63),
        "beyond": 2**63,
        "word": "first",
        "true": True,
    }.items():
        g.post(f"metric step {id}", path, {**body, "key": f"s {id}", "step": step})
    g.post("metric dataset", path, {**body, "key": "d", "dataset_name": "data", "dataset_digest": "abc"})
    g.post("metric model unknown", path, {**body, "key": "mm", "model_id": "m-" + "0" * 32})
    g.post("metric unknown run", path, {**body, "run_id": "0" * 32})
    # The latest is the greatest step, then time, then value; not the one that came last.
    for number, (step, time, value) in enumerate([(3, T, 1), (2, T + 9, 9), (3, T - 9, 9), (3, T, 2), (3, T, 0), (3, T, "NaN")]):
        g.post(f"metric latest {number}", path, {**body, "key": "latest", "value": value, "step": step, "timestamp": time})
    g.get("metrics", "runs/get", {"run_id": "${m}"})
    g.get("history of latest", "metrics/get-history", {"run_id": "${m}", "metric_key": "latest"})


def batches(g):
    body = {"experiment_id": "${e}", "start_time": T, "run_name": "runs-batches"}
    g.post("batches run", "runs/create", body, save={"b": "run.info.run_id"})
    path = "runs/log-batch"

    def metric(n=0, **change):
        return {"key": f"m{n}", "value": n, "timestamp": T, "step": n, **change}

    def pairs(count, prefix):
        return [{"key": f"{prefix}{n}", "value": str(n)} for n in range(count)]

    for id, content in {
        "empty": {},
        "all": {"metrics": [metric(), metric(1)], "params": pairs(2, "p"), "tags": pairs(2, "t")},
        "again": {"metrics": [metric(), metric(1)], "params": pairs(2, "p"), "tags": pairs(2, "t")},
        "params change": {"params": [{"key": "p0", "value": "x"}, {"key": "p1", "value": "y"}, {"key": "new", "value": "1"}]},
        "params twice": {"params": [{"key": "d", "value": "1"}, {"key": "d", "value": "2"}]},
        "params twice same": {"params": [{"key": "d", "value": "1"}, {"key": "d", "value": "1"}]},
        "tags twice": {"tags": [{"key": "d", "value": "1"}, {"key": "d", "value": "2"}]},
        "metrics twice": {"metrics": [metric(), metric()]},
        "100 params": {"params": pairs(100, "a")},
        "101 params": {"params": pairs(101, "b")},
        "100 tags": {"tags": pairs(100, "a")},
        "101 tags": {"tags": pairs(101, "b")},
        "1000 metrics": {"metrics": [metric(n % 3, step=n) for n in range(1000)]},
        "1001 metrics": {"metrics": [metric(n % 3, step=n) for n in range(1001)]},
        "1000 in all": {"metrics": [metric(n) for n in range(800)], "params": pairs(100, "a"), "tags": pairs(100, "a")},
        "1001 in all": {"metrics": [metric(n) for n in range(801)], "params": pairs(100, "a"), "tags": pairs(100, "a")},
        "param 6001": {"params": [{"key": "long", "value": "v" * 6001}]},
        "tag 8001": {"tags": [{"key": "long", "value": "v" * 8001}]},
        "param key 251": {"params": [{"key": "k" * 251, "value": "v"}]},
        "param no key": {"params": [{"value": "v"}]},
        "param empty key": {"params": [{"key": "", "value": "v"}]},
        "param no value": {"params": [{"key": "nothing"}]},
        "param null value": {"params": [{"key": "nothing2", "value": None}]},
        "param number": {"params": [{"key": "number", "value": 5}]},
        "tag no key": {"tags": [{"value": "v"}]},
        "tag no value": {"tags": [{"key": "nothing"}]},
        "metric no key": {"metrics": [{"value": 1, "timestamp": T}]},
        "metric no value": {"metrics": [{"key": "x", "timestamp": T}]},
        "metric no time": {"metrics": [{"key": "x", "value": 1}]},
        "metric no step": {"metrics": [{"key": "nostep", "value": 1, "timestamp": T}]},
        "metric word": {"metrics": [metric(), metric(1, value="much")]},
        "metric NaN": {"metrics": [metric(7, value="NaN"), metric(8, value="Infinity"), metric(9, value="-Infinity")]},
        "metric bare NaN": {"metrics": [metric(7, value=float("nan"))]},
        "metric negative time": {"metrics": [metric(timestamp=-1)]},
        "metric null": {"metrics": [None]},
        "metrics null": {"metrics": None},
        "metrics object": {"metrics": {"key": "m"}},
        "metrics text": {"metrics": "m"},
        "params text": {"params": ["p"]},
        "good and bad": {"metrics": [metric(50)], "params": [{"key": "good", "value": "1"}, {"key": "../bad", "value": "1"}]},
        "rename": {"tags": [{"key": "mlflow.runName", "value": "runs-by-batch"}]},
        "with model": {"metrics": [metric(60, model_id="m-" + "0" * 32)]},
    }.items():
        g.post(f"batch {id}", path, {"run_id": "${b}", **content})
    g.post("batch no run", path, {"params": pairs(1, "p")})
    g.post("batch uuid", path, {"run_uuid": "${b}", "params": pairs(1, "p")})
    g.post("batch unknown run", path, {"run_id": "0" * 32, "params": pairs(1, "p")})
    g.post("batch unknown run empty", path, {"run_id": "0" * 32})
    g.post("batch camel", path, {"runId": "${b}", "run_id": "${b}"})
    g.get("batches", "runs/get", {"run_id": "${b}"})


def inputs(g):
    body = {"experiment_id": "${e}", "start_time": T, "run_name": "runs-inputs"}
    g.post("inputs run", "runs/create", body, save={"i": "run.info.run_id"})
    # What is refused on one server only goes to a run of its own.
    g.post("inputs bad run", "runs/create", body, save={"ib": "run.info.run_id"})
    good = ("one", "again", "again other tag", "bare", "other digest", "two", "same twice", "nothing", "tag key 255", "tag value 500")
    path = "runs/log-inputs"
    data = {"name": "data", "digest": "abc", "source_type": "local", "source": "{}", "schema": "{\"a\": 1}", "profile": "{}"}

    def dataset(**change):
        return {"dataset": {key: value for key, value in {**data, **change}.items() if value is not None}}

    context = [{"key": "mlflow.data.context", "value": "train"}]
    for id, content in {
        "one": {"datasets": [{**dataset(), "tags": context}]},
        "again": {"datasets": [{**dataset(), "tags": context}]},
        "again other tag": {"datasets": [{**dataset(), "tags": [{"key": "mlflow.data.context", "value": "eval"}]}]},
        "bare": {"datasets": [dataset(name="bare", schema=None, profile=None)]},
        "other digest": {"datasets": [{**dataset(digest="def"), "tags": context + [{"key": "x", "value": "y"}]}]},
        "two": {"datasets": [dataset(name="x"), dataset(name="y")]},
        "same twice": {"datasets": [dataset(name="z"), dataset(name="z")]},
        "nothing": {},
        "empty": {"datasets": []},
        "null": {"datasets": None},
        "object": {"datasets": dataset()},
        "no dataset": {"datasets": [{"tags": context}]},
        "no name": {"datasets": [dataset(name=None)]},
        "empty name": {"datasets": [dataset(name="")]},
        "no digest": {"datasets": [dataset(digest=None)]},
        "no source": {"datasets": [dataset(source=None)]},
        "no source type": {"datasets": [dataset(source_type=None)]},
        "number name": {"datasets": [dataset(name=5)]},
        "name 500": {"datasets": [dataset(name="n" * 500)]},
        "name 501": {"datasets": [dataset(name="n" * 501)]},
        "digest 36": {"datasets": [dataset(digest="d" * 36)]},
        "digest 37": {"datasets": [dataset(digest="d" * 37)]},
        "source 65535": {"datasets": [dataset(name="long", source="s" * 65535)]},
        "source 65536": {"datasets": [dataset(name="longer", source="s" * 65536)]},
        "tag key 255": {"datasets": [{**dataset(name="t1"), "tags": [{"key": "k" * 255, "value": "v"}]}]},
        "tag key 256": {"datasets": [{**dataset(name="t2"), "tags": [{"key": "k" * 256, "value": "v"}]}]},
        "tag value 500": {"datasets": [{**dataset(name="t3"), "tags": [{"key": "k", "value": "v" * 500}]}]},
        "tag value 501": {"datasets": [{**dataset(name="t4"), "tags": [{"key": "k", "value": "v" * 501}]}]},
        "tag no key": {"datasets": [{**dataset(name="t5"), "tags": [{"value": "v"}]}]},
        "tag twice": {"datasets": [{**dataset(name="t6"), "tags": context + context}]},
        "unicode": {"datasets": [dataset(name="ü 日本")]},
        "unknown model": {"models": [{"model_id": "m-" + "0" * 32}]},
        "model no id": {"models": [{}]},
        "models empty": {"models": []},
    }.items():
        g.post(f"inputs {id}", path, {"run_id": "${i}" if id in good else "${ib}", **content})
    g.post("inputs no run", path, {"datasets": [dataset()]})
    g.post("inputs unknown run", path, {"run_id": "0" * 32, "datasets": [dataset()]})
    g.post("inputs uuid", path, {"run_uuid": "${i}", "datasets": [dataset()]})
    g.get("inputs", "runs/get", {"run_id": "${i}"})
    path = "runs/outputs"
    for id, content in {
        "nothing": {},
        "empty": {"models": []},
        "unknown model": {"models": [{"model_id": "m-" + "0" * 32, "step": 1}]},
        "no id": {"models": [{"step": 1}]},
        "step text": {"models": [{"model_id": "m-" + "1" * 32, "step": "4"}]},
        "step word": {"models": [{"model_id": "m-" + "2" * 32, "step": "x"}]},
        "no step": {"models": [{"model_id": "m-" + "3" * 32}]},
        "twice": {"models": [{"model_id": "m-" + "4" * 32, "step": 1}, {"model_id": "m-" + "4" * 32, "step": 2}]},
        "again": {"models": [{"model_id": "m-" + "4" * 32, "step": 1}]},
    }.items():
        run = "${ib}" if id in ("no id", "step word", "twice", "again") else "${i}"
        g.post(f"outputs {id}", path, {"run_id": run, **content})
    g.post("outputs no run", path, {"models": []})
    g.post("outputs unknown run", path, {"run_id": "0" * 32, "models": [{"model_id": "m-" + "0" * 32}]})
    g.get("outputs", "runs/get", {"run_id": "${i}"})


def models(g):
    path = "runs/log-model"
    model = '{"run_id": "${r}", "artifact_path": "model", "utc_time_created": "2020-01-01 00:00:00", "flavors": {"python_function": {}}}'
    for id, body in {
        "plain": {"run_id": "${r}", "model_json": model},
        "second": {"run_id": "${r}", "model_json": model},
        "no json": {"run_id": "${r}"},
        "empty json": {"run_id": "${r}", "model_json": ""},
        "not json": {"run_id": "${r}", "model_json": "{"},
        "list": {"run_id": "${r}", "model_json": "[]"},
        "lacks fields": {"run_id": "${r}", "model_json": "{}"},
        "lacks flavors": {"run_id": "${r}", "model_json": '{"artifact_path": "m", "utc_time_created": "x"}'},
        "unknown run": {"run_id": "0" * 32, "model_json": model},
        "no run": {"model_json": model},
    }.items():
        g.post(f"log-model {id}", path, body)
    g.get("logged models", "runs/get", {"run_id": "${r}"})


def wire(g):
    """What holds for every call, shown on two."""
    tag = '{"run_id": "RUN", "key": "wire", "value": "1"}'
    path, search = "runs/set-tag", "runs/search"
    for id, content_type in {
        "charset": "application/json; charset=utf-8",
        "upper": "Application/JSON",
        "text": "text/plain",
        "form": "application/x-www-form-urlencoded",
        "none": None,
        "empty": "",
        "problem": "application/problem+json",
        "prefix": "application/jsonx",
    }.items():
        g.post(f"content type {id}", search, {"experiment_ids": []}, headers={"Content-Type": content_type})
    for id, raw in {
        "not json": b"{",
        "garbage": b"\x00\xff\xfe",
        "list": b"[]",
        "number": b"5",
        "null": b"null",
        "true": b"true",
        "empty text": b'""',
        "double encoded": b'"{\\"experiment_ids\\": []}"',
        "double encoded garbage": b'"abc"',
        "triple encoded": b'"\\"{}\\""',
        "spaces": b"   ",
        "trailing": b"{} x",
        "bom": b"\xef\xbb\xbf{}",
        "latin": b'{"filter": "\xe9"}',
        "duplicate key": b'{"max_results": 1, "max_results": 0}',
        "comment": b"{} // x",
        "single quotes": b"{'max_results': 1}",
        "deep": b'{"filter": ' + b"[" * 200 + b"]" * 200 + b"}",
        "surrogate": b'{"filter": "\\ud800"}',
    }.items():
        g.post(f"body {id}", search, raw=raw)
    g.post("both spellings", path, {"run_id": "${r}", "runId": "${r}", "key": "wire", "value": "1"})
    g.post("camel only", path, {"runId": "${r}", "key": "wire", "value": "1"})
    g.post("optional camel", search, {"experimentIds": ["${e}"], "maxResults": 1, "filter": "run_name = 'runs-full'", "orderBy": ["run_id"]})
    g.post("query on post", search + "?max_results=0", {"experiment_ids": []})
    g.post("trailing slash", search + "/", {})
    g.post("double slash", "/api/2.0/mlflow//runs/search", {})
    g.post("other version", "/api/3.0/mlflow/runs/search", {"experiment_ids": []})
    g.post("version 1", "/api/1.0/mlflow/runs/search", {"experiment_ids": []})
    g.post("preview", "/api/2.0/preview/mlflow/runs/search", {"experiment_ids": []})
    g.get("get unknown path", "nothing/here")
    g.send("put", "PUT", search, body={})
    g.send("patch", "PATCH", search, body={})
    g.send("delete method", "DELETE", search, body={})
    g.send("options", "OPTIONS", search)
    g.send("head", "HEAD", "runs/get?run_id=${r}")
