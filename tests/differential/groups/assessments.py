"""Assessments: feedback, expectations, issues; overrides and update masks."""

from ..dsl import API3


def build(g):
    g.post("post_v2_experiments_create", "experiments/create", {"name": "assessments"}, save={"e": "experiment_id"})
    g.post(
        "post_traces",
        API3 + "traces",
        {"trace": {"trace_info": {"trace_id": "assessed-1", "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "${e}"}}, "request_time": "2025-04-15T08:49:18.699Z", "execution_duration": "1.5s", "state": "OK", "trace_metadata": {"a": "b"}, "tags": {"t": "1"}}}},
    )
    g.post(
        "post_traces_assessed-1_assessments",
        API3 + "traces/assessed-1/assessments",
        {"assessment": {"assessment_name": "f", "trace_id": "assessed-1", "source": {"source_type": "HUMAN", "source_id": "me"}, "feedback": {"value": {"a": [1, 2.5, None, True]}}, "rationale": "why", "metadata": {"a": "1", "mlflow.assessment.sourceRunId": "r1"}, "span_id": "abc", "create_time": "2025-04-15T08:49:18.5Z", "last_update_time": "2025-04-15T08:49:18.5Z"}},
        save={"assessment_id": "assessment.assessment_id"},
    )
    g.post(
        "post_traces_assessed-1_assessments_assessment_name_n_value_3_without_trace_id_without_source_id",
        API3 + "traces/assessed-1/assessments",
        {"assessment": {"assessment_name": "n", "source": {"source_type": "HUMAN"}, "feedback": {"value": 3}}},
    )
    g.post(
        "post_traces_assessed-1_assessments_assessment_name_n_value_3_error_code_E_error_message_m",
        API3 + "traces/assessed-1/assessments",
        {"assessment": {"assessment_name": "n", "source": {"source_type": "HUMAN"}, "feedback": {"value": 3, "error": {"error_code": "E", "error_message": "m", "stack_trace": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}}, "valid": False}},
    )
    g.post("post_traces_assessed-1_assessments_assessment_name_n_feedback_without_trace_id_without_source_type", API3 + "traces/assessed-1/assessments", {"assessment": {"assessment_name": "n", "feedback": {}}})
    g.post(
        "post_traces_assessed-1_assessments_assessment_name_n_source_type_BOGUS_value_null_without_trace_id",
        API3 + "traces/assessed-1/assessments",
        {"assessment": {"assessment_name": "n", "source": {"source_type": "BOGUS"}, "feedback": {"value": None}}},
    )
    g.post("post_traces_assessed-1_assessments_value_x_without_assessment_name_without_trace_id_without_source_type", API3 + "traces/assessed-1/assessments", {"assessment": {"feedback": {"value": "x"}}})
    g.post("post_traces_assessed-1_assessments_assessment_name_n_without_trace_id_without_source_type_without_source", API3 + "traces/assessed-1/assessments", {"assessment": {"assessment_name": "n"}})
    g.post("post_traces_assessed-1_assessments_assessment_without_assessment_name_without_trace_id_without_source", API3 + "traces/assessed-1/assessments", {"assessment": {}})
    g.post("post_traces_assessed-1_assessments_query_without_assessment_name_without_trace_id_without_source_type", API3 + "traces/assessed-1/assessments", {})
    g.post(
        "post_traces_assessed-1_assessments_assessment_name_n_value_1_without_trace_id_without_source_type",
        API3 + "traces/assessed-1/assessments",
        {"assessment": {"assessment_name": "n", "expectation": {"value": 1}, "feedback": {"value": 1}}},
    )
    g.post(
        "post_traces_assessed-1_assessments_assessment_name_e_source_type_CODE_source_id_c_value_0.5",
        API3 + "traces/assessed-1/assessments",
        {"assessment": {"assessment_name": "e", "source": {"source_type": "CODE", "source_id": "c"}, "expectation": {"value": 0.5}, "rationale": "lost?", "overrides": "${assessment_id}"}},
        save={"assessment_id2": "assessment.assessment_id"},
    )
    g.post(
        "post_traces_assessed-1_assessments_assessment_name_e_value_null_without_trace_id_without_source_type",
        API3 + "traces/assessed-1/assessments",
        {"assessment": {"assessment_name": "e", "expectation": {"value": None}}},
    )
    g.post("post_traces_assessed-1_assessments_assessment_name_e_expectation_without_trace_id_without_source_type", API3 + "traces/assessed-1/assessments", {"assessment": {"assessment_name": "e", "expectation": {}}})
    g.post(
        "post_traces_assessed-1_assessments_assessment_name_e_serialization_format_JSON_FORMAT_value_a_1,_2",
        API3 + "traces/assessed-1/assessments",
        {"assessment": {"assessment_name": "e", "expectation": {"serialized_value": {"serialization_format": "JSON_FORMAT", "value": '{"a": [1, 2]}'}}}},
    )
    g.post(
        "post_traces_assessed-1_assessments_assessment_name_e_serialization_format_XML_value_without_trace_id",
        API3 + "traces/assessed-1/assessments",
        {"assessment": {"assessment_name": "e", "expectation": {"serialized_value": {"serialization_format": "XML", "value": "{}"}}}},
    )
    g.post(
        "post_traces_assessed-1_assessments_assessment_name_e_serialization_format_JSON_FORMAT_value_without_tra",
        API3 + "traces/assessed-1/assessments",
        {"assessment": {"assessment_name": "e", "expectation": {"serialized_value": {"serialization_format": "JSON_FORMAT", "value": "{"}}}},
    )
    g.post(
        "post_traces_assessed-1_assessments_assessment_name_e_value_1_value_2_without_trace_id",
        API3 + "traces/assessed-1/assessments",
        {"assessment": {"assessment_name": "e", "expectation": {"value": [1, 2]}}},
    )
    g.post(
        "post_traces_assessed-1_assessments_assessment_name_iss-1_issue_name_slow_a_b_without_trace_id",
        API3 + "traces/assessed-1/assessments",
        {"assessment": {"assessment_name": "iss-1", "issue": {"issue_name": "slow"}, "metadata": {"a": "b"}}},
        save={"assessment_id3": "assessment.assessment_id"},
    )
    g.post(
        "post_traces_assessed-1_assessments_assessment_name_n_assessment_id_a-mine_value_1_without_trace_id",
        API3 + "traces/assessed-1/assessments",
        {"assessment": {"assessment_name": "n", "assessment_id": "a-mine", "feedback": {"value": 1}}},
    )
    g.post(
        "post_traces_assessed-1_assessments_assessment_name_n_assessment_id_a-mine_value_1_without_trace_id_again",
        API3 + "traces/assessed-1/assessments",
        {"assessment": {"assessment_name": "n", "assessment_id": "a-mine", "feedback": {"value": 1}}},
    )
    g.post("post_traces_none_assessments", API3 + "traces/none/assessments", {"assessment": {"assessment_name": "n", "feedback": {"value": 1}}})
    g.post(
        "post_traces_assessed-1_assessments_value_new_overrides_$_assessment_id_without_trace_id_without_source_i",
        API3 + "traces/assessed-1/assessments",
        {"assessment": {"assessment_name": "f", "source": {"source_type": "HUMAN"}, "feedback": {"value": "new"}, "overrides": "${assessment_id}"}},
        save={"assessment_id4": "assessment.assessment_id"},
    )
    g.post(
        "post_traces_assessed-1_assessments_value_new_overrides_nope_without_trace_id_without_source_type",
        API3 + "traces/assessed-1/assessments",
        {"assessment": {"assessment_name": "f", "feedback": {"value": "new"}, "overrides": "nope"}},
    )
    g.get("get_traces_assessed-1_assessments_assessment_id", API3 + "traces/assessed-1/assessments/${assessment_id}")
    g.get("get_traces_assessed-1_assessments_nope", API3 + "traces/assessed-1/assessments/nope")
    g.get("get_traces_none_assessments_assessment_id", API3 + "traces/none/assessments/${assessment_id}")
    g.patch(
        "patch_traces_assessed-1_assessments_assessment_id",
        API3 + "traces/assessed-1/assessments/${assessment_id}",
        {"assessment": {"assessment_name": "f2"}, "update_mask": "assessmentName"},
    )
    g.patch(
        "patch_traces_assessed-1_assessments_assessment_id_value_9_b_2_rationale_r2_update_mask_feedback,metadata,rationale",
        API3 + "traces/assessed-1/assessments/${assessment_id}",
        {"assessment": {"feedback": {"value": 9}, "metadata": {"b": "2"}, "rationale": "r2"}, "update_mask": "feedback,metadata,rationale"},
    )
    g.patch(
        "patch_traces_assessed-1_assessments_assessment_id_assessment_name_f3_update_mask_assessment_name",
        API3 + "traces/assessed-1/assessments/${assessment_id}",
        {"assessment": {"assessment_name": "f3"}, "update_mask": "assessment_name"},
    )
    g.patch(
        "patch_traces_assessed-1_assessments_assessment_id_assessment_name_f3_paths_assessment_name",
        API3 + "traces/assessed-1/assessments/${assessment_id}",
        {"assessment": {"assessment_name": "f3"}, "update_mask": {"paths": ["assessment_name"]}},
    )
    g.patch(
        "patch_traces_assessed-1_assessments_assessment_id_assessment_name_f3_update_mask_assessment_name_again",
        API3 + "traces/assessed-1/assessments/${assessment_id}",
        {"assessment": {"assessment_name": "f3"}, "update_mask": ["assessment_name"]},
    )
    g.patch(
        "patch_traces_assessed-1_assessments_assessment_id_assessment_name_f3_without_update_mask",
        API3 + "traces/assessed-1/assessments/${assessment_id}",
        {"assessment": {"assessment_name": "f3"}},
    )
    g.patch("patch_traces_assessed-1_assessments_assessment_id_update_mask_rationale_without_assessment_name", API3 + "traces/assessed-1/assessments/${assessment_id}", {"update_mask": "rationale"})
    g.patch(
        "patch_traces_assessed-1_assessments_assessment_id_rationale_z_update_mask_empty_without_assessment_name",
        API3 + "traces/assessed-1/assessments/${assessment_id}",
        {"assessment": {"rationale": "z"}, "update_mask": ""},
    )
    g.patch(
        "patch_traces_assessed-1_assessments_assessment_id_value_1_update_mask_expectation_without_assessment_name",
        API3 + "traces/assessed-1/assessments/${assessment_id}",
        {"assessment": {"expectation": {"value": 1}}, "update_mask": "expectation"},
    )
    g.patch(
        "patch_traces_assessed-1_assessments_assessment_id_assessment_id_q_update_mask_feedback_without_assessment_name",
        API3 + "traces/assessed-1/assessments/${assessment_id}",
        {"assessment": {"assessment_id": "q"}, "update_mask": "feedback"},
    )
    g.patch(
        "patch_traces_assessed-1_assessments_assessment_id_valid_True_update_mask_valid_without_assessment_name",
        API3 + "traces/assessed-1/assessments/${assessment_id}",
        {"assessment": {"valid": True}, "update_mask": "valid"},
    )
    g.patch(
        "patch_traces_assessed-1_assessments_assessment_id_valid_True_update_mask_bogus_without_assessment_name",
        API3 + "traces/assessed-1/assessments/${assessment_id}",
        {"assessment": {"valid": True}, "update_mask": "bogus"},
    )
    g.patch(
        "patch_traces_assessed-1_assessments_assessment_id_rationale_z_update_mask_rationale,source_without_assessment_name",
        API3 + "traces/assessed-1/assessments/${assessment_id}",
        {"assessment": {"rationale": "z"}, "update_mask": "rationale,source"},
    )
    g.patch(
        "patch_traces_assessed-1_assessments_assessment_id_assessment_name_empty_update_mask_rationale,assessmentName",
        API3 + "traces/assessed-1/assessments/${assessment_id}",
        {"assessment": {"assessment_name": ""}, "update_mask": "rationale,assessmentName"},
    )
    g.patch(
        "patch_traces_assessed-1_assessments_assessment_id2",
        API3 + "traces/assessed-1/assessments/${assessment_id2}",
        {"assessment": {"feedback": {"value": 1}}, "update_mask": "feedback"},
    )
    g.patch(
        "patch_traces_assessed-1_assessments_assessment_id2_value_q_rationale_rr_update_mask_expectation,rationale_without_value",
        API3 + "traces/assessed-1/assessments/${assessment_id2}",
        {"assessment": {"expectation": {"value": "q"}, "rationale": "rr"}, "update_mask": "expectation,rationale"},
    )
    g.patch(
        "patch_traces_assessed-1_assessments_assessment_id2_expectation_update_mask_expectation_without_value",
        API3 + "traces/assessed-1/assessments/${assessment_id2}",
        {"assessment": {"expectation": {}}, "update_mask": "expectation"},
    )
    g.patch(
        "patch_traces_assessed-1_assessments_assessment_id3",
        API3 + "traces/assessed-1/assessments/${assessment_id3}",
        {"assessment": {"rationale": "z"}, "update_mask": "rationale"},
    )
    g.patch(
        "patch_traces_assessed-1_assessments_nope",
        API3 + "traces/assessed-1/assessments/nope",
        {"assessment": {"rationale": "z"}, "update_mask": "rationale"},
    )
    g.delete("delete_traces_assessed-1_assessments_assessment_id4", API3 + "traces/assessed-1/assessments/${assessment_id4}")
    g.get("get_traces_assessed-1_assessments_assessment_id_again", API3 + "traces/assessed-1/assessments/${assessment_id}")
    g.delete("delete_traces_assessed-1_assessments_assessment_id4_again", API3 + "traces/assessed-1/assessments/${assessment_id4}")
    g.delete("delete_traces_none_assessments_assessment_id4", API3 + "traces/none/assessments/${assessment_id4}")
    g.get("get_traces_assessed-1_assessments_assessment_id3", API3 + "traces/assessed-1/assessments/${assessment_id3}")
