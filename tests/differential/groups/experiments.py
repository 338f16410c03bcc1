"""`experiments/...`"""

from ..dsl import AJAX, missing
from ..grammar import ODD, ORDERS, TOKENS, clauses, conjunctions, sizes

OWN = "name LIKE 'experiments-%'"


def build(g):
    create(g)
    read(g)
    life(g)
    tags(g)
    search(g)


def create(g):
    g.post("create", "experiments/create", {"name": "experiments-a"}, save={"a": "experiment_id"})
    g.post("create twice", "experiments/create", {"name": "experiments-a"})
    g.post("create other case", "experiments/create", {"name": "experiments-A"}, save={"A": "experiment_id"})
    body = {
        "name": "experiments-b",
        "artifact_location": "mlflow-artifacts:/own/place",
        "tags": [{"key": "team", "value": "red"}, {"key": "empty", "value": ""}],
    }
    g.post("create with all", "experiments/create", body, save={"b": "experiment_id"})
    g.post("create unicode", "experiments/create", {"name": "experiments-ü 日本 🦀"}, save={"u": "experiment_id"})
    g.post("create ajax", AJAX + "experiments/create", {"name": "experiments-ajax"}, save={"ajax": "experiment_id"})
    missing(g, "experiments/create", {"name": "experiments-missing"}, ["name"])
    g.post("create no body", "experiments/create")
    g.post("create empty body", "experiments/create", {})
    for id, name in {
        "blank": "  ",
        "padded": " experiments-padded ",
        "slash": "experiments-/x/y",
        "dots": "experiments-../x",
        "500": "experiments-" + "n" * 488,
        "501": "experiments-" + "n" * 489,
        "newline": "experiments-a\nb",
        "quote": "experiments-it's \"quoted\"",
        "percent": "experiments-100%",
        "zero": "0",
    }.items():
        g.post(f"create name {id}", "experiments/create", {"name": name})
    for id, location in {
        "empty": "",
        "s3": "s3://bucket/path",
        "trailing": "s3://bucket/path/",
        "fragment": "s3://bucket/path#fragment",
        "query": "s3://bucket/path?query=1",
        "dots": "s3://bucket/../path",
        "encoded dots": "s3://bucket/%2e%2e/path",
        "file": "file:///tmp/experiments-place",
        "path": "/tmp/experiments-place",
        "relative": "some/place",
        "unknown scheme": "nothing://x/y",
        "2048": "s3://bucket/" + "p" * 2036,
        "2049": "s3://bucket/" + "p" * 2037,
        "space": "s3://bucket/with space",
    }.items():
        g.post(f"create location {id}", "experiments/create", {"name": f"experiments-at-{id}", "artifact_location": location})
        g.get(f"get location {id}", "experiments/get-by-name", {"experiment_name": f"experiments-at-{id}"})
    for id, tags in {
        "no key": [{"value": "x"}],
        "empty key": [{"key": "", "value": "x"}],
        "no value": [{"key": "k"}],
        "null value": [{"key": "k", "value": None}],
        "number value": [{"key": "k", "value": 5}],
        "twice": [{"key": "k", "value": "1"}, {"key": "k", "value": "2"}],
        "key 250": [{"key": "k" * 250, "value": "x"}],
        "key 251": [{"key": "k" * 251, "value": "x"}],
        "value 5000": [{"key": "k", "value": "v" * 5000}],
        "value 5001": [{"key": "k", "value": "v" * 5001}],
        "value 20001": [{"key": "k", "value": "v" * 20001}],
        "object": {"key": "k", "value": "v"},
        "text": "k=v",
        "list of text": ["k"],
        "odd key": [{"key": "a;b", "value": "x"}],
        "up key": [{"key": "../up", "value": "x"}],
        "null": None,
        "empty": [],
    }.items():
        g.post(f"create tags {id}", "experiments/create", {"name": f"experiments-tags-{id}", "tags": tags})
        g.get(f"get tags {id}", "experiments/get-by-name", {"experiment_name": f"experiments-tags-{id}"})


