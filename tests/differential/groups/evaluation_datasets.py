"""`datasets/...`: evaluation datasets, their records, tags and experiments."""

from ..dsl import API3


def build(g):
    g.post("experiment", "experiments/create", {"name": "evaluation_datasets"}, save={"e": "experiment_id"})
    g.post("other_experiment", "experiments/create", {"name": "evaluation_datasets-other"}, save={"f": "experiment_id"})
    g.post(
        "create",
        API3 + "datasets/create",
        {"name": "ds", "experiment_ids": ["${e}"], "tags": '{"mlflow.user": "ann", "k": "v"}'},
        save={"ds1": "dataset.dataset_id"},
    )
    g.post("create_same_name", API3 + "datasets/create", {"name": "ds"})
    # Of one name there is only one in the searches: MLflow orders equal names by chance.
    g.post("create_second", API3 + "datasets/create", {"name": "ds second"}, save={"ds2": "dataset.dataset_id"}, pause=True)
    g.post("create_none", API3 + "datasets/create", {})
    g.post("create_empty_name", API3 + "datasets/create", {"name": ""})
    g.post("create_blank_name", API3 + "datasets/create", {"name": "  "})
    g.post("create_bad_tags_json", API3 + "datasets/create", {"name": "x", "tags": "{"})
    g.post("create_tags_list", API3 + "datasets/create", {"name": "x", "tags": "[1]"})
    g.post("create_tags_object_raw", API3 + "datasets/create", {"name": "x", "tags": {"a": 1}})
    g.post("create_tags_non-string", API3 + "datasets/create", {"name": "y", "tags": '{"a": 1, "b": null, "c": true}'}, save={"dsy": "dataset.dataset_id"})
    g.patch("tags_object", API3 + "datasets/${dsy}/tags", {"tags": '{"o": {"a": 1}}'})
    g.get("get_tags_object", API3 + "datasets/${dsy}")
    g.post("create_no_such_experiment", API3 + "datasets/create", {"name": "z", "experiment_ids": ["99999"]})
    g.post("create_bad_experiment", API3 + "datasets/create", {"name": "z2", "experiment_ids": ["abc"]})
    g.post(
        "create_long_name",
        API3 + "datasets/create",
        {"name": "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"},
    )
    g.post("create_exp_not_list", API3 + "datasets/create", {"name": "q", "experiment_ids": "${e}"})
    g.get("get", API3 + "datasets/${ds1}")
    g.get("get_missing", API3 + "datasets/d-nope")
    g.patch("tags_set", API3 + "datasets/${ds1}/tags", {"tags": '{"k": "w", "n": 3, "f": 1.5, "b": true, "z": null}'})
    g.get("get_after_tags", API3 + "datasets/${ds1}")
    g.patch("tags_missing_ds", API3 + "datasets/d-nope/tags", {"tags": '{"a":"b"}'})
    g.patch("tags_none", API3 + "datasets/${ds1}/tags", {})
    g.patch("tags_bad", API3 + "datasets/${ds1}/tags", {"tags": "nope"})
    g.patch("tags_list", API3 + "datasets/${ds1}/tags", {"tags": "[]"})
    g.delete("tag_delete", API3 + "datasets/${ds1}/tags/n")
    g.delete("tag_delete_again", API3 + "datasets/${ds1}/tags/n")
    g.delete("tag_delete_missing_ds", API3 + "datasets/d-nope/tags/n")
    g.post(
        "records",
        API3 + "datasets/${ds1}/records",
        {"records": '[{"inputs": {"q": "a", "n": 1}, "expectations": {"e": "x"}, "tags": {"mlflow.user": "bob", "t": "1"}, "source": {"source_type": "human", "source_data": {"user": "u"}}}]'},
        pause=True,
    )
    g.post(
        "records_2",
        API3 + "datasets/${ds1}/records",
        {"records": '[{"inputs": {"n": 1, "q": "a"}, "expectations": {"e2": [1, 2]}, "outputs": {"o": 1.5}}]'},
        pause=True,
    )
    g.post("records_3", API3 + "datasets/${ds1}/records", {"records": '[{"inputs": {"q": "b"}, "outputs": "plain"}]'}, pause=True)
    g.post(
        "records_4",
        API3 + "datasets/${ds1}/records",
        {"records": '[{"inputs": {"q": "é", "f": 1.0}, "source": {"source_type": "TRACE", "source_data": {"trace_id": "tr-1"}}}]'},
        pause=True,
    )
    g.post("records_5", API3 + "datasets/${ds1}/records", {"records": '[{"outputs": [1, 2]}]'}, pause=True)
    g.get("records_get", API3 + "datasets/${ds1}/records")
    g.get("get_after_records", API3 + "datasets/${ds1}")
    g.post(
        "records_again",
        API3 + "datasets/${ds1}/records",
        {"records": '[{"inputs": {"q": "b"}, "tags": {"x": "y"}}, {"inputs": {"q": "new", "list": [1], "obj": {}, "null": null, "bool": true}, "outputs": null}]'},
    )
    g.get("records_get_2", API3 + "datasets/${ds1}/records")
    g.get("get_after_records_2", API3 + "datasets/${ds1}")
    g.get("records_page", API3 + "datasets/${ds1}/records", {"max_results": 2}, save={"token": "next_page_token", "rec1": "records.0.dataset_record_id"})
    g.get("records_page_2", API3 + "datasets/${ds1}/records", {"max_results": 2, "page_token": "${token}"})
    g.get("records_bad_token", API3 + "datasets/${ds1}/records", {"page_token": "zzz"})
    g.get("records_max_0", API3 + "datasets/${ds1}/records", {"max_results": 0})
    g.get("records_max_-1", API3 + "datasets/${ds1}/records", {"max_results": -1})
    g.get("records_max_abc", API3 + "datasets/${ds1}/records", {"max_results": "abc"})
    g.get("records_missing_ds", API3 + "datasets/d-nope/records")
    g.post("records_post_missing_ds", API3 + "datasets/d-nope/records", {"records": '[{"inputs":{"a":1}}]'})
    g.post("records_none", API3 + "datasets/${ds1}/records", {})
    g.post("records_not_json", API3 + "datasets/${ds1}/records", {"records": "["})
    g.post("records_not_list", API3 + "datasets/${ds1}/records", {"records": '{"inputs":{}}'})
    g.post("records_item_not_object", API3 + "datasets/${ds1}/records", {"records": "[1]"})
    g.post("records_empty", API3 + "datasets/${ds2}/records", {"records": "[]"})
    g.post("records_bad_source", API3 + "datasets/${ds2}/records", {"records": '[{"inputs": {"a": 1}, "source": {"source_type": "BOGUS"}}]'})
    g.post("records_inputs_list", API3 + "datasets/${ds2}/records", {"records": '[{"inputs": [1]}]'})
    g.post("records_inputs_null", API3 + "datasets/${ds2}/records", {"records": '[{"inputs": null}]'})
    g.post("records_expectations_list", API3 + "datasets/${ds2}/records", {"records": '[{"inputs": {"a": 2}, "expectations": [1]}]'})
    g.post("records_source", API3 + "datasets/${ds2}/records", {"records": '[{"inputs": {"a": 3}, "source": {"source_type": "UNSPECIFIED"}}]'}, pause=True)
    g.post(
        "records_source_2",
        API3 + "datasets/${ds2}/records",
        {"records": '[{"inputs": {"a": 4}, "source": {"source_type": "DOCUMENT", "source_data": {"doc_uri": "u", "source_id": "s1"}}}]'},
        pause=True,
    )
    g.post("records_source_3", API3 + "datasets/${ds2}/records", {"records": '[{"inputs": {"a": 5}, "source": {"source_type": "CODE"}}]'}, pause=True)
    g.get("records_get_ds2", API3 + "datasets/${ds2}/records")
    g.get("get_ds2", API3 + "datasets/${ds2}")
    g.post("records_mixed_outputs", API3 + "datasets/${dsy}/records", {"records": '[{"inputs": {"a": 6}, "outputs": "text"}]'})
    g.post("records_mixed_outputs_2", API3 + "datasets/${dsy}/records", {"records": '[{"inputs": {"a": 7}, "outputs": {"k": 1}}]'})
    g.get("get_mixed", API3 + "datasets/${dsy}")
    g.delete("records_delete", API3 + "datasets/${ds1}/records", {"dataset_record_ids": ["${rec1}", "dr-nope"]})
    g.delete("records_delete_again", API3 + "datasets/${ds1}/records", {"dataset_record_ids": ["${rec1}"]})
    g.delete("records_delete_none", API3 + "datasets/${ds1}/records", {})
    g.delete("records_delete_missing_ds", API3 + "datasets/d-nope/records", {"dataset_record_ids": ["x"]})
    g.get("get_after_delete", API3 + "datasets/${ds1}")
    g.get("experiments", API3 + "datasets/${ds1}/experiment-ids")
    g.get("experiments_missing", API3 + "datasets/d-nope/experiment-ids")
    g.post("add_exps", API3 + "datasets/${ds1}/add-experiments", {"experiment_ids": ["${f}", "${e}"]})
    g.post("add_exps_bad", API3 + "datasets/${ds1}/add-experiments", {"experiment_ids": ["99999"]})
    g.post("add_exps_abc", API3 + "datasets/${ds1}/add-experiments", {"experiment_ids": ["abc"]})
    g.post("add_exps_none", API3 + "datasets/${ds1}/add-experiments", {})
    g.post("add_exps_missing_ds", API3 + "datasets/d-nope/add-experiments", {"experiment_ids": ["${e}"]})
    g.get("experiments_2", API3 + "datasets/${ds1}/experiment-ids")
    g.post("search_exp", API3 + "datasets/search", {"experiment_ids": ["${e}"]})
    g.post("search_exp_F", API3 + "datasets/search", {"experiment_ids": ["${f}"]})
    g.post("remove_exps", API3 + "datasets/${ds1}/remove-experiments", {"experiment_ids": ["${e}", "5555"]})
    g.post("remove_exps_missing_ds", API3 + "datasets/d-nope/remove-experiments", {"experiment_ids": ["${e}"]})
    g.get("experiments_3", API3 + "datasets/${ds1}/experiment-ids")
    g.post("add_back", API3 + "datasets/${ds1}/add-experiments", {"experiment_ids": ["${e}"]})
    g.post("add_back2", API3 + "datasets/${ds2}/add-experiments", {"experiment_ids": ["${e}"]}, pause=True)
    g.post("search_name_=_'ds'", API3 + "datasets/search", {"experiment_ids": ["${e}"], "filter_string": "name = 'ds'"})
    g.post("search_name_LIKE_'d%'", API3 + "datasets/search", {"experiment_ids": ["${e}"], "filter_string": "name LIKE 'd%'"})
    g.post("search_name_ILIKE_'D%'", API3 + "datasets/search", {"experiment_ids": ["${e}"], "filter_string": "name ILIKE 'D%'"})
    g.post("search_name_!=_'ds'", API3 + "datasets/search", {"experiment_ids": ["${e}"], "filter_string": "name != 'ds'"})
    g.post("search_name_IN_('ds',_'y')", API3 + "datasets/search", {"experiment_ids": ["${e}"], "filter_string": "name IN ('ds', 'y')"})
    g.post("search_name_NOT_IN_('ds')", API3 + "datasets/search", {"experiment_ids": ["${e}"], "filter_string": "name NOT IN ('ds')"})
    g.post("search_created_by_=_'ann'", API3 + "datasets/search", {"experiment_ids": ["${e}"], "filter_string": "created_by = 'ann'"})
    g.post("search_created_by_!=_'ann'", API3 + "datasets/search", {"experiment_ids": ["${e}"], "filter_string": "created_by != 'ann'"})
    g.post("search_last_updated_by_=_'bob'", API3 + "datasets/search", {"experiment_ids": ["${e}"], "filter_string": "last_updated_by = 'bob'"})
    g.post("search_created_by_IN_('ann')", API3 + "datasets/search", {"experiment_ids": ["${e}"], "filter_string": "created_by IN ('ann')"})
    g.post("search_tags.k_=_'w'", API3 + "datasets/search", {"experiment_ids": ["${e}"], "filter_string": "tags.k = 'w'"})
    g.post("search_tags.k_!=_'w'", API3 + "datasets/search", {"experiment_ids": ["${e}"], "filter_string": "tags.k != 'w'"})
    g.post("search_tags.k_LIKE_'w%'", API3 + "datasets/search", {"experiment_ids": ["${e}"], "filter_string": "tags.k LIKE 'w%'"})
    g.post("search_tags.k_IN_('w')", API3 + "datasets/search", {"experiment_ids": ["${e}"], "filter_string": "tags.k IN ('w')"})
    g.post("search_tags.`k`_=_'w'", API3 + "datasets/search", {"experiment_ids": ["${e}"], "filter_string": "tags.`k` = 'w'"})
    g.post(
        "search_tags.k_=_'w'_AND_tags.b_=_'True'",
        API3 + "datasets/search",
        {"experiment_ids": ["${e}"], "filter_string": "tags.k = 'w' AND tags.b = 'True'"},
    )
    g.post("search_tags.k_IS_NULL", API3 + "datasets/search", {"experiment_ids": ["${e}"], "filter_string": "tags.k IS NULL"})
    g.post("search_created_time_>_5", API3 + "datasets/search", {"experiment_ids": ["${e}"], "filter_string": "created_time > 5"})
    g.post("search_created_time_=_'5'", API3 + "datasets/search", {"experiment_ids": ["${e}"], "filter_string": "created_time = '5'"})
    g.post("search_created_time_>_1.5", API3 + "datasets/search", {"experiment_ids": ["${e}"], "filter_string": "created_time > 1.5"})
    g.post("search_created_time_LIKE_'5'", API3 + "datasets/search", {"experiment_ids": ["${e}"], "filter_string": "created_time LIKE '5'"})
    g.post(
        "search_last_update_time_>=_0_AND_name_=_'ds'",
        API3 + "datasets/search",
        {"experiment_ids": ["${e}"], "filter_string": "last_update_time >= 0 AND name = 'ds'"},
    )
    g.post("search_bogus_=_'a'", API3 + "datasets/search", {"experiment_ids": ["${e}"], "filter_string": "bogus = 'a'"})
    g.post("search_attributes.name_=_'ds'", API3 + "datasets/search", {"experiment_ids": ["${e}"], "filter_string": "attributes.name = 'ds'"})
    g.post("search_tag.k_=_'w'", API3 + "datasets/search", {"experiment_ids": ["${e}"], "filter_string": "tag.k = 'w'"})
    g.post("search_name_=_ds", API3 + "datasets/search", {"experiment_ids": ["${e}"], "filter_string": "name = ds"})
    g.post("search_name_=_'ds'_OR_name_=_'y'", API3 + "datasets/search", {"experiment_ids": ["${e}"], "filter_string": "name = 'ds' OR name = 'y'"})
    g.post("search_name", API3 + "datasets/search", {"experiment_ids": ["${e}"], "filter_string": "name"})
    g.post("search_dataset_id_=_'x'", API3 + "datasets/search", {"experiment_ids": ["${e}"], "filter_string": "dataset_id = 'x'"})
    g.post("search_name_>_'a'", API3 + "datasets/search", {"experiment_ids": ["${e}"], "filter_string": "name > 'a'"})
    g.post("search_name_RLIKE_'d'", API3 + "datasets/search", {"experiment_ids": ["${e}"], "filter_string": "name RLIKE 'd'"})
    g.post("search", API3 + "datasets/search", {"experiment_ids": ["${e}"], "filter_string": ""})
    g.post("search_2", API3 + "datasets/search", {"experiment_ids": ["${e}"], "filter_string": "   "})
    g.post("search_order_['name']", API3 + "datasets/search", {"experiment_ids": ["${e}"], "order_by": ["name"]})
    g.post("search_order_['name_DESC']", API3 + "datasets/search", {"experiment_ids": ["${e}"], "order_by": ["name DESC"]})
    g.post("search_order_['created_time_ASC']", API3 + "datasets/search", {"experiment_ids": ["${e}"], "order_by": ["created_time ASC"]})
    g.post("search_order_['last_update_time_DESC']", API3 + "datasets/search", {"experiment_ids": ["${e}"], "order_by": ["last_update_time DESC"]})
    g.post("search_order_['bogus']", API3 + "datasets/search", {"experiment_ids": ["${e}"], "order_by": ["bogus"]})
    g.post("search_order_['created_by']", API3 + "datasets/search", {"experiment_ids": ["${e}"], "order_by": ["created_by"]})
    g.post("search_order_['tags.k']", API3 + "datasets/search", {"experiment_ids": ["${e}"], "order_by": ["tags.k"]})
    g.post("search_order_['name',_'name']", API3 + "datasets/search", {"experiment_ids": ["${e}"], "order_by": ["name", "name"]})
    g.post("search_order_['name_SIDEWAYS']", API3 + "datasets/search", {"experiment_ids": ["${e}"], "order_by": ["name SIDEWAYS"]})
    g.post("search_order_['attributes.name']", API3 + "datasets/search", {"experiment_ids": ["${e}"], "order_by": ["attributes.name"]})
    g.post("search_order_['dataset_id']", API3 + "datasets/search", {"experiment_ids": ["${e}"], "order_by": ["dataset_id"]})
    g.post("search_max_1", API3 + "datasets/search", {"experiment_ids": ["${e}"], "max_results": 1})
    g.post("search_max_0", API3 + "datasets/search", {"experiment_ids": ["${e}"], "max_results": 0})
    g.post("search_none", API3 + "datasets/search", {"max_results": 1, "filter_string": "name = 'nope-none'"})
    g.post("search_max_-1", API3 + "datasets/search", {"max_results": -1})
    g.post("search_max_50001", API3 + "datasets/search", {"max_results": 50001})
    g.post("search_max_50000", API3 + "datasets/search", {"max_results": 50000, "filter_string": "name = 'nope'"})
    g.post("search_max_abc", API3 + "datasets/search", {"max_results": "abc"})
    g.post("search_token", API3 + "datasets/search", {"page_token": "zzz"})
    g.post("search_exp_abc", API3 + "datasets/search", {"experiment_ids": ["abc"]})
    g.post("search_exp_9999", API3 + "datasets/search", {"experiment_ids": ["9999"]})
    g.get("search_get", API3 + "datasets/search", {"experiment_ids": ["${e}"], "max_results": 1})
    g.delete("delete", API3 + "datasets/${ds1}")
    g.delete("delete_again", API3 + "datasets/${ds1}")
    g.get("get_deleted", API3 + "datasets/${ds1}")
    g.get("records_of_deleted", API3 + "datasets/${ds1}/records")
