"""Prompts: registered, loaded by every address, searched, tagged, aliased, deleted, kept apart from models."""

import mlflow

from .support import MLFLOW_VERSION, before, client, equal, fresh, new_experiment, refused, since

SINCE = "2.22"


def register(name, template="Hello {{name}}", **arguments):
    return client().register_prompt(name, template, **arguments)


def check_register_and_load():
    name = fresh("prompt")
    first = register(name, "Answer {{question}}", commit_message="first words", tags={"team": "red"})
    second = register(name, "Answer {{question}} in {{language}}")
    equal("versions", (int(first.version), int(second.version)), (1, 2))
    found = client().load_prompt(f"prompts:/{name}/1")
    equal("template", (found.template, found.commit_message), ("Answer {{question}}", "first words"))
    equal("filled in", found.format(question="why"), "Answer why")
    second = client().load_prompt(name, 2)
    equal("variables", set(second.variables), {"question", "language"})
    uri = client().parse_prompt_uri(f"prompts:/{name}/2")
    equal("parsed", (uri[0], int(uri[1])), (name, 2))


def check_aliases():
    name = fresh("prompt")
    register(name, "one")
    register(name, "two")
    client().set_prompt_alias(name, "production", 1)
    equal("by alias", client().load_prompt(f"prompts:/{name}@production").template, "one")
    client().set_prompt_alias(name, "production", 2)
    equal("moved", client().load_prompt(f"prompts:/{name}@production").template, "two")
    client().delete_prompt_alias(name, "production")
    code = "INVALID_PARAMETER_VALUE" if MLFLOW_VERSION >= (3, 0) else "RESOURCE_DOES_NOT_EXIST"
    refused("deleted", code, lambda: client().load_prompt(f"prompts:/{name}@production"))


def check_kept_apart_from_models():
    mark = fresh("apart")
    register(f"{mark}-prompt")
    client().create_registered_model(f"{mark}-model")
    equal("models", [model.name for model in client().search_registered_models(f"name LIKE '{mark}%'")], [f"{mark}-model"])
    prompts = client().search_registered_models(f"name LIKE '{mark}%' AND tags.`mlflow.prompt.is_prompt` = 'true'")
    equal("prompts", [prompt.name for prompt in prompts], [f"{mark}-prompt"])
    equal("versions", list(client().search_model_versions(f"name = '{mark}-prompt'")), [])


@before("3.0")
def check_logged_by_old_clients():
    name = fresh("prompt")
    register(name)
    with mlflow.start_run(experiment_id=new_experiment("prompts")) as run:
        client().log_prompt(run.info.run_id, f"prompts:/{name}/1")
    equal("of the run", [prompt.name for prompt in client().list_logged_prompts(run.info.run_id)], [name])
    client().detach_prompt_from_run(run.info.run_id, f"prompts:/{name}/1")
    equal("detached", list(client().list_logged_prompts(run.info.run_id)), [])
    client().delete_prompt(name, 1)
    refused("deleted", "RESOURCE_DOES_NOT_EXIST", lambda: client().get_registered_model(name))


@since("3.0")
def check_logged_in_a_run():
    name = fresh("prompt")
    register(name)
    run_id = client().create_run(new_experiment("prompts")).info.run_id
    client().link_prompt_version_to_run(run_id, f"prompts:/{name}/1")
    if MLFLOW_VERSION < (3, 6):
        return
    linked = client().get_run(run_id).data.tags["mlflow.linkedPrompts"]
    assert f'"name": "{name}"' in linked, linked
    # These two read a tag that clients up to 2.22 wrote on the prompt; a link of today leaves nothing there.
    equal("linked the old way", list(client().list_logged_prompts(run_id)), [])
    refused("detach", "INVALID_PARAMETER_VALUE", lambda: client().detach_prompt_from_run(run_id, f"prompts:/{name}/1"))


@since("3.0")
def check_prompt_and_version_by_themselves():
    name = fresh("prompt")
    client().create_prompt(name, description="greets", tags={"team": "red"})
    client().create_prompt_version(name, "Hi {{name}}", description="short", tags={"tone": "warm"})
    client().create_prompt_version(name, "Good day {{name}}")
    prompt = client().get_prompt(name)
    equal("prompt", (prompt.name, prompt.description, prompt.tags["team"]), (name, "greets", "red"))
    version = client().get_prompt_version(name, "1")
    equal("version", (version.template, version.tags["tone"]), ("Hi {{name}}", "warm"))
    client().set_prompt_tag(name, "tier", "gold")
    client().delete_prompt_tag(name, "team")
    tags = client().get_prompt(name).tags
    equal("tags", (tags.get("tier"), tags.get("team")), ("gold", None))
    client().set_prompt_version_tag(name, "1", "tone", "cold")
    client().set_prompt_version_tag(name, "1", "gone", "soon")
    client().delete_prompt_version_tag(name, "1", "gone")
    tags = client().get_prompt_version(name, "1").tags
    equal("tags of the version", (tags.get("tone"), tags.get("gone")), ("cold", None))
    client().set_prompt_alias(name, "live", 2)
    equal("by alias", client().get_prompt_version_by_alias(name, "live").version, 2)
    client().delete_prompt_version(name, "2")
    refused("a deleted version", "RESOURCE_DOES_NOT_EXIST", lambda: client().get_prompt_version(name, "2"))
    client().delete_prompt_version(name, "1")
    client().delete_prompt(name)
    equal("a deleted prompt", client().get_prompt(name), None)


@since("3.0")
def check_search():
    mark = fresh("search")
    for suffix, team in [("a", "red"), ("b", "blue"), ("c", "red")]:
        client().create_prompt(f"{mark}-{suffix}", tags={"team": team})
    names = [prompt.name for prompt in client().search_prompts(f"name LIKE '{mark}%'")]
    equal("by name", sorted(names), [f"{mark}-a", f"{mark}-b", f"{mark}-c"])
    names = [prompt.name for prompt in client().search_prompts(f"name LIKE '{mark}%' AND tags.team = 'red'")]
    equal("by tag", sorted(names), [f"{mark}-a", f"{mark}-c"])
    equal("a page", len(client().search_prompts(f"name LIKE '{mark}%'", max_results=2)), 2)


@since("3.6")
def check_chat():
    name = fresh("chat")
    messages = [{"role": "system", "content": "Be {{tone}}"}, {"role": "user", "content": "{{question}}"}]
    schema = {"type": "object", "properties": {"answer": {"type": "string"}}}
    register(name, messages, response_format=schema)
    found = client().load_prompt(f"prompts:/{name}/1")
    equal("messages", found.template, messages)
    equal("response format", found.response_format, schema)
    filled = found.format(tone="kind", question="why")
    equal("filled in", [message["content"] for message in filled], ["Be kind", "why"])


@since("3.10")
def check_model_settings():
    name = fresh("settings")
    register(name, model_config={"model_name": "small", "temperature": 0.5})
    equal("settings", client().load_prompt(f"prompts:/{name}/1").model_config, {"model_name": "small", "temperature": 0.5})
    mlflow.genai.set_prompt_model_config(name, 1, {"model_name": "large"})
    equal("changed", client().get_prompt_version(name, "1").model_config, {"model_name": "large"})


@since("3.6")
def check_search_versions():
    name = fresh("versions")
    for text in ("one", "two", "three"):
        register(name, text)
    if MLFLOW_VERSION < (3, 10):
        refused("search", "INVALID_PARAMETER_VALUE", lambda: client().search_prompt_versions(name), "Unity Catalog")
        return
    found = client().search_prompt_versions(name)
    equal("templates", sorted(version.template for version in found), ["one", "three", "two"])
