"""`webhooks/...`: what is kept and what is refused. Deliveries have tests of their own."""


def build(g):
    g.post(
        "post_webhooks",
        "webhooks",
        {"name": "a", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]},
        save={"webhook_id": "webhook.webhook_id"},
    )
    g.post(
        "post_webhooks_description_d_secret_s_status_DISABLED",
        "webhooks",
        {"name": "a", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}], "description": "d", "secret": "s", "status": "DISABLED"},
    )
    g.post(
        "post_webhooks_description_empty_secret_empty_status_BOGUS",
        "webhooks",
        {"name": "a", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}], "description": "", "secret": "", "status": "BOGUS"},
    )
    g.post(
        "post_webhooks_status_active",
        "webhooks",
        {"name": "a", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}], "status": "active"},
    )
    g.post("post_webhooks_name_empty", "webhooks", {"name": "", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_name_-a", "webhooks", {"name": "-a", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_name_a_b", "webhooks", {"name": "a b", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post(
        "post_webhooks_name_63_characters",
        "webhooks",
        {"name": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]},
    )
    g.post(
        "post_webhooks_name_64_characters",
        "webhooks",
        {"name": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]},
    )
    g.post("post_webhooks_name_null", "webhooks", {"name": None, "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_name_5", "webhooks", {"name": 5, "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_name_n", "webhooks", {"name": "ünï", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_name_A.b_c-d", "webhooks", {"name": "A.b_c-d", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_name_u_url_empty", "webhooks", {"name": "u", "url": "", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_name_u_url", "webhooks", {"name": "u", "url": "   ", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_name_u_url_ftp_x", "webhooks", {"name": "u", "url": "ftp://x/", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_name_u_url_http_u_p_127.0.0.1", "webhooks", {"name": "u", "url": "http://u:p@127.0.0.1/", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_name_u_url_http", "webhooks", {"name": "u", "url": "http://", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_name_u_url_nope", "webhooks", {"name": "u", "url": "nope", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_name_u_url_http_nohost.invalid_x", "webhooks", {"name": "u", "url": "http://nohost.invalid/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_name_u_url_http_127.1_1_x", "webhooks", {"name": "u", "url": "http://127.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_name_u_url_http_1_9_x", "webhooks", {"name": "u", "url": "http://[::1]:9/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_name_u_url_http_1", "webhooks", {"name": "u", "url": "http://[::1", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_name_u_url_http_127.0.0.1_1_x", "webhooks", {"name": "u", "url": "http://127.0.0.1:1/ x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_name_u_url_5", "webhooks", {"name": "u", "url": 5, "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post(
        "post_webhooks_name_u_url_517_characters",
        "webhooks",
        {"name": "u", "url": "http://h.example/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]},
    )
    g.post("post_webhooks_name_e_events_without_entity_without_action", "webhooks", {"name": "e", "url": "http://127.0.0.1:1/x", "events": []})
    g.post("post_webhooks_name_e_events_null_without_entity_without_action", "webhooks", {"name": "e", "url": "http://127.0.0.1:1/x", "events": None})
    g.post("post_webhooks_name_e_events_x_without_entity_without_action", "webhooks", {"name": "e", "url": "http://127.0.0.1:1/x", "events": "x"})
    g.post("post_webhooks_name_e_events_without_entity_without_action_again", "webhooks", {"name": "e", "url": "http://127.0.0.1:1/x", "events": [{}]})
    g.post("post_webhooks_name_e_entity_BOGUS", "webhooks", {"name": "e", "url": "http://127.0.0.1:1/x", "events": [{"entity": "BOGUS", "action": "CREATED"}]})
    g.post("post_webhooks_name_e_action_BOGUS", "webhooks", {"name": "e", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "BOGUS"}]})
    g.post("post_webhooks_name_e_action_DELETED", "webhooks", {"name": "e", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "DELETED"}]})
    g.post("post_webhooks_name_e_without_action", "webhooks", {"name": "e", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL"}]})
    g.post("post_webhooks_name_e_without_entity", "webhooks", {"name": "e", "url": "http://127.0.0.1:1/x", "events": [{"action": "CREATED"}]})
    g.post("post_webhooks_name_e_entity_registered_model_action_created", "webhooks", {"name": "e", "url": "http://127.0.0.1:1/x", "events": [{"entity": "registered_model", "action": "created"}]})
    g.post("post_webhooks_name_e_events_registered_model.created_without_entity_without_action", "webhooks", {"name": "e", "url": "http://127.0.0.1:1/x", "events": ["registered_model.created"]})
    g.post("post_webhooks_name_e_entity_MODEL_VERSION_TAG_action_UPDATED", "webhooks", {"name": "e", "url": "http://127.0.0.1:1/x", "events": [{"entity": "MODEL_VERSION_TAG", "action": "UPDATED"}]})
    g.post("post_webhooks_name_e_entity_BUDGET_POLICY_action_EXCEEDED", "webhooks", {"name": "e", "url": "http://127.0.0.1:1/x", "events": [{"entity": "BUDGET_POLICY", "action": "EXCEEDED"}]})
    g.post(
        "post_webhooks_name_e_entity_PROMPT_ALIAS_entity_MODEL_VERSION_action_CREATED",
        "webhooks",
        {"name": "e", "url": "http://127.0.0.1:1/x", "events": [{"entity": "PROMPT_ALIAS", "action": "CREATED"}, {"entity": "MODEL_VERSION", "action": "CREATED"}, {"entity": "PROMPT_ALIAS", "action": "DELETED"}]},
    )
    g.post(
        "post_webhooks_name_d_description_1001_characters",
        "webhooks",
        {"name": "d", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}], "description": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
    )
    g.post(
        "post_webhooks_name_d_description_5",
        "webhooks",
        {"name": "d", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}], "description": 5},
    )
    g.post("post_webhooks_without_name", "webhooks", {"url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_name_d_without_url", "webhooks", {"name": "d", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
    g.post("post_webhooks_name_d_without_entity_without_action", "webhooks", {"name": "d", "url": "http://127.0.0.1:1/x"})
    g.get("get_webhooks_one", "webhooks/${webhook_id}")
    g.get("get_webhooks_nope", "webhooks/nope")
    g.patch("patch_webhooks_nope", "webhooks/nope", {"name": "x"})
    g.delete("delete_webhooks_nope", "webhooks/nope")
    g.post("post_webhooks_nope_test", "webhooks/nope/test", {})
    g.patch("patch_webhooks_one", "webhooks/${webhook_id}", {})
    g.patch(
        "patch_webhooks_one_name_b_description_dd_url_http_127.0.0.1_1_x2_secret_zz",
        "webhooks/${webhook_id}",
        {"name": "b", "description": "dd", "url": "http://127.0.0.1:1/x2", "secret": "zz", "status": "DISABLED", "events": [{"entity": "MODEL_VERSION", "action": "CREATED"}]},
    )
    g.patch("patch_webhooks_one_name_empty_description_empty_url_empty_secret_empty", "webhooks/${webhook_id}", {"name": "", "description": "", "url": "", "secret": "", "events": []})
    g.patch("patch_webhooks_one_name_-", "webhooks/${webhook_id}", {"name": "-"})
    g.patch("patch_webhooks_one_url_ftp_x", "webhooks/${webhook_id}", {"url": "ftp://x"})
    g.patch("patch_webhooks_one_status_BOGUS", "webhooks/${webhook_id}", {"status": "BOGUS"})
    g.patch("patch_webhooks_one_status_ACTIVE", "webhooks/${webhook_id}", {"status": "ACTIVE"})
    g.patch("patch_webhooks_one_events", "webhooks/${webhook_id}", {"events": [{}]})
    g.patch("patch_webhooks_one_entity_PROMPT_action_DELETED", "webhooks/${webhook_id}", {"events": [{"entity": "PROMPT", "action": "DELETED"}]})
    g.get("get_webhooks", "webhooks", {"max_results": 1})
    g.get("get_webhooks_max_results_2_page_token_eyJvZmZzZXQiOiAxfQ==", "webhooks", {"max_results": 2, "page_token": "eyJvZmZzZXQiOiAxfQ=="})
    g.get("get_webhooks_max_results_0", "webhooks", {"max_results": 0})
    g.get("get_webhooks_max_results_-1", "webhooks", {"max_results": -1})
    g.get("get_webhooks_max_results_1000", "webhooks", {"max_results": 1000})
    g.get("get_webhooks_max_results_1001", "webhooks", {"max_results": 1001})
    g.get("get_webhooks_max_results_x", "webhooks", {"max_results": "x"})
    g.get("get_webhooks_page_token_zz_without_max_results", "webhooks", {"page_token": "zz"})
    g.post("post_webhooks_one_test", "webhooks/${webhook_id}/test", {})
    g.post("post_webhooks_one_test_no_body", "webhooks/${webhook_id}/test")
    g.post("post_webhooks_one_test_entity_PROMPT_VERSION_action_CREATED", "webhooks/${webhook_id}/test", {"event": {"entity": "PROMPT_VERSION", "action": "CREATED"}})
    g.post("post_webhooks_one_test_entity_PROMPT_VERSION_action_DELETED", "webhooks/${webhook_id}/test", {"event": {"entity": "PROMPT_VERSION", "action": "DELETED"}})
    g.post("post_webhooks_one_test_event", "webhooks/${webhook_id}/test", {"event": {}})
    g.post("post_webhooks_one_test_entity_BUDGET_POLICY_action_EXCEEDED", "webhooks/${webhook_id}/test", {"event": {"entity": "BUDGET_POLICY", "action": "EXCEEDED"}})
    g.patch("patch_webhooks_one_url_http_127.0.0.1_1_x_secret_s3", "webhooks/${webhook_id}", {"url": "http://127.0.0.1:1/x", "secret": "s3"})
    g.post("post_webhooks_one_test_again", "webhooks/${webhook_id}/test", {})
    g.patch("patch_webhooks_one_url_http_127.0.0.1_1_x", "webhooks/${webhook_id}", {"url": "http://127.0.0.1:1/x"})
    g.post("post_webhooks_one_test_again_again", "webhooks/${webhook_id}/test", {})
    g.delete("delete_webhooks_one", "webhooks/${webhook_id}")
    g.get("get_webhooks_one_again", "webhooks/${webhook_id}")
    g.delete("delete_webhooks_one_again", "webhooks/${webhook_id}")
    g.post("post_webhooks_one_test_again_again_3", "webhooks/${webhook_id}/test", {})
    g.post(
        "post_webhooks_name_e_entity_REGISTERED_MODEL_action_CREATED",
        "webhooks",
        {"name": "e", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}, {"entity": "REGISTERED_MODEL", "action": "CREATED"}]},
    )
    g.post("post_webhooks_name_e_entity_1_action_1", "webhooks", {"name": "e", "url": "http://127.0.0.1:1/x", "events": [{"entity": 1, "action": 1}]})
    g.post(
        "post_webhooks_status_1",
        "webhooks",
        {"name": "a", "url": "http://127.0.0.1:1/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}], "status": 1},
    )
    g.post("post_webhooks_name_u_url_http_127.0.0.1_99999_x", "webhooks", {"name": "u", "url": "http://127.0.0.1:99999/x", "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]})
