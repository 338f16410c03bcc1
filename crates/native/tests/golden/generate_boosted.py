"""As generate.py, for XGBoost and LightGBM: models in their own files and what the libraries answer with them.

    python generate_boosted.py --out DIR [--rows N] [--trees N] [--seed N] [--only CASE..]

Models are saved and loaded as MLflow does it, so that what a file does not hold is not in the answers either.
`case.json` says which file and which Python class they are of.
"""

import argparse
import json
import warnings
from pathlib import Path

import lightgbm as lgb
import numpy as np
import xgboost as xgb
from rows import NUMBERS, TRAINING_ROWS, answers, number_sets, numbers, target, with_missing

warnings.filterwarnings("ignore")


class BoosterModel:
    """A bare XGBoost booster, called as MLflow calls it."""

    def __init__(self, booster):
        self.booster = booster

    def predict(self, data):
        return self.booster.predict(xgb.DMatrix(data))


def code_sets(sets):
    """Rows of a number and two categories, with categories that training never saw, negative and broken ones."""

    def codes(frame, shop):
        return frame.assign(halves=shop)[["normal", "halves", "small"]].astype("float64")

    plain, missing = sets["plain"], sets["missing"]
    shop = np.floor(np.abs(plain["cents"]) % 40)
    return {
        "plain": codes(plain, shop),
        "missing": codes(missing, shop.mask(plain["normal"] > 1)),
        "unseen": codes(plain, shop * 3 - 20),
        "broken": codes(plain, shop + 0.7).assign(small=plain["cents"]),
        "large": codes(plain, plain["epoch"]),
    }


