"""`registered-models/...` and `model-versions/...`, with stages, aliases, tags and prompts."""

from ..dsl import AJAX, missing
from ..grammar import ODD, TOKENS, clauses, conjunctions, sizes

T = 1_600_000_000_000
RM, MV = "registered-models/", "model-versions/"


def build(g):
    g.post("experiment", "experiments/create", {"name": "registry"}, save={"e": "experiment_id"})
    run = {"experiment_id": "${e}", "start_time": T, "run_name": "registry"}
    g.post("run", "runs/create", run, save={"r": "run.info.run_id", "uri": "run.info.artifact_uri"})
    models(g)
    versions(g)
    stages(g)
    aliases(g)
    tags(g)
    prompts(g)
    search(g)


def models(g):
    g.post("create", RM + "create", {"name": "registry-a"})
    g.post("create twice", RM + "create", {"name": "registry-a"}, exact=True)
    full = {"name": "registry-full", "description": "what it is", "tags": [{"key": "k", "value": "v"}, {"key": "empty", "value": ""}]}
    g.post("create full", RM + "create", full)
    missing(g, RM + "create", {"name": "registry-missing"}, ["name"])
    for id, name in {
        "slash": "registry/x",
        "colon": "registry:x",
        "blank": " ",
        "unicode": "registry-ü 日本 🦀",
        "dot": "registry.x",
        "percent": "registry%2Fx",
        "long": "registry-" + "n" * 247,
        "longer": "registry-" + "n" * 248,
        "quote": "registry-it's",
    }.items():
        g.post(f"create name {id}", RM + "create", {"name": name})
        g.get(f"get name {id}", RM + "get", {"name": name})
    for id, tags in {
        "no key": [{"value": "x"}],
        "no value": [{"key": "x"}],
        "twice": [{"key": "x", "value": "1"}, {"key": "x", "value": "2"}],
        "key 250": [{"key": "k" * 250, "value": "x"}],
        "key 251": [{"key": "k" * 251, "value": "x"}],
        "value 5001": [{"key": "k", "value": "v" * 5001}],
        "odd key": [{"key": "a;b", "value": "x"}],
    }.items():
        g.post(f"create tags {id}", RM + "create", {"name": f"registry-tags-{id}", "tags": tags})
    for id, query in {"plain": {"name": "registry-a"}, "full": {"name": "registry-full"}, "unknown": {"name": "registry-nobody"}, "empty": {"name": ""}, "nothing": {}}.items():
        g.get(f"get {id}", RM + "get", query)
    g.get("get by body", RM + "get", body={"name": "registry-a"})
    g.get("get ajax", AJAX + RM + "get", {"name": "registry-a"})
    for id, body in {
        "description": {"description": "new"},
        "no description": {},
        "empty description": {"description": ""},
        "null description": {"description": None},
        "number description": {"description": 5},
        "unknown": {"name": "registry-nobody", "description": "x"},
        "no name": {"name": None},
    }.items():
        g.patch(f"update {id}", RM + "update", {"name": "registry-full", **body})
        g.get(f"get after update {id}", RM + "get", {"name": "registry-full"})
    for id, body in {
        "rename": {"name": "registry-full", "new_name": "registry-renamed"},
        "rename taken": {"name": "registry-renamed", "new_name": "registry-a"},
        "rename same": {"name": "registry-renamed", "new_name": "registry-renamed"},
        "rename unknown": {"name": "registry-nobody", "new_name": "registry-x"},
        "rename bad": {"name": "registry-renamed", "new_name": "a/b"},
        "rename nothing": {"name": "registry-renamed"},
    }.items():
        g.post(id, RM + "rename", body)
    g.get("get renamed", RM + "get", {"name": "registry-renamed"})
    g.get("get old name", RM + "get", {"name": "registry-full"})
    g.delete("delete", RM + "delete", {"name": "registry-renamed"})
    g.delete("delete twice", RM + "delete", {"name": "registry-renamed"})
    g.delete("delete nothing", RM + "delete", {})
    g.delete("delete by query", RM + "delete?name=registry-a")


