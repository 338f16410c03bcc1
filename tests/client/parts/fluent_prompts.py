"""Prompts by the functions of `mlflow.genai`, and of `mlflow` before 3.0."""

import time

import mlflow

from .support import MLFLOW_VERSION, client, equal, fresh, new_experiment, refused, since

SINCE = "2.21"
CHAT = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Say {{word}}."}]


def prompts():
    return mlflow.genai if MLFLOW_VERSION >= (3, 0) else mlflow


def check_versions_and_aliases():
    new_experiment("prompts")
    name = fresh("prompt")
    # 2.x keeps tags of the version apart; later clients have only those.
    tags = {"version_metadata": {"author": "ada"}} if MLFLOW_VERSION < (3, 0) else {"tags": {"author": "ada"}}
    first = prompts().register_prompt(name=name, template="Hi {{name}}, ünï!", commit_message="first words", **tags)
    equal("version", int(first.version), 1)
    second = prompts().register_prompt(name=name, template="Hello {{name}}")
    equal("version", int(second.version), 2)
    found = prompts().load_prompt(f"prompts:/{name}/1")
    equal("template", found.template, "Hi {{name}}, ünï!")
    equal("words", found.commit_message, "first words")
    equal("variables", found.variables, {"name"})
    equal("formatted", found.format(name="Bo"), "Hi Bo, ünï!")
    prompts().set_prompt_alias(name, alias="production", version=1)
    equal("by alias", int(prompts().load_prompt(f"prompts:/{name}@production").version), 1)
    prompts().set_prompt_alias(name, alias="production", version=2)
    if MLFLOW_VERSION < (3, 0):
        equal("moved", int(prompts().load_prompt(f"prompts:/{name}@production").version), 2)
    else:
        equal("moved", int(client().get_prompt_version_by_alias(name, "production").version), 2)
    prompts().delete_prompt_alias(name, alias="production")
    refused(
        "a deleted alias",
        "INVALID_PARAMETER_VALUE",
        lambda: client().get_model_version_by_alias(name, "production"),
        "production",
    )


@since("3.0")
def check_prompts_are_no_models():
    new_experiment("prompts")
    name = fresh("prompt")
    prompts().register_prompt(name=name, template="Hi")
    equal("models", list(client().search_registered_models(f"name = '{name}'")), [])
    equal("versions", list(client().search_model_versions(f"name = '{name}'")), [])
    equal("no prompt", list(client().search_registered_models(f"name = '{name}' AND tags.`mlflow.prompt.is_prompt` != 'true'")), [])
    asked = client().search_registered_models(f"name = '{name}' AND tags.`mlflow.prompt.is_prompt` = 'true'")
    equal("asked for", [model.name for model in asked], [name])
    refused("a model of that name", "RESOURCE_ALREADY_EXISTS", lambda: client().create_registered_model(name), "prompt")
    model = fresh("model")
    client().create_registered_model(model)
    # The client asks for the model first and refuses by itself, with a code of its own.
    refused(
        "a prompt with a model's name",
        "INVALID_PARAMETER_VALUE",
        lambda: prompts().register_prompt(name=model, template="Hi"),
        f"Model '{model}' exists with the same name",
    )


@since("3.5")
def check_chat_prompts_and_formats():
    new_experiment("prompts")
    name = fresh("chat")
    schema = {"type": "object", "properties": {"word": {"type": "string"}}}
    more = {"model_config": {"model_name": "m", "temperature": 0.5}} if MLFLOW_VERSION >= (3, 8) else {}
    prompts().register_prompt(name=name, template=CHAT, response_format=schema, tags={"a": "1"}, **more)
    found = prompts().load_prompt(name, version=1)
    equal("template", found.template, CHAT)
    equal("response format", found.response_format, schema)
    equal("tags", found.tags.get("a"), "1")
    equal("formatted", found.format(word="yes")[1]["content"], "Say yes.")
    if more:
        equal("temperature", found.model_config["temperature"], 0.5)


@since("3.10")
def check_search_tags_and_deletion():
    experiment_id = new_experiment("prompts")
    name = fresh("tagged")
    prompts().register_prompt(name=name, template="Hi")
    prompts().register_prompt(name=name, template="Ho")
    prompts().set_prompt_tag(name, "team", "flights")
    prompts().set_prompt_version_tag(name, 1, "reviewed", "yes")
    equal("tags", client().get_prompt(name).tags.get("team"), "flights")
    equal("version tags", client().get_prompt_version(name, 1).tags.get("reviewed"), "yes")
    by_name = prompts().search_prompts(filter_string=f"name = '{name}'")
    equal("by name", [prompt.name for prompt in by_name], [name])
    by_tag = prompts().search_prompts(filter_string=f"tags.team = 'flights' AND name LIKE '{name[:10]}%'")
    assert name in [prompt.name for prompt in by_tag]
    if MLFLOW_VERSION >= (3, 8):
        # The client notes the experiment in a thread of its own.
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if [p.name for p in prompts().search_prompts(filter_string=f"experiment_id = '{experiment_id}'")] == [name]:
                break
            time.sleep(0.2)
        else:
            raise AssertionError("the prompt is not found by its experiment")
    equal("versions", sorted(int(v.version) for v in client().search_prompt_versions(name)), [1, 2])
    prompts().delete_prompt_version_tag(name, 1, "reviewed")
    prompts().delete_prompt_tag(name, "team")
    equal("tags", client().get_prompt(name).tags.get("team"), None)
    equal("version tags", client().get_prompt_version(name, 1).tags.get("reviewed"), None)
    for version in ["1", "2"]:
        client().delete_prompt_version(name, version)
    client().delete_prompt(name)
    equal("gone", client().get_prompt(name), None)
