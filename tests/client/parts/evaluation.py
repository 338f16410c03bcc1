"""Evaluation of models, functions and tables of predictions."""

import mlflow
import pandas

from .models import DELAY, ROWS, forest, how_to_write
from .support import MLFLOW_VERSION, client, equal, new_experiment, since

TABLE = ROWS.assign(delay=DELAY)


def check_model():
    new_experiment("evaluation")
    model = forest()
    with mlflow.start_run() as run:
        kept = mlflow.sklearn.log_model(model, artifact_path="model", pip_requirements=["scikit-learn"], **how_to_write())
        result = mlflow.models.evaluate(
            kept.model_uri,
            TABLE,
            targets="delay",
            model_type="regressor",
            evaluators="default",
            evaluator_config={"log_model_explainability": False},
        )
    found = client().get_run(run.info.run_id)
    equal("metric", found.data.metrics["mean_absolute_error"], result.metrics["mean_absolute_error"])
    assert result.metrics["r2_score"] > 0.5, result.metrics
    assert [data.dataset.name for data in found.inputs.dataset_inputs] or MLFLOW_VERSION < (2, 10), found.inputs


def check_function_and_metric_of_ones_own():
    from mlflow.metrics import MetricValue, make_metric

    def off_by(predictions, targets, metrics):
        return MetricValue(aggregate_results={"most": float((predictions - targets).abs().max())})

    new_experiment("evaluation")
    with mlflow.start_run() as run:
        result = mlflow.evaluate(
            lambda rows: rows["distance"] / 100,
            TABLE,
            targets="delay",
            extra_metrics=[make_metric(eval_fn=off_by, greater_is_better=False, name="off_by")],
            evaluators="default",
        )
    equal("most", result.metrics["off_by/most"], 44.0)
    equal("logged", client().get_run(run.info.run_id).data.metrics["off_by/most"], 44.0)


def check_classifier_artifacts():
    from sklearn.tree import DecisionTreeClassifier

    new_experiment("evaluation")
    late = (DELAY > DELAY.mean()).astype(int)
    model = DecisionTreeClassifier(max_depth=2).fit(ROWS, late)
    rows = ROWS.assign(late=late, guess=model.predict(ROWS))
    with mlflow.start_run() as run:
        mlflow.evaluate(data=rows, targets="late", predictions="guess", model_type="classifier", evaluators="default")
    found = client().get_run(run.info.run_id)
    assert found.data.metrics["accuracy_score"] > 0.7, found.data.metrics
    files = [item.path for item in client().list_artifacts(run.info.run_id)]
    assert "confusion_matrix.png" in files, files


@since("2.22")
def check_frame_is_data():
    new_experiment("evaluation")
    frame = pandas.DataFrame({"guess": [1.0, 2.0, 4.0], "truth": [1.0, 2.0, 3.0]})
    with mlflow.start_run() as run:
        mlflow.evaluate(data=frame, predictions="guess", targets="truth", model_type="regressor", evaluators="default")
    equal("metric", client().get_run(run.info.run_id).data.metrics["max_error"], 1.0)