def versions(g):
    create = MV + "create"
    for n in (1, 2, 3):
        g.post(f"version {n}", create, {"name": "registry-a", "source": "${uri}/model", "run_id": "${r}", "description": f"number {n}"})
    g.post("version bare", create, {"name": "registry-a", "source": "s3://bucket/model"})
    full = {"name": "registry-a", "source": "s3://bucket/x", "run_link": "http://x/y", "tags": [{"key": "k", "value": "v"}], "description": ""}
    g.post("version full", create, full)
    missing(g, create, {"name": "registry-a", "source": "s3://bucket/m"}, ["name", "source"])
    for id, body in {
        "unknown model": {"name": "registry-nobody"},
        "unknown run": {"run_id": "0" * 32},
        "local source": {"source": "/etc/passwd"},
        "file source": {"source": "file:///etc/passwd"},
        "up source": {"source": "${uri}/../../x", "run_id": "${r}"},
        "encoded up source": {"source": "mlflow-artifacts:/%2e%2e/x"},
        "artifacts without run": {"source": "mlflow-artifacts:/1/x/artifacts"},
        "runs source": {"source": "runs:/${r}/model", "run_id": "${r}"},
        "runs source without run": {"source": "runs:/${r}/model"},
        "models source": {"source": "models:/registry-a/1"},
        "models unknown source": {"source": "models:/registry-a/77"},
        "models latest source": {"source": "models:/registry-a/latest"},
        "logged model unknown": {"source": "models:/m-" + "0" * 32},
        "unknown scheme": {"source": "nothing://x"},
        "relative source": {"source": "some/place"},
        "tag no key": {"tags": [{"value": "x"}]},
        "tag twice": {"tags": [{"key": "x", "value": "1"}, {"key": "x", "value": "2"}]},
        "model id unknown": {"model_id": "m-" + "0" * 32},
        "prompt source": {"source": "dummy-source"},
    }.items():
        # A name of its own, so that a version that only one server makes does not move the numbers.
        own = body.get("name") or f"registry-v-{id}"
        if "name" not in body:
            g.post(f"model for {id}", RM + "create", {"name": own})
        g.post(f"version {id}", create, {"source": "s3://bucket/m", **body, "name": own})
    for id, query in {
        "1": {"name": "registry-a", "version": "1"},
        "full": {"name": "registry-a", "version": "5"},
        "unknown": {"name": "registry-a", "version": "77"},
        "zero": {"name": "registry-a", "version": "0"},
        "negative": {"name": "registry-a", "version": "-1"},
        "word": {"name": "registry-a", "version": "latest"},
        "fraction": {"name": "registry-a", "version": "1.0"},
        "huge": {"name": "registry-a", "version": "9" * 30},
        "empty": {"name": "registry-a", "version": ""},
        "no version": {"name": "registry-a"},
        "no name": {"version": "1"},
        "unknown model": {"name": "registry-nobody", "version": "1"},
    }.items():
        g.get(f"version get {id}", MV + "get", query)
        g.get(f"version uri {id}", MV + "get-download-uri", query)
    for id, body in {
        "description": {"version": "1", "description": "better"},
        "no description": {"version": "1"},
        "unknown": {"version": "77", "description": "x"},
        "number version": {"version": 1, "description": "x"},
        "word": {"version": "x", "description": "x"},
    }.items():
        g.patch(f"version update {id}", MV + "update", {"name": "registry-a", **body})
        g.get(f"version after update {id}", MV + "get", {"name": "registry-a", "version": "1"})
    g.delete("version delete", MV + "delete", {"name": "registry-a", "version": "3"})
    g.delete("version delete twice", MV + "delete", {"name": "registry-a", "version": "3"})
    g.delete("version delete unknown", MV + "delete", {"name": "registry-a", "version": "77"})
    g.delete("version delete nothing", MV + "delete", {"name": "registry-a"})
    g.get("version deleted", MV + "get", {"name": "registry-a", "version": "3"})
    g.post("version next", create, {"name": "registry-a", "source": "s3://bucket/m"})


