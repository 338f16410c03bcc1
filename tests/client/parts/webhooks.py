"""Webhooks as the client manages them. Where they go to is shown in `durability/test_webhooks.py`."""

from .support import MLFLOW_VERSION, client, equal, fresh, refused

#: An address that is public by its digits: no name needs to be resolved, and nothing is sent.
URL = "https://93.184.215.14/hook"


def check_webhooks():
    if MLFLOW_VERSION < (3, 4):
        return
    name = fresh("hook")
    made = client().create_webhook(
        name=name,
        url=URL,
        events=["model_version.created", "prompt_alias.created"],
        description="tells the pipeline",
        secret="hunter2",
    )
    found = client().get_webhook(made.webhook_id)
    equal("name", found.name, name)
    equal("url", found.url, URL)
    equal("description", found.description, "tells the pipeline")
    equal("events", sorted(map(str, found.events)), ["model_version.created", "prompt_alias.created"])
    equal("status", str(found.status), "ACTIVE")
    equal("the secret is not shown", found.secret, None)
    changed = client().update_webhook(made.webhook_id, status="DISABLED", events=["registered_model.created"])
    equal("status", str(changed.status), "DISABLED")
    equal("events", list(map(str, changed.events)), ["registered_model.created"])
    equal("url", changed.url, URL)
    assert made.webhook_id in [webhook.webhook_id for webhook in client().list_webhooks(max_results=1000)]
    client().delete_webhook(made.webhook_id)
    refused("a deleted webhook", "RESOURCE_DOES_NOT_EXIST", lambda: client().get_webhook(made.webhook_id), made.webhook_id)
    refused(
        "a private address",
        "INVALID_PARAMETER_VALUE",
        lambda: client().create_webhook(name=name, url="https://169.254.169.254/x", events=["prompt.created"]),
        "non-public",
    )
