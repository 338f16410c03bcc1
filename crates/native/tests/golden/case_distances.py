"""Models that compare rows with others: support vectors, neighbours, clusters, isolation."""

import numpy as np
from scipy import sparse
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC, SVR, NuSVC, NuSVR, OneClassSVM


def cases(data):
    x, y, few = data.x, data.y, data.few
    near, near_sets = data.near, data.near_sets
    words, two, three = data.words, data.two, data.three

    def scaled(model, target=None):
        return make_pipeline(StandardScaler(), model).fit(x, target)

    yield "svc", SVC().fit(near, two), near_sets, False
    yield "svc_scaled", scaled(SVC(class_weight="balanced"), words), few, False
    yield "svc_linear", scaled(SVC(kernel="linear"), two), few, False
    yield "svc_polynomial", scaled(SVC(kernel="poly", degree=3, coef0=1.0), words), few, False
    yield "svc_sigmoid", scaled(SVC(kernel="sigmoid", gamma=0.05), three), few, False
    yield "svc_probability", scaled(SVC(probability=True, **data.seed), two), few, False
    yield "svc_probability_three", scaled(SVC(probability=True, **data.seed), words), few, False
    yield "svc_ties", scaled(SVC(break_ties=True), words), few, False
    yield "nu_svc", scaled(NuSVC(nu=0.4), words), few, False
    yield "svr", scaled(SVR(), y), few, False
    yield "svr_linear", scaled(SVR(kernel="linear"), y), few, False
    yield "nu_svr", scaled(NuSVR(nu=0.4, C=3.0), y), few, False
    yield "one_class", scaled(OneClassSVM(nu=0.2)), few, False
    texts = ColumnTransformer(
        [("text", OneHotEncoder(handle_unknown="ignore"), ["colour", "shop"])], sparse_threshold=1.0
    )
    sparse_model = make_pipeline(texts, SVC()).fit(data.wide, data.label)
    yield "svc_sparse", sparse_model, data.wide_sets, False

    for tree in ("kd_tree", "ball_tree"):
        for metric in ("euclidean", "manhattan", "chebyshev"):
            nearest = KNeighborsClassifier(5, algorithm=tree, metric=metric, leaf_size=12)
            yield f"neighbours_{tree}_{metric}", nearest.fit(x, words), few, False
    # Many rows at one distance: which of them are found is decided by the order of the search.
    steps = data.x[["halves", "small"]]
    step_sets = {name: frame[["halves", "small"]] for name, frame in data.sets.items()}
    yield "neighbours_ties", KNeighborsClassifier(4, algorithm="kd_tree", leaf_size=5).fit(steps, three), step_sets, False
    balls = KNeighborsClassifier(7, algorithm="ball_tree", leaf_size=7, weights="distance")
    yield "neighbours_weighted_ties", balls.fit(steps, words), step_sets, False
    yield "neighbours_regressor", scaled(KNeighborsRegressor(algorithm="kd_tree"), y), few, False
    weighted = KNeighborsRegressor(9, algorithm="kd_tree", weights="distance")
    yield "neighbours_regressor_weighted", scaled(weighted, data.targets), few, False
    whole = KNeighborsRegressor(3, algorithm="ball_tree").fit(steps, np.round(y * 10).astype(int))
    yield "neighbours_regressor_whole", whole, step_sets, False

    yield "k_means", KMeans(5, n_init=2, **data.seed).fit(x), data.double_sets, False
    yield "k_means_scaled", scaled(KMeans(8, n_init=2, **data.seed)), data.double_sets, False
    yield "mini_batch_k_means", MiniBatchKMeans(4, n_init=2, **data.seed).fit(near), data.near_double_sets, False

    isolation = {"n_estimators": data.trees, **data.seed}
    yield "isolation_forest", IsolationForest(**isolation).fit(x), data.sets, False
    some = IsolationForest(max_features=3, contamination=0.1, max_samples=100, **isolation)
    yield "isolation_forest_columns", some.fit(x), few, False
    assert sparse.issparse(texts.fit_transform(data.wide))
