"""Autologging of scikit-learn, XGBoost and LightGBM: params, metrics, model, datasets, metrics after training."""

import mlflow
import numpy
import pandas

from .support import MLFLOW_VERSION, client, equal, new_experiment, since

generator = numpy.random.default_rng(7)
ROWS = pandas.DataFrame({"a": generator.normal(size=200), "b": generator.normal(size=200)})
LABELS = (ROWS["a"] + ROWS["b"] > 0).astype(int)


def models_of(run):
    """Where the model of a run can be loaded from: clients since 3.0 make it a noun of its own."""
    if MLFLOW_VERSION >= (3, 0):
        return [f"models:/{output.model_id}" for output in run.outputs.model_outputs]
    return [f"runs:/{run.info.run_id}/model"]


def check_scikit_learn():
    import sklearn.metrics
    from sklearn.linear_model import LogisticRegression

    new_experiment("autolog")
    mlflow.sklearn.autolog()
    with mlflow.start_run() as run:
        model = LogisticRegression(C=0.5).fit(ROWS, LABELS)
        sklearn.metrics.f1_score(LABELS, model.predict(ROWS))
        model.score(ROWS, LABELS)
    run = client().get_run(run.info.run_id)
    equal("param", run.data.params["C"], "0.5")
    equal("estimator", run.data.tags["estimator_name"], "LogisticRegression")
    assert run.data.metrics["training_accuracy_score"] > 0.9, run.data.metrics
    after = [key for key in run.data.metrics if not key.startswith("training_")]
    assert any(key.startswith("f1_score") for key in after), after
    assert any("score" in key and "LogisticRegression" in key for key in after), after
    (data,) = run.inputs.dataset_inputs
    equal("dataset", ({tag.value for tag in data.tags}, data.dataset.source_type), ({"train"}, "code"))
    (uri,) = models_of(run)
    equal("model", mlflow.sklearn.load_model(uri).predict(ROWS).tolist(), model.predict(ROWS).tolist())
    files = [item.path for item in client().list_artifacts(run.info.run_id)]
    assert "training_confusion_matrix.png" in files, files
    assert "estimator.html" in files, files


def check_scikit_learn_search():
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import GridSearchCV

    experiment_id = new_experiment("autolog-search")
    mlflow.sklearn.autolog(log_models=False)
    with mlflow.start_run() as parent:
        GridSearchCV(Ridge(), {"alpha": [0.1, 1.0, 10.0]}, cv=2).fit(ROWS, ROWS["a"] * 2)
    children = client().search_runs([experiment_id], f"tags.mlflow.parentRunId = '{parent.info.run_id}'")
    equal("a child for each candidate", sorted(run.data.params["alpha"] for run in children), ["0.1", "1.0", "10.0"])
    equal("best", client().get_run(parent.info.run_id).data.params["best_alpha"], "0.1")


def check_xgboost():
    import xgboost

    new_experiment("autolog")
    mlflow.xgboost.autolog(model_format="json")
    train = xgboost.DMatrix(ROWS[:150], LABELS[:150])
    test = xgboost.DMatrix(ROWS[150:], LABELS[150:])
    with mlflow.start_run() as run:
        booster = xgboost.train(
            {"objective": "binary:logistic", "max_depth": 2, "eval_metric": "logloss"},
            train,
            num_boost_round=12,
            evals=[(test, "validation")],
            early_stopping_rounds=5,
            verbose_eval=False,
        )
    run = client().get_run(run.info.run_id)
    equal("params", (run.data.params["max_depth"], run.data.params["num_boost_round"]), ("2", "12"))
    history = client().get_metric_history(run.info.run_id, "validation-logloss")
    assert len(history) >= 10, history
    assert "stopped_iteration" in run.data.metrics or "best_iteration" in run.data.metrics, run.data.metrics
    (uri,) = models_of(run)
    equal("model", mlflow.xgboost.load_model(uri).predict(test).tolist(), booster.predict(test).tolist())
    files = [item.path for item in client().list_artifacts(run.info.run_id)]
    assert "feature_importance_weight.png" in files, files


def check_lightgbm():
    import lightgbm

    new_experiment("autolog")
    mlflow.lightgbm.autolog()
    train = lightgbm.Dataset(ROWS[:150], LABELS[:150])
    test = lightgbm.Dataset(ROWS[150:], LABELS[150:])
    with mlflow.start_run() as run:
        booster = lightgbm.train(
            {"objective": "binary", "num_leaves": 4, "verbose": -1}, train, num_boost_round=8, valid_sets=[test], valid_names=["held"]
        )
    run = client().get_run(run.info.run_id)
    equal("params", (run.data.params["num_leaves"], run.data.params["num_boost_round"]), ("4", "8"))
    equal("points", len(client().get_metric_history(run.info.run_id, "held-binary_logloss")), 8)
    (uri,) = models_of(run)
    equal("model", mlflow.lightgbm.load_model(uri).predict(ROWS).tolist(), booster.predict(ROWS).tolist())
    contexts = sorted(tag.value for data in run.inputs.dataset_inputs for tag in data.tags)
    equal("datasets", contexts, ["eval", "train"])


@since("2.22")
def check_everything_at_once():
    from sklearn.tree import DecisionTreeClassifier

    experiment_id = new_experiment("autolog")
    mlflow.autolog(log_models=False, extra_tags={"team": "autolog"})
    DecisionTreeClassifier(max_depth=2).fit(ROWS, LABELS)
    (run,) = client().search_runs([experiment_id], "tags.team = 'autolog'")
    equal("param", run.data.params["max_depth"], "2")
    equal("the run was ended", run.info.status, "FINISHED")
