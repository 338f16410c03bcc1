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
    g.post("post_v2_traces_link-to-run_2", "traces/link-to-run", {"trace_ids": ["metered-1", "metered-1"], "run_id": "${run_id}"})
    g.post("post_v2_traces_link-to-run_3", "traces/link-to-run", {"trace_ids": ["metered-1"], "run_id": "norun"})
    g.post("post_v2_traces_link-to-run_4", "traces/link-to-run", {"run_id": "${run_id}"})
    g.post("post_v2_traces_link-to-run_5", "traces/link-to-run", {"trace_ids": [], "run_id": "${run_id}"})
    g.post("post_v2_traces_link-to-run_6", "traces/link-to-run", {"trace_ids": ["metered-1"]})
    g.post(
        "post_v2_traces_link-to-run_7",
        "traces/link-to-run",
        {"trace_ids": ["x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x"], "run_id": "${run_id}"},
    )
    g.post(
        "post_v2_traces_link-prompts",
        "traces/link-prompts",
        {"trace_id": "metered-1", "prompt_versions": [{"name": "p", "version": "1"}, {"name": "p", "version": "2"}]},
    )
    g.post("post_v2_traces_link-prompts_2", "traces/link-prompts", {"trace_id": "metered-1", "prompt_versions": [{"name": "p", "version": "x"}]})
    g.post("post_v2_traces_link-prompts_3", "traces/link-prompts", {"trace_id": "none", "prompt_versions": [{"name": "p", "version": "1"}]})
    g.post("post_v2_traces_link-prompts_4", "traces/link-prompts", {"trace_id": "metered-1"})
    g.post("post_v2_traces_link-prompts_5", "traces/link-prompts", {"trace_id": "metered-1", "prompt_versions": []})
    g.post("post_v2_traces_link-prompts_6", "traces/link-prompts", {"prompt_versions": [{"name": "p", "version": "1"}]})
    g.post("post_v2_traces_link-prompts_7", "traces/link-prompts", {"trace_id": "metered-1", "prompt_versions": [{}]})
    g.get("get_traces_metered-1", API3 + "traces/metered-1")
    g.post("post_v2_traces_delete-traces", "traces/delete-traces", {})
    g.post("post_v2_traces_delete-traces_2", "traces/delete-traces", {"experiment_id": "${e}"})
    g.post("post_v2_traces_delete-traces_3", "traces/delete-traces", {"experiment_id": "${e}", "max_timestamp_millis": 1, "request_ids": ["a"]})
    g.post("post_v2_traces_delete-traces_4", "traces/delete-traces", {"experiment_id": "${e}", "request_ids": ["a"], "max_traces": 1})
    g.post("post_v2_traces_delete-traces_5", "traces/delete-traces", {"experiment_id": "${e}", "max_timestamp_millis": 1, "max_traces": 0})
    g.post("post_v2_traces_delete-traces_6", "traces/delete-traces", {"experiment_id": "987656", "max_timestamp_millis": 1})
    g.post("post_v2_traces_delete-traces_7", "traces/delete-traces", {"experiment_id": "x", "max_timestamp_millis": 1})
    g.post("post_v2_traces_delete-traces_8", "traces/delete-traces", {"experiment_id": "${e}", "request_ids": ["nope"]})
    g.post("post_v2_traces_delete-traces_9", "traces/delete-traces", {"experiment_id": "${e}", "request_ids": ["metered odd", "metered odd"]})
    g.post("post_v2_traces_delete-traces_10", "traces/delete-traces", {"experiment_id": "${e}", "max_timestamp_millis": 0, "max_traces": 1})
    g.post(
        "post_traces_2",
        API3 + "traces",
        {"trace": {"trace_info": {"trace_id": "metered-m1", "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "${e}"}}, "request_time": "2025-04-15T08:00:00Z", "execution_duration": "1s", "state": "OK", "tags": {"mlflow.traceName": "a"}, "trace_metadata": {"mlflow.trace.session": "s2", "mlflow.trace.tokenUsage": '{"input_tokens": 10}'}}}},
    )
    g.post(
        "post_traces_3",
        API3 + "traces",
        {"trace": {"trace_info": {"trace_id": "metered-m2", "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "${e}"}}, "request_time": "2025-04-15T09:00:00Z", "execution_duration": "4s", "state": "OK", "tags": {"mlflow.traceName": "b"}}}},
    )
    g.post(
        "post_traces_metrics",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}]},
    )
    g.post(
        "post_traces_metrics_2",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "dimensions": ["trace_status"]},
    )
    g.post(
        "post_traces_metrics_3",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "dimensions": ["trace_name", "trace_status"]},
    )
    g.post(
        "post_traces_metrics_4",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "latency", "aggregations": [{"aggregation_type": "AVG"}, {"aggregation_type": "PERCENTILE", "percentile_value": 90}, {"aggregation_type": "PERCENTILE", "percentile_value": 99.5}, {"aggregation_type": "MAX"}]},
    )
    g.post(
        "post_traces_metrics_5",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "time_interval_seconds": 3600, "start_time_ms": 0, "end_time_ms": 1944706959000},
    )
    g.post(
        "post_traces_metrics_6",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "time_interval_seconds": 3600},
    )
    g.post(
        "post_traces_metrics_7",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "session_count", "aggregations": [{"aggregation_type": "COUNT"}]},
    )
    g.post(
        "post_traces_metrics_8",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "input_tokens", "aggregations": [{"aggregation_type": "SUM"}], "dimensions": ["trace_name"]},
    )
    g.post(
        "post_traces_metrics_9",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "bogus", "aggregations": [{"aggregation_type": "COUNT"}]},
    )
    g.post(
        "post_traces_metrics_10",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "SUM"}]},
    )
    g.post(
        "post_traces_metrics_11",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "dimensions": ["bogus"]},
    )
    g.post(
        "post_traces_metrics_12",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "BOGUS", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}]},
    )
    g.post(
        "post_traces_metrics_13",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}]},
    )
    g.post("post_traces_metrics_14", API3 + "traces/metrics", {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count"})
    g.post(
        "post_traces_metrics_15",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": []},
    )
    g.post(
        "post_traces_metrics_16",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{}]},
    )
    g.post(
        "post_traces_metrics_17",
        API3 + "traces/metrics",
        {"view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}]},
    )
    g.post(
        "post_traces_metrics_18",
        API3 + "traces/metrics",
        {"experiment_ids": [], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}]},
    )
    g.post(
        "post_traces_metrics_19",
        API3 + "traces/metrics",
        {"experiment_ids": ["x"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}]},
    )
    g.post(
        "post_traces_metrics_20",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "aggregations": [{"aggregation_type": "COUNT"}]},
    )
    g.post(
        "post_traces_metrics_21",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "max_results": 1, "dimensions": ["trace_status"]},
    )
    g.post(
        "post_traces_metrics_22",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "max_results": 0},
    )
    g.post(
        "post_traces_metrics_23",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "max_results": -1},
    )
    g.post(
        "post_traces_metrics_24",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "latency", "aggregations": [{"aggregation_type": "PERCENTILE"}]},
    )
    g.post(
        "post_traces_metrics_25",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "latency", "aggregations": [{"aggregation_type": "PERCENTILE", "percentile_value": 101}]},
    )
    g.post(
        "post_traces_metrics_26",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT", "percentile_value": 5}]},
    )
    g.post(
        "post_traces_metrics_27",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["trace.status = 'OK'"]},
    )
    g.post(
        "post_traces_metrics_28",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["trace.tag.t = '1'"]},
    )
    g.post(
        "post_traces_metrics_29",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["trace.tag.`mlflow.traceName` = 'a'"]},
    )
    g.post(
        "post_traces_metrics_30",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["trace.metadata.a = 'b'"]},
    )
    g.post(
        "post_traces_metrics_31",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["trace.metadata.`mlflow.trace.session` = 's2'"]},
    )
    g.post(
        "post_traces_metrics_32",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["trace.status != 'OK'"]},
    )
    g.post(
        "post_traces_metrics_33",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["status = 'OK'"]},
    )
    g.post(
        "post_traces_metrics_34",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["span.name = 'x'"]},
    )
    g.post(
        "post_traces_metrics_35",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["assessment.name = 'x'"]},
    )
    g.post(
        "post_traces_metrics_36",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["trace.status = 'OK' AND trace.tag.a = 'b'"]},
    )
    g.post(
        "post_traces_metrics_37",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["trace.bogus = 'x'"]},
    )
    g.post(
        "post_traces_metrics_38",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["trace.tag = 'x'"]},
    )
    g.post(
        "post_traces_metrics_39",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["trace.status.x = 'x'"]},
    )
    g.post(
        "post_traces_metrics_40",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["trace.status = OK"]},
    )
    g.post(
        "post_traces_metrics_41",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": [""]},
    )
    g.post(
        "post_traces_metrics_42",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["trace.metadata.mlflow.sourceRun = '${run_id}'"]},
    )
    g.post(
        "post_traces_metrics_43",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["x.y = 'a'"]},
    )
    g.post(
        "post_traces_metrics_44",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["trace.status = 1"]},
    )
    g.post(
        "post_traces_metrics_45",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "ASSESSMENTS", "metric_name": "assessment_count", "aggregations": [{"aggregation_type": "COUNT"}], "dimensions": ["assessment_name", "assessment_value"]},
    )
    g.post(
        "post_traces_metrics_46",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "ASSESSMENTS", "metric_name": "assessment_value", "aggregations": [{"aggregation_type": "AVG"}, {"aggregation_type": "PERCENTILE", "percentile_value": 50}], "dimensions": ["assessment_name"]},
    )
    g.post(
        "post_traces_metrics_47",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "ASSESSMENTS", "metric_name": "assessment_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["assessment.name = 'n'", "trace.status = 'ERROR'"]},
    )
    g.post(
        "post_traces_metrics_48",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "ASSESSMENTS", "metric_name": "assessment_count", "aggregations": [{"aggregation_type": "COUNT"}], "filters": ["assessment.type = 'feedback'"]},
    )
    g.post(
        "post_traces_metrics_49",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "ASSESSMENTS", "metric_name": "assessment_count", "aggregations": [{"aggregation_type": "COUNT"}], "time_interval_seconds": 60, "start_time_ms": 0, "end_time_ms": 1944706959000},
    )
    g.post(
        "post_traces_metrics_50",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": "SPANS", "metric_name": "span_count", "aggregations": [{"aggregation_type": "COUNT"}]},
    )
    g.post(
        "post_traces_metrics_51",
        API3 + "traces/metrics",
        {"experiment_ids": ["${e}"], "view_type": 2, "metric_name": "span_count", "aggregations": [{"aggregation_type": "COUNT"}]},
    )
    g.post(
        "post_traces_calculate-filter-correlation",
        API3 + "traces/calculate-filter-correlation",
        {"experiment_ids": ["${e}"], "filter_string1": "status = 'OK'", "filter_string2": "name = 'a'"},
    )
    g.post(
        "post_traces_calculate-filter-correlation_2",
        API3 + "traces/calculate-filter-correlation",
        {"experiment_ids": ["${e}"], "filter_string1": "status = 'OK'", "filter_string2": "name = 'zz'"},
    )
    g.post(
        "post_traces_calculate-filter-correlation_3",
        API3 + "traces/calculate-filter-correlation",
        {"experiment_ids": ["${e}"], "filter_string1": "status = 'OK'", "filter_string2": "name = 'a'", "base_filter": "timestamp_ms > 5"},
    )
    g.post(
        "post_traces_calculate-filter-correlation_4",
        API3 + "traces/calculate-filter-correlation",
        {"experiment_ids": ["${e}"], "filter_string1": "status = 'OK'"},
    )
    g.post(
        "post_traces_calculate-filter-correlation_5",
        API3 + "traces/calculate-filter-correlation",
        {"experiment_ids": [], "filter_string1": "status = 'OK'", "filter_string2": "name = 'a'"},
    )
    g.post(
        "post_traces_calculate-filter-correlation_6",
        API3 + "traces/calculate-filter-correlation",
        {"experiment_ids": ["${e}"], "filter_string1": "sus = 'OK'", "filter_string2": "name = 'a'"},
    )
