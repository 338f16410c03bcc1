"""Ensembles of any models, searches, and models of transformed targets."""

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from rows import RELEASE

if RELEASE >= (1, 5):
    from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV


def cases(data):
    x, y, few = data.x, data.y, data.few
    near, near_sets = data.near, data.near_sets
    words, two, three = data.words, data.two, data.three
    seed = data.seed
    forest = {"n_estimators": data.trees, "max_depth": 5, **seed}
    steps = {"n_estimators": data.trees, **seed}

    stump = DecisionTreeClassifier(max_depth=2, **seed)
    old = {"algorithm": "SAMME"} if RELEASE < (1, 6) else {}
    yield "ada_boost", AdaBoostClassifier(stump, **steps, **old).fit(x, two), few, False
    yield "ada_boost_three", AdaBoostClassifier(stump, **steps, **old).fit(x, words), few, False
    if RELEASE < (1, 6):
        yield "ada_boost_probability", AdaBoostClassifier(stump, algorithm="SAMME.R", **steps).fit(x, words), few, False
        yield "ada_boost_probability_two", AdaBoostClassifier(stump, algorithm="SAMME.R", **steps).fit(x, two), few, False
    yield "ada_boost_regressor", AdaBoostRegressor(DecisionTreeRegressor(max_depth=3), **steps).fit(x, y), few, False

    yield "bagging_classifier", BaggingClassifier(DecisionTreeClassifier(max_depth=5), **steps).fit(x, words), few, False
    parts = BaggingClassifier(LogisticRegression(), max_features=3, **steps)
    yield "bagging_columns", parts.fit(near, three), near_sets, False
    yield "bagging_votes", BaggingClassifier(LinearSVC(), **steps).fit(near, words), near_sets, False
    yield "bagging_regressor", BaggingRegressor(DecisionTreeRegressor(max_depth=5), **steps).fit(x, y), few, False
    drawn = BaggingRegressor(Ridge(), max_features=0.5, bootstrap_features=True, **steps)
    yield "bagging_drawn_columns", drawn.fit(near, y), near_sets, False

    members = [
        ("forest", RandomForestClassifier(**forest)),
        ("logistic", make_pipeline(StandardScaler(), LogisticRegression())),
        ("bayes", GaussianNB()),
    ]
    yield "voting_soft", VotingClassifier(members, voting="soft").fit(x, words), few, False
    weighted = VotingClassifier(members, voting="soft", weights=[2, 1, 0.5])
    yield "voting_soft_weighted", weighted.fit(x, np.where(two == 1, "yes", "no")), few, False
    yield "voting_hard", VotingClassifier(members).fit(x, words), few, False
    yield "voting_hard_weighted", VotingClassifier(members, weights=[1, 2, 2]).fit(x, three), few, False
    regressors = [("forest", ExtraTreesRegressor(**forest)), ("linear", Ridge()), ("gone", "drop")]
    yield "voting_regressor", VotingRegressor(regressors).fit(x, y), few, False
    yield "voting_regressor_weighted", VotingRegressor(regressors, weights=[3, 1, 7]).fit(x, y), few, False

    stacked = StackingClassifier(members, LogisticRegression(), cv=3)
    yield "stacking_classifier", stacked.fit(x, words), few, False
    margins = [("margins", make_pipeline(StandardScaler(), SVC())), ("boosted", GradientBoostingClassifier(**forest))]
    passing = StackingClassifier(margins, RandomForestClassifier(**forest), cv=3, passthrough=True)
    yield "stacking_passthrough", passing.fit(x, two), few, False
    stacked = StackingRegressor(regressors[:2], RandomForestRegressor(**forest), cv=3)
    yield "stacking_regressor", stacked.fit(x, y), few, False

    if RELEASE >= (1, 5):
        tuned = TunedThresholdClassifierCV(RandomForestClassifier(**forest), cv=3, **seed)
        yield "threshold_tuned", tuned.fit(x, np.where(two == 1, "yes", "no")), few, False
        fixed = FixedThresholdClassifier(LogisticRegression(), threshold=0.3)
        yield "threshold_fixed", fixed.fit(near, two), near_sets, False
        margin = FixedThresholdClassifier(LinearSVC(), threshold=0.1, response_method="decision_function")
        yield "threshold_margin", margin.fit(near, two), near_sets, False

    grid = GridSearchCV(RandomForestRegressor(**forest), {"max_depth": [2, 4]}, cv=2)
    yield "grid_search", grid.fit(x, y), few, False
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    drawn = RandomizedSearchCV(pipeline, {"logisticregression__C": [0.1, 1.0, 3.0]}, n_iter=2, cv=2, **seed)
    yield "randomized_search", drawn.fit(x, words), few, False

    logarithm = TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1)
    yield "target_logarithm", logarithm.fit(near, data.positive), near_sets, False
    trees = TransformedTargetRegressor(RandomForestRegressor(**forest), transformer=StandardScaler())
    yield "target_scaled", trees.fit(x, y), few, False
    yield "target_range", TransformedTargetRegressor(LinearRegression(), transformer=MinMaxScaler()).fit(near, y), near_sets, False
