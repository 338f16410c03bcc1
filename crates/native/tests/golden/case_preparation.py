"""Steps that prepare input, in front of models on which a wrong bit shows."""

import numpy as np
from sklearn import feature_selection as fs
from sklearn import preprocessing as prep
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.decomposition import PCA, IncrementalPCA, TruncatedSVD
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import FeatureUnion, make_pipeline, make_union
from sklearn.tree import DecisionTreeRegressor

from rows import NUMBERS, RELEASE


def cases(data):
    x, y, few, sets = data.x, data.y, data.few, data.sets
    near, near_sets = data.near, data.near_sets
    seed = data.seed
    forest = {"n_estimators": data.trees, "max_depth": 6, **seed}

    def tree(*steps):
        return make_pipeline(*steps, DecisionTreeRegressor(max_depth=7, **seed))

    def linear(*steps):
        return make_pipeline(*steps, Ridge())

    yield "max_abs_scaler", tree(prep.MaxAbsScaler()).fit(x, y), sets, False
    yield "robust_scaler", tree(prep.RobustScaler()).fit(x, y), sets, False
    yield "robust_scaler_parts", linear(prep.RobustScaler(with_centering=False, unit_variance=True)).fit(x, y), few, False
    for norm in ("l1", "l2", "max"):
        allowed = few if norm == "max" else data.double_sets
        yield f"normalizer_{norm}", tree(prep.Normalizer(norm)).fit(x, y), allowed, False
    yield "binarizer", tree(prep.Binarizer(threshold=0.3)).fit(x, y), sets, False
    yield "polynomial", linear(prep.PolynomialFeatures(3)).fit(near, y), near_sets, False
    yield "polynomial_tree", tree(prep.PolynomialFeatures((2, 3), include_bias=False)).fit(near, y), near_sets, False
    yield "polynomial_interactions", tree(prep.PolynomialFeatures(3, interaction_only=True)).fit(x, y), few, False
    for encode in ("ordinal", "onehot-dense", "onehot"):
        bins = prep.KBinsDiscretizer(5, encode=encode, strategy="quantile")
        yield f"bins_{encode}", tree(bins).fit(x, y), few, False
    yield "quantile_transformer", tree(prep.QuantileTransformer(n_quantiles=60)).fit(x, y), data.double_sets, False
    yield "power_transformer", linear(prep.PowerTransformer()).fit(near, y), data.near_double_sets, False
    positive = near.abs() + 0.5
    box = make_pipeline(prep.PowerTransformer("box-cox", standardize=False), Ridge()).fit(positive, y)
    box_sets = {name: frame.abs() + 0.5 for name, frame in data.near_double_sets.items() if name != "mixed"}
    box_sets["halved"] = box_sets["plain"] / 2
    yield "power_box_cox", box, box_sets, False
    for name in ("log1p", "sqrt", "square", "abs"):
        function = prep.FunctionTransformer(getattr(np, name))
        allowed = {key: frame.abs() for key, frame in data.near_double_sets.items() if key != "mixed"}
        yield f"function_{name}", tree(function).fit(near.abs(), y), allowed, False
    # pandas asks numpy column by column, each with its dtype: 32 bits of an integer are soon full.
    exact_sets = {key: frame for key, frame in sets.items() if key != "mixed"}
    exact_sets["halfway"] = (x * 2).round() / 2
    exact_sets["widths"] = x.assign(epoch=x["epoch"].astype("int32"), small=x["small"].astype("int64"), cents=x["cents"].astype("float32"))
    for name in ("rint", "sign", "negative", "floor", "ceil", "trunc"):
        allowed = exact_sets
        if name in ("floor", "ceil", "trunc"):
            allowed = {key: frame for key, frame in exact_sets.items() if key != "widths" and not key.startswith("integers")}
        yield f"function_{name}", tree(prep.FunctionTransformer(getattr(np, name))).fit(x, y), allowed, False
    for name in ("square", "abs"):
        yield f"function_{name}_widths", tree(prep.FunctionTransformer(getattr(np, name))).fit(x, y), exact_sets, False
    yield "function_none", tree(prep.FunctionTransformer()).fit(x, y), sets, False

    yield "pca", linear(PCA(3)).fit(near, y), near_sets, False
    yield "pca_whitened", linear(PCA(2, whiten=True)).fit(near, y), near_sets, False
    yield "pca_scaled", make_pipeline(prep.StandardScaler(), PCA(0.9), LogisticRegression()).fit(x, data.words), few, False
    yield "incremental_pca", linear(IncrementalPCA(3)).fit(near, y), near_sets, False
    yield "truncated_svd", linear(TruncatedSVD(3, **seed)).fit(near, y), near_sets, False

    yield "variance_threshold", tree(fs.VarianceThreshold(0.5)).fit(x, y), sets, False
    yield "select_best", tree(fs.SelectKBest(fs.f_regression, k=3)).fit(x, y), sets, False
    yield "select_percentile", tree(fs.SelectPercentile(fs.f_regression, percentile=60)).fit(x, y), few, False
    yield "select_false_positive", tree(fs.SelectFpr(fs.f_regression, alpha=0.2)).fit(x, y), few, False
    yield "select_false_discovery", tree(fs.SelectFdr(fs.f_regression, alpha=0.2)).fit(x, y), few, False
    yield "select_family_wise", tree(fs.SelectFwe(fs.f_regression, alpha=0.2)).fit(x, y), few, False
    yield "select_by_elimination", tree(fs.RFE(DecisionTreeRegressor(**seed), n_features_to_select=3)).fit(x, y), few, False
    union = make_union(prep.StandardScaler(), fs.SelectKBest(fs.f_regression, k=2), "passthrough")
    yield "feature_union", tree(union).fit(x, y), few, False
    weighted = FeatureUnion([("scaled", prep.MinMaxScaler()), ("gone", "drop"), ("all", prep.RobustScaler())])
    weighted.set_params(transformer_weights={"scaled": 0.3})
    yield "feature_union_weights", tree(weighted).fit(x, y), few, False
    if RELEASE >= (1, 4):
        indicated = make_union(SimpleImputer(strategy="mean"), MissingIndicator(features="all"))
        yield "missing_indicator", make_pipeline(indicated, RandomForestRegressor(**forest)).fit(data.holes, y), few, False
    if RELEASE >= (1, 6):
        strict = make_union(SimpleImputer(strategy="median"), MissingIndicator())
        yield "missing_indicator_strict", linear(strict).fit(x.mask(data.holes[["small", "normal"]].isna()), y), sets, False

    wide, outcome, label, wide_sets = data.wide, data.outcome, data.label, data.wide_sets
    numeric = make_pipeline(SimpleImputer(strategy="median"), prep.RobustScaler())
    rare = {"handle_unknown": "infrequent_if_exist"}
    # Columns of every kind, as teams have them.
    everything = ColumnTransformer(
        [
            ("numbers", numeric, NUMBERS),
            ("shop", prep.OneHotEncoder(min_frequency=40, **rare), ["shop"]),
            ("colour", prep.OneHotEncoder(max_categories=3, **rare), ["colour"]),
            ("size", make_pipeline(SimpleImputer(strategy="most_frequent"), prep.OrdinalEncoder()), ["size"]),
        ],
        remainder="passthrough",
    )
    yield "columns_everything", make_pipeline(everything, RandomForestClassifier(**forest)).fit(wide, label), wide_sets, False
    yield "columns_everything_linear", make_pipeline(everything, LogisticRegression(max_iter=500)).fit(wide, label), wide_sets, False
    dropped = prep.OneHotEncoder(min_frequency=30, drop="first", sparse_output=False, **rare)
    only = ColumnTransformer([("shop", dropped, ["shop", "colour"])])
    yield "infrequent_dropped", make_pipeline(only, DecisionTreeRegressor(max_depth=6, **seed)).fit(wide, outcome), wide_sets, False
    if RELEASE >= (1, 4):
        codes = prep.OrdinalEncoder(min_frequency=30, handle_unknown="use_encoded_value", unknown_value=-1)
        only = ColumnTransformer([("codes", codes, ["shop", "colour"])])
        yield "infrequent_codes", make_pipeline(only, DecisionTreeRegressor(max_depth=6, **seed)).fit(wide, outcome), wide_sets, False
        encoder = prep.TargetEncoder(cv=3, **seed)
        texts = ColumnTransformer([("target", encoder, ["colour", "shop"])], remainder="drop")
        yield "target_encoder", make_pipeline(texts, DecisionTreeRegressor(max_depth=6, **seed)).fit(wide, outcome), wide_sets, False
        three = ColumnTransformer([("target", prep.TargetEncoder(cv=3, **seed), ["colour", "size"])])
        yield "target_encoder_three", make_pipeline(three, LogisticRegression()).fit(wide, data.words), wide_sets, False
    weights = ColumnTransformer(
        [("numbers", SimpleImputer(), NUMBERS), ("colour", prep.OneHotEncoder(handle_unknown="ignore"), ["colour"])],
        transformer_weights={"numbers": 0.5, "colour": 2.0},
    )
    yield "columns_weighted", make_pipeline(weights, Ridge()).fit(wide, outcome), wide_sets, False
    if RELEASE >= (1, 6):
        chosen = ColumnTransformer(
            [
                ("numbers", "passthrough", make_column_selector(dtype_include="number")),
                ("texts", prep.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan), ["colour", "size"]),
            ]
        )
        hist = make_pipeline(chosen, HistGradientBoostingRegressor(max_iter=data.trees, **seed))
        yield "columns_chosen", hist.fit(wide, outcome), wide_sets, False
