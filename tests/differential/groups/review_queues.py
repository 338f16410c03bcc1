"""`review-queues/...`"""

from ..dsl import API3


def build(g):
    g.post("experiment", "experiments/create", {"name": "review_queues"}, save={"e": "experiment_id"})
    g.post("other_experiment", "experiments/create", {"name": "review_queues-other"}, save={"f": "experiment_id"})
    g.post(
        "schema",
        API3 + "label-schemas/create",
        {"experiment_id": "${e}", "name": "Correct?", "type": "FEEDBACK", "input": {"pass_fail": {"positive_label": "Yes", "negative_label": "No"}}, "instruction": "i", "enable_comment": True},
        save={"l1": "label_schema.schema_id"},
    )
    g.post(
        "rq_custom",
        API3 + "review-queues/create",
        {"experiment_id": "${e}", "name": " Q1 ", "queue_type": "CUSTOM", "users": [" Bob ", "ann", "bob"], "schema_ids": ["${l1}"]},
        save={"rq1": "review_queue.queue_id"},
    )
    g.post(
        "rq_user",
        API3 + "review-queues/create",
        {"experiment_id": "${e}", "name": "Carl", "queue_type": "USER", "created_by": "spoof"},
        save={"rq2": "review_queue.queue_id"},
    )
    g.post("rq_dup_case", API3 + "review-queues/create", {"experiment_id": "${e}", "name": "q1", "queue_type": "CUSTOM"})
    g.post("rq_no_type", API3 + "review-queues/create", {"experiment_id": "${e}", "name": "z"})
    g.post("rq_bad_type", API3 + "review-queues/create", {"experiment_id": "${e}", "name": "z", "queue_type": "BOGUS"})
    g.post("rq_reserved", API3 + "review-queues/create", {"experiment_id": "${e}", "name": "DEFAULT", "queue_type": "CUSTOM"})
    g.post("rq_blank", API3 + "review-queues/create", {"experiment_id": "${e}", "name": "  ", "queue_type": "CUSTOM"})
    g.post("rq_user_users", API3 + "review-queues/create", {"experiment_id": "${e}", "name": "dan", "queue_type": "USER", "users": ["x"]})
    g.post("rq_user_schemas", API3 + "review-queues/create", {"experiment_id": "${e}", "name": "dan", "queue_type": "USER", "schema_ids": ["${l1}"]})
    g.post("rq_bad_schema", API3 + "review-queues/create", {"experiment_id": "${e}", "name": "z", "queue_type": "CUSTOM", "schema_ids": ["nope"]})
    g.post(
        "rq_long_schema",
        API3 + "review-queues/create",
        {"experiment_id": "${e}", "name": "z", "queue_type": "CUSTOM", "schema_ids": ["nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"]},
    )
    g.post(
        "rq_many_users",
        API3 + "review-queues/create",
        {"experiment_id": "${e}", "name": "z", "queue_type": "CUSTOM", "users": ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]},
    )
    g.post("rq_blank_user", API3 + "review-queues/create", {"experiment_id": "${e}", "name": "z", "queue_type": "CUSTOM", "users": [" "]})
    g.post(
        "rq_long",
        API3 + "review-queues/create",
        {"experiment_id": "${e}", "name": "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn", "queue_type": "CUSTOM"},
    )
    g.post("rq_no_name", API3 + "review-queues/create", {"experiment_id": "${e}", "queue_type": "CUSTOM"})
    g.post("rq_no_exp", API3 + "review-queues/create", {"experiment_id": "9999", "name": "z", "queue_type": "CUSTOM"})
    g.post("rq_exp_abc", API3 + "review-queues/create", {"experiment_id": "abc", "name": "z", "queue_type": "CUSTOM"})
    g.post("rq_goc", API3 + "review-queues/get-or-create-user", {"experiment_id": "${e}", "user": " CARL "})
    g.post("rq_goc_new", API3 + "review-queues/get-or-create-user", {"experiment_id": "${e}", "user": "Eve"}, save={"rq3": "review_queue.queue_id"})
    g.post("rq_goc_custom", API3 + "review-queues/get-or-create-user", {"experiment_id": "${e}", "user": "q1"})
    g.post("rq_goc_none", API3 + "review-queues/get-or-create-user", {"experiment_id": "${e}"})
    g.post("rq_goc_blank", API3 + "review-queues/get-or-create-user", {"experiment_id": "${e}", "user": " "})
    g.get("rq_get", API3 + "review-queues/get", {"queue_id": "${rq1}"})
    g.get("rq_get_missing", API3 + "review-queues/get", {"queue_id": "x"})
    g.get("rq_get_none", API3 + "review-queues/get")
    g.get("rq_name", API3 + "review-queues/get-by-name", {"experiment_id": "${e}", "name": "q1"})
    g.get("rq_name_missing", API3 + "review-queues/get-by-name", {"experiment_id": "${e}", "name": "nope"})
    g.get("rq_name_pad", API3 + "review-queues/get-by-name", {"experiment_id": "${e}", "name": " q1"})
    g.get("rq_list_user", API3 + "review-queues/list", {"experiment_id": "${e}", "user": "BOB"})
    g.get("rq_list_none", API3 + "review-queues/list")
    g.get("rq_list_max", API3 + "review-queues/list", {"experiment_id": "${e}", "max_results": 0})
    g.get("rq_list_item", API3 + "review-queues/list", {"experiment_id": "${e}", "item_id": "x"})
    g.get("rq_list_max_1", API3 + "review-queues/list", {"experiment_id": "${e}", "user": "carl", "max_results": 1})
    g.post("ru_nothing", API3 + "review-queues/update", {"queue_id": "${rq1}"})
    g.post("ru_rename", API3 + "review-queues/update", {"queue_id": "${rq1}", "name": "Q One"})
    g.post("ru_users", API3 + "review-queues/update", {"queue_id": "${rq1}", "users": ["z", "y"], "update_users": True})
    g.post("ru_users_no_flag", API3 + "review-queues/update", {"queue_id": "${rq1}", "users": ["w"]})
    g.post("ru_clear_users", API3 + "review-queues/update", {"queue_id": "${rq1}", "update_users": True})
    g.post("ru_user_queue", API3 + "review-queues/update", {"queue_id": "${rq2}", "name": "q"})
    g.post("ru_owner", API3 + "review-queues/update", {"queue_id": "${rq1}", "new_owner": " Zed "})
    g.post("ru_blank_owner", API3 + "review-queues/update", {"queue_id": "${rq1}", "new_owner": " "})
    g.post("ru_dup", API3 + "review-queues/update", {"queue_id": "${rq1}", "name": "carl"})
    g.post("ru_reserved", API3 + "review-queues/update", {"queue_id": "${rq1}", "name": "default"})
    g.post("ru_missing", API3 + "review-queues/update", {"queue_id": "x", "name": "z"})
    g.post("ru_none", API3 + "review-queues/update", {})
    g.post("ru_schemas", API3 + "review-queues/update", {"queue_id": "${rq1}", "update_schema_ids": True, "schema_ids": ["${l1}", "${l1}"]})
    g.post("ru_schemas_bad", API3 + "review-queues/update", {"queue_id": "${rq1}", "update_schema_ids": True, "schema_ids": ["${l1}", "q"]})
    g.post("ru_schemas_clear", API3 + "review-queues/update", {"queue_id": "${rq1}", "update_schema_ids": True})
    g.post(
        "trace",
        API3 + "traces",
        {"trace": {"trace_info": {"trace_id": "tr-7265766965775f717565756573000000", "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "${e}"}}, "request_time": "2025-01-01T00:00:00Z", "state": "OK"}}},
    )
    g.post(
        "trace_2",
        API3 + "traces",
        {"trace": {"trace_info": {"trace_id": "tr-7265766965775f717565756573000001", "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "${e}"}}, "request_time": "2025-01-01T00:00:00Z", "state": "OK"}}},
    )
    g.post(
        "trace_3",
        API3 + "traces",
        {"trace": {"trace_info": {"trace_id": "tr-7265766965775f717565756573000002", "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "${f}"}}, "request_time": "2025-01-01T00:00:00Z", "state": "OK"}}},
    )
    g.post(
        "it_add",
        API3 + "review-queues/items/add",
        {"queue_id": "${rq1}", "item_ids": ["tr-7265766965775f717565756573000001", " tr-7265766965775f717565756573000000", "tr-7265766965775f717565756573000000"], "item_type": "TRACE"},
    )
    g.post("it_add_again", API3 + "review-queues/items/add", {"queue_id": "${rq1}", "item_ids": ["tr-7265766965775f717565756573000000"]})
    g.post(
        "it_add_other_exp",
        API3 + "review-queues/items/add",
        {"queue_id": "${rq1}", "item_ids": ["tr-7265766965775f717565756573000000", "tr-7265766965775f717565756573000002", "zz"]},
    )
    g.post("it_add_none", API3 + "review-queues/items/add", {"queue_id": "${rq1}"})
    g.post("it_add_blank", API3 + "review-queues/items/add", {"queue_id": "${rq1}", "item_ids": [" "]})
    g.post("it_add_long", API3 + "review-queues/items/add", {"queue_id": "${rq1}", "item_ids": ["xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"]})
    g.post("it_add_missing_q", API3 + "review-queues/items/add", {"queue_id": "x", "item_ids": ["tr-7265766965775f717565756573000000"]})
    g.post(
        "it_add_bogus_type",
        API3 + "review-queues/items/add",
        {"queue_id": "${rq1}", "item_ids": ["tr-7265766965775f717565756573000000"], "item_type": "BOGUS"},
    )
    g.post(
        "it_add_unspecified",
        API3 + "review-queues/items/add",
        {"queue_id": "${rq1}", "item_ids": ["tr-7265766965775f717565756573000000"], "item_type": "REVIEW_ITEM_TYPE_UNSPECIFIED"},
    )
    g.post("ru_schemas_locked", API3 + "review-queues/update", {"queue_id": "${rq1}", "update_schema_ids": True, "schema_ids": ["${l1}"]})
    g.post(
        "is_complete",
        API3 + "review-queues/items/set-status",
        {"queue_id": "${rq1}", "item_id": "tr-7265766965775f717565756573000000", "status": "COMPLETE", "completed_by": " Bob "},
    )
    g.post(
        "is_again",
        API3 + "review-queues/items/set-status",
        {"queue_id": "${rq1}", "item_id": "tr-7265766965775f717565756573000000", "status": "COMPLETE", "completed_by": "other"},
    )
    g.post(
        "is_decline",
        API3 + "review-queues/items/set-status",
        {"queue_id": "${rq1}", "item_id": "tr-7265766965775f717565756573000000", "status": "DECLINED", "completed_by": "ann"},
    )
    g.post("is_no_by", API3 + "review-queues/items/set-status", {"queue_id": "${rq1}", "item_id": "tr-7265766965775f717565756573000000", "status": "COMPLETE"})
    g.post(
        "is_blank_by",
        API3 + "review-queues/items/set-status",
        {"queue_id": "${rq1}", "item_id": "tr-7265766965775f717565756573000000", "status": "COMPLETE", "completed_by": " "},
    )
    g.post(
        "is_reopen_by",
        API3 + "review-queues/items/set-status",
        {"queue_id": "${rq1}", "item_id": "tr-7265766965775f717565756573000000", "status": "PENDING", "completed_by": "x"},
    )
    g.post("is_no_status", API3 + "review-queues/items/set-status", {"queue_id": "${rq1}", "item_id": "tr-7265766965775f717565756573000000"})
    g.post(
        "is_bogus",
        API3 + "review-queues/items/set-status",
        {"queue_id": "${rq1}", "item_id": "tr-7265766965775f717565756573000000", "status": "BOGUS", "completed_by": "x"},
    )
    g.post("is_missing_item", API3 + "review-queues/items/set-status", {"queue_id": "${rq1}", "item_id": "zz", "status": "COMPLETE", "completed_by": "x"})
    g.post("is_missing_q", API3 + "review-queues/items/set-status", {"queue_id": "x", "item_id": "zz", "status": "COMPLETE", "completed_by": "x"})
    g.post(
        "is_long_by",
        API3 + "review-queues/items/set-status",
        {"queue_id": "${rq1}", "item_id": "tr-7265766965775f717565756573000000", "status": "COMPLETE", "completed_by": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
    )
    g.post("is_none", API3 + "review-queues/items/set-status", {})
    g.get("il_{}", API3 + "review-queues/items/list", {"queue_id": "${rq1}"})
    g.get("il_{'status':_'DECLINED'}", API3 + "review-queues/items/list", {"queue_id": "${rq1}", "status": "DECLINED"})
    g.get("il_{'status':_'COMPLETE'}", API3 + "review-queues/items/list", {"queue_id": "${rq1}", "status": "COMPLETE"})
    g.get("il_{'status':_'BOGUS'}", API3 + "review-queues/items/list", {"queue_id": "${rq1}", "status": "BOGUS"})
    g.get("il_{'max_results':_1}", API3 + "review-queues/items/list", {"queue_id": "${rq1}", "max_results": 1})
    g.get("il_{'max_results':_0}", API3 + "review-queues/items/list", {"queue_id": "${rq1}", "max_results": 0})
    g.get("il_{'status':_'REVIEW_STATUS_UNSPECIFIED'}", API3 + "review-queues/items/list", {"queue_id": "${rq1}", "status": "REVIEW_STATUS_UNSPECIFIED"})
    g.get("il_missing", API3 + "review-queues/items/list", {"queue_id": "x"})
    g.post("is_reopen", API3 + "review-queues/items/set-status", {"queue_id": "${rq1}", "item_id": "tr-7265766965775f717565756573000000", "status": "PENDING"})
    g.get("rq_list_item_2", API3 + "review-queues/list", {"experiment_id": "${e}", "item_id": "tr-7265766965775f717565756573000000"})
    g.post("it_remove", API3 + "review-queues/items/remove", {"queue_id": "${rq1}", "item_ids": ["tr-7265766965775f717565756573000001", "zz"]})
    g.post("it_remove_none", API3 + "review-queues/items/remove", {"queue_id": "${rq1}"})
    g.get("il_after", API3 + "review-queues/items/list", {"queue_id": "${rq1}"})
    g.post("it_remove_missing_q", API3 + "review-queues/items/remove", {"queue_id": "x", "item_ids": ["a"]})
    g.post("trace_delete", API3 + "traces/delete-traces", {"experiment_id": "${e}", "request_ids": ["tr-7265766965775f717565756573000000"]})
    g.get("il_after_trace_delete", API3 + "review-queues/items/list", {"queue_id": "${rq1}"})
    g.delete("ls_delete_used", API3 + "label-schemas/delete", {"schema_id": "${l1}"})
    g.get("rq_get_after", API3 + "review-queues/get", {"queue_id": "${rq1}"})
    g.post("rq_delete", API3 + "review-queues/delete", {"queue_id": "${rq1}"})
    g.post("rq_delete_again", API3 + "review-queues/delete", {"queue_id": "${rq1}"})
    g.post("rq_delete_none", API3 + "review-queues/delete", {})