def stages(g):
    path = MV + "transition-stage"
    body = {"name": "registry-a", "version": "1", "archive_existing_versions": False}
    for id, change in {
        "Staging": {"stage": "Staging"},
        "production": {"stage": "production"},
        "second production": {"stage": "Production", "version": "2"},
        "archiving": {"stage": "Production", "version": "4", "archive_existing_versions": True},
        "again": {"stage": "Production", "version": "4", "archive_existing_versions": True},
        "None": {"stage": "None", "version": "2"},
        "bogus": {"stage": "Bogus"},
        "empty": {"stage": ""},
        "no stage": {},
        "no archive": {"stage": "Staging", "archive_existing_versions": None},
        "archive text": {"stage": "Staging", "archive_existing_versions": "true"},
        "archive from None": {"stage": "None", "archive_existing_versions": True},
        "archive from Archived": {"stage": "Archived", "archive_existing_versions": True},
        "unknown version": {"stage": "Staging", "version": "77"},
        "unknown model": {"stage": "Staging", "name": "registry-nobody"},
        "number version": {"stage": "Staging", "version": 1},
    }.items():
        g.post(f"stage {id}", path, {**body, **change})
        g.get(f"model after stage {id}", RM + "get", {"name": "registry-a"})
    path = RM + "get-latest-versions"
    for id, body in {
        "all": {"name": "registry-a"},
        "empty": {"name": "registry-a", "stages": []},
        "production": {"name": "registry-a", "stages": ["Production"]},
        "lower": {"name": "registry-a", "stages": ["production", "none"]},
        "bogus": {"name": "registry-a", "stages": ["Bogus"]},
        "text": {"name": "registry-a", "stages": "None"},
        "unknown": {"name": "registry-nobody"},
        "nothing": {},
    }.items():
        g.post(f"latest {id}", path, body)
        g.get(f"latest by query {id}", path, body)


def aliases(g):
    path = RM + "alias"
    body = {"name": "registry-a", "alias": "best", "version": "1"}
    g.post("alias", path, body)
    g.post("alias same", path, body)
    g.post("alias moved", path, {**body, "version": "2"})
    g.post("alias second", path, {**body, "alias": "Best-2_x"})
    missing(g, path, body, ["name", "alias", "version"])
    for id, alias in {"latest": "latest", "LATEST": "LATEST", "v1": "v1", "V12": "V12", "v": "v", "v1a": "v1a", "space": "a b", "slash": "a/b", "unicode": "ü", "255": "a" * 255, "256": "a" * 256, "digits": "12"}.items():
        g.post(f"alias name {id}", path, {**body, "alias": alias})
        g.get(f"alias by name {id}", path, {"name": "registry-a", "alias": alias})
    g.post("alias unknown version", path, {**body, "version": "77"})
    g.post("alias deleted version", path, {**body, "version": "3"})
    g.post("alias unknown model", path, {**body, "name": "registry-nobody"})
    for id, query in {
        "best": {"name": "registry-a", "alias": "best"},
        "other case": {"name": "registry-a", "alias": "BEST"},
        "unknown": {"name": "registry-a", "alias": "nobody"},
        "unknown model": {"name": "registry-nobody", "alias": "best"},
        "no alias": {"name": "registry-a"},
    }.items():
        g.get(f"alias get {id}", path, query)
    g.get("model with aliases", RM + "get", {"name": "registry-a"})
    g.get("version with alias", MV + "get", {"name": "registry-a", "version": "2"})
    g.delete("alias delete", path, {"name": "registry-a", "alias": "best"})
    g.delete("alias delete twice", path, {"name": "registry-a", "alias": "best"})
    g.delete("alias delete unknown model", path, {"name": "registry-nobody", "alias": "best"})
    g.delete("alias delete nothing", path, {"name": "registry-a"})
    g.get("model without alias", RM + "get", {"name": "registry-a"})


def tags(g):
    for kind, base, path in [("model", {"name": "registry-a"}, RM), ("version", {"name": "registry-a", "version": "1"}, MV)]:
        body = {**base, "key": "k", "value": "v"}
        g.post(f"{kind} tag", path + "set-tag", body)
        g.post(f"{kind} tag again", path + "set-tag", {**body, "value": "w"})
        missing(g, path + "set-tag", body, list(body))
        for id, change in {"key 250": {"key": "k" * 250}, "key 251": {"key": "k" * 251}, "odd key": {"key": "a;b"}, "value 5001": {"value": "v" * 5001}, "value 100001": {"value": "v" * 100_001}, "unicode": {"key": "ü", "value": "日本"}, "unknown": {"name": "registry-nobody"}}.items():
            g.post(f"{kind} tag {id}", path + "set-tag", {**body, **change})
        g.delete(f"{kind} untag", path + "delete-tag", {**base, "key": "k"})
        g.delete(f"{kind} untag twice", path + "delete-tag", {**base, "key": "k"})
        g.delete(f"{kind} untag unknown", path + "delete-tag", {**base, "name": "registry-nobody", "key": "k"})
        g.delete(f"{kind} untag nothing", path + "delete-tag", base)
        g.get(f"{kind} tags", path + "get", base)


