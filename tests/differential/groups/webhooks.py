"""`webhooks/...`: what is kept and what is refused. Deliveries have tests of their own."""


def build(g):
    g.post(
        "post_webhooks",
        "webhooks",
        {"name": "a", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]},
        save={"webhook_id": "webhook.webhook_id"},
    )
    g.post(
        "post_webhooks_2",
        "webhooks",
        {"name": "a", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}], "description": "d", "secret": "s", "status": "DISABLED"},
    )
    g.post(
        "post_webhooks_3",
        "webhooks",
        {"name": "a", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}], "description": "", "secret": "", "status": "BOGUS"},
    )
    g.post(
        "post_webhooks_4",
        "webhooks",
        {"name": "a", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}], "status": "active"},
    )
    g.post("post_webhooks_6", "webhooks", {"name": "", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_7", "webhooks", {"name": "-a", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_8", "webhooks", {"name": "a b", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post(
        "post_webhooks_9",
        "webhooks",
        {"name": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]},
    )
    g.post(
        "post_webhooks_10",
        "webhooks",
        {"name": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]},
    )
    g.post("post_webhooks_11", "webhooks", {"name": None, "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_12", "webhooks", {"name": 5, "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_13", "webhooks", {"name": "ünï", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_14", "webhooks", {"name": "A.b_c-d", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_15", "webhooks", {"name": "u", "url": "", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_16", "webhooks", {"name": "u", "url": "   ", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_17", "webhooks", {"name": "u", "url": "ftp://x/", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_18", "webhooks", {"name": "u", "url": "http://u:p@127.0.0.1/", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_19", "webhooks", {"name": "u", "url": "http://", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_20", "webhooks", {"name": "u", "url": "nope", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_21", "webhooks", {"name": "u", "url": "http://nohost.invalid/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_22", "webhooks", {"name": "u", "url": "http://127.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_23", "webhooks", {"name": "u", "url": "http://[::1]:9/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_24", "webhooks", {"name": "u", "url": "http://[::1", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_26", "webhooks", {"name": "u", "url": "http://127.0.0.1:1/ x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_27", "webhooks", {"name": "u", "url": 5, "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post(
        "post_webhooks_28",
        "webhooks",
        {"name": "u", "url": "http://h.example/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]},
    )
    g.post("post_webhooks_29", "webhooks", {"name": "e", "url": "http://127.0.0.1:1/x", "events": []})
    g.post("post_webhooks_30", "webhooks", {"name": "e", "url": "http://127.0.0.1:1/x", "events": None})
    g.post("post_webhooks_31", "webhooks", {"name": "e", "url": "http://127.0.0.1:1/x", "events": "x"})
    g.post("post_webhooks_32", "webhooks", {"name": "e", "url": "http://127.0.0.1:1/x", "events": [{}]})
    g.post("post_webhooks_33", "webhooks", {"name": "e", "url": "http://127.0.0.1:1/x", "events": [{"entity": "BOGUS", "action": "CREATED"}]})
    g.post("post_webhooks_34", "webhooks", {"name": "e", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "BOGUS"}]})
    g.post("post_webhooks_35", "webhooks", {"name": "e", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "DELETED"}]})
    g.post("post_webhooks_36", "webhooks", {"name": "e", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL"}]})
    g.post("post_webhooks_37", "webhooks", {"name": "e", "url": "http://127.0.0.1:1/x", "events": [{"action": "CREATED"}]})
    g.post("post_webhooks_38", "webhooks", {"name": "e", "url": "http://127.0.0.1:1/x", "events": [{"entity": "registered_model", "action": "created"}]})
    g.post("post_webhooks_39", "webhooks", {"name": "e", "url": "http://127.0.0.1:1/x", "events": ["registered_model.created"]})
    g.post("post_webhooks_40", "webhooks", {"name": "e", "url": "http://127.0.0.1:1/x", "events": [{"entity": "MODEL_VERSION_TAG", "action": "UPDATED"}]})
    g.post("post_webhooks_41", "webhooks", {"name": "e", "url": "http://127.0.0.1:1/x", "events": [{"entity": "BUDGET_POLICY", "action": "EXCEEDED"}]})
    g.post(
        "post_webhooks_42",
        "webhooks",
        {"name": "e", "url": "http://127.0.0.1:1/x", "events": [{"entity": "PROMPT_ALIAS", "action": "CREATED"}, {"entity": "MODEL_VERSION", "action": "CREATED"}, {"entity": "PROMPT_ALIAS", "action": "DELETED"}]},
    )
    g.post(
        "post_webhooks_43",
        "webhooks",
        {"name": "d", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}], "description": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
    )
    g.post(
        "post_webhooks_44",
        "webhooks",
        {"name": "d", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}], "description": 5},
    )
    g.post("post_webhooks_45", "webhooks", {"url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_46", "webhooks", {"name": "d", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_47", "webhooks", {"name": "d", "url": "http://127.0.0.1:1/x"})
    g.get("get_webhooks_one", "webhooks/${webhook_id}")
    g.get("get_webhooks_nope", "webhooks/nope")
    g.patch("patch_webhooks_nope", "webhooks/nope", {"name": "x"})
    g.delete("delete_webhooks_nope", "webhooks/nope")
    g.post("post_webhooks_nope_test", "webhooks/nope/test", {})
    g.patch("patch_webhooks_one", "webhooks/${webhook_id}", {})
    g.patch(
        "patch_webhooks_one_2",
        "webhooks/${webhook_id}",
        {"name": "b", "description": "dd", "url": "http://127.0.0.1:1/x2", "secret": "zz", "status": "DISABLED", "events": [{"entity": "MODEL_VERSION", "action": "CREATED"}]},
    )
    g.patch("patch_webhooks_one_3", "webhooks/${webhook_id}", {"name": "", "description": "", "url": "", "secret": "", "events": []})
    g.patch("patch_webhooks_one_4", "webhooks/${webhook_id}", {"name": "-"})
    g.patch("patch_webhooks_one_5", "webhooks/${webhook_id}", {"url": "ftp://x"})
    g.patch("patch_webhooks_one_6", "webhooks/${webhook_id}", {"status": "BOGUS"})
    g.patch("patch_webhooks_one_7", "webhooks/${webhook_id}", {"status": "ACTIVE"})
    g.patch("patch_webhooks_one_8", "webhooks/${webhook_id}", {"events": [{}]})
    g.patch("patch_webhooks_one_9", "webhooks/${webhook_id}", {"events": [{"entity": "PROMPT", "action": "DELETED"}]})
    g.get("get_webhooks", "webhooks", {"max_results": 1})
    g.get("get_webhooks_2", "webhooks", {"max_results": 2, "page_token": "eyJvZmZzZXQiOiAxfQ=="})
    g.get("get_webhooks_3", "webhooks", {"max_results": 0})
    g.get("get_webhooks_4", "webhooks", {"max_results": -1})
    g.get("get_webhooks_5", "webhooks", {"max_results": 1000})
    g.get("get_webhooks_6", "webhooks", {"max_results": 1001})
    g.get("get_webhooks_7", "webhooks", {"max_results": "x"})
    g.get("get_webhooks_8", "webhooks", {"page_token": "zz"})
    g.post("post_webhooks_one_test", "webhooks/${webhook_id}/test", {})
    g.post("post_webhooks_one_test_2", "webhooks/${webhook_id}/test")
    g.post("post_webhooks_one_test_3", "webhooks/${webhook_id}/test", {"event": {"entity": "PROMPT_VERSION", "action": "CREATED"}})
    g.post("post_webhooks_one_test_4", "webhooks/${webhook_id}/test", {"event": {"entity": "PROMPT_VERSION", "action": "DELETED"}})
    g.post("post_webhooks_one_test_5", "webhooks/${webhook_id}/test", {"event": {}})
    g.post("post_webhooks_one_test_6", "webhooks/${webhook_id}/test", {"event": {"entity": "BUDGET_POLICY", "action": "EXCEEDED"}})
    g.patch("patch_webhooks_one_10", "webhooks/${webhook_id}", {"url": "http://127.0.0.1:1/x", "secret": "s3"})
    g.post("post_webhooks_one_test_7", "webhooks/${webhook_id}/test", {})
    g.patch("patch_webhooks_one_11", "webhooks/${webhook_id}", {"url": "http://127.0.0.1:1/x"})
    g.post("post_webhooks_one_test_8", "webhooks/${webhook_id}/test", {})
    g.delete("delete_webhooks_one", "webhooks/${webhook_id}")
    g.get("get_webhooks_one_2", "webhooks/${webhook_id}")
    g.delete("delete_webhooks_one_2", "webhooks/${webhook_id}")
    g.post("post_webhooks_one_test_9", "webhooks/${webhook_id}/test", {})
    g.post(
        "post_webhooks_48",
        "webhooks",
        {"name": "e", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}, {"entity": "REGISTERED_MODEL", "action": "CREATED"}]},
    )
    g.post("post_webhooks_49", "webhooks", {"name": "e", "url": "http://127.0.0.1:1/x", "events": [{"entity": 1, "action": 1}]})
    g.post(
        "post_webhooks_5",
        "webhooks",
        {"name": "a", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}], "status": 1},
    )
    g.post("post_webhooks_25", "webhooks", {"name": "u", "url": "http://127.0.0.1:99999/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
