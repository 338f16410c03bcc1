"""Traces of both API versions: made, read, searched, tagged."""

from ..dsl import API3


def build(g):
    g.post("post_v2_experiments_create", "experiments/create", {"name": "traces"}, save={"e": "experiment_id"})
    g.post(
        "post_traces",
        API3 + "traces",
        {"trace": {"trace_info": {"trace_id": "tr-1", "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "${e}"}}, "request_time": "2025-04-15T08:49:18.699Z", "execution_duration": "1.5s", "state": "OK", "client_request_id": "c1", "request_preview": "q", "response_preview": "r", "trace_metadata": {"a": "b", "mlflow.trace.session": "s1", "mlflow.trace.tokenUsage": '{"input_tokens": 1, "output_tokens": 2, "total_tokens": 3, "x":1}', "mlflow.trace.cost": '{"total_cost": 0.5}'}, "tags": {"mlflow.traceName": "nm", "t": "1"}, "assessments": [{"assessment_name": "g", "trace_id": "tr-1", "source": {"source_type": "HUMAN", "source_id": "me"}, "feedback": {"value": True}, "create_time": "2025-04-15T08:49:18Z", "last_update_time": "2025-04-15T08:49:18Z"}]}}},
    )
    g.post(
        "post_traces_request_time_2025-04-15T08_49_19Z_state_ERROR_u_2_without_execution_du",
        API3 + "traces",
        {"trace": {"trace_info": {"trace_id": "tr-1", "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "${e}"}}, "request_time": "2025-04-15T08:49:19Z", "state": "ERROR", "tags": {"u": "2"}}}},
    )
    g.get("get_traces_tr-1", API3 + "traces/tr-1")
    g.get("get_v2_traces_tr-1_info", "traces/tr-1/info")
    g.post(
        "post_traces_trace_id_tr-2_without_request_time_without_execution_duration_without",
        API3 + "traces",
        {"trace": {"trace_info": {"trace_id": "tr-2", "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "${e}"}}}}},
    )
    g.post(
        "post_traces_trace_id_empty_without_request_time_without_execution_duration_without",
        API3 + "traces",
        {"trace": {"trace_info": {"trace_id": "", "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "${e}"}}}}},
    )
    g.post(
        "post_traces_without_trace_id_without_request_time_without_execution_duration_witho",
        API3 + "traces",
        {"trace": {"trace_info": {"trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "${e}"}}}}},
    )
    g.post("post_traces_trace_id_tr-3_without_type_without_experiment_id_without_request_time", API3 + "traces", {"trace": {"trace_info": {"trace_id": "tr-3"}}})
    g.post("post_traces_trace_without_trace_id_without_type_without_experiment_id", API3 + "traces", {"trace": {}})
    g.post("post_traces_trace_info_without_trace_id_without_type_without_experiment_id", API3 + "traces", {"trace": {"trace_info": {}}})
    g.post("post_traces_query_without_trace_id_without_type_without_experiment_id", API3 + "traces", {})
    g.post(
        "post_traces_trace_id_tr-4_experiment_id_987655_without_request_time_without_execut",
        API3 + "traces",
        {"trace": {"trace_info": {"trace_id": "tr-4", "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "987655"}}}}},
    )
    g.post(
        "post_traces_trace_id_tr-4_experiment_id_abc_without_request_time_without_execution",
        API3 + "traces",
        {"trace": {"trace_info": {"trace_id": "tr-4", "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "abc"}}}}},
    )
    g.post(
        "post_traces_trace_id_tr-5_state_BOGUS_request_time_garbage_without_execution_durat",
        API3 + "traces",
        {"trace": {"trace_info": {"trace_id": "tr-5", "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "${e}"}}, "state": "BOGUS", "request_time": "garbage"}}},
    )
    g.post(
        "post_traces_trace_id_tr-6_state_IN_PROGRESS_request_time_2025-04-15T08_49_18.69912",
        API3 + "traces",
        {"trace": {"trace_info": {"trace_id": "tr-6", "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "${e}"}}, "state": "IN_PROGRESS", "request_time": "2025-04-15T08:49:18.699123Z", "execution_duration": "0.0015s", "tags": {"mlflow.trace.spansLocation": "X"}, "request_preview": ""}}},
    )
    g.post(
        "post_traces_trace_id_tr_odd_without_request_time_without_execution_duration_withou",
        API3 + "traces",
        {"trace": {"trace_info": {"trace_id": "tr odd", "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "${e}"}}}}},
    )
    g.get("get_traces_tr-2", API3 + "traces/tr-2")
    g.get("get_traces_none", API3 + "traces/none")
    g.get("get_v2_traces_none_info", "traces/none/info")
    g.post("post_traces_batchGetInfos", API3 + "traces/batchGetInfos", {"trace_ids": ["tr-2", "tr-1", "zz", "tr-1"]})
    g.post("post_traces_batchGetInfos_experiment_ids_without_trace_ids", API3 + "traces/batchGetInfos", {"trace_ids": ["tr-2"], "experiment_ids": []})
    g.post("post_traces_batchGetInfos_experiment_ids_$_e_without_trace_ids", API3 + "traces/batchGetInfos", {"trace_ids": ["tr-2"], "experiment_ids": ["${e}"]})
    g.post("post_traces_batchGetInfos_experiment_ids_987654_without_trace_ids", API3 + "traces/batchGetInfos", {"trace_ids": ["tr-2"], "experiment_ids": ["987654"]})
    g.post("post_traces_batchGetInfos_trace_ids_without_trace_ids", API3 + "traces/batchGetInfos", {"trace_ids": []})
    g.post("post_traces_batchGetInfos_query_without_trace_ids", API3 + "traces/batchGetInfos", {})
    g.post(
        "post_traces_search",
        API3 + "traces/search",
        {"locations": [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "${e}"}}], "max_results": 2},
    )
    g.post("post_traces_search_locations_without_type_without_experiment_id_without_max_results", API3 + "traces/search", {"locations": []})
    g.post("post_traces_search_query_without_type_without_experiment_id_without_max_results", API3 + "traces/search", {})
    g.post(
        "post_traces_search_max_results_501",
        API3 + "traces/search",
        {"locations": [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "${e}"}}], "max_results": 501},
    )
    g.post(
        "post_traces_search_max_results_0",
        API3 + "traces/search",
        {"locations": [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "${e}"}}], "max_results": 0},
    )
    g.post(
        "post_traces_search_filter_foo_=_1_without_max_results",
        API3 + "traces/search",
        {"locations": [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "${e}"}}], "filter": "foo = 1"},
    )
    g.post("post_traces_search_experiment_id_x_without_type_without_max_results", API3 + "traces/search", {"locations": [{"mlflow_experiment": {"experiment_id": "x"}}]})
    g.post(
        "post_traces_search_page_token_zz_without_max_results",
        API3 + "traces/search",
        {"locations": [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "${e}"}}], "page_token": "zz"},
    )
    g.post(
        "post_traces_search_order_by_timestamp_ms_without_max_results",
        API3 + "traces/search",
        {"locations": [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "${e}"}}], "order_by": ["timestamp_ms", "timestamp_ms"]},
    )
    g.get("get_v2_traces", "traces", "experiment_ids=${e}&max_results=2")
    g.get("get_v2_traces_no_body_without_query", "traces")
    g.get("get_v2_traces_query_experiment_ids=", "traces", "experiment_ids=")
    g.post(
        "post_v2_traces",
        "traces",
        {"experiment_id": "${e}", "timestamp_ms": 1000, "request_metadata": [{"key": "m", "value": "1"}], "tags": [{"key": "mlflow.traceName", "value": "v2"}]},
    )
    g.post("post_v2_traces_timestamp_ms_2000_without_key_without_value", "traces", {"experiment_id": "${e}", "timestamp_ms": 2000}, save={"i": "trace_info.request_id"})
    g.post("post_v2_traces_query_without_experiment_id_without_timestamp_ms_without_key", "traces", {})
    g.post("post_v2_traces_experiment_id_987656_timestamp_ms_2000_without_key_without_value", "traces", {"experiment_id": "987656", "timestamp_ms": 2000})
    g.post("post_v2_traces_value_x_without_timestamp_ms_without_key_without_value", "traces", {"experiment_id": "${e}", "tags": [{"value": "x"}]})
    g.patch(
        "patch_v2_traces_i",
        "traces/${i}",
        {"timestamp_ms": 2500, "status": "OK", "request_metadata": [{"key": "z", "value": "1"}], "tags": [{"key": "k", "value": "v"}]},
    )
    g.patch("patch_v2_traces_i_query_without_timestamp_ms_without_status_without_key", "traces/${i}", {})
    g.patch("patch_v2_traces_none", "traces/none", {"timestamp_ms": 2500, "status": "OK"})
    g.patch("patch_v2_traces_i_status_BOGUS_without_key_without_value", "traces/${i}", {"timestamp_ms": 2500, "status": "BOGUS"})
    g.get("get_traces_i", API3 + "traces/${i}")
    g.patch("patch_traces_tr-1_tags", API3 + "traces/tr-1/tags", {"key": "k1", "value": "v1"})
    g.patch("patch_traces_tr-1_tags_without_value", API3 + "traces/tr-1/tags", {"key": "k1"})
    g.patch("patch_traces_tr-1_tags_value_k1_without_key", API3 + "traces/tr-1/tags", {"value": "k1"})
    g.patch("patch_traces_none_tags", API3 + "traces/none/tags", {"key": "k1", "value": "v"})
    g.patch("patch_traces_tr-1_tags_key_mlflow.trace.spansLocation_value_v", API3 + "traces/tr-1/tags", {"key": "mlflow.trace.spansLocation", "value": "v"})
    g.patch("patch_traces_tr-1_tags_key_a,b_value_v", API3 + "traces/tr-1/tags", {"key": "a,b", "value": "v"})
    g.patch(
        "patch_traces_tr-1_tags_key_251_characters_value_v",
        API3 + "traces/tr-1/tags",
        {"key": "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk", "value": "v"},
    )
    g.delete("delete_traces_tr-1_tags", API3 + "traces/tr-1/tags", {"key": "k1"})
    g.delete("delete_traces_tr-1_tags_again", API3 + "traces/tr-1/tags", {"key": "k1"})
    g.delete("delete_traces_tr-1_tags_query_without_key", API3 + "traces/tr-1/tags", {})
    g.delete("delete_traces_none_tags", API3 + "traces/none/tags", {"key": "k1"})
    g.delete("delete_traces_tr-1_tags_key_mlflow.trace.archivalFailure", API3 + "traces/tr-1/tags", {"key": "mlflow.trace.archivalFailure"})
    g.delete("delete_traces_tr-1_tags_query_key=t_without_key", API3 + "traces/tr-1/tags", query="key=t")
    g.patch("patch_v2_traces_tr-1_tags", "traces/tr-1/tags", {"key": "k1", "value": "v1"})
    g.patch("patch_v2_traces_tr-1_tags_without_value", "traces/tr-1/tags", {"key": "k1"})
    g.patch("patch_v2_traces_tr-1_tags_value_k1_without_key", "traces/tr-1/tags", {"value": "k1"})
    g.patch("patch_v2_traces_none_tags", "traces/none/tags", {"key": "k1", "value": "v"})
    g.patch("patch_v2_traces_tr-1_tags_key_mlflow.trace.spansLocation_value_v", "traces/tr-1/tags", {"key": "mlflow.trace.spansLocation", "value": "v"})
    g.patch("patch_v2_traces_tr-1_tags_key_a,b_value_v", "traces/tr-1/tags", {"key": "a,b", "value": "v"})
    g.patch(
        "patch_v2_traces_tr-1_tags_key_251_characters_value_v",
        "traces/tr-1/tags",
        {"key": "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk", "value": "v"},
    )
    g.delete("delete_v2_traces_tr-1_tags", "traces/tr-1/tags", {"key": "k1"})
    g.delete("delete_v2_traces_tr-1_tags_again", "traces/tr-1/tags", {"key": "k1"})
    g.delete("delete_v2_traces_tr-1_tags_query_without_key", "traces/tr-1/tags", {})
    g.delete("delete_v2_traces_none_tags", "traces/none/tags", {"key": "k1"})
    g.delete("delete_v2_traces_tr-1_tags_key_mlflow.trace.archivalFailure", "traces/tr-1/tags", {"key": "mlflow.trace.archivalFailure"})
    g.delete("delete_v2_traces_tr-1_tags_query_key=t_without_key", "traces/tr-1/tags", query="key=t")
    g.patch("patch_traces_tr-1_tags_key_mlflow.traceName_value_newname", API3 + "traces/tr-1/tags", {"key": "mlflow.traceName", "value": "newname"})
    g.get("get_traces_tr-1_again", API3 + "traces/tr-1")
    g.delete("delete_traces_tr-1_tags_key_mlflow.traceName", API3 + "traces/tr-1/tags", {"key": "mlflow.traceName"})
    g.delete("delete_traces_tr-1_tags_key_mlflow.traceName_again", API3 + "traces/tr-1/tags", {"key": "mlflow.traceName"})
