"""Assessments: feedback and expectations on traces, changed, overridden, deleted."""

import mlflow
from mlflow.entities.assessment_source import AssessmentSource

from .support import MLFLOW_VERSION, before, client, equal, new_experiment, refused, since
from .traces import logged

SINCE = "2.22"
ANA = AssessmentSource(source_type="HUMAN", source_id="ana")


@since("3.0")
def check_feedback():
    new_experiment("assessments")
    trace_id = logged()
    made = mlflow.log_feedback(
        trace_id=trace_id, name="helpful", value=True, source=ANA, rationale="short", metadata={"round": "1"}
    )
    found = mlflow.get_assessment(trace_id, made.assessment_id)
    equal("name, value", (found.name, found.feedback.value, found.rationale), ("helpful", True, "short"))
    equal("source", (found.source.source_type, found.source.source_id), ("HUMAN", "ana"))
    equal("metadata", found.metadata, {"round": "1"})
    (in_trace,) = client().get_trace(trace_id).info.assessments
    equal("in the trace", (in_trace.assessment_id, in_trace.feedback.value), (made.assessment_id, True))


@since("3.0")
def check_values():
    new_experiment("assessments")
    trace_id = logged()
    values = {"flag": False, "number": 0.25, "text": "ünïcode", "list": ["a", "b"], "mapping": {"a": 1.0}}
    for name, value in values.items():
        mlflow.log_feedback(trace_id=trace_id, name=name, value=value, source=ANA)
    found = client().get_trace(trace_id).info.assessments
    equal("values", {item.name: item.feedback.value for item in found}, values)


@since("3.0")
def check_expectation():
    new_experiment("assessments")
    trace_id = logged()
    span_id = client().get_trace(trace_id).data.spans[1].span_id
    mlflow.log_expectation(trace_id=trace_id, name="answer", value={"city": "Bern"}, source=ANA, span_id=span_id)
    (found,) = client().get_trace(trace_id).info.assessments
    equal("value and span", (found.name, found.expectation.value, found.span_id), ("answer", {"city": "Bern"}, span_id))


@since("3.0")
def check_error():
    from mlflow.entities import AssessmentError

    new_experiment("assessments")
    trace_id = logged()
    error = AssessmentError(error_code="RATE_LIMIT", error_message="too many")
    mlflow.log_feedback(trace_id=trace_id, name="judge", error=error)
    (found,) = client().get_trace(trace_id).info.assessments
    equal("error", (found.feedback.error.error_code, found.feedback.error.error_message), ("RATE_LIMIT", "too many"))


@since("3.0")
def check_update():
    from mlflow.entities import Feedback

    new_experiment("assessments")
    trace_id = logged()
    made = mlflow.log_feedback(trace_id=trace_id, name="good", value=1.0, source=ANA, metadata={"a": "1"})
    mlflow.update_assessment(
        trace_id=trace_id,
        assessment_id=made.assessment_id,
        assessment=Feedback(name="better", value=2.0, rationale="thought again", metadata={"b": "2"}),
    )
    found = mlflow.get_assessment(trace_id, made.assessment_id)
    equal("name, value", (found.name, found.feedback.value, found.rationale), ("better", 2.0, "thought again"))
    equal("metadata is merged", found.metadata, {"a": "1", "b": "2"})


@since("3.0")
def check_override_and_delete():
    new_experiment("assessments")
    trace_id = logged()
    first = mlflow.log_feedback(trace_id=trace_id, name="good", value=True)
    second = mlflow.override_feedback(trace_id=trace_id, assessment_id=first.assessment_id, value=False, source=ANA)
    equal("the first is not valid any more", mlflow.get_assessment(trace_id, first.assessment_id).valid, False)
    equal("overrides", mlflow.get_assessment(trace_id, second.assessment_id).overrides, first.assessment_id)
    mlflow.delete_assessment(trace_id, second.assessment_id)
    equal("the first is valid again", mlflow.get_assessment(trace_id, first.assessment_id).valid, True)
    refused("deleted", "RESOURCE_DOES_NOT_EXIST", lambda: mlflow.get_assessment(trace_id, second.assessment_id))


@since("3.0")
def check_search_by_feedback():
    experiment_id = new_experiment("assessments")
    good, bad = logged(), logged()
    mlflow.log_feedback(trace_id=good, name="verdict", value="yes", source=ANA)
    mlflow.log_feedback(trace_id=bad, name="verdict", value="no", source=ANA)
    if MLFLOW_VERSION >= (3, 6):
        found = client().search_traces([experiment_id], "feedback.verdict = 'yes'")
        equal("by feedback", [trace.info.trace_id for trace in found], [good])


@before("3.0")
def check_methods_of_old_clients():
    """These clients keep assessments for Databricks and refuse by themselves; they have no other way to log one."""
    from mlflow.entities.assessment import Feedback
    from mlflow.exceptions import MlflowException

    new_experiment("assessments")
    trace_id = logged()
    for what, action in {
        "log": lambda: client().log_assessment(trace_id, "helpful", ANA, feedback=Feedback(True)),
        "update": lambda: client().update_assessment(trace_id, "a-1", rationale="because"),
        "delete": lambda: client().delete_assessment(trace_id, "a-1"),
    }.items():
        try:
            action()
        except MlflowException as error:
            assert "only available for Databricks" in str(error), f"{what}: {error}"
        else:
            raise AssertionError(f"{what} went through")
