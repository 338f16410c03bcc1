"""Write the model folders the integration tests serve: `python models.py OUT`."""

import json
import logging
import os
import pathlib
import sys
import time
import warnings

import cloudpickle
import lightgbm as lgb
import mlflow
import numpy as np
import pandas as pd
import xgboost as xgb
from mlflow.models import ModelSignature, infer_signature
from mlflow.types import ParamSchema, Schema
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC

sys.path.insert(0, str(pathlib.Path(__file__).parent / "cases"))
import generate  # noqa: E402

warnings.simplefilter("ignore")
logging.disable(logging.WARNING)

OUT = pathlib.Path(sys.argv[1])
DICE = np.random.default_rng(7)


class Moody(mlflow.pyfunc.PythonModel):
    """Doubles `x`, except for the values that mean trouble."""

    def predict(self, context, model_input, params=None):
        values = model_input["x"].to_numpy()
        if (values == -1).any():
            raise ValueError("minus one is not welcome")
        if (values == -2).any():
            time.sleep(0.5)
        if (values == -3).any():
            os._exit(3)
        if (values == -4).any():
            time.sleep(60)
        if (values == -5).any():
            values = values + np.ones(500_000_000)[: len(values)]
        return values * 2


class Total(mlflow.pyfunc.PythonModel):
    """Not row-wise: one number, whatever it is given."""

    def predict(self, context, model_input, params=None):
        return [float(model_input["x"].sum())]


class Witness(mlflow.pyfunc.PythonModel):
    """Answers what it was given, in the form `cases/generate.py` records."""

    def predict(self, context, model_input, params=None):
        return [json.dumps([generate.seen(model_input), params])]


def signature_of(name):
    recorded = generate.SIGNATURES[name]
    inputs = Schema.from_json(json.dumps(recorded["inputs"])) if "inputs" in recorded else None
    params = ParamSchema.from_json(json.dumps(recorded["params"])) if "params" in recorded else None
    return ModelSignature(inputs=inputs, params=params) if inputs or params else None


def sklearn_model(name, estimator, inputs, target, **more):
    estimator.fit(inputs, target)
    trusted = ["sklearn.tree._tree.Tree", "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"]
    more = more or {"skops_trusted_types": trusted}
    mlflow.sklearn.save_model(
        estimator,
        OUT / name,
        signature=infer_signature(inputs, estimator.predict(inputs)),
        input_example=inputs.head(3) if hasattr(inputs, "head") else inputs[:3],
        pip_requirements=[],
        **more,
    )


def described(model, inputs):
    return {"signature": infer_signature(inputs, model.predict(inputs)), "input_example": inputs.head(3)}


def boosted_model(flavor, name, estimator, inputs, target):
    estimator.fit(inputs, target)
    flavor.save_model(estimator, OUT / name, pip_requirements=[], **described(estimator, inputs))


def zoo(numbers, target, label, mixed):
    """Models of several kinds that native scoring reads, kept as pickles."""
    pickled = {"serialization_format": "cloudpickle"}
    few = dict(n_estimators=10, random_state=0)
    scaled = lambda model: make_pipeline(StandardScaler(), model)  # noqa: E731
    both = np.column_stack([label == "yes", numbers.c > 0]).astype(int)
    members = [("forest", RandomForestClassifier(**few)), ("logistic", scaled(LogisticRegression()))]
    prepared = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), list("abcd")),
            ("city", OneHotEncoder(handle_unknown="ignore"), ["city"]),
        ]
    )
    for name, estimator, inputs, goal in [
        ("svc", scaled(SVC()), numbers, label),
        ("neighbours", KNeighborsClassifier(algorithm="kd_tree"), numbers, label),
        ("stacking", StackingClassifier(members, LogisticRegression(), cv=2), numbers, label),
        ("several_labels", RandomForestClassifier(**few), numbers, both),
        ("prepared_xgboost", make_pipeline(prepared, xgb.XGBRegressor(n_estimators=10)), mixed, target),
    ]:
        sklearn_model(f"zoo_{name}", estimator, inputs, goal, **pickled)


def main():
    numbers = pd.DataFrame(DICE.normal(size=(500, 4)).round(2), columns=list("abcd"))
    target = numbers.a * 2 + numbers.b**2
    label = np.where(target > 0.5, "yes", "no")
    mixed = numbers.assign(city=DICE.choice(["Oslo", "Lima", "Pune"], size=500))
    forest = dict(n_estimators=20, random_state=0)
    sklearn_model("forest", RandomForestRegressor(**forest), numbers, target)
    sklearn_model("forest_pickle", RandomForestRegressor(**forest), numbers, target, serialization_format="cloudpickle")
    sklearn_model("forest_other_seed", RandomForestRegressor(n_estimators=20, random_state=1), numbers, target)
    sklearn_model("classes", RandomForestClassifier(**forest), numbers, label)
    sklearn_model("boosting", HistGradientBoostingRegressor(max_iter=20), numbers, target)
    sklearn_model("linear", LinearRegression(), numbers, target)
    sklearn_model("array", LinearRegression(), numbers.to_numpy(), target)
    columns = ColumnTransformer(
        [("numbers", StandardScaler(), list("abcd")), ("city", OneHotEncoder(handle_unknown="ignore"), ["city"])]
    )
    sklearn_model("mixed", make_pipeline(columns, LogisticRegression()), mixed, label)

    zoo(numbers, target, label, mixed)

    boosted_model(mlflow.xgboost, "xgboost", xgb.XGBRegressor(n_estimators=20), numbers, target)
    boosted_model(mlflow.xgboost, "xgboost_classes", xgb.XGBClassifier(n_estimators=20), numbers, (label == "yes") * 1)
    lightgbm = dict(n_estimators=20, verbose=-1)
    boosted_model(mlflow.lightgbm, "lightgbm", lgb.LGBMRegressor(**lightgbm), numbers, target)
    boosted_model(mlflow.lightgbm, "lightgbm_classes", lgb.LGBMClassifier(**lightgbm), numbers, label)
    booster = lgb.train({"verbose": -1}, lgb.Dataset(numbers, target), 20)
    mlflow.lightgbm.save_model(booster, OUT / "lightgbm_booster", pip_requirements=[], **described(booster, numbers))

    pd.DataFrame({"x": [1.5, 2.5]}).to_parquet(OUT / "two_rows.parquet")

    cloudpickle.register_pickle_by_value(generate)
    for name, model, signature in [
        ("moody", Moody(), signature_of("double")),
        ("total", Total(), signature_of("double")),
        *[(f"witness_{name}", Witness(), signature_of(name)) for name in generate.SIGNATURES],
    ]:
        mlflow.pyfunc.save_model(OUT / name, python_model=model, signature=signature, pip_requirements=[])


main()
