"""Prompts as clients encode them: registered models with tags, whose versions hold the text in a tag."""

import json

from ..dsl import API3

RM, MV = "registered-models/", "model-versions/"
IS_PROMPT = {"key": "mlflow.prompt.is_prompt", "value": "true"}


def tags(**more):
    return [IS_PROMPT, *({"key": key, "value": value} for key, value in more.items())]


def text_tags(text, kind="text", **more):
    return [IS_PROMPT, {"key": "mlflow.prompt.text", "value": text}, {"key": "_mlflow_prompt_type", "value": kind}, *tags(**more)[1:]]


def version(name, text, kind="text", source="prompt-template", **more):
    return {"name": name, "source": source, "tags": text_tags(text, kind, **more)}


def build(g):
    g.post("experiment", "experiments/create", {"name": "prompts"}, save={"e": "experiment_id"})
    g.post("run", "runs/create", {"experiment_id": "${e}", "start_time": 1_600_000_000_000, "run_name": "prompts"}, save={"r": "run.info.run_id"})
    registered(g)
    versions(g)
    aliases(g)
    changed_tags(g)
    searched(g)
    linked(g)
    deleted(g)


def registered(g):
    g.post("create", RM + "create", {"name": "prompts-qa", "description": "answers", "tags": tags(team="red", _mlflow_experiment_ids=",1,")})
    g.post("create twice", RM + "create", {"name": "prompts-qa", "tags": tags()}, exact=True)
    g.post("create without tags", RM + "create", {"name": "prompts-bare", "tags": tags()})
    g.post("create a model", RM + "create", {"name": "prompts-model"})
    g.post("create with a model's name", RM + "create", {"name": "prompts-model", "tags": tags()}, exact=True)
    g.post("create a model with a prompt's name", RM + "create", {"name": "prompts-qa"}, exact=True)
    for id, name in {"dots": "prompts-a.b_c-d", "space": "prompts with space", "slash": "prompts/x", "empty": "", "unicode": "prompts-ü"}.items():
        g.post(f"create name {id}", RM + "create", {"name": name, "tags": tags()})
    for id, value in {"false": "false", "upper": "True", "empty": ""}.items():
        g.post(f"create is_prompt {id}", RM + "create", {"name": f"prompts-is-{id}", "tags": [{"key": "mlflow.prompt.is_prompt", "value": value}]})
        g.get(f"get is_prompt {id}", RM + "get", {"name": f"prompts-is-{id}"})
    g.get("get", RM + "get", {"name": "prompts-qa"})
    g.get("get bare", RM + "get", {"name": "prompts-bare"})


def versions(g):
    chat = json.dumps([{"role": "system", "content": "Be {{tone}}."}, {"role": "user", "content": "{{question}} ü"}])
    form = json.dumps({"type": "object", "properties": {"answer": {"type": "string"}}})
    config = json.dumps({"model_name": "gpt-4o", "temperature": 0.1})
    for id, body in {
        "text": version("prompts-qa", "Answer {{question}}"),
        "with a message": {**version("prompts-qa", "Answer {{question}} shortly"), "description": "shorter"},
        "chat": version("prompts-qa", chat, "chat"),
        "response format": version("prompts-qa", "x", _mlflow_prompt_response_format=form),
        "model config": version("prompts-qa", "x", _mlflow_prompt_model_config=config),
        "tags": version("prompts-qa", "y", author="ann", tone="warm"),
        "dummy source": version("prompts-qa", "z", source="dummy-source"),
        "empty text": version("prompts-qa", ""),
        "long text": version("prompts-qa", "w" * 100_000),
        "too long text": version("prompts-qa", "w" * 100_001),
        "no text": {"name": "prompts-qa", "source": "prompt-template", "tags": [IS_PROMPT]},
        "no tags": {"name": "prompts-qa", "source": "prompt-template"},
        "unknown": version("prompts-nobody", "x"),
    }.items():
        g.post(f"version {id}", MV + "create", body)
    for id, source in {"bucket": "s3://bucket/x", "file": "file:///etc", "http": "http://x/y", "run": "runs:/abc/m", "case": "Prompt-Template", "none": ""}.items():
        g.post(f"version source {id}", MV + "create", version("prompts-bare", "x", source=source))
    g.post("version of a model as a prompt", MV + "create", version("prompts-model", "x"))
    g.post("version of a prompt as a model", MV + "create", {"name": "prompts-bare", "source": "s3://bucket/m"})
    for number in (1, 2, 3, 99):
        g.get(f"get version {number}", MV + "get", {"name": "prompts-qa", "version": number})
    g.get("download uri", MV + "get-download-uri", {"name": "prompts-qa", "version": "1"})
    g.post("latest versions", RM + "get-latest-versions", {"name": "prompts-qa"})
    g.get("get after versions", RM + "get", {"name": "prompts-qa"})
    g.patch("update version", MV + "update", {"name": "prompts-qa", "version": "1", "description": "first words"})
    g.patch("update", RM + "update", {"name": "prompts-qa", "description": "answers well"})
    g.post("stage", MV + "transition-stage", {"name": "prompts-qa", "version": "1", "stage": "Production", "archive_existing_versions": False})
    g.post("rename", RM + "rename", {"name": "prompts-a.b_c-d", "new_name": "prompts-renamed"})


