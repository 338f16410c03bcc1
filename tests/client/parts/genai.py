"""Evaluation of applications with scorers of one's own; data sets, scorers, label schemas and review queues."""

import mlflow

from .support import MLFLOW_VERSION, client, equal, fresh, new_experiment, refused, since
from .traces import logged, traces_of_run

SINCE = "3.6"


def check_application_with_scorers():
    from mlflow.genai import scorer

    @scorer
    def exact(outputs, expectations):
        return outputs == expectations["answer"]

    @scorer
    def length(outputs):
        return len(outputs)

    experiment_id = new_experiment("genai")

    @mlflow.trace
    def application(question):
        return question.upper()

    data = [
        {"inputs": {"question": "yes"}, "expectations": {"answer": "YES"}},
        {"inputs": {"question": "no"}, "expectations": {"answer": "no"}},
    ]
    result = mlflow.genai.evaluate(data=data, predict_fn=application, scorers=[exact, length])
    equal("exact", result.metrics["exact/mean"], 0.5)
    equal("length", result.metrics["length/mean"], 2.5)
    metrics = client().get_run(result.run_id).data.metrics
    equal("logged", (metrics["exact/mean"], metrics["length/mean"]), (0.5, 2.5))
    traces = traces_of_run(experiment_id, result.run_id)
    equal("a trace for each question", len(traces), 2)
    verdicts = sorted(item.feedback.value for trace in traces for item in trace.info.assessments if item.name == "exact")
    equal("verdicts in the traces", verdicts, [False, True])


def check_traces_with_scorers():
    from mlflow.genai import scorer

    @scorer
    def has_answer(trace):
        return "answer" in trace.data.spans[0].outputs

    experiment_id = new_experiment("genai")
    for _ in range(3):
        logged()
    traces = mlflow.search_traces(experiment_ids=[experiment_id])
    result = mlflow.genai.evaluate(data=traces, scorers=[has_answer])
    equal("all have one", result.metrics["has_answer/mean"], 1.0)


def check_datasets():
    experiment_id = new_experiment("eval-datasets")
    name = fresh("questions")
    made = client().create_dataset(name, experiment_id, tags={"team": "red"})
    records = [
        {"inputs": {"question": "why"}, "expectations": {"answer": "because"}, "tags": {"lang": "en"}},
        {"inputs": {"question": "warum"}},
    ]
    made.merge_records(records)
    made.merge_records([{"inputs": {"question": "why"}, "expectations": {"length": 3}}])  # the same inputs: one record
    found = client().get_dataset(made.dataset_id)
    frame = found.to_df()
    equal("records", sorted(inputs["question"] for inputs in frame["inputs"]), ["warum", "why"])
    (expectations,) = [row["expectations"] for _, row in frame.iterrows() if row["inputs"]["question"] == "why"]
    equal("merged expectations", expectations, {"answer": "because", "length": 3})
    equal("name, tags", (found.name, found.tags["team"]), (name, "red"))
    client().set_dataset_tags(made.dataset_id, {"tier": "gold", "team": "blue"})
    client().delete_dataset_tag(made.dataset_id, "tier")
    tags = client().get_dataset(made.dataset_id).tags
    equal("tags", (tags["team"], "tier" in tags), ("blue", False))

    def search(filter_string=None):
        return [item.name for item in client().search_datasets([experiment_id], filter_string)]

    equal("of the experiment", search(), [name])
    equal("by name", search(f"name = '{name}'"), [name])
    equal("by tag", search("tags.team = 'green'"), [])
    client().delete_dataset(made.dataset_id)
    equal("deleted", search(), [])


def check_dataset_of_two_experiments():
    first, second = new_experiment("eval-datasets"), new_experiment("eval-datasets")
    made = client().create_dataset(fresh("shared"), first)

    def found(experiment_id):
        return [item.dataset_id for item in client().search_datasets([experiment_id])]

    try:
        client().add_dataset_to_experiments(made.dataset_id, [second])
        client().remove_dataset_from_experiments(made.dataset_id, [first])
    except KeyError as error:
        # Clients of 3.6 do not know the address of these calls.
        assert MLFLOW_VERSION < (3, 10) and "ToExperiments" in str(error), error
        return
    equal("of the first, of the second", (found(first), found(second)), ([], [made.dataset_id]))


def check_dataset_from_traces():
    experiment_id = new_experiment("eval-datasets")
    trace_id = logged()
    mlflow.log_expectation(trace_id=trace_id, name="answer", value=42)
    made = client().create_dataset(fresh("traced"), experiment_id)
    made.merge_records(mlflow.search_traces(experiment_ids=[experiment_id], return_type="list"))
    (record,) = client().get_dataset(made.dataset_id).to_df().to_dict("records")
    equal("inputs", record["inputs"], {"question": "why"})
    equal("expectations", record["expectations"], {"answer": 42})


