"""Writes models and what scikit-learn answers with them, for the Rust evaluator to be compared with.

    python generate.py --out DIR [--rows N] [--trees N] [--seed N] [--only CASE..]

Every case is a folder with `model.skops` and `case.json`: sets of input columns and the answers to them. Floats are
written as the hexadecimal digits of their bits, so that nothing is rounded on the way. A set to which Python raises
has `"raises"` in place of answers. The committed files are those of the defaults, and for older releases of
scikit-learn the cases whose rules have changed since: `--only decision_tree_classifier scaled_single_precision ..`.
"""

import argparse
import json
import sys
import warnings
import zipfile
from itertools import chain
from pathlib import Path

import numpy as np
import skops.io
import sklearn
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeRegressor

import case_boosted_steps
import case_classes
import case_distances
import case_ensembles
import case_linear
import case_preparation
import case_refused
from rows import NUMBERS, RELEASE, TRAINING_ROWS, Training, answers, mixed, mixed_sets, number_sets, numbers, target, with_missing

warnings.filterwarnings("ignore")

FAMILIES = [case_linear, case_classes, case_distances, case_ensembles, case_preparation, case_boosted_steps]


def cases(rng, rows, trees):
    """Name, fitted model, input sets, and whether the input is an array instead of a data frame."""
    x = numbers(rng, TRAINING_ROWS)
    y = target(rng, x)
    two = (y > np.median(y)).astype(int)
    three = np.array(["low", "mid", "high"])[np.digitize(y, np.quantile(y, [0.33, 0.66]))]
    holes = with_missing(rng, x)
    sets = number_sets(rng, rows)
    few = {name: sets[name] for name in ("plain", "missing", "float32", "mixed", "integers32")}
    seed = {"random_state": 7}
    forest = {"n_estimators": trees, "max_depth": 6, **seed}
    boost = {"n_estimators": trees, "max_depth": 3, **seed}
    hist = {"max_iter": trees, "max_leaf_nodes": 12, **seed}

    yield "decision_tree_regressor", DecisionTreeRegressor(max_depth=6, **seed).fit(x, y), sets, False
    yield "decision_tree_classifier", DecisionTreeClassifier(max_depth=6, **seed).fit(x, three), few, False
    yield "extra_tree_regressor", ExtraTreeRegressor(max_depth=6, **seed).fit(x, y), few, False
    yield "random_forest_regressor", RandomForestRegressor(**forest).fit(x, y), sets, False
    yield "random_forest_classifier", RandomForestClassifier(**forest).fit(x, two), sets, False
    yield "random_forest_text_labels", RandomForestClassifier(**forest, class_weight="balanced").fit(x, three), few, False
    yield "random_forest_bool_labels", RandomForestClassifier(**forest).fit(x, two == 1), few, False
    yield "random_forest_array", RandomForestRegressor(**forest).fit(x.to_numpy(), y), sets, True
    yield "random_forest_best_first", RandomForestRegressor(max_leaf_nodes=20, **forest).fit(x, y), few, False
    parallel = RandomForestClassifier(n_jobs=2, **forest)
    yield "random_forest_parallel", parallel.fit(x, three), few, False
    targets = np.column_stack([y, -y, y * y])
    yield "random_forest_many_targets", RandomForestRegressor(**forest).fit(x, targets), few, False
    if RELEASE >= (1, 4):
        yield "random_forest_missing", RandomForestClassifier(**forest).fit(holes, two), few, False
    yield "extra_trees_regressor", ExtraTreesRegressor(**forest).fit(x, y), few, False
    yield "extra_trees_classifier", ExtraTreesClassifier(**forest).fit(x, three), few, False

    if RELEASE >= (1, 4):
        yield "gradient_boosting_regressor", GradientBoostingRegressor(**boost).fit(x, y), sets, False
        zero = GradientBoostingRegressor(loss="huber", init="zero", subsample=0.5, **boost)
        yield "gradient_boosting_zero", zero.fit(x, y), few, False
        yield "gradient_boosting_classifier", GradientBoostingClassifier(**boost).fit(x, two), few, False
        yield "gradient_boosting_three", GradientBoostingClassifier(**boost).fit(x, three), few, False
        exponential = GradientBoostingClassifier(loss="exponential", **boost)
        yield "gradient_boosting_exponential", exponential.fit(x, two), few, False

    if RELEASE >= (1, 5):
        yield "hist_regressor", HistGradientBoostingRegressor(**hist).fit(x, y), sets, False
        yield "hist_regressor_missing", HistGradientBoostingRegressor(**hist).fit(holes, y), sets, False
        poisson = HistGradientBoostingRegressor(loss="poisson", **hist)
        yield "hist_regressor_poisson", poisson.fit(x, np.abs(y)), few, False
        yield "hist_classifier", HistGradientBoostingClassifier(**hist).fit(holes, two), few, False
        yield "hist_classifier_three", HistGradientBoostingClassifier(**hist).fit(x, three), few, False
        categories = HistGradientBoostingRegressor(categorical_features=["small", "halves"], **hist)
        yield "hist_categories", categories.fit(holes, y), sets, False

    yield "linear_regression", LinearRegression().fit(x, y), sets, False
    yield "linear_no_intercept", LinearRegression(fit_intercept=False).fit(x, y), few, False
    yield "ridge_many_targets", Ridge().fit(x, targets), few, False
    yield "lasso", Lasso(alpha=0.01).fit(x, y), few, False
    yield "elastic_net", ElasticNet(alpha=0.01).fit(x, y), few, False
    near = x.drop(columns="epoch")
    near_sets = {name: frame.drop(columns="epoch") for name, frame in few.items()}
    yield "logistic_binary", LogisticRegression(max_iter=500).fit(near, two), near_sets, False
    yield "logistic_three", LogisticRegression(max_iter=500).fit(near, three), near_sets, False

    scaled = make_pipeline(StandardScaler(), RandomForestClassifier(**forest))
    yield "scaled_forest", scaled.fit(x, two), sets, False
    single = make_pipeline(StandardScaler(), DecisionTreeRegressor(**seed, max_depth=6))
    yield "scaled_single_precision", single.fit(x.astype("float32"), y), sets, False
    clipped = make_pipeline(MinMaxScaler(clip=True), MinMaxScaler((-1, 3)), DecisionTreeRegressor(max_depth=6, **seed))
    yield "min_max", clipped.fit(x, y), sets, False
    imputed = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler(), Ridge())
    yield "imputed_ridge", imputed.fit(holes, y), sets, False
    constant = make_pipeline(SimpleImputer(strategy="constant", fill_value=-1.0), RandomForestRegressor(**forest))
    yield "imputed_forest", constant.fit(holes, y), few, False

    wide = mixed(rng, TRAINING_ROWS)
    wide[NUMBERS] = with_missing(rng, wide[NUMBERS])
    wide["size"] = wide["size"].mask(rng.uniform(size=len(wide)) < 0.1, np.nan)
    outcome = target(rng, wide) + (wide["colour"] == "red") * 2 + wide["flag"] + wide["shop"] % 3
    label = np.where(outcome > np.median(outcome), "yes", "no")
    wide_sets = mixed_sets(rng, rows)

    def columns(last_codes="use_encoded_value", remainder="drop"):
        codes = {"unknown_value": -1} if last_codes == "use_encoded_value" else {}
        return ColumnTransformer(
            [
                ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), NUMBERS[:3]),
                ("range", MinMaxScaler(), ["cents"]),
                ("colour", OneHotEncoder(handle_unknown="ignore"), ["colour", "shop"]),
                ("flag", OneHotEncoder(drop="if_binary", handle_unknown="ignore"), ["flag"]),
                ("size", OrdinalEncoder(handle_unknown=last_codes, encoded_missing_value=-2.0, **codes), ["size"]),
                ("filled", make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(drop="first")), ["size"]),
            ],
            remainder=remainder,
        )

    # Before 1.4 text is told to be missing by NaN only.
    if RELEASE < (1, 4):
        wide["size"] = wide["size"].fillna("M")
        wide_sets.pop("missing text")
    fitted = Pipeline([("columns", columns()), ("skip", "passthrough"), ("model", RandomForestRegressor(**forest))])
    try:
        fitted.fit(wide.assign(cents=wide["cents"].fillna(1.0)), outcome)
        filled_sets = {
            name: frame.assign(cents=frame["cents"].fillna(1.0)) for name, frame in wide_sets.items()
        }
        yield "columns_forest", fitted, filled_sets, False
    except ValueError as error:
        print("columns_forest is left out:", error, file=sys.stderr)
    passing = ColumnTransformer(
        [("shop", OneHotEncoder(handle_unknown="ignore"), ["shop"]), ("none", "drop", ["normal"])],
        remainder="passthrough",
    )
    no_text = wide.drop(columns=["colour", "size"])
    passing_sets = {name: frame.drop(columns=["colour", "size"]) for name, frame in wide_sets.items()}
    if RELEASE >= (1, 4):
        passed = make_pipeline(passing, ExtraTreesClassifier(**forest) if RELEASE >= (1, 6) else RandomForestClassifier(**forest))
        yield "columns_passthrough", passed.fit(no_text, label), passing_sets, False
    sparse = make_pipeline(OneHotEncoder(handle_unknown="ignore"), StandardScaler(with_mean=False))
    sparse_columns = ColumnTransformer(
        [("text", sparse, ["colour", "shop"]), ("number", "passthrough", ["normal", "small"])], sparse_threshold=1.0
    )
    sparse_forest = make_pipeline(sparse_columns, StandardScaler(with_mean=False), RandomForestRegressor(**forest))
    yield "sparse_forest", sparse_forest.fit(wide.fillna({"normal": 0.0, "small": 0.0}), outcome), wide_sets, False
    logistic = make_pipeline(
        ColumnTransformer(
            [
                ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), NUMBERS),
                ("text", OneHotEncoder(handle_unknown="ignore", drop=["red"]), ["colour"]),
                ("flag", OrdinalEncoder(), ["flag"]),
            ]
        ),
        LogisticRegression(max_iter=500),
    )
    yield "columns_logistic", logistic.fit(wide, label), wide_sets, False
    if RELEASE >= (1, 6):
        typed = wide.assign(colour=wide["colour"].astype("category"), size=wide["size"].astype("category"))
        yield "hist_text_categories", HistGradientBoostingClassifier(**hist).fit(typed, label), wide_sets, False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=12)
    parser.add_argument("--trees", type=int, default=4)
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--only", nargs="*", default=[])
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    count = 0
    training = Training(np.random.default_rng(arguments.seed), arguments.rows, arguments.trees)
    families = (family.cases(training) for family in FAMILIES)
    for name, model, sets, as_array in chain(cases(rng, arguments.rows, arguments.trees), *families):
        if arguments.only and name not in arguments.only:
            continue
        folder = arguments.out / name
        folder.mkdir(parents=True, exist_ok=True)
        # Every other file is stored without compression, as `mlflow.sklearn` does.
        compression = zipfile.ZIP_DEFLATED if arguments.trees <= 10 or count % 2 else zipfile.ZIP_STORED
        (folder / "model.skops").write_bytes(skops.io.dumps(model, compression=compression))
        case = {
            "sklearn": sklearn.__version__,
            "class": type(model).__name__,
            "sets": list(answers(model, sets, as_array)),
        }
        (folder / "case.json").write_text(json.dumps(case, separators=(",", ":"), ensure_ascii=False) + "\n")
        count += 1
    for name, model, reason in case_refused.cases(training):
        if arguments.only and name not in arguments.only:
            continue
        folder = arguments.out / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.skops").write_bytes(skops.io.dumps(model))
        case = {"sklearn": sklearn.__version__, "class": type(model).__name__, "refused": reason}
        (folder / "case.json").write_text(json.dumps(case) + "\n")
        count += 1
    print(f"{count} cases by scikit-learn {sklearn.__version__} in {arguments.out}")


if __name__ == "__main__":
    main()