def aliases(g):
    for id, alias, number in [("set", "live", "1"), ("move", "live", "2"), ("another", "next", "3"), ("unknown version", "live", "99"), ("latest", "latest", "1"), ("number", "v1", "1")]:
        g.post(f"alias {id}", RM + "alias", {"name": "prompts-qa", "alias": alias, "version": number})
    g.get("by alias", RM + "alias", {"name": "prompts-qa", "alias": "live"})
    g.get("by unknown alias", RM + "alias", {"name": "prompts-qa", "alias": "nobody"}, exact=True)
    g.delete("alias delete", RM + "alias", {"name": "prompts-qa", "alias": "next"})
    g.get("by deleted alias", RM + "alias", {"name": "prompts-qa", "alias": "next"}, exact=True)


def changed_tags(g):
    g.post("tag set", RM + "set-tag", {"name": "prompts-qa", "key": "team", "value": "blue"})
    g.post("tag experiments", RM + "set-tag", {"name": "prompts-qa", "key": "_mlflow_experiment_ids", "value": ",1,2,"})
    g.delete("tag delete", RM + "delete-tag", {"name": "prompts-qa", "key": "team"})
    g.delete("tag delete again", RM + "delete-tag", {"name": "prompts-qa", "key": "team"})
    g.post("version tag set", MV + "set-tag", {"name": "prompts-qa", "version": "1", "key": "tone", "value": "cold"})
    g.post("version tag text", MV + "set-tag", {"name": "prompts-qa", "version": "2", "key": "mlflow.prompt.text", "value": "changed"})
    g.delete("version tag delete", MV + "delete-tag", {"name": "prompts-qa", "version": "1", "key": "tone"})
    g.get("get version after tags", MV + "get", {"name": "prompts-qa", "version": "1"})
    g.get("get after tags", RM + "get", {"name": "prompts-qa"})


def searched(g):
    own = "name LIKE 'prompts-%'"
    for id, text in {
        "models": own,
        "prompts": f"{own} AND tags.`mlflow.prompt.is_prompt` = 'true'",
        "prompts by quotes": f"{own} AND tags.\"mlflow.prompt.is_prompt\" = 'true'",
        "prompts by not false": f"{own} AND tags.`mlflow.prompt.is_prompt` != 'false'",
        "models by false": f"{own} AND tags.`mlflow.prompt.is_prompt` = 'false'",
        "models by not true": f"{own} AND tags.`mlflow.prompt.is_prompt` != 'true'",
        "by name": "name = 'prompts-qa' AND tags.`mlflow.prompt.is_prompt` = 'true'",
        "by like": "name ILIKE '%PROMPTS-Q%' AND tags.`mlflow.prompt.is_prompt` = 'true'",
        "by tag": f"{own} AND tags.`mlflow.prompt.is_prompt` = 'true' AND tags._mlflow_experiment_ids LIKE '%,2,%'",
        "by another tag": f"{own} AND tags.`mlflow.prompt.is_prompt` = 'true' AND tags.team = 'blue'",
        "by text": "tags.`mlflow.prompt.text` = 'changed'",
    }.items():
        g.get(f"search {id}", RM + "search", {"filter": text, "order_by": ["name"]})
        g.get(f"search versions {id}", MV + "search", {"filter": text, "order_by": ["version_number"]})
    prompts = f"{own} AND tags.`mlflow.prompt.is_prompt` = 'true'"
    g.get("search pages", RM + "search", {"filter": prompts, "order_by": ["name"], "max_results": 2}, pages=True)
    g.get("search version of prompt", MV + "search", {"filter": "name = 'prompts-qa' AND version_number = 1"})


def linked(g):
    linked = json.dumps([{"name": "prompts-qa", "version": "1"}])
    g.post("link to run", "runs/set-tag", {"run_id": "${r}", "key": "mlflow.linkedPrompts", "value": linked})
    g.get("run with a link", "runs/get", {"run_id": "${r}"})
    place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "${e}"}}
    trace = {"trace_id": "tr-prompts", "trace_location": place, "request_time": "2025-04-15T08:49:18Z", "state": "OK"}
    g.post("trace", API3 + "traces", {"trace": {"trace_info": trace}})
    link = "traces/link-prompts"
    g.post("link to trace", link, {"trace_id": "tr-prompts", "prompt_versions": [{"name": "prompts-qa", "version": "1"}]})
    g.post("link to trace again", link, {"trace_id": "tr-prompts", "prompt_versions": [{"name": "prompts-qa", "version": "1"}]})
    for id, text in {"version": "prompts-qa/1", "other version": "prompts-qa/2", "nobody": "nobody/1"}.items():
        g.post(f"traces by prompt {id}", API3 + "traces/search", {"locations": [place], "filter": f"prompt = '{text}'"})


def deleted(g):
    g.delete("delete version", MV + "delete", {"name": "prompts-qa", "version": "3"})
    g.get("get deleted version", MV + "get", {"name": "prompts-qa", "version": "3"})
    g.delete("delete", RM + "delete", {"name": "prompts-qa"})
    g.get("get deleted", RM + "get", {"name": "prompts-qa"}, exact=True)
    g.delete("delete again", RM + "delete", {"name": "prompts-qa"})
    g.post("create anew", RM + "create", {"name": "prompts-qa", "tags": tags()})
    g.post("version anew", MV + "create", version("prompts-qa", "again"))