def read(g):
    for id, experiment in {"plain": "${a}", "all": "${b}", "unicode": "${u}", "default": "0"}.items():
        g.get(f"get {id}", "experiments/get", {"experiment_id": experiment})
    g.get("get ajax", AJAX + "experiments/get", {"experiment_id": "${a}"})
    g.get("get by body", "experiments/get", body={"experiment_id": "${a}"})
    g.get("get by camel body", "experiments/get", body={"experimentId": "${a}"})
    g.get("get by both spellings", "experiments/get", body={"experimentId": "${a}", "experiment_id": "${a}"})
    g.get("get camel query", "experiments/get", {"experimentId": "${a}"})
    g.get("get twice", "experiments/get", [("experiment_id", "${a}"), ("experiment_id", "${b}")])
    g.get("get more", "experiments/get", {"experiment_id": "${a}", "more": "x"})
    for id, query in {
        "nothing": {},
        "empty": {"experiment_id": ""},
        "word": {"experiment_id": "abc"},
        "unknown": {"experiment_id": "987654"},
        "negative": {"experiment_id": "-1"},
        "fraction": {"experiment_id": "1.5"},
        "plus": {"experiment_id": "+0"},
        "zeros": {"experiment_id": "000"},
        "space": {"experiment_id": " 0 "},
        "underscore": {"experiment_id": "1_0"},
        "int64": {"experiment_id": str(2**63 - 1)},
        "int64+1": {"experiment_id": str(2**63)},
        "long": {"experiment_id": "9" * 400},
        "unicode": {"experiment_id": "٣"},
    }.items():
        g.get(f"get {id} id", "experiments/get", query)
    for id, name in {
        "plain": "experiments-a",
        "upper": "experiments-A",
        "unicode": "experiments-ü 日本 🦀",
        "unknown": "experiments-nobody",
        "empty": "",
        "default": "Default",
        "long": "x" * 4000,
        "padded": " experiments-a",
    }.items():
        g.get(f"by name {id}", "experiments/get-by-name", {"experiment_name": name})
    g.get("by name nothing", "experiments/get-by-name")
    g.get("by name in body", "experiments/get-by-name", body={"experiment_name": "experiments-a"})
    g.get("by name in camel body", "experiments/get-by-name", body={"experimentName": "experiments-a"})
    g.post("get by post", "experiments/get", {"experiment_id": "${a}"})
    g.get("create by get", "experiments/create")


