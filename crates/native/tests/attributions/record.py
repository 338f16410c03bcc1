"""Writes small models and what `shap` says of them, for the Rust attributions to be compared with.

    pip install shap==0.51.0 scikit-learn==1.9.1 skops==0.16.0 xgboost==3.2.0 lightgbm==4.7.0 pandas
    python record.py

A case is a model file and an entry of `cases.json`: rows, the background of a linear model, and the values that
`shap.TreeExplainer` (by the paths of training data), `shap.LinearExplainer` or the library itself give. Behind steps
that make several columns of one, the values of those columns are added up.
"""

import json
import zipfile
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import shap
import skops.io
import xgboost
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

HERE = Path(__file__).parent
random = np.random.default_rng(7)
NAMES = ["a", "b", "c", "d", "e"]
x = pd.DataFrame(random.normal(size=(300, 5)), columns=NAMES).round(3)
y = 2 * x["a"] - x["b"] * x["c"] + 0.3 * x["d"] + random.normal(size=300) * 0.1
two, three = (y > 0).astype(int), np.digitize(y, [-1, 1])
rows = x.head(12).copy()
mixed = x.copy()
mixed["town"] = random.choice(["ams", "ber", "cph"], size=300)
mixed.loc[random.choice(300, 30, replace=False), "b"] = np.nan
of_mixed = y + mixed["town"].map({"ams": 0, "ber": 2, "cph": -1})
cases = {}


def values_of(explained, rows):
    """Row by row, input by input, output by output."""
    values = np.asarray(explained)
    return values.reshape(len(rows), values.shape[1], -1)


def case(name, file, rows, values, base, tolerance, background=None, names=NAMES):
    cases[name] = {
        "file": file,
        "columns": {column: rows[column].tolist() for column in names},
        "background": None if background is None else {column: background[column].tolist() for column in names},
        "values": np.asarray(values, dtype=float).ravel().tolist(),
        "base": np.atleast_1d(np.asarray(base, dtype=float)).ravel().tolist(),
        "tolerance": tolerance,
    }


def skops_case(name, model, rows, values, base, tolerance=1e-9, **more):
    skops.io.dump(model, HERE / f"{name}.skops", compression=zipfile.ZIP_DEFLATED, compresslevel=9)
    case(name, f"{name}.skops", rows, values, base, tolerance, **more)


def trees(name, model, target, tolerance=1e-9):
    model.fit(x, target)
    explainer = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
    # Of a binary boosted classifier there is one output, of a forest one for each class.
    skops_case(name, model, rows, values_of(explainer.shap_values(rows), rows), explainer.expected_value, tolerance)


small = {"n_estimators": 4, "max_depth": 4, "random_state": 1}
trees("decision_tree", DecisionTreeRegressor(max_depth=6, random_state=1), y)
trees("decision_tree_classes", DecisionTreeClassifier(max_depth=4, random_state=1), three)
trees("forest", RandomForestRegressor(**small), y)
trees("forest_classes", RandomForestClassifier(**small), three)
trees("extra_trees", ExtraTreesRegressor(**small), y)
trees("boosted", GradientBoostingRegressor(**small), y)
trees("boosted_classes", GradientBoostingClassifier(**small), two)
trees("hist_classes", HistGradientBoostingClassifier(max_iter=6, max_depth=4, random_state=1), two)

linear = LinearRegression().fit(x, y)
explainer = shap.LinearExplainer(linear, shap.maskers.Independent(x, max_samples=300))
skops_case("linear", linear, rows, values_of(explainer.shap_values(rows), rows), explainer.expected_value, background=x)
logistic = LogisticRegression().fit(x, three)
explainer = shap.LinearExplainer(logistic, shap.maskers.Independent(x, max_samples=300))
values = values_of(explainer.shap_values(rows), rows)
skops_case("logistic_classes", logistic, rows, values, explainer.expected_value, background=x)

# One-hot columns are added up to the town that they were made of.
steps = ColumnTransformer(
    [
        ("town", OneHotEncoder(sparse_output=False), ["town"]),
        ("numbers", Pipeline([("fill", SimpleImputer(add_indicator=True)), ("scale", StandardScaler())]), NAMES),
    ]
)
pipeline = Pipeline([("prepare", steps), ("model", GradientBoostingRegressor(**small))]).fit(mixed, of_mixed)
some = mixed.tail(12)
prepared = steps.transform(some)
origins = np.array([5, 5, 5, 0, 1, 2, 3, 4, 1])
explainer = shap.TreeExplainer(pipeline["model"], feature_perturbation="tree_path_dependent")
parts = explainer.shap_values(prepared)
assert parts.shape[1] == len(origins), parts.shape
values = np.stack([parts[:, origins == column].sum(axis=1) for column in range(6)], axis=1)
some = some.assign(b=some["b"].astype(object).where(some["b"].notna(), None))
skops_case("pipeline", pipeline, some, values, explainer.expected_value, names=[*NAMES, "town"])

# XGBoost's own attributions are single precision.
model = xgboost.XGBRegressor(**small).fit(x, y)
model.save_model(HERE / "xgboost.json")
parts = model.get_booster().predict(xgboost.DMatrix(rows), pred_contribs=True)
case("xgboost", "xgboost.json", rows, parts[:, :-1], parts[0, -1], 1e-5)
model = lightgbm.LGBMRegressor(**small, verbose=-1).fit(x, y)
model.booster_.save_model(HERE / "lightgbm.txt")
parts = model.predict(rows, pred_contrib=True)
case("lightgbm", "lightgbm.txt", rows, parts[:, :-1], parts[0, -1], 1e-9)

(HERE / "cases.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")
