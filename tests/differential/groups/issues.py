"""`issues/...`"""

from ..dsl import API3


def build(g):
    g.post("experiment", "experiments/create", {"name": "issues"}, save={"e": "experiment_id"})
    g.post("other_experiment", "experiments/create", {"name": "issues-other"}, save={"f": "experiment_id"})
    g.post("run", "runs/create", {"experiment_id": "${e}", "start_time": 1600000000000, "run_name": "issues"}, save={"r": "run.info.run_id"})
    g.post(
        "trace",
        API3 + "traces",
        {"trace": {"trace_info": {"trace_id": "tr-69737375657300000000000000000000", "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "${e}"}}, "request_time": "2025-01-01T00:00:00Z", "state": "OK"}}},
    )
    g.post(
        "trace_2",
        API3 + "traces",
        {"trace": {"trace_info": {"trace_id": "tr-69737375657300000000000000000001", "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "${e}"}}, "request_time": "2025-01-01T00:00:00Z", "state": "OK"}}},
    )
    g.post(
        "trace_3",
        API3 + "traces",
        {"trace": {"trace_info": {"trace_id": "tr-69737375657300000000000000000002", "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "${f}"}}, "request_time": "2025-01-01T00:00:00Z", "state": "OK"}}},
    )
    g.post(
        "ic_full",
        API3 + "issues",
        {"experiment_id": "${e}", "name": "n", "description": "d", "status": "resolved", "severity": "low", "root_causes": ["a", "b"], "categories": ["c"], "source_run_id": "${r}", "created_by": "me"},
        save={"iss1": "issue.issue_id"},
    )
    g.post("ic_plain", API3 + "issues", {"experiment_id": "${e}", "name": "n", "description": "d"}, save={"iss2": "issue.issue_id"})
    g.post("ic_high", API3 + "issues", {"experiment_id": "${e}", "name": "n", "description": "d", "severity": "high"}, save={"iss3": "issue.issue_id"})
    g.post("ic_none", API3 + "issues", {})
    g.post("ic_bad_status", API3 + "issues", {"experiment_id": "${e}", "name": "n", "description": "d", "status": "BOGUS"})
    g.post("ic_bad_sev", API3 + "issues", {"experiment_id": "${e}", "name": "n", "description": "d", "severity": "BOGUS"})
    g.post("ic_no_exp", API3 + "issues", {"experiment_id": "9999", "name": "n", "description": "d"})
    g.post("ic_abc", API3 + "issues", {"experiment_id": "abc", "name": "n", "description": "d"})
    g.post("ic_empty_desc", API3 + "issues", {"experiment_id": "${e}", "name": "n", "description": ""})
    g.post("ic_empty_status", API3 + "issues", {"experiment_id": "${e}", "name": "n", "description": "d", "status": ""})
    g.get("ig", API3 + "issues/${iss1}")
    g.get("ig_missing", API3 + "issues/x")
    g.patch("iu", API3 + "issues/${iss2}", {"issue_id": "${iss2}", "status": "rejected", "severity": "medium", "name": "nn", "description": "dd"})
    g.patch("iu_no_body_id", API3 + "issues/${iss2}", {"status": "pending"})
    g.patch("iu_missing", API3 + "issues/x", {"issue_id": "x"})
    g.patch("iu_bad", API3 + "issues/${iss2}", {"issue_id": "${iss2}", "status": "BOGUS"})
    g.patch("iu_empty_name", API3 + "issues/${iss2}", {"issue_id": "${iss2}", "name": ""})
    g.patch("iu_other_id", API3 + "issues/${iss2}", {"issue_id": "zz"})
    g.post(
        "trace_issue",
        API3 + "traces/tr-69737375657300000000000000000001/assessments",
        {"assessment": {"assessment_name": "${iss1}", "trace_id": "tr-69737375657300000000000000000001", "source": {"source_type": "HUMAN", "source_id": "a"}, "issue": {"issue_name": "n"}}},
    )
    g.post("isr_exp", API3 + "issues/search", {"experiment_id": "${e}"})
    g.post("isr_count", API3 + "issues/search", {"experiment_id": "${e}", "include_trace_count": True})
    g.post("isr_f1", API3 + "issues/search", {"experiment_id": "${e}", "filter_string": "status = 'resolved'"})
    g.post("isr_f2", API3 + "issues/search", {"experiment_id": "${e}", "filter_string": "status != 'resolved'"})
    g.post("isr_f3", API3 + "issues/search", {"experiment_id": "${e}", "filter_string": "source_run_id = '${r}' AND status = 'resolved'"})
    g.post("isr_f4", API3 + "issues/search", {"experiment_id": "${e}", "filter_string": "source_run_id != 'x'"})
    g.post("isr_f5", API3 + "issues/search", {"experiment_id": "${e}", "filter_string": "name = 'n'"})
    g.post("isr_f6", API3 + "issues/search", {"experiment_id": "${e}", "filter_string": "status LIKE 'r%'"})
    g.post("isr_f7", API3 + "issues/search", {"experiment_id": "${e}", "filter_string": "status = resolved"})
    g.post("isr_f8", API3 + "issues/search", {"experiment_id": "${e}", "filter_string": "status = 'a' OR status = 'b'"})
    g.post("isr_f9", API3 + "issues/search", {"experiment_id": "${e}", "filter_string": "status IN ('a')"})
    g.post("isr_f10", API3 + "issues/search", {"experiment_id": "${e}", "filter_string": "nonsense"})
    g.post("isr_f11", API3 + "issues/search", {"experiment_id": "${e}", "filter_string": 'status = "resolved"'})
    g.post("isr_f12", API3 + "issues/search", {"experiment_id": "${e}", "filter_string": "status = 5"})
    g.post("isr_max1", API3 + "issues/search", {"experiment_id": "${e}", "max_results": 1})
    g.post("isr_max0", API3 + "issues/search", {"experiment_id": "${e}", "max_results": 0})
    g.post("isr_max_big", API3 + "issues/search", {"experiment_id": "${e}", "max_results": 50001})
    g.post("isr_abc", API3 + "issues/search", {"experiment_id": "abc"})
    g.post("isr_9999", API3 + "issues/search", {"experiment_id": "9999"})
    g.post("isr_tok", API3 + "issues/search", {"experiment_id": "${e}", "page_token": "zz"})
    g.post("isr_status_empty", API3 + "issues/search", {"experiment_id": "${e}", "filter_string": "attributes.status = 'a'"})
