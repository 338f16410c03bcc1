"""Models: logged, registered, loaded back by every kind of address; autologging."""

import inspect

import mlflow
import mlflow.pyfunc
import mlflow.sklearn
import numpy
import pandas
from mlflow.models import infer_signature

from .support import MLFLOW_VERSION, client, equal, fresh, new_experiment

ROWS = pandas.DataFrame(
    {"distance": numpy.linspace(100.0, 2500.0, 40), "hour": numpy.tile([6.0, 12.0, 18.0, 22.0], 10)}
)
DELAY = ROWS["distance"] / 100 + ROWS["hour"] * 2


def forest(seed=1):
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor(n_estimators=5, random_state=seed).fit(ROWS, DELAY)


def how_to_write():
    """The newest clients write scikit-learn models as skops and want trusted types named; the old ones write pickles."""
    if "skops_trusted_types" in inspect.signature(mlflow.sklearn.log_model).parameters:
        return {"serialization_format": "skops", "skops_trusted_types": ["sklearn.tree._tree.Tree"]}
    return {}


def log_forest(name, seed=1):
    """Log a forest with its signature and example, registered as `name`; answer with the model and its run."""
    model = forest(seed)
    with mlflow.start_run() as run:
        mlflow.sklearn.log_model(
            model,
            artifact_path="model",
            registered_model_name=name,
            signature=infer_signature(ROWS, model.predict(ROWS)),
            input_example=ROWS[:2],
            pip_requirements=["scikit-learn"],  # else each call spends seconds on finding them out
            **how_to_write(),
        )
    return model, run.info.run_id


def predictions(uri):
    return mlflow.pyfunc.load_model(uri).predict(ROWS).tolist()


def check_log_and_load():
    new_experiment("models")
    name = fresh("forest")
    first, first_run = log_forest(name, seed=1)
    second, second_run = log_forest(name, seed=2)
    one, two = first.predict(ROWS).tolist(), second.predict(ROWS).tolist()
    assert one != two, "the two forests differ"
    equal("version 1", predictions(f"models:/{name}/1"), one)
    equal("version 2", predictions(f"models:/{name}/2"), two)
    equal("latest", predictions(f"models:/{name}/latest"), two)
    equal("run of version 1", predictions(f"runs:/{first_run}/model"), one)
    equal("run of version 2", predictions(f"runs:/{second_run}/model"), two)
    client().set_registered_model_alias(name, "champion", "1")
    equal("alias", predictions(f"models:/{name}@champion"), one)
    client().set_registered_model_alias(name, "champion", "2")
    equal("moved alias", predictions(f"models:/{name}@champion"), two)
    client().transition_model_version_stage(name, "1", "Production", archive_existing_versions=True)
    equal("stage", predictions(f"models:/{name}/Production"), one)
    client().transition_model_version_stage(name, "2", "Production", archive_existing_versions=True)
    equal("stage after a promotion", predictions(f"models:/{name}/Production"), two)
    loaded = mlflow.sklearn.load_model(f"models:/{name}/2")
    equal("as scikit-learn", loaded.get_params()["n_estimators"], 5)


def check_signature_and_example():
    new_experiment("models")
    name = fresh("signed")
    model, _ = log_forest(name)
    info = mlflow.models.get_model_info(f"models:/{name}/1")
    equal("inputs", [(column.name, column.type.name) for column in info.signature.inputs.inputs], [("distance", "double"), ("hour", "double")])
    equal("flavors", sorted(info.flavors), ["python_function", "sklearn"])
    loaded = mlflow.pyfunc.load_model(f"models:/{name}/1")
    example = loaded.input_example if hasattr(loaded, "input_example") else ROWS[:2]
    equal("prediction for the example", loaded.predict(example).tolist(), model.predict(ROWS[:2]).tolist())


