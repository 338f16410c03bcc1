"""The commands of `mlflow` about traces, evaluation data sets and scorers."""

import json

import mlflow

from .commands import command
from .support import client, equal, fresh, new_experiment, since
from .traces import logged

SINCE = "3.10"


def check_traces():
    experiment_id = new_experiment("trace-commands")
    first, second = logged(team="red"), logged(team="blue")
    found = json.loads(command("traces", "search", "--experiment-id", experiment_id, "--output", "json"))
    equal("found", {trace["info"]["trace_id"] for trace in found["traces"]}, {first, second})
    words = ["traces", "search", "--experiment-id", experiment_id, "--filter-string", "tags.team = 'red'"]
    table = command(*words, "--extract-fields", "info.trace_id,info.state")
    assert first in table and second not in table, table
    trace = json.loads(command("traces", "get", "--trace-id", first))
    equal("spans", sorted(span["name"] for span in trace["data"]["spans"]), ["look up", "root"])

    command("traces", "set-tag", "--trace-id", first, "--key", "tier", "--value", "gold")
    equal("tag", client().get_trace(first).info.tags["tier"], "gold")
    command("traces", "delete-tag", "--trace-id", first, "--key", "tier")
    assert "tier" not in client().get_trace(first).info.tags

    command("traces", "delete", "--experiment-id", experiment_id, "--trace-ids", first)
    left = client().search_traces(locations=[experiment_id])
    equal("left", [trace.info.trace_id for trace in left], [second])


def check_assessments():
    new_experiment("trace-commands")
    trace_id = logged()
    of_trace = ["--trace-id", trace_id]
    by = ["--source-type", "HUMAN", "--source-id", "ana@example.com"]
    command("traces", "log-feedback", *of_trace, "--name", "helpful", "--value", "0.5", "--rationale", "half", *by)
    command("traces", "log-expectation", *of_trace, "--name", "answer", "--value", '{"number": 42}', *by)
    made = {item.name: item for item in client().get_trace(trace_id).info.assessments}
    equal("feedback", (made["helpful"].feedback.value, made["helpful"].rationale), (0.5, "half"))
    equal("expectation", made["answer"].expectation.value, {"number": 42})
    of_assessment = [*of_trace, "--assessment-id", made["helpful"].assessment_id]
    told = json.loads(command("traces", "get-assessment", *of_assessment))
    equal("source", told["source"], {"source_type": "HUMAN", "source_id": "ana@example.com"})
    command("traces", "update-assessment", *of_assessment, "--value", "1.0", "--rationale", "all of it")
    made = {item.name: item for item in client().get_trace(trace_id).info.assessments if item.valid is not False}
    equal("updated", (made["helpful"].feedback.value, made["helpful"].rationale), (1.0, "all of it"))
    command("traces", "delete-assessment", *of_assessment)
    equal("left", [item.name for item in client().get_trace(trace_id).info.assessments], ["answer"])


def check_link_to_run():
    experiment_id = new_experiment("trace-commands")
    trace_id, other = logged(), logged()
    run_id = client().create_run(experiment_id).info.run_id
    command("runs", "link-traces", "--run-id", run_id, "--trace-id", trace_id)
    found = command("traces", "search", "--experiment-id", experiment_id, "--run-id", run_id, "--output", "json")
    equal("of the run", [trace["info"]["trace_id"] for trace in json.loads(found)["traces"]], [trace_id])
    assert other not in found


@since("3.15")
def check_evaluation_datasets():
    experiment_id, name = new_experiment("trace-commands"), fresh("questions")
    client().create_dataset(name, experiment_id)
    listed = json.loads(command("datasets", "list", "--experiment-id", experiment_id, "--output", "json"))
    equal("listed", [item["name"] for item in listed["datasets"]], [name])


def check_scorers():
    experiment_id = new_experiment("trace-commands")
    of_experiment = ["--experiment-id", experiment_id]
    words = ["--instructions", "Does {{ outputs }} answer {{ inputs }}?", "--model", "openai:/gpt-4o"]
    command("scorers", "register-llm-judge", "--name", "answers", *words, *of_experiment)
    listed = json.loads(command("scorers", "list", *of_experiment, "--output", "json"))
    equal("listed", [item["name"] for item in listed["scorers"]], ["answers"])
    equal("loaded", mlflow.genai.scorers.get_scorer(name="answers", experiment_id=experiment_id).name, "answers")