def xgboost_cases(rng, rows, trees):
    x = numbers(rng, TRAINING_ROWS)
    y = target(rng, x)
    two = (y > np.median(y)).astype(int)
    three = np.digitize(y, np.quantile(y, [0.33, 0.66]))
    holes = with_missing(rng, x)
    sets = number_sets(rng, rows)
    few = {name: sets[name] for name in ("plain", "missing", "float32", "mixed")}
    common = {"n_estimators": trees, "max_depth": 4, "random_state": 7, "n_jobs": 1}

    def regressor(**options):
        return xgb.XGBRegressor(**{**common, **options})

    def classifier(**options):
        return xgb.XGBClassifier(**{**common, **options})

    positive = np.abs(y) + 0.1
    yield "xgboost_regressor", regressor().fit(x, y), "ubj", sets, False
    yield "xgboost_regressor_json", regressor().fit(holes, y), "json", sets, False
    yield "xgboost_array", regressor().fit(x.to_numpy(), y), "ubj", sets, True
    yield "xgboost_poisson", regressor(objective="count:poisson").fit(x, np.round(positive)), "ubj", few, False
    yield "xgboost_gamma", regressor(objective="reg:gamma").fit(x, positive), "ubj", few, False
    yield "xgboost_tweedie", regressor(objective="reg:tweedie").fit(x, positive), "json", few, False
    yield "xgboost_logistic_regression", regressor(objective="reg:logistic").fit(x, two), "ubj", few, False
    yield "xgboost_absolute", regressor(objective="reg:absoluteerror").fit(x, y), "ubj", few, False
    yield "xgboost_two_targets", regressor().fit(x, np.column_stack([y, -y])), "ubj", few, False
    yield "xgboost_weighted", regressor().fit(x, y, sample_weight=rng.uniform(size=len(y))), "ubj", few, False
    random_forest = xgb.XGBRFRegressor(**common)
    yield "xgboost_forest", random_forest.fit(x, y), "ubj", few, False
    yield "xgboost_classifier", classifier().fit(holes, two), "ubj", sets, False
    yield "xgboost_three", classifier().fit(holes, three), "json", few, False
    yield "xgboost_hinge", classifier(objective="binary:hinge").fit(x, two), "ubj", few, False
    stopped = classifier(n_estimators=60, early_stopping_rounds=3, learning_rate=0.9)
    yield "xgboost_stopped", stopped.fit(x, two, eval_set=[(holes, rng.permutation(two))], verbose=False), "ubj", few, False
    training = xgb.DMatrix(x, two)
    for name, objective in (("booster", "binary:logistic"), ("logitraw", "binary:logitraw")):
        booster = xgb.train({"objective": objective, "max_depth": 3}, training, trees)
        yield f"xgboost_{name}", booster, "ubj", few, False
    yield "xgboost_dart", regressor(booster="dart", rate_drop=0.4, skip_drop=0.1).fit(holes, y), "ubj", sets, False
    yield "xgboost_dart_classes", classifier(booster="dart", rate_drop=0.4).fit(x, three), "json", few, False
    dart = xgb.train({"booster": "dart", "rate_drop": 0.4, "max_depth": 3}, xgb.DMatrix(x, y), trees)
    yield "xgboost_dart_booster", dart, "ubj", few, False
    vectors = {"multi_strategy": "multi_output_tree", "tree_method": "hist"}
    many = np.column_stack([y, -y, y * y])
    yield "xgboost_vector_leaves", regressor(**vectors).fit(holes, many), "ubj", few, False
    shop = np.floor(np.abs(x["cents"]) % 40).to_numpy()
    codes = np.column_stack([x["normal"], shop, x["small"]])
    categories = {"enable_categorical": True, "tree_method": "hist", "feature_types": ["q", "c", "c"]}
    for name, limit in (("one_hot", 50), ("sets", 1)):
        fitted = regressor(max_cat_to_onehot=limit, **categories).fit(codes, y + 2 * (shop % 3) + (shop == 7))
        yield f"xgboost_categories_{name}", fitted, "ubj", code_sets(sets), True
    softmax = xgb.train({"objective": "multi:softmax", "num_class": 3}, xgb.DMatrix(x, three), trees)
    yield "xgboost_softmax", softmax, "ubj", few, False
    groups = np.repeat(np.arange(TRAINING_ROWS // 10), 10)
    ranker = xgb.XGBRanker(**common).fit(x, three, qid=groups)
    yield "xgboost_ranker", ranker, "ubj", few, False


def lightgbm_cases(rng, rows, trees):
    x = numbers(rng, TRAINING_ROWS)
    y = target(rng, x)
    two = (y > np.median(y)).astype(int)
    words = np.array(["low", "mid", "high"])[np.digitize(y, np.quantile(y, [0.33, 0.66]))]
    holes = with_missing(rng, x)
    sets = number_sets(rng, rows)
    few = {name: sets[name] for name in ("plain", "missing", "float32", "mixed")}
    common = {"n_estimators": trees, "num_leaves": 12, "random_state": 7, "n_jobs": 1, "verbose": -1}
    positive = np.abs(y) + 0.1

    def regressor(**options):
        return lgb.LGBMRegressor(**{**common, **options})

    def classifier(**options):
        return lgb.LGBMClassifier(**{**common, **options})

    yield "lightgbm_regressor", regressor().fit(x, y), sets, False
    yield "lightgbm_missing", regressor().fit(holes, y), sets, False
    yield "lightgbm_array", regressor().fit(x.to_numpy(), y), sets, True
    for objective in ("poisson", "gamma", "tweedie", "quantile", "huber", "mape", "cross_entropy_lambda"):
        fitted = regressor(objective=objective).fit(x, two if objective.startswith("cross") else positive)
        yield f"lightgbm_{objective}", fitted, few, False
    yield "lightgbm_root", regressor(reg_sqrt=True).fit(x, y), few, False
    forest = regressor(boosting_type="rf", subsample=0.7, subsample_freq=1)
    yield "lightgbm_forest", forest.fit(x, y), few, False
    yield "lightgbm_dart", regressor(boosting_type="dart", drop_rate=0.5, skip_drop=0.0).fit(x, y), few, False
    categories = regressor(min_data_per_group=5, cat_smooth=1).fit(holes, y, categorical_feature=["small"])
    yield "lightgbm_categories", categories, sets, False
    yield "lightgbm_classifier", classifier().fit(holes, two), sets, False
    yield "lightgbm_text_labels", classifier().fit(holes, words), few, False
    yield "lightgbm_two_words", classifier().fit(x, np.where(two == 1, "yes", "no")), few, False
    yield "lightgbm_one_against_all", classifier(objective="multiclassova").fit(x, words), few, False
    stopped = classifier(n_estimators=60, learning_rate=0.9)
    stopped.fit(x, two, eval_set=[(holes, rng.permutation(two))], callbacks=[lgb.early_stopping(3, verbose=False)])
    yield "lightgbm_stopped", stopped, few, False
    booster = lgb.train({"objective": "binary", "sigmoid": 0.7, "verbose": -1}, lgb.Dataset(x, two), trees)
    yield "lightgbm_booster", booster, few, False
    for name, options in (("regressor", {}), ("missing", {"boosting_type": "goss"})):
        model = regressor(linear_tree=True, linear_lambda=0.1, **options)
        yield f"lightgbm_linear_{name}", model.fit(x if name == "regressor" else holes, y), few, False
    sparse = holes.mask(rng.uniform(size=holes.shape) < 0.3, 0.0)
    zeros = {name: frame.mask(np.arange(len(frame))[:, None] % 5 == np.arange(5), 0.0) for name, frame in few.items()}
    yield "lightgbm_zeros", regressor(zero_as_missing=True).fit(sparse, y), few | {"zeros": zeros["plain"]}, False
    yield "lightgbm_zeros_classes", classifier(zero_as_missing=True).fit(sparse, words), few, False
    yield "lightgbm_goss", classifier(boosting_type="goss").fit(x, two, sample_weight=np.abs(y) + 0.1), few, False
    constant = classifier(min_child_samples=TRAINING_ROWS).fit(x, two)
    yield "lightgbm_single_leaves", constant, few, False


def save_xgboost(model, folder, suffix):
    """Saves, and loads as MLflow does; what comes back answers."""
    file = f"model.{suffix}"
    path = str(folder / file)
    model.save_model(path)
    loaded = type(model)()
    loaded.load_model(path)
    if isinstance(model, xgb.Booster):
        return BoosterModel(loaded), {"library": "xgboost", "file": file, "class": "booster"}
    kind = "classifier" if isinstance(model, xgb.XGBClassifier) else "regressor"
    return loaded, {"library": "xgboost", "file": file, "class": kind}


def save_lightgbm(model, folder):
    booster = model if isinstance(model, lgb.Booster) else model.booster_
    (folder / "model.lgb").write_text(booster.model_to_string())
    entry = {"library": "lightgbm", "file": "model.lgb", "class": "booster"}
    if isinstance(model, lgb.LGBMClassifier):
        labels = model.classes_
        texts = labels.dtype.kind not in "iu"
        entry |= {"class": "classifier", "labels": [str(v) if texts else int(v) for v in labels]}
    return model, entry


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=12)
    parser.add_argument("--trees", type=int, default=4)
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--only", nargs="*", default=[])
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    rows, trees = arguments.rows, arguments.trees

    def write(name, folder, model, entry, sets, as_array):
        case = {"model": entry, "sets": list(answers(model, sets, as_array))}
        (folder / "case.json").write_text(json.dumps(case, separators=(",", ":"), ensure_ascii=False) + "\n")

    def wanted(name):
        return not arguments.only or name in arguments.only

    def folder_of(name):
        folder = arguments.out / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    count = 0
    for name, model, suffix, sets, as_array in xgboost_cases(rng, rows, trees):
        if wanted(name):
            folder = folder_of(name)
            write(name, folder, *save_xgboost(model, folder, suffix), sets, as_array)
            count += 1
    for name, model, sets, as_array in lightgbm_cases(rng, rows, trees):
        if wanted(name):
            folder = folder_of(name)
            write(name, folder, *save_lightgbm(model, folder), sets, as_array)
            count += 1
    print(f"{count} cases by XGBoost {xgb.__version__} and LightGBM {lgb.__version__} in {arguments.out}")


if __name__ == "__main__":
    main()
