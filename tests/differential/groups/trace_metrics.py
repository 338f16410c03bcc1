"""Traces linked to runs and prompts, deleted, counted and correlated."""

from ..dsl import API3


def build(g):
    g.post("post_v2_experiments_create", "experiments/create", {"name": "trace_metrics"}, save={"e": "experiment_id"})
    g.post(
        "post_traces",
        API3 + "traces",
        {"trace": {"trace_info": {"trace_id": "metered-1", "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "${e}"}}, "request_time": "2025-04-15T08:49:18.699Z", "execution_duration": "1.5s", "state": "OK", "trace_metadata": {"a": "b"}, "tags": {"t": "1"}}}},
    )
    g.post(
        "post_v2_runs_create",
        "runs/create",
        {"experiment_id": "${e}", "start_time": 1600000000000, "run_name": "metered"},
        save={"run_id": "run.info.run_id"},
    )
    g.post("post_v2_traces_link-to-run", "traces/link-to-run", {"trace_ids": ["metered-1", "nope"], "run_id": "${run_id}"})
    g.post("post_v2_traces_link-to-run_trace_ids_metered-1", "traces/link-to-run", {"trace_ids": ["metered-1", "metered-1"], "run_id": "${run_id}"})
    g.post("post_v2_traces_link-to-run_run_id_norun_without_trace_ids", "traces/link-to-run", {"trace_ids": ["metered-1"], "run_id": "norun"})
    g.post("post_v2_traces_link-to-run_without_trace_ids", "traces/link-to-run", {"run_id": "${run_id}"})
    g.post("post_v2_traces_link-to-run_trace_ids_without_trace_ids", "traces/link-to-run", {"trace_ids": [], "run_id": "${run_id}"})
    g.post("post_v2_traces_link-to-run_without_trace_ids_without_run_id", "traces/link-to-run", {"trace_ids": ["metered-1"]})
    g.post(
        "post_v2_traces_link-to-run_trace_ids_101_of_them_without_trace_ids",
        "traces/link-to-run",
        {"trace_ids": ["x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x"], "run_id": "${run_id}"},
    )
    g.post(
        "post_v2_traces_link-prompts",
        "traces/link-prompts",
        {"trace_id": "metered-1", "prompt_versions": [{"name": "p", "version": "1"}, {"name": "p", "version": "2"}]},
    )
    g.post("post_v2_traces_link-prompts_version_x_without_name_without_version", "traces/link-prompts", {"trace_id": "metered-1", "prompt_versions": [{"name": "p", "version": "x"}]})
    g.post("post_v2_traces_link-prompts_trace_id_none_without_name_without_version", "traces/link-prompts", {"trace_id": "none", "prompt_versions": [{"name": "p", "version": "1"}]})
    g.post("post_v2_traces_link-prompts_without_name_without_version", "traces/link-prompts", {"trace_id": "metered-1"})
    g.post("post_v2_traces_link-prompts_prompt_versions_without_name_without_version", "traces/link-prompts", {"trace_id": "metered-1", "prompt_versions": []})
    g.post("post_v2_traces_link-prompts_without_trace_id_without_name_without_version", "traces/link-prompts", {"prompt_versions": [{"name": "p", "version": "1"}]})
    g.post("post_v2_traces_link-prompts_prompt_versions_without_name_without_version_again", "traces/link-prompts", {"trace_id": "metered-1", "prompt_versions": [{}]})
    g.get("get_traces_metered-1", API3 + "traces/metered-1")
    g.post("post_v2_traces_delete-traces", "traces/delete-traces", {})
    g.post("post_v2_traces_delete-traces_experiment_id_$_e", "traces/delete-traces", {"experiment_id": "${e}"})
    g.post("post_v2_traces_delete-traces_experiment_id_$_e_max_timestamp_millis_1_request_ids_a", "traces/delete-traces", {"experiment_id": "${e}", "max_timestamp_millis": 1, "request_ids": ["a"]})
    g.post("post_v2_traces_delete-traces_experiment_id_$_e_request_ids_a_max_traces_1", "traces/delete-traces", {"experiment_id": "${e}", "request_ids": ["a"], "max_traces": 1})
    g.post("post_v2_traces_delete-traces_experiment_id_$_e_max_timestamp_millis_1_max_traces_0", "traces/delete-traces", {"experiment_id": "${e}", "max_timestamp_millis": 1, "max_traces": 0})
    g.post("post_v2_traces_delete-traces_experiment_id_987656_max_timestamp_millis_1", "traces/delete-traces", {"experiment_id": "987656", "max_timestamp_millis": 1})
    g.post("post_v2_traces_delete-traces_experiment_id_x_max_timestamp_millis_1", "traces/delete-traces", {"experiment_id": "x", "max_timestamp_millis": 1})
    g.post("post_v2_traces_delete-traces_experiment_id_$_e_request_ids_nope", "traces/delete-traces", {"experiment_id": "${e}", "request_ids": ["nope"]})
    g.post("post_v2_traces_delete-traces_experiment_id_$_e_request_ids_metered_odd", "traces/delete-traces", {"experiment_id": "${e}", "request_ids": ["metered odd", "metered odd"]})
    g.post("post_v2_traces_delete-traces_experiment_id_$_e_max_timestamp_millis_0_max_traces_1", "traces/delete-traces", {"experiment_id": "${e}", "max_timestamp_millis": 0, "max_traces": 1})
    g.post(
        "post_traces_trace_id_metered-m1_request_time_2025-04-15T08_00_00Z_execution_durati",
        API3 + "traces",
        {"trace": {"trace_info": {"trace_id": "metered-m1", "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "${e}"}}, "request_time": "2025-04-15T08:00:00Z", "execution_duration": "1s", "state": "OK", "tags": {"mlflow.traceName": "a"}, "trace_metadata": {"mlflow.trace.session": "s2", "mlflow.trace.tokenUsage": '{"input_tokens": 10}'}}}},
    )
    g.post(
        "post_traces_trace_id_metered-m2_request_time_2025-04-15T09_00_00Z_execution_durati",
        API3 + "traces",
        {"trace": {"trace_info": {"trace_id": "metered-m2", "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "${e}"}}, "request_time": "2025-04-15T09:00:00Z", "execution_duration": "4s", "state": "OK", "tags": {"mlflow.traceName": "b"}}}},
    )
    g.post(
        "post_traces_metrics",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}]},
    )
    g.post(
        "post_traces_metrics_dimensions_trace_status",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "dimensions": ["trace_status"]},
    )
    g.post(
        "post_traces_metrics_dimensions_trace_name_dimensions_trace_status",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "dimensions": ["trace_name", "trace_status"]},
    )
    g.post(
        "post_traces_metrics_metric_name_latency_aggregation_type_AVG_aggregation_type_PERCENTILE_p",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "latency", "aggregations": [{"aggregation_type": "AVG"}, {"aggregation_type": "PERCENTILE", "percentile_value": 90}, {"aggregation_type": "PERCENTILE", "percentile_value": 99.5}, {"aggregation_type": "MAX"}]},
    )
    g.post(
        "post_traces_metrics_time_interval_seconds_3600_start_time_ms_0_end_time_ms_1944706959000",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "time_interval_seconds": 3600, "start_time_ms": 0, "end_time_ms": 1944706959000},
    )
    g.post(
        "post_traces_metrics_time_interval_seconds_3600",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "time_interval_seconds": 3600},
    )
    g.post(
        "post_traces_metrics_metric_name_session_count",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "session_count", "aggregations": [{"aggregation_type": "COUNT"}]},
    )
    g.post(
        "post_traces_metrics_metric_name_input_tokens_aggregation_type_SUM_dimensions_trace_name",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "input_tokens", "aggregations": [{"aggregation_type": "SUM"}], "dimensions": ["trace_name"]},
    )
    g.post(
        "post_traces_metrics_metric_name_bogus",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "bogus", "aggregations": [{"aggregation_type": "COUNT"}]},
    )
    g.post(
        "post_traces_metrics_aggregation_type_SUM",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "SUM"}]},
    )
    g.post(
        "post_traces_metrics_dimensions_bogus",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "dimensions": ["bogus"]},
    )
    g.post(
        "post_traces_metrics_view_type_BOGUS",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "BOGUS", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}]},
    )
    g.post(
        "post_traces_metrics_without_view_type",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}]},
    )
    g.post("post_traces_metrics_without_aggregation_type", API3 + "traces/metrics", {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count"})
    g.post(
        "post_traces_metrics_aggregations_without_aggregation_type",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": []},
    )
    g.post(
        "post_traces_metrics_aggregations_without_aggregation_type_again",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{}]},
    )
    g.post(
        "post_traces_metrics_without_experiment_ids",
        API3 + "traces/metrics",
        {"view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}]},
    )
    g.post(
        "post_traces_metrics_experiment_ids_without_experiment_ids",
        API3 + "traces/metrics",
        {"experiment_ids": [], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}]},
    )
    g.post(
        "post_traces_metrics_experiment_ids_x",
        API3 + "traces/metrics",
        {"experiment_ids": ["x"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}]},
    )
    g.post(
        "post_traces_metrics_without_metric_name",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "aggregations": [{"aggregation_type": "COUNT"}]},
    )
    g.post(
        "post_traces_metrics_max_results_1_dimensions_trace_status",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "max_results": 1, "dimensions": ["trace_status"]},
    )
    g.post(
        "post_traces_metrics_max_results_0",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "max_results": 0},
    )
    g.post(
        "post_traces_metrics_max_results_-1",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "max_results": -1},
    )
    g.post(
        "post_traces_metrics_metric_name_latency_aggregation_type_PERCENTILE",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "latency", "aggregations": [{"aggregation_type": "PERCENTILE"}]},
    )
    g.post(
        "post_traces_metrics_metric_name_latency_aggregation_type_PERCENTILE_percentile_value_101",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "latency", "aggregations": [{"aggregation_type": "PERCENTILE", "percentile_value": 101}]},
    )
    g.post(
        "post_traces_metrics_percentile_value_5",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT", "percentile_value": 5}]},
    )
    g.post(
        "post_traces_metrics_filters_trace.status_=_'OK'",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["trace.status = 'OK'"]},
    )
    g.post(
        "post_traces_metrics_filters_trace.tag.t_=_'1'",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["trace.tag.t = '1'"]},
    )
    g.post(
        "post_traces_metrics_filters_trace.tag._mlflow.traceName_=_'a'",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["trace.tag.`mlflow.traceName` = 'a'"]},
    )
    g.post(
        "post_traces_metrics_filters_trace.metadata.a_=_'b'",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["trace.metadata.a = 'b'"]},
    )
    g.post(
        "post_traces_metrics_filters_trace.metadata._mlflow.trace.sessi",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["trace.metadata.`mlflow.trace.session` = 's2'"]},
    )
    g.post(
        "post_traces_metrics_filters_trace.status_!=_'OK'",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["trace.status != 'OK'"]},
    )
    g.post(
        "post_traces_metrics_filters_status_=_'OK'",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["status = 'OK'"]},
    )
    g.post(
        "post_traces_metrics_filters_span.name_=_'x'",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["span.name = 'x'"]},
    )
    g.post(
        "post_traces_metrics_filters_assessment.name_=_'x'",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["assessment.name = 'x'"]},
    )
    g.post(
        "post_traces_metrics_filters_trace.status_=_'OK'_AND_trace.tag.",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["trace.status = 'OK' AND trace.tag.a = 'b'"]},
    )
    g.post(
        "post_traces_metrics_filters_trace.bogus_=_'x'",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["trace.bogus = 'x'"]},
    )
    g.post(
        "post_traces_metrics_filters_trace.tag_=_'x'",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["trace.tag = 'x'"]},
    )
    g.post(
        "post_traces_metrics_filters_trace.status.x_=_'x'",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["trace.status.x = 'x'"]},
    )
    g.post(
        "post_traces_metrics_filters_trace.status_=_OK",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["trace.status = OK"]},
    )
    g.post(
        "post_traces_metrics_filters_empty",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": [""]},
    )
    g.post(
        "post_traces_metrics_filters_trace.metadata.mlflow.sourceRun_=",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["trace.metadata.mlflow.sourceRun = '${run_id}'"]},
    )
    g.post(
        "post_traces_metrics_filters_x.y_=_'a'",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["x.y = 'a'"]},
    )
    g.post(
        "post_traces_metrics_filters_trace.status_=_1",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["trace.status = 1"]},
    )
    g.post(
        "post_traces_metrics_view_type_ASSESSMENTS_metric_name_assessment_count_dimensions_assessme",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "ASSESSMENTS", "metric_name": "assessment_count", "aggregations": [{"aggregation_type": "COUNT"}], "dimensions": ["assessment_name", "assessment_value"]},
    )
    g.post(
        "post_traces_metrics_view_type_ASSESSMENTS_metric_name_assessment_value_aggregation_type_AV",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "ASSESSMENTS", "metric_name": "assessment_value", "aggregations": [{"aggregation_type": "AVG"}, {"aggregation_type": "PERCENTILE", "percentile_value": 50}], "dimensions": ["assessment_name"]},
    )
    g.post(
        "post_traces_metrics_view_type_ASSESSMENTS_metric_name_assessment_count_filters_assessment.",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "ASSESSMENTS", "metric_name": "assessment_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["assessment.name = 'n'", "trace.status = 'ERROR'"]},
    )
    g.post(
        "post_traces_metrics_view_type_ASSESSMENTS_metric_name_assessment_count_filters_assessment._again",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "ASSESSMENTS", "metric_name": "assessment_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["assessment.type = 'feedback'"]},
    )
    g.post(
        "post_traces_metrics_view_type_ASSESSMENTS_metric_name_assessment_count_time_interval_secon",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "ASSESSMENTS", "metric_name": "assessment_count", "aggregations": [{"aggregation_type": "COUNT"}], "time_interval_seconds": 60, "start_time_ms": 0, "end_time_ms": 1944706959000},
    )
    g.post(
        "post_traces_metrics_view_type_SPANS_metric_name_span_count",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "SPANS", "metric_name": "span_count", "aggregations": [{"aggregation_type": "COUNT"}]},
    )
    g.post(
        "post_traces_metrics_view_type_2_metric_name_span_count",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": 2, "metric_name": "span_count", "aggregations": [{"aggregation_type": "COUNT"}]},
    )
    g.post(
        "post_traces_calculate-filter-correlation",
        API3 + "traces/calculate-filter-correlation",
        {"experiment_ids": ["${e}"], "filter_string1": "status = 'OK'", "filter_string2": "name = 'a'"},
    )
    g.post(
        "post_traces_calculate-filter-correlation_filter_string2_name_=_'zz'",
        API3 + "traces/calculate-filter-correlation",
        {"experiment_ids": ["${e}"], "filter_string1": "status = 'OK'", "filter_string2": "name = 'zz'"},
    )
    g.post(
        "post_traces_calculate-filter-correlation_base_filter_timestamp_ms_>_5",
        API3 + "traces/calculate-filter-correlation",
        {"experiment_ids": ["${e}"], "filter_string1": "status = 'OK'", "filter_string2": "name = 'a'", "base_filter": "timestamp_ms > 5"},
    )
    g.post(
        "post_traces_calculate-filter-correlation_without_filter_string2",
        API3 + "traces/calculate-filter-correlation",
        {"experiment_ids": ["${e}"], "filter_string1": "status = 'OK'"},
    )
    g.post(
        "post_traces_calculate-filter-correlation_experiment_ids_without_experiment_ids",
        API3 + "traces/calculate-filter-correlation",
        {"experiment_ids": [], "filter_string1": "status = 'OK'", "filter_string2": "name = 'a'"},
    )
    g.post(
        "post_traces_calculate-filter-correlation_filter_string1_sus_=_'OK'",
        API3 + "traces/calculate-filter-correlation",
        {"experiment_ids": ["${e}"], "filter_string1": "sus = 'OK'", "filter_string2": "name = 'a'"},
    )