@since("3.10")
def check_scorers():
    from mlflow.genai.scorers import Guidelines, delete_scorer, get_scorer, list_scorers
    from mlflow.genai.scorers.registry import list_scorer_versions

    experiment_id = new_experiment("scorers")
    judge = Guidelines(name="polite", guidelines=["Be polite"], model="openai:/gpt-4o")
    judge.register(experiment_id=experiment_id)
    Guidelines(name="polite", guidelines=["Be very polite"], model="openai:/gpt-4o").register(experiment_id=experiment_id)
    equal("listed", [item.name for item in list_scorers(experiment_id=experiment_id)], ["polite"])
    equal("versions", [number for _, number in list_scorer_versions(name="polite", experiment_id=experiment_id)], [1, 2])
    equal("the latest", get_scorer(name="polite", experiment_id=experiment_id).guidelines, ["Be very polite"])
    equal("the first", get_scorer(name="polite", experiment_id=experiment_id, version=1).guidelines, ["Be polite"])
    delete_scorer(name="polite", experiment_id=experiment_id, version="all")
    equal("deleted", list_scorers(experiment_id=experiment_id), [])


@since("3.15")
def check_label_schemas():
    from mlflow.genai import label_schemas
    from mlflow.genai.label_schemas import InputCategorical, InputPassFail

    experiment_id = new_experiment("label-schemas")
    made = label_schemas.create_label_schema(
        "correct", type="feedback", input=InputPassFail("Yes", "No"), instruction="look twice", experiment_id=experiment_id
    )
    label_schemas.create_label_schema("tone", type="feedback", input=InputCategorical(["warm", "cold"]), experiment_id=experiment_id)
    found = label_schemas.get_label_schema(name="correct", experiment_id=experiment_id)
    equal("fields", (found.schema_id, found.instruction, found.input.positive_label), (made.schema_id, "look twice", "Yes"))
    label_schemas.update_label_schema(made.schema_id, name="right", enable_comment=True)
    found = label_schemas.get_label_schema(schema_id=made.schema_id)
    equal("changed", (found.name, found.enable_comment), ("right", True))
    names = [item.name for item in label_schemas.list_label_schemas(experiment_id)]
    assert {"right", "tone"} <= set(names), names
    label_schemas.delete_label_schema(schema_id=made.schema_id)
    refused("deleted", "RESOURCE_DOES_NOT_EXIST", lambda: label_schemas.get_label_schema(schema_id=made.schema_id))


@since("3.15")
def check_review_queues():
    from mlflow.genai import review_queues

    experiment_id = new_experiment("review-queues")
    ids = [logged() for _ in range(2)]
    queue = review_queues.create_review_queue("first look", queue_type="custom", users=["ana"], experiment_id=experiment_id)
    review_queues.add_items_to_review_queue(queue.queue_id, item_ids=ids)
    items = review_queues.list_review_queue_items(queue.queue_id)
    equal("items", sorted(item.item_id for item in items), sorted(ids))
    review_queues.set_review_queue_item_status(queue.queue_id, item_id=ids[0], status="complete", completed_by="ana")
    done = review_queues.list_review_queue_items(queue.queue_id, status="complete")
    equal("done", [(item.item_id, item.completed_by) for item in done], [(ids[0], "ana")])
    review_queues.remove_items_from_review_queue(queue.queue_id, item_ids=ids[1:])
    equal("left", len(review_queues.list_review_queue_items(queue.queue_id)), 1)
    review_queues.update_review_queue(queue.queue_id, name="second look", users=["ana", "ben"])
    found = review_queues.get_review_queue(queue.queue_id)
    equal("changed", (found.name, sorted(found.users)), ("second look", ["ana", "ben"]))
    equal("of ben", [item.name for item in review_queues.list_review_queues(user="ben", experiment_id=experiment_id)], ["second look"])
    mine = review_queues.get_or_create_user_queue("ana", experiment_id=experiment_id)
    equal("again", review_queues.get_or_create_user_queue("ana", experiment_id=experiment_id).queue_id, mine.queue_id)
    review_queues.delete_review_queue(queue.queue_id)
    refused("deleted", "RESOURCE_DOES_NOT_EXIST", lambda: review_queues.get_review_queue(queue.queue_id))


@since("3.6")
def check_judge_of_ones_own():
    from mlflow.genai import make_judge
    from mlflow.genai.scorers import get_scorer

    experiment_id = new_experiment("judges")
    words = "Does {{ outputs }} answer {{ inputs }}?"
    make_judge(name="answers", instructions=words, model="openai:/gpt-4o").register(experiment_id=experiment_id)
    equal("instructions", get_scorer(name="answers", experiment_id=experiment_id).instructions, words)