def check_register_later():
    new_experiment("models")
    model = forest()
    with mlflow.start_run() as run:
        mlflow.sklearn.log_model(model, artifact_path="forest", **how_to_write())
    name = fresh("later")
    version = mlflow.register_model(f"runs:/{run.info.run_id}/forest", name, tags={"how": "later"})
    equal("version", int(version.version), 1)
    found = client().get_model_version(name, "1")
    equal("run", found.run_id, run.info.run_id)
    equal("tags", found.tags, {"how": "later"})
    equal("predictions", predictions(f"models:/{name}/1"), model.predict(ROWS).tolist())


def check_python_model():
    class Doubles(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            return model_input["distance"] * 2

    new_experiment("models")
    name = fresh("doubles")
    with mlflow.start_run():
        mlflow.pyfunc.log_model(artifact_path="doubles", python_model=Doubles(), registered_model_name=name, pip_requirements=["mlflow"])
    equal("predictions", list(mlflow.pyfunc.load_model(f"models:/{name}/1").predict(ROWS)), list(ROWS["distance"] * 2))


def check_logged_model():
    """Logged models are nouns of their own since MLflow 3."""
    if MLFLOW_VERSION < (3, 0):
        return
    experiment_id = new_experiment("logged-models")
    model = forest()
    with mlflow.start_run() as run:
        logged = mlflow.sklearn.log_model(model, name="forest", params={"trees": 5}, pip_requirements=["scikit-learn"], **how_to_write())
        mlflow.log_metric("auc", 0.75, model_id=logged.model_id)
    found = client().get_logged_model(logged.model_id)
    equal("name", found.name, "forest")
    equal("status", str(getattr(found.status, "value", found.status)), "READY")
    equal("run", found.source_run_id, run.info.run_id)
    equal("params", found.params["trees"], "5")
    equal("metrics", [(metric.key, metric.value) for metric in found.metrics], [("auc", 0.75)])
    equal("its predictions", predictions(f"models:/{logged.model_id}"), model.predict(ROWS).tolist())
    client().set_logged_model_tags(logged.model_id, {"tier": "gold", "gone": "soon"})
    client().delete_logged_model_tag(logged.model_id, "gone")
    tags = client().get_logged_model(logged.model_id).tags
    equal("tags", (tags["tier"], "gone" in tags), ("gold", False))

    def search(filter_string):
        return [item.model_id for item in client().search_logged_models([experiment_id], filter_string)]

    equal("by metric", search("metrics.auc > 0.5"), [logged.model_id])
    equal("by a greater metric", search("metrics.auc > 0.8"), [])
    equal("by name", search("name = 'forest'"), [logged.model_id])
    equal("outputs of the run", [output.model_id for output in client().get_run(run.info.run_id).outputs.model_outputs], [logged.model_id])


def check_autolog():
    from sklearn.linear_model import LinearRegression

    experiment_id = new_experiment("autolog")
    mlflow.sklearn.autolog(log_models=False)
    try:
        with mlflow.start_run() as run:
            LinearRegression(fit_intercept=False).fit(ROWS, DELAY)
    finally:
        mlflow.sklearn.autolog(disable=True)
    data = client().get_run(run.info.run_id).data
    equal("param", data.params["fit_intercept"], "False")
    equal("estimator", data.tags["estimator_name"], "LinearRegression")
    assert data.metrics["training_r2_score"] > 0.9, data.metrics
    equal("found", list(mlflow.search_runs([experiment_id], "tags.estimator_name = 'LinearRegression'")["run_id"]), [run.info.run_id])


def check_signature_is_set_later():
    new_experiment("models")
    name = fresh("unsigned")
    model = forest()
    with mlflow.start_run():
        kept = mlflow.sklearn.log_model(
            model, artifact_path="model", registered_model_name=name, pip_requirements=["scikit-learn"], **how_to_write()
        )
    equal("none yet", mlflow.models.get_model_info(kept.model_uri).signature, None)
    signature = infer_signature(ROWS, model.predict(ROWS))
    mlflow.models.set_signature(kept.model_uri, signature)
    equal("signature", mlflow.models.get_model_info(kept.model_uri).signature, signature)
