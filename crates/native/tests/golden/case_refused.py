"""Models that are not evaluated natively, each with the reason that has to be given."""

import numpy as np
from sklearn import preprocessing as prep
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import DBSCAN
from sklearn.ensemble import BaggingRegressor, VotingRegressor
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.impute import KNNImputer
from sklearn.linear_model import Ridge
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeRegressor
from xgboost import XGBClassifier, XGBRegressor

from rows import RELEASE


def cases(data):
    """Name, fitted model, and words of the reason."""
    x, y, near = data.x, data.y, data.near
    few = {"n_estimators": 2}

    yield "neighbours_by_product", KNeighborsClassifier(algorithm="brute").fit(x, data.two), "matrix product"
    yield "neighbours_weighed_by_function", KNeighborsClassifier(weights=np.exp, algorithm="kd_tree").fit(x, data.two), "function"
    yield "kernel_is_a_matrix", SVC(kernel="precomputed").fit(x @ x.T, data.two), "precomputed"
    yield "gaussian_process", GaussianProcessRegressor().fit(near, y), "GaussianProcessRegressor, which is not"
    yield "clusters_by_density", DBSCAN().fit(near), "DBSCAN, which is not"
    yield "imputer_by_neighbours", make_pipeline(KNNImputer(), Ridge()).fit(data.holes, y), "KNNImputer, which is not"
    normal = prep.QuantileTransformer(output_distribution="normal", n_quantiles=20)
    yield "quantiles_of_a_normal", make_pipeline(normal, Ridge()).fit(x, y), "not computed natively"
    words = [f"{word} and more" for word in data.words]
    yield "words_of_a_text", make_pipeline(CountVectorizer(), Ridge()).fit(words, y), "CountVectorizer, which is not"
    function = prep.FunctionTransformer(np.arcsinh)
    yield "function_not_known", make_pipeline(function, DecisionTreeRegressor()).fit(near, y), "arcsinh, which is not"
    frames = make_pipeline(prep.StandardScaler().set_output(transform="pandas"), Ridge()).fit(x, y)
    yield "frames_between_steps", frames, "set_output"
    column = make_pipeline(prep.StandardScaler(), MultiOutputRegressor(Ridge())).fit(x, y.reshape(-1, 1))
    yield "target_of_one_column", column, "two dimensions"
    labels = np.column_stack([data.two, data.three == 1])
    yield "several_labels_at_once", OneVsRestClassifier(SVC()).fit(x, labels), "multilabel-indicator"
    singles = [("one", XGBRegressor(**few)), ("two", XGBRegressor(**few))]
    yield "voting_in_single_precision", VotingRegressor(singles).fit(x, y), "single-precision"
    yield "bagging_in_single_precision", BaggingRegressor(XGBRegressor(**few), **few).fit(x, y), "single-precision"
    if RELEASE < (1, 6):
        calibrated = CalibratedClassifierCV(XGBClassifier(**few), cv=3)
        yield "calibrated_in_single_precision", calibrated.fit(x, data.two), "single-precision"
    yield "boosted_linear", XGBRegressor(booster="gblinear", **few).fit(x, y), "gblinear"
    text = y.astype("float32")
    yield "weights_in_single_precision", Ridge().fit(x.astype("float32"), text), "float64 is expected"