def prompts(g):
    is_prompt = {"key": "mlflow.prompt.is_prompt", "value": "true"}
    g.post("prompt", RM + "create", {"name": "registry-prompt", "tags": [is_prompt, {"key": "_mlflow_experiment_ids", "value": ",1,"}]})
    text = [is_prompt, {"key": "mlflow.prompt.text", "value": "Say {{x}}"}, {"key": "_mlflow_prompt_type", "value": "text"}]
    body = {"name": "registry-prompt", "source": "prompt-template", "tags": text, "description": "first"}
    g.post("prompt version", MV + "create", body)
    g.post("prompt version dummy", MV + "create", {**body, "source": "dummy-source"})
    g.post("prompt version other source", MV + "create", {**body, "source": "s3://bucket/x"})
    g.post("prompt alias", RM + "alias", {"name": "registry-prompt", "alias": "live", "version": "1"})
    g.get("prompt get", RM + "get", {"name": "registry-prompt"})
    g.get("prompt by alias", RM + "alias", {"name": "registry-prompt", "alias": "live"})
    for id, text in {
        "plain": "name = 'registry-prompt'",
        "is": "name = 'registry-prompt' AND tags.`mlflow.prompt.is_prompt` = 'true'",
        "not false": "name = 'registry-prompt' AND tags.`mlflow.prompt.is_prompt` != 'false'",
        "not true": "name LIKE 'registry-s%' AND tags.`mlflow.prompt.is_prompt` != 'true'",
        "false": "name = 'registry-prompt' AND tags.`mlflow.prompt.is_prompt` = 'false'",
        "experiment": "tags.`_mlflow_experiment_ids` LIKE '%,1,%' AND tags.`mlflow.prompt.is_prompt` = 'true'",
    }.items():
        g.get(f"prompt search {id}", RM + "search", {"filter": text})
        g.get(f"prompt version search {id}", MV + "search", {"filter": text})


def search(g):
    for n in range(6):
        tags = [{"key": "n", "value": str(n)}] + ([{"key": "a", "value": "bc"[n % 2]}] if n % 3 else [])
        g.post(f"seed {n}", RM + "create", {"name": f"registry-s{n}", "tags": tags}, pause=True)
        for version in range(n % 3 + 1):
            body = {"name": f"registry-s{n}", "source": f"s3://bucket/s{n}/{version}", "tags": tags if version else []}
            g.post(f"seed {n} {version}", MV + "create", body if n else {**body, "source": "${uri}/m", "run_id": "${r}"}, pause=True)
    own = "name LIKE 'registry-s_'"
    fields = {"name": ["'registry-s1'", "'REGISTRY-S%'", "('registry-s1', 'registry-s2')", "5"], "tags.a": ["'b'", "'%'"], "tag.n": ["'1'"], "tags.nobody": ["'x'"]}
    more = {"run_id": ["'${r}'"], "source_path": ["'s3://bucket/s1/0'", "'%S1%'"], "version_number": ["1", "'1'"], "attributes.name": ["'registry-s1'"], "creation_timestamp": ["1"]}
    for kind, path, of_kind, order in [("models", RM + "search", fields, "name"), ("versions", MV + "search", {**fields, **more}, "creation_timestamp")]:
        some = list(clauses(of_kind))
        for clause in some:
            g.get(f"{kind} filter {clause}", path, {"filter": f"{own} AND {clause}", "order_by": [order]})
        for number, text in enumerate(conjunctions(some, 15, kind)):
            g.get(f"{kind} filters {number}", path, {"filter": f"{own} AND {text}", "order_by": [order]})
        for number, text in enumerate(ODD):
            g.get(f"{kind} odd {number} {text}", path, {"filter": text, "max_results": 3, "order_by": [order]})
        for id, size in sizes(1000 if kind == "models" else 200_000).items():
            if not isinstance(size, (list, type(None))):
                g.get(f"{kind} size {id}", path, {"filter": own, "max_results": size, "order_by": [order]})
        for id, token in TOKENS.items():
            g.get(f"{kind} token {id}", path, {"filter": own, "max_results": 2, "order_by": [order], "page_token": token})
        for size in (1, 2, 3, 6):
            g.get(f"{kind} pages of {size}", path, {"filter": own, "max_results": size, "order_by": [order]}, pages=True)
        for column in ("name", "name DESC", "timestamp", "last_updated_timestamp DESC", "creation_timestamp", "creation_timestamp DESC", "version_number DESC", "tags.a", "nonsense", "name ASC, name", "name SIDEWAYS"):
            g.get(f"{kind} order {column}", path, {"filter": own, "order_by": [column]})
        g.get(f"{kind} default order", path, {"filter": own})