def life(g):
    g.post("life create", "experiments/create", {"name": "experiments-life"}, save={"life": "experiment_id"})
    for id in ("one", "two"):
        body = {"experiment_id": "${life}", "start_time": 1600000000000, "run_name": id}
        g.post(f"life run {id}", "runs/create", body, save={f"life.{id}": "run.info.run_id"})
    g.post("life delete one", "runs/delete", {"run_id": "${life.one}"})
    g.post("delete", "experiments/delete", {"experiment_id": "${life}"})
    g.post("delete twice", "experiments/delete", {"experiment_id": "${life}"})
    g.get("get deleted", "experiments/get", {"experiment_id": "${life}"})
    g.get("by name deleted", "experiments/get-by-name", {"experiment_name": "experiments-life"})
    g.get("run of deleted", "runs/get", {"run_id": "${life.two}"})
    g.post("create name of deleted", "experiments/create", {"name": "experiments-life"})
    g.post("rename deleted", "experiments/update", {"experiment_id": "${life}", "new_name": "experiments-life-2"})
    g.post("rename to deleted", "experiments/update", {"experiment_id": "${a}", "new_name": "experiments-life"})
    g.post("tag deleted", "experiments/set-experiment-tag", {"experiment_id": "${life}", "key": "k", "value": "v"})
    g.post("untag deleted", "experiments/delete-experiment-tag", {"experiment_id": "${life}", "key": "k"})
    g.post("run in deleted", "runs/create", {"experiment_id": "${life}", "start_time": 1600000000000})
    g.post("log in deleted", "runs/log-parameter", {"run_id": "${life.two}", "key": "k", "value": "v"})
    g.post("restore run in deleted", "runs/restore", {"run_id": "${life.two}"})
    g.post("restore", "experiments/restore", {"experiment_id": "${life}"})
    g.post("restore twice", "experiments/restore", {"experiment_id": "${life}"})
    g.get("run revived", "runs/get", {"run_id": "${life.one}"})
    g.get("get restored", "experiments/get", {"experiment_id": "${life}"})
    g.post("delete default", "experiments/delete", {"experiment_id": "0"})
    g.post("restore default", "experiments/restore", {"experiment_id": "0"})
    for call in ("delete", "restore"):
        missing(g, f"experiments/{call}", {}, ["experiment_id"])
        for id, experiment in {"unknown": "987654", "word": "abc", "int64+1": str(2**63), "number": 987654}.items():
            g.post(f"{call} {id}", f"experiments/{call}", {"experiment_id": experiment})
    g.post("rename", "experiments/update", {"experiment_id": "${life}", "new_name": "experiments-renamed"})
    g.get("get renamed", "experiments/get", {"experiment_id": "${life}"})
    g.post("rename same", "experiments/update", {"experiment_id": "${life}", "new_name": "experiments-renamed"})
    g.post("rename taken", "experiments/update", {"experiment_id": "${life}", "new_name": "experiments-a"})
    g.post("rename nothing", "experiments/update", {"experiment_id": "${life}"})
    g.post("rename unknown", "experiments/update", {"experiment_id": "987654", "new_name": "experiments-x"})
    g.post("rename long", "experiments/update", {"experiment_id": "${life}", "new_name": "n" * 501})
    g.post("rename camel", "experiments/update", {"experiment_id": "${life}", "newName": "experiments-renamed-2"})
    missing(g, "experiments/update", {"experiment_id": "${life}", "new_name": "experiments-renamed"}, ["experiment_id", "new_name"])
    g.get("get after updates", "experiments/get", {"experiment_id": "${life}"})


def tags(g):
    tag = {"experiment_id": "${a}", "key": "k", "value": "v"}
    path = "experiments/set-experiment-tag"
    g.post("tag", path, tag)
    g.post("tag again", path, {**tag, "value": "w"})
    missing(g, path, tag, ["experiment_id", "key", "value"])
    for id, change in {
        "key 250": {"key": "k" * 250},
        "key 251": {"key": "k" * 251},
        "value 5000": {"value": "v" * 5000},
        "value 5001": {"value": "v" * 5001},
        "value 20000": {"value": "v" * 20000},
        "value 20001": {"value": "v" * 20001},
        "unicode key": {"key": "ünï"},
        "odd key": {"key": "a;b"},
        "slash key": {"key": "a/b.c-d e:f_g"},
        "up key": {"key": "../x"},
        "absolute key": {"key": "/x"},
        "double slash key": {"key": "a//b"},
        "dot key": {"key": "."},
        "trailing slash key": {"key": "a/"},
        "unicode value": {"value": "日本 🦀"},
        "unknown experiment": {"experiment_id": "987654"},
        "word experiment": {"experiment_id": "abc"},
    }.items():
        g.post(f"tag {id}", path, {**tag, "key": f"t{len(id)}", **change})
    g.get("get tagged", "experiments/get", {"experiment_id": "${a}"})
    path = "experiments/delete-experiment-tag"
    g.post("untag", path, {"experiment_id": "${a}", "key": "k"})
    g.post("untag twice", path, {"experiment_id": "${a}", "key": "k"})
    g.post("untag unknown experiment", path, {"experiment_id": "987654", "key": "k"})
    missing(g, path, {"experiment_id": "${a}", "key": "k"}, ["experiment_id", "key"])
    g.get("get untagged", "experiments/get", {"experiment_id": "${a}"})


