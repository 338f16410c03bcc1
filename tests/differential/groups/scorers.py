"""`scorers/...`, and the datasets of runs by experiment."""

from ..dsl import AJAX, API3


def build(g):
    g.post("experiment", "experiments/create", {"name": "scorers"}, save={"e": "experiment_id"})
    g.post("other_experiment", "experiments/create", {"name": "scorers-other"}, save={"f": "experiment_id"})
    g.post("rd_/ajax-api/2.0/mlflow/experiments/search-datasets", AJAX + "experiments/search-datasets", {"experiment_ids": ["${e}"]})
    g.post("rd_/api/2.0/mlflow/experiments/search-datasets", "experiments/search-datasets", {"experiment_ids": ["${e}"]})
    g.post("rd_/api/2.0mlflow/experiments/search-datasets", "/api/2.0mlflow/experiments/search-datasets", {"experiment_ids": ["${e}"]})
    g.post("rd_/ajax-api/2.0mlflow/experiments/search-datasets", "/ajax-api/2.0mlflow/experiments/search-datasets", {"experiment_ids": ["${e}"]})
    g.post("run", "runs/create", {"experiment_id": "${e}", "start_time": 1600000000000, "run_name": "scorers"}, save={"r": "run.info.run_id"})
    g.post(
        "log_input",
        "runs/log-inputs",
        {"run_id": "${r}", "datasets": [{"tags": [{"key": "mlflow.data.context", "value": "train"}], "dataset": {"name": "a", "digest": "dg", "source_type": "local", "source": "{}"}}]},
    )
    g.post(
        "log_input_2",
        "runs/log-inputs",
        {"run_id": "${r}", "datasets": [{"tags": [], "dataset": {"name": "b", "digest": "dg", "source_type": "local", "source": "{}"}}]},
    )
    g.post("rd", AJAX + "experiments/search-datasets", {"experiment_ids": ["${e}"]})
    g.post("rd_F", AJAX + "experiments/search-datasets", {"experiment_ids": ["${f}"]})
    g.post("rd_none", AJAX + "experiments/search-datasets", {})
    g.post(
        "rd_many",
        AJAX + "experiments/search-datasets",
        {"experiment_ids": ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20"]},
    )
    g.post("rd_abc", AJAX + "experiments/search-datasets", {"experiment_ids": ["abc"]})
    g.post("rd_9999", AJAX + "experiments/search-datasets", {"experiment_ids": ["9999"]})
    g.post(
        "sc_register",
        API3 + "scorers/register",
        {"experiment_id": "${e}", "name": "s", "serialized_scorer": '{"name": "s", "builtin_scorer_class": "Safety", "builtin_scorer_pydantic_data": {"name": "safety"}}'},
    )
    g.post(
        "sc_register_2",
        API3 + "scorers/register",
        {"experiment_id": "${e}", "name": "s", "serialized_scorer": '{"name": "s", "builtin_scorer_class": "Safety", "builtin_scorer_pydantic_data": {"name": "safety"}}'},
    )
    g.post("sc_register_b", API3 + "scorers/register", {"experiment_id": "${e}", "name": "b", "serialized_scorer": "{}"})
    g.post("sc_register_F", API3 + "scorers/register", {"experiment_id": "${f}", "name": "s", "serialized_scorer": "{}"})
    g.post("sc_register_none", API3 + "scorers/register", {})
    g.post("sc_register_bad_json", API3 + "scorers/register", {"experiment_id": "${e}", "name": "s", "serialized_scorer": "{"})
    g.post("sc_register_list", API3 + "scorers/register", {"experiment_id": "${e}", "name": "s", "serialized_scorer": "[1]"})
    g.post("sc_register_string", API3 + "scorers/register", {"experiment_id": "${e}", "name": "s", "serialized_scorer": '"x"'})
    g.post(
        "sc_register_call_source",
        API3 + "scorers/register",
        {"experiment_id": "${e}", "name": "c", "serialized_scorer": '{"name": "c", "call_source": "return 1"}'},
    )
    g.post(
        "sc_register_nested_call_source",
        API3 + "scorers/register",
        {"experiment_id": "${e}", "name": "c", "serialized_scorer": '{"a": [{"call_source": "return 1"}]}'},
    )
    g.post(
        "sc_register_null_call_source",
        API3 + "scorers/register",
        {"experiment_id": "${e}", "name": "cn", "serialized_scorer": '{"name": "cn", "call_source": null}'},
    )
    g.post("sc_register_blank_name", API3 + "scorers/register", {"experiment_id": "${e}", "name": " ", "serialized_scorer": "{}"})
    g.post("sc_register_no_exp", API3 + "scorers/register", {"experiment_id": "9999", "name": "s", "serialized_scorer": "{}"})
    g.post("sc_register_exp_abc", API3 + "scorers/register", {"experiment_id": "abc", "name": "s", "serialized_scorer": "{}"})
    g.post(
        "sc_register_blank_model",
        API3 + "scorers/register",
        {"experiment_id": "${e}", "name": "m", "serialized_scorer": '{"instructions_judge_pydantic_data": {"model": " "}}'},
    )
    g.post(
        "sc_register_model_int",
        API3 + "scorers/register",
        {"experiment_id": "${e}", "name": "m", "serialized_scorer": '{"instructions_judge_pydantic_data": {"model": 5}}'},
    )
    g.post(
        "sc_register_model",
        API3 + "scorers/register",
        {"experiment_id": "${e}", "name": "m", "serialized_scorer": '{"instructions_judge_pydantic_data": {"model": "openai:/gpt", "instructions": "x {{ inputs }}"}}'},
    )
    g.post(
        "sc_register_gateway_model",
        API3 + "scorers/register",
        {"experiment_id": "${e}", "name": "g", "serialized_scorer": '{"instructions_judge_pydantic_data": {"model": "gateway:/nope"}}'},
    )
    g.post(
        "sc_register_long_name",
        API3 + "scorers/register",
        {"experiment_id": "${e}", "name": "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn", "serialized_scorer": "{}"},
    )
    g.post(
        "sc_register_tp",
        API3 + "scorers/register",
        {"experiment_id": "${e}", "name": "tp", "serialized_scorer": '{"third_party_scorer_data": {"model": "openai:/x", "kwargs": {"base_url": "http://x"}}}'},
    )
    g.get("sc_list", API3 + "scorers/list", {"experiment_id": "${e}"})
    g.get("sc_list_both", API3 + "scorers/list", {"experiment_id": "${e}", "experiment_ids": ["${e}"]})
    g.get("sc_list_ids", API3 + "scorers/list", {"experiment_ids": ["${f}", "${e}", "${e}"]})
    g.get("sc_list_ids_bad", API3 + "scorers/list", {"experiment_ids": ["abc"]})
    g.get("sc_list_ids_9999", API3 + "scorers/list", {"experiment_ids": ["9999"]})
    g.get("sc_list_9999", API3 + "scorers/list", {"experiment_id": "9999"})
    g.get("sc_list_abc", API3 + "scorers/list", {"experiment_id": "abc"})
    g.get("sc_versions", API3 + "scorers/versions", {"experiment_id": "${e}", "name": "s"})
    g.get("sc_versions_missing", API3 + "scorers/versions", {"experiment_id": "${e}", "name": "nope"})
    g.get("sc_versions_none", API3 + "scorers/versions", {"experiment_id": "${e}"})
    g.get("sc_get", API3 + "scorers/get", {"experiment_id": "${e}", "name": "s"})
    g.get("sc_get_1", API3 + "scorers/get", {"experiment_id": "${e}", "name": "s", "version": 1})
    g.get("sc_get_9", API3 + "scorers/get", {"experiment_id": "${e}", "name": "s", "version": 9})
    g.get("sc_get_x", API3 + "scorers/get", {"experiment_id": "${e}", "name": "s", "version": "x"})
    g.get("sc_get_missing", API3 + "scorers/get", {"experiment_id": "${e}", "name": "nope"})
    g.delete("sc_delete_v1", API3 + "scorers/delete", {"experiment_id": "${e}", "name": "s", "version": 1})
    g.delete("sc_delete_v1_again", API3 + "scorers/delete", {"experiment_id": "${e}", "name": "s", "version": 1})
    g.get("sc_versions_after", API3 + "scorers/versions", {"experiment_id": "${e}", "name": "s"})
    g.delete("sc_delete_v2", API3 + "scorers/delete", {"experiment_id": "${e}", "name": "s", "version": 2})
    g.get("sc_get_after_all", API3 + "scorers/get", {"experiment_id": "${e}", "name": "s"})
    g.get("sc_versions_after_all", API3 + "scorers/versions", {"experiment_id": "${e}", "name": "s"})
    g.get("sc_list_after_all", API3 + "scorers/list", {"experiment_id": "${e}"})
    g.post("sc_register_after", API3 + "scorers/register", {"experiment_id": "${e}", "name": "s", "serialized_scorer": "{}"})
    g.delete("sc_delete_all", API3 + "scorers/delete", {"experiment_id": "${e}", "name": "s"})
    g.delete("sc_delete_missing", API3 + "scorers/delete", {"experiment_id": "${e}", "name": "s"})
    g.put("oc_b_0", API3 + "scorers/online-config", {"experiment_id": "${e}", "name": "b", "sample_rate": 0})
    g.put("oc_b_.5", API3 + "scorers/online-config", {"experiment_id": "${e}", "name": "b", "sample_rate": 0.5})
    g.put("oc_none", API3 + "scorers/online-config", {})
    g.put("oc_missing", API3 + "scorers/online-config", {"experiment_id": "${e}", "name": "nope", "sample_rate": 0})
    g.put("oc_2", API3 + "scorers/online-config", {"experiment_id": "${e}", "name": "b", "sample_rate": 2})
    g.put("oc_text", API3 + "scorers/online-config", {"experiment_id": "${e}", "name": "b", "sample_rate": "abc"})
    g.put("oc_text_num", API3 + "scorers/online-config", {"experiment_id": "${e}", "name": "b", "sample_rate": "0"})
    g.put("oc_bad_filter", API3 + "scorers/online-config", {"experiment_id": "${e}", "name": "b", "sample_rate": 0, "filter_string": "nope"})
    g.put("oc_filter", API3 + "scorers/online-config", {"experiment_id": "${e}", "name": "b", "sample_rate": 0, "filter_string": "status = 'OK'"})
    g.put("oc_filter_int", API3 + "scorers/online-config", {"experiment_id": "${e}", "name": "b", "sample_rate": 0, "filter_string": 5})
    g.put("oc_filter_empty", API3 + "scorers/online-config", {"experiment_id": "${e}", "name": "b", "sample_rate": 0, "filter_string": ""})
    g.get("sc_get_b", API3 + "scorers/get", {"experiment_id": "${e}", "name": "b"}, save={"scb": "scorer.scorer_id"})
    g.get("ocs", API3 + "scorers/online-configs", {"scorer_ids": ["${scb}"]})
    g.get("ocs_none", API3 + "scorers/online-configs")
    g.get("ocs_nope", API3 + "scorers/online-configs", {"scorer_ids": ["x", "y"]})
