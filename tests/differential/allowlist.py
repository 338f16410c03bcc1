"""Each deliberate difference from MLflow: the cases and fields it shows in, and why.

A difference that is not here fails, and so does an entry that no case needs any more.
"""

from dataclasses import dataclass

# Another status, so another body; errors outside JSON differ in their content type, too.
STATUS = ("status", "body")
ANSWER = ("status", "body", "headers.content-type")


@dataclass(frozen=True)
class Difference:
    reason: str
    paths: tuple
    cases: tuple


def difference(reason, paths=STATUS, **cases):
    """`cases`: group -> ids, separated by spaces."""
    named = tuple(f"{group}/{id}" for group, ids in cases.items() for id in ids.split())
    return Difference(reason, paths, named)


ALLOWED = [
    # MLflow fails.
    difference(
        "MLflow answers 500 to an id or offset beyond 64 bits.",
        experiments="get_int64+1_id get_long_id delete_int64+1 restore_int64+1 token_huge",
        metric_history="history_token_huge history_token_alone_huge",
        registry="version_get_huge version_uri_huge models_token_huge versions_token_huge",
        search_runs="token_huge",
    ),
    difference(
        "MLflow answers 500 to a value of the wrong type.",
        ANSWER,
        experiments="size_list",
        runs="""runs/log-metric-value-object runs/log-metric-value-list runs/log-metric-timestamp-object
            runs/log-metric-timestamp-list metric_value_list metric_value_beyond batch_metric_null batch_params_text
            log-model_list""",
        metric_history="bulk_size_word",
        search_runs="size_list",
        logged_models="size_list",
    ),
    difference(
        "MLflow answers 500 to a body that is JSON but no object.",
        ANSWER,
        runs="body_number body_true body_empty_text body_double_encoded_garbage",
    ),
    difference(
        "A null field is an absent one, as in every other call; MLflow answers 500.",
        ANSWER,
        runs="batch_metrics_null",
        search_runs="size_null",
    ),
    difference(
        "MLflow answers 500 to a page token that holds a list, or to one that is no base64.",
        ANSWER,
        experiments="token_list",
        metric_history="history_token_list history_token_alone_list",
        registry="models_token_list versions_token_list",
        search_runs="token_list",
        logged_models="token_'x'",
    ),
    difference(
        "The registry has no IS NULL, which is the caller's mistake; MLflow answers 500.",
        ANSWER,
        registry="""
            models_filter_name_IS_NULL models_filter_name_IS_NOT_NULL models_filter_tags.a_IS_NULL
            models_filter_tags.a_IS_NOT_NULL models_filter_tag.n_IS_NULL models_filter_tag.n_IS_NOT_NULL
            models_filter_tags.nobody_IS_NULL models_filter_tags.nobody_IS_NOT_NULL models_filters_0 models_filters_1
            models_filters_4 models_filters_7 models_filters_10 models_filters_12 models_filters_13
            models_odd_44_tags.a_is_null models_odd_45_tags.a_Is_Not_Null
            models_odd_46_tags.a_IS_NULL_AND_tags.a_IS_NOT_NULL versions_filter_name_IS_NULL
            versions_filter_name_IS_NOT_NULL versions_filter_tags.a_IS_NULL versions_filter_tags.a_IS_NOT_NULL
            versions_filter_tag.n_IS_NULL versions_filter_tag.n_IS_NOT_NULL versions_filter_tags.nobody_IS_NULL
            versions_filter_tags.nobody_IS_NOT_NULL versions_filter_run_id_IS_NULL versions_filter_run_id_IS_NOT_NULL
            versions_filter_source_path_IS_NULL versions_filter_source_path_IS_NOT_NULL
            versions_filter_version_number_IS_NULL versions_filter_version_number_IS_NOT_NULL
            versions_filter_attributes.name_IS_NULL versions_filter_attributes.name_IS_NOT_NULL
            versions_filter_creation_timestamp_IS_NULL versions_filter_creation_timestamp_IS_NOT_NULL
            versions_filters_4 versions_filters_13 versions_odd_44_tags.a_is_null versions_odd_45_tags.a_Is_Not_Null
            versions_odd_46_tags.a_IS_NULL_AND_tags.a_IS_NOT_NULL""",
    ),
    difference(
        "Archiving makes sense only for Staging and Production, and asking otherwise is the caller's mistake; MLflow answers 500.",
        registry="stage_archive_from_None stage_archive_from_Archived",
    ),
    difference(
        "2.0 is the integer 2, as in every other call; MLflow answers 500.",
        ANSWER,
        registry="models_size_whole-fraction versions_size_whole-fraction",
    ),
    difference(
        "The column holds at most 256 characters; MLflow does not check it, and its PostgreSQL store then fails.",
        registry="create_name_longer get_name_longer",
    ),
    difference(
        "True says that it is a prompt, as MLflow's client and its own checks of names read it; its searches do not.",
        ("body.registered_models",),
        prompts="search_models search_models_by_false search_models_by_not_true",
    ),
    difference(
        "A version of a prompt is no version of a model, also when only the prompt says so.",
        ("body.model_versions",),
        prompts="search_versions_models search_versions_models_by_false search_versions_models_by_not_true",
    ),
    difference(
        "Renaming what is deleted is the caller's mistake; MLflow answers 500 INVALID_STATE, which clients retry.",
        experiments="rename_deleted",
    ),
    difference(
        "MLflow lets its database refuse and quotes the SQL. A run without an experiment goes to the default one; of two values the last one counts.",
        experiments="create_tags_twice get_tags_twice",
        runs="""create_in_default create_no_body create_empty_experiment create_null_experiment create_name_and_empty_tag
            create_tag_twice create_tag_twice_same inputs_tag_twice outputs_twice""",
        logged_models="create_tag_twice params_again",
    ),
    difference(
        "An unknown logged model is not found; MLflow lets its database refuse and quotes the SQL.",
        runs="metric_model_unknown batch_with_model",
    ),
    difference("Ordering twice by one column is the caller's mistake; MLflow answers 500.", search_runs="order_same_twice"),
    difference(
        "A filter that cannot be read is the caller's mistake; MLflow answers 500, which clients retry for minutes.",
        logged_models="""filter_metrics.acc_=_'x' filter_metrics.acc_!=_'x' filter_metrics.acc_>_'x' filter_metrics.acc_>=_'x'
            filter_metrics.acc_<_'x' filter_metrics.acc_<=_'x' filter_creation_timestamp_=_'x'
            filter_creation_timestamp_!=_'x' filter_creation_timestamp_>_'x' filter_creation_timestamp_>=_'x'
            filter_creation_timestamp_<_'x' filter_creation_timestamp_<=_'x' filter_nonsense_=_'x' filter_nonsense_!=_'x'
            filter_nonsense_LIKE_'x' filter_nonsense_ILIKE_'x' filter_nonsense_IN_('x') filter_nonsense_NOT_IN_('x')
            filters_14 odd_7_nonsense_=_'x' odd_27_tags_._a_=_'b' odd_28_tags._=_'b' odd_31_TAGS.a_=_'b'
            odd_47_'b'_=_tags.a odd_54_1_=_1""",
    ),
    # MLflow loses data.
    difference(
        "A status that does not exist is refused; MLflow stores it as unspecified, and the model is never ready.",
        logged_models="finalize_bogus",
    ),
    difference(
        "The model is ready by calls that name it in the path only; in MLflow it has the unspecified status. NaN is kept, which MLflow stores as 0.",
        ("body.model.info.status", "body.model.info.tags.", "body.model.data.metrics", "body.model.data.params"),
        logged_models="get_finalized get_after_all",
    ),
    difference("A deleted model takes no tags, as it takes nothing else.", logged_models="tag_deleted"),
    difference(
        "A dataset without a digest means each of its digests; MLflow's REST layer asks for an empty digest and finds nothing.",
        ("body.models",),
        logged_models="datasets_d1 datasets_d1_without_filter datasets_both datasets_both_without_filter",
    ),
    difference(
        "A value of the wrong type is refused by name. MLflow keeps what was parsed before it, drops the rest and answers 200.",
        experiments="create_tags_number_value get_tags_number_value order_number",
        runs="""create_time_fraction create_time_beyond create_number_user create_tags_object create_tags_of_text
            update_end_fraction update_end_beyond runs/log-metric-value-true runs/log-metric-timestamp-true
            metric_value_true metric_time_fraction metric_time_beyond metric_step_fraction metric_step_beyond
            metric_step_true batch_param_number batch_metric_word inputs_number_name outputs_step_word""",
        search_runs="size_fraction size_true experiments_number",
        logged_models="size_fraction size_true size_int32+1 size_int64+1",
    ),
    difference(
        "What MLflow stored in part from the refused calls above.",
        (
            "body.run.data.metrics.s beyond",
            "body.run.data.metrics.s fraction",
            "body.run.data.metrics.s true",
            "body.run.data.metrics.t beyond",
            "body.run.data.metrics.t fraction",
            "body.run.data.metrics.v true",
            "body.run.data.metrics.v bare NaN",
            "body.run.data.metrics.v bare Infinity",
            "body.run.data.metrics.v bare minus Infinity",
        ),
        runs="metrics",
    ),
    difference(
        "NaN is NaN in any case; MLflow stores 0 at time 0 for \"nan\".",
        ("body.run.data.metrics.v nan text",),
        runs="metrics",
    ),
    difference("What MLflow stored in part from a refused call above.", ("body.run.data.params.number",), runs="batches"),
    difference(
        "A body that is not JSON is refused. MLflow takes it for an empty object and answers 200 without having done what was asked.",
        runs="""body_not_json body_garbage body_trailing body_bom body_latin body_comment body_single_quotes body_surrogate
            body_list body_triple_encoded""",
    ),
    difference(
        "NaN and Infinity are not JSON; as text they are taken. MLflow reads them so that -Infinity is stored as 0 at time 0.",
        runs="metric_value_bare_NaN metric_value_bare_Infinity metric_value_bare_-Infinity batch_metric_bare_NaN",
    ),
    difference(
        "NaN and Infinity are text, as in every other call; MLflow writes a bare NaN here, which is not JSON.",
        ("body.metrics[].value",),
        metric_history="bulk_c",
    ),
    difference(
        "Parts without a name or id would never be found again; MLflow stores them under an empty name.",
        runs="""create_tag_no_key inputs_no_dataset inputs_no_name inputs_empty_name inputs_no_digest inputs_no_source
            inputs_no_source_type inputs_tag_no_key inputs_model_no_id outputs_no_id""",
        logged_models="create_param_no_key params_no_key tags_no_key",
    ),
    difference(
        "A tag given with a new run obeys the rules of set-tag; MLflow does not check it, and its PostgreSQL store then fails.",
        runs="create_tag_key_251 create_tag_odd_key",
    ),
    difference(
        "A tag given with a new run is cut as set-tag cuts it; MLflow does not check it, and its PostgreSQL store then fails.",
        ("body.run.data.tags.k.value",),
        runs="create_tag_value_8001",
    ),
    # Fettle is stricter.
    difference("Which of two values was meant is not known; MLflow takes the first.", experiments="get_twice"),
    difference(
        "Ids are plain decimal digits. MLflow reads them as Python's int(), with spaces, underscores and any script's digits.",
        experiments="get_space_id get_underscore_id get_unicode_id",
    ),
    difference(
        "A page token holds an offset as the server wrote it; MLflow takes negative, fractional and text offsets, too.",
        experiments="token_negative token_number-in-text token_fraction",
        metric_history="""history_token_negative history_token_alone_negative history_token_number-in-text
            history_token_alone_number-in-text history_token_fraction history_token_alone_fraction""",
        registry="""models_token_negative models_token_number-in-text models_token_fraction versions_token_negative
            versions_token_number-in-text versions_token_fraction""",
        search_runs="token_negative token_number-in-text token_fraction",
    ),
    difference(
        "A location with a query or a '..' segment would lead artifacts to other places than the one named.",
        experiments="create_location_query get_location_query create_location_dots get_location_dots",
    ),
    difference("A tag without a key cannot exist; MLflow parses the filter and finds nothing.", experiments="odd_28_tags._=_'b'", registry="models_odd_28_tags._=_'b' versions_odd_28_tags._=_'b'", search_runs="odd_28_tags._=_'b' order_no_key"),
    difference(
        "A page of no or fewer rows is a mistake in every search; MLflow takes it here for an empty page or for no limit.",
        metric_history="bulk_size_0 bulk_size_negative",
        registry="models_size_0 models_size_negative",
    ),
    difference(
        "A size that is no 32-bit integer is refused by name; MLflow drops it and answers with everything.",
        metric_history="""history_size_word history_size_in_body_word history_size_fraction history_size_in_body_fraction
            history_size_true history_size_in_body_true history_size_in_body_list history_size_int32+1
            history_size_in_body_int32+1 history_size_int64+1 history_size_in_body_int64+1""",
    ),
    difference("A metric without a name is a mistake; MLflow answers with an empty list.", metric_history="bulk_empty_key"),
    difference(
        "A run that does not exist is not found, as in runs/get; MLflow answers with an empty history.",
        metric_history="history_unknown_run history_odd_run",
    ),
    difference(
        "A size is at least 1 and at most 50000, as in the other searches; MLflow takes any here.",
        logged_models="size_negative size_int32",
    ),
    difference("An empty list matches nothing, which nobody means; every other search refuses it.", logged_models="odd_58_tags.a_IN_()"),
    difference(
        "Two ids that contradict each other are a mistake; MLflow takes the one of the body.",
        logged_models="finalize_other_id",
    ),
    # Fettle is more lenient.
    difference("The id in the path is enough; MLflow wants it in the body, too.", logged_models="finalize_no_id params_no_id"),
    difference(
        "Keys and values in double quotes are the same as in single quotes, as in every other search; MLflow compares with the quotes here.",
        ("body.models",),
        logged_models="""odd_23_tags.a_=_"b" odd_24_tags."a"_=_'b'""",
    ),
    difference("Booleans are taken as text, as from a query string.", registry="stage_archive_text"),
    difference(
        "Required fields are also taken by their protobuf JSON names; MLflow parses them and then misses them.",
        experiments="get_by_camel_body get_camel_query by_name_in_camel_body rename_camel",
        runs="get_camel get_by_body_camel camel_only",
    ),
    difference(
        "The experiment was renamed by a camelCase call above.",
        ("body.experiment.name",),
        experiments="get_after_updates",
    ),
    difference(
        "run_uuid, the old name of run_id, names the run in every call that takes it, also beside an empty run_id.",
        runs="get_empty_and_uuid get_by_body_empty_and_uuid update_uuid delete_uuid_only restore_uuid_only untag_uuid_only",
    ),
    difference("A tag was deleted by a call with run_uuid above.", ("body.run.data.tags.u",), runs="tags logged_models"),
    difference("Media types are the same in any case (RFC 9110).", runs="content_type_upper"),
    difference(
        "Comparators are taken in any case in every search, as MLflow takes them in all but this one.",
        experiments="odd_37_tags.a_like_'_' odd_39_tags.a_ilike_'%B%'",
    ),
    difference(
        "Spaces around and in an order are ignored in every search; MLflow fails to parse them here.",
        experiments="""order___name___DESC__ order___experiment_id___DESC__ order___creation_time___DESC__
            order___last_update_time___DESC__ order___attribute.name___DESC__ order___`name`___DESC__""",
        search_runs="order_shape___start_time___DESC__",
    ),
    difference(
        "An empty experiment id is the default experiment, as in experiments/get.",
        search_runs="experiments_empty_text",
    ),
    # Fettle says it in another way.
    difference(
        "A run without a start time starts now, not in 1970.",
        ("body.run.info.start_time",),
        runs="create_no_time",
    ),
    difference(
        "MLflow turns a relative location into a path below the folder its server was started in.",
        ("body.experiment.artifact_location",),
        experiments="get_location_relative",
    ),
    difference(
        "A wrong comparison in a filter, and a param that is set already, is an invalid parameter everywhere; here MLflow says only BAD_REQUEST.",
        ("body.error_code",),
        experiments="filter_experiment_id_=_('${s1}',_'${s2}') filter_experiment_id_!=_('${s1}',_'${s2}')",
        registry="""models_filter_name_=_('registry-s1',_'registry-s2') models_filter_name_!=_('registry-s1',_'registry-s2')
            models_filter_name_LIKE_('registry-s1',_'registry-s2') models_filter_name_ILIKE_('registry-s1',_'registry-s2')
            models_filters_11 versions_filter_name_=_('registry-s1',_'registry-s2')
            versions_filter_name_!=_('registry-s1',_'registry-s2') versions_filter_name_LIKE_('registry-s1',_'registry-s2')
            versions_filter_name_ILIKE_('registry-s1',_'registry-s2')""",
        search_runs="""filter_run_id_=_('${r1}',_'${r2}') filter_run_id_=_('${r1}',) filter_run_id_!=_('${r1}',_'${r2}')
            filter_run_id_!=_('${r1}',) filter_run_id_LIKE_('${r1}',_'${r2}') filter_run_id_LIKE_('${r1}',)
            filter_run_id_ILIKE_('${r1}',_'${r2}') filter_run_id_ILIKE_('${r1}',) filter_dataset.name_=_('data0',_'data1')
            filter_dataset.name_!=_('data0',_'data1') filter_dataset.name_LIKE_('data0',_'data1')
            filter_dataset.name_ILIKE_('data0',_'data1') filter_dataset.context_=_('train',_'eval')
            filter_dataset.context_!=_('train',_'eval') filter_dataset.context_LIKE_('train',_'eval')
            filter_dataset.context_ILIKE_('train',_'eval')""",
        logged_models="""create_param_twice params_changed filter_tags.a_=_('b',_'c') filter_tags.a_!=_('b',_'c')
            filter_tags.a_LIKE_('b',_'c') filter_tags.a_ILIKE_('b',_'c') odd_29_tags_=_'b'""",
    ),
    difference(
        "The same JSON, as the client sent it; MLflow adds a null field and spaces.",
        ("body.run.data.tags.mlflow.log-model.history.value",),
        runs="logged_models",
    ),
    difference(
        "A column that cannot be ordered by is an invalid parameter; only here MLflow has another class for it.",
        ("body.error_class", "body.sqlstate"),
        logged_models="order_nonsense_True order_nonsense_False order_nonsense_None order__True order__False order__None",
    ),
    difference("An empty text is no number, which the error says; MLflow says that it is missing.", ("body.message",), runs="runs/log-metric-value-empty"),
    difference(
        "Errors are JSON on every API path, which clients read; MLflow's 404 and 405 are HTML.",
        ("body", "headers.content-type"),
        experiments="get_by_post create_by_get",
        runs="get_by_post trailing_slash other_version version_1 preview get_unknown_path put patch delete_method",
        metric_history="history_post bulk_on_api",
    ),
    difference("A doubled slash names another path; MLflow's redirect drops the body of a POST.", (*ANSWER, "headers.location"), runs="double_slash"),
    difference(
        "No page calls from another origin by default, so there is nothing to ask with OPTIONS.",
        ANSWER,
        runs="options",
    ),
    # Evaluation, traces and webhooks.
    difference(
        "Bad input is the caller's mistake, which the answer names; MLflow answers 500, which clients retry.",
        ANSWER,
        evaluation_datasets="""create_bad_tags_json create_tags_list tags_bad tags_list records_bad_token records_max_-1
            records_max_abc records_not_json records_not_list records_item_not_object records_inputs_list
            records_inputs_null records_expectations_list""",
        scorers="sc_register_list sc_register_string oc_text",
        issues="ic_bad_status ic_bad_sev ic_empty_status iu_bad",
        traces="""post_traces_trace_id_tr-3_without_type_without_experiment_id_without_request_time post_traces_trace_without_trace_id_without_type_without_experiment_id post_traces_trace_info_without_trace_id_without_type_without_experiment_id post_traces_search_experiment_id_x_without_type_without_max_results post_traces_search_order_by_timestamp_ms_without_max_results post_v2_traces_query_without_experiment_id_without_timestamp_ms_without_key
            patch_v2_traces_i_query_without_timestamp_ms_without_status_without_key patch_v2_traces_i_status_BOGUS_without_key_without_value""",
        assessments="""post_traces_assessed-1_assessments_assessment_name_e_serialization_format_JSON_FORMAT_value_without_tra post_traces_assessed-1_assessments_assessment_name_n_assessment_id_a-mine_value_1_without_trace_id_again
            patch_traces_assessed-1_assessments_assessment_id_valid_True_update_mask_valid_without_assessment_name""",
        trace_metrics="""post_v2_traces_link-prompts_version_x_without_name_without_version post_v2_traces_link-prompts_prompt_versions_without_name_without_version_again post_traces_metrics_metric_name_latency_aggregation_type_PERCENTILE
            post_traces_metrics_metric_name_latency_aggregation_type_PERCENTILE_percentile_value_101 post_traces_metrics_percentile_value_5""",
        webhooks="""post_webhooks_name_e_events_without_entity_without_action_again post_webhooks_name_e_entity_BOGUS post_webhooks_name_e_action_BOGUS post_webhooks_name_e_without_action post_webhooks_name_e_without_entity
            post_webhooks_name_e_entity_registered_model_action_created post_webhooks_name_e_events_registered_model.created_without_entity_without_action patch_webhooks_one_events post_webhooks_one_test_event""",
    ),
    difference(
        "MLflow answers 500 to an update of an issue's assessment.",
        assessments="patch_traces_assessed-1_assessments_assessment_id3",
    ),
    difference(
        "The rationale of the update that MLflow failed at.",
        ("body.assessment.rationale",),
        assessments="get_traces_assessed-1_assessments_assessment_id3",
    ),
    difference(
        "MLflow answers 500 to an empty experiment id; it is the default experiment, as in experiments/get.",
        traces="get_v2_traces_query_experiment_ids=",
    ),
    difference(
        "A dataset or trace that does not exist is not found; MLflow lets its database refuse and quotes the SQL.",
        evaluation_datasets="records_post_missing_ds",
        traces="patch_traces_none_tags patch_v2_traces_none_tags",
    ),
    difference(
        "A dataset is tied to experiments that exist; MLflow ties it to any text.",
        evaluation_datasets="create_no_such_experiment create_bad_experiment",
    ),
    difference(
        "MLflow finds the dataset that it tied to an experiment that does not exist.",
        ("body.datasets",),
        evaluation_datasets="search_exp_abc",
    ),
    difference(
        "Tags are text from the start, and a null tag is none; MLflow keeps what it was given until the next change.",
        ("body.dataset.tags",),
        evaluation_datasets="create_tags_non-string get_tags_object get_mixed",
    ),
    difference(
        "Outputs may be an object in one record and text in another; MLflow answers 500 to the second.",
        evaluation_datasets="records_mixed_outputs_2",
    ),
    difference(
        "The record that MLflow failed at.",
        ("body.dataset.profile.num_records",),
        evaluation_datasets="get_mixed",
    ),
    difference(
        "A key in back-ticks is the same key, as in every other search; MLflow looks for the back-ticks.",
        ("body.datasets",),
        evaluation_datasets="search_tags.`k`_=_'w'",
    ),
    difference(
        "Text is not compared by size, as in every other search; MLflow takes it here by accident.",
        evaluation_datasets="search_name_>_'a' search_name_RLIKE_'d'",
    ),
    difference(
        "Errors are JSON on every API path, which clients read; MLflow's 404 and 405 are HTML or empty.",
        ("body", "headers.content-type"),
        scorers="""rd_/api/2.0/mlflow/experiments/search-datasets rd_/api/2.0mlflow/experiments/search-datasets
            rd_/ajax-api/2.0mlflow/experiments/search-datasets""",
    ),
    difference(
        "Which of two kinds was meant is not known; MLflow takes the last.",
        label_schemas="ls_two",
        assessments="post_traces_assessed-1_assessments_assessment_name_n_value_1_without_trace_id_without_source_type",
    ),
    difference(
        "A tag that this call added is in its answer; MLflow leaves it out.",
        ("body.trace.trace_info.tags",),
        traces="post_traces_request_time_2025-04-15T08_49_19Z_state_ERROR_u_2_without_execution_du",
    ),
    difference(
        "A trace without an id would never be found again; MLflow stores it under an empty one.",
        traces="post_traces_trace_id_empty_without_request_time_without_execution_duration_without post_traces_without_trace_id_without_request_time_without_execution_duration_witho",
    ),
    difference(
        "A value that does not exist is refused by name; MLflow drops it, or stores something else.",
        traces="post_traces_trace_id_tr-5_state_BOGUS_request_time_garbage_without_execution_durat",
        assessments="post_traces_assessed-1_assessments_assessment_name_n_source_type_BOGUS_value_null_without_trace_id",
        trace_metrics="post_traces_metrics_view_type_BOGUS",
        webhooks="post_webhooks_status_1 post_webhooks_name_e_entity_1_action_1",
    ),
    difference(
        "An expectation keeps its rationale and what it overrides; MLflow loses both.",
        ("body.assessment.overrides", "body.assessment.rationale"),
        assessments="""post_traces_assessed-1_assessments_assessment_name_e_source_type_CODE_source_id_c_value_0.5 patch_traces_assessed-1_assessments_assessment_id2_value_q_rationale_rr_update_mask_expectation,rationale_without_value""",
    ),
    difference(
        "A field mask is also taken as a list and with the names of the fields; MLflow knows camelCase only and changes nothing.",
        ("body.assessment.assessment_name",),
        assessments="""patch_traces_assessed-1_assessments_assessment_id_assessment_name_f3_update_mask_assessment_name
            patch_traces_assessed-1_assessments_assessment_id_assessment_name_f3_paths_assessment_name
            patch_traces_assessed-1_assessments_assessment_id_assessment_name_f3_update_mask_assessment_name_again
            patch_traces_assessed-1_assessments_assessment_id_assessment_id_q_update_mask_feedback_without_assessment_name
            patch_traces_assessed-1_assessments_assessment_id_valid_True_update_mask_bogus_without_assessment_name
            patch_traces_assessed-1_assessments_assessment_id_rationale_z_update_mask_rationale,source_without_assessment_name""",
    ),
    difference(
        "A run that does not exist is not found; MLflow links traces to any text.",
        trace_metrics="post_v2_traces_link-to-run_run_id_norun_without_trace_ids",
    ),
    difference(
        "A required list that is empty is an invalid parameter everywhere; here MLflow says only BAD_REQUEST.",
        ("body.error_code",),
        trace_metrics="post_traces_metrics_aggregations_without_aggregation_type",
    ),
    difference(
        "A page of fewer than no rows is a mistake; MLflow takes it for no limit.",
        trace_metrics="post_traces_metrics_max_results_-1",
    ),
    difference(
        "No port is above 65535; MLflow keeps a webhook that can never be sent.",
        webhooks="post_webhooks_name_u_url_http_127.0.0.1_99999_x",
    ),
    difference(
        "An event named twice is one event; MLflow lets its database refuse and quotes the SQL.",
        webhooks="post_webhooks_name_e_entity_REGISTERED_MODEL_action_CREATED",
    ),
    difference(
        "What went wrong on the way is said in each server's own words.",
        ("body.result.error_message",),
        webhooks="""post_webhooks_one_test post_webhooks_one_test_no_body post_webhooks_one_test_entity_PROMPT_VERSION_action_CREATED post_webhooks_one_test_entity_BUDGET_POLICY_action_EXCEEDED
            post_webhooks_one_test_again post_webhooks_one_test_again_again""",
    ),
]