def search(g):
    for n in range(7):
        tags = [{"key": "n", "value": str(n)}] + ([{"key": "a", "value": "bc"[n % 2]}] if n % 3 else [])
        g.post(f"seed {n}", "experiments/create", {"name": f"experiments-s{n}", "tags": tags}, save={f"s{n}": "experiment_id"}, pause=True)
    g.post("seed delete", "experiments/delete", {"experiment_id": "${s3}"})
    path = "experiments/search"
    own = "name LIKE 'experiments-s_'"

    def found(id, text, **more):
        g.post(id, path, {"max_results": 100, "filter": text, "order_by": ["name"], **more})

    fields = {
        "name": ["'experiments-s1'", "'EXPERIMENTS-S1'", "'experiments-s%'", "5"],
        "attribute.name": ["'experiments-s1'"],
        "attributes.name": ["'experiments-s1'"],
        "experiment_id": ["'${s1}'", "${s1}", "('${s1}', '${s2}')"],
        "creation_time": ["1600000000000", "'1600000000000'", "9000000000000"],
        "last_update_time": ["1600000000000", "'x'"],
        "tags.a": ["'b'", "'B'", "'%'", "5"],
        "tag.n": ["'1'"],
        "tags.nobody": ["'x'"],
        "lifecycle_stage": ["'active'"],
        "artifact_location": ["'x'"],
    }
    some = list(clauses(fields))
    for clause in some:
        found(f"filter {clause}", f"{own} AND {clause}")
    for number, text in enumerate(conjunctions([c for c in some if "." in c or c.startswith("name")], 25, "experiments")):
        found(f"filters {number}", f"{own} AND {text}")
    for number, text in enumerate(ODD):
        found(f"odd {number} {text}", text if "tags" not in text else text, max_results=3, view_type="ACTIVE_ONLY")
    for id, size in sizes(50000).items():
        g.post(f"size {id}", path, {"max_results": size, "filter": own, "order_by": ["name"]})
        if not isinstance(size, (list, type(None))):
            g.get(f"size in query {id}", path, {"max_results": size, "filter": own, "order_by": "name"})
    for id, text in TOKENS.items():
        g.post(f"token {id}", path, {"max_results": 3, "filter": own, "order_by": ["name"], "page_token": text})
    g.post("no size", path, {"filter": own})
    g.post("no body", path)
    g.get("no query", path)
    for size in (1, 2, 3, 6, 7):
        g.post(f"pages of {size}", path, {"max_results": size, "filter": own, "order_by": ["name"]}, pages=True)
        g.get(f"pages of {size} in query", path, {"max_results": size, "filter": own, "order_by": "name"}, pages=True)
    for view in ("ACTIVE_ONLY", "DELETED_ONLY", "ALL", "active_only", "BOGUS", "", 1, 2, 3, 7, None):
        g.post(f"view {view!r}", path, {"max_results": 50, "filter": own, "order_by": ["name"], "view_type": view})
        if isinstance(view, str):
            g.get(f"view in query {view!r}", path, {"max_results": 50, "filter": own, "order_by": "name", "view_type": view})
    for field in ("name", "experiment_id", "creation_time", "last_update_time", "attributes.name", "attribute.name", "tags.a", "nonsense", "`name`", "Name"):
        for order in ORDERS:
            text = order.format(field, field)
            g.post(f"order {text}", path, {"max_results": 50, "filter": own, "order_by": [text, "name"] if "creation" in field or "last" in field else [text]})
    g.post("order of two", path, {"max_results": 50, "filter": own, "order_by": ["tags.a", "name"]})
    g.post("order name and id", path, {"max_results": 50, "filter": own, "order_by": ["name DESC", "experiment_id"]})
    g.post("order same twice", path, {"max_results": 50, "filter": own, "order_by": ["name", "name DESC"]})
    g.post("order text", path, {"max_results": 50, "filter": own, "order_by": "name"})
    g.post("order empty", path, {"max_results": 50, "filter": own, "order_by": []})
    g.post("order empty text", path, {"max_results": 50, "filter": own, "order_by": [""]})
    g.post("order number", path, {"max_results": 50, "filter": own, "order_by": [1]})
    g.post("default order", path, {"max_results": 50, "filter": own})
