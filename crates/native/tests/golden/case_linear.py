"""The linear family: regressions, generalised ones, and classifiers that compare linear scores."""

import numpy as np
from sklearn import linear_model as lm
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC, LinearSVR


def cases(data):
    x, y, few = data.x, data.y, data.few
    near, near_sets = data.near, data.near_sets

    def scaled(model, target):
        return make_pipeline(StandardScaler(), model).fit(x, target)

    yield "target_of_one_column_linear", lm.LinearRegression().fit(x, y.reshape(-1, 1)), few, False
    yield "target_of_one_column_ridge", scaled(lm.Ridge(), data.y.reshape(-1, 1)), few, False
    yield "ridge_cv", lm.RidgeCV().fit(x, y), few, False
    yield "lasso_cv", lm.LassoCV(cv=3).fit(near, y), near_sets, False
    yield "elastic_net_cv", lm.ElasticNetCV(cv=3).fit(near, y), near_sets, False
    yield "multi_task_lasso", lm.MultiTaskLasso(alpha=0.01).fit(near, data.targets), near_sets, False
    yield "lars", lm.Lars().fit(near, y), near_sets, False
    yield "lasso_lars", lm.LassoLars(alpha=0.001).fit(near, y), near_sets, False
    yield "bayesian_ridge", lm.BayesianRidge().fit(near, y), near_sets, False
    yield "ard", lm.ARDRegression().fit(near, y), near_sets, False
    yield "huber", lm.HuberRegressor(max_iter=500).fit(near, y), near_sets, False
    yield "theil_sen", lm.TheilSenRegressor(max_subpopulation=100, **data.seed).fit(near, y), near_sets, False
    yield "quantile", lm.QuantileRegressor(alpha=0.01).fit(near, y), near_sets, False
    yield "matching_pursuit", lm.OrthogonalMatchingPursuit().fit(near, y), near_sets, False
    yield "poisson", lm.PoissonRegressor(max_iter=300).fit(near, data.positive), near_sets, False
    yield "gamma", lm.GammaRegressor(max_iter=300).fit(near, data.positive), near_sets, False
    yield "tweedie", lm.TweedieRegressor(power=1.5, max_iter=300).fit(near, data.positive), near_sets, False
    yield "tweedie_identity", lm.TweedieRegressor(power=0).fit(near, y), near_sets, False
    yield "sgd_regressor", scaled(lm.SGDRegressor(**data.seed), y), few, False
    yield "linear_svr", scaled(LinearSVR(**data.seed), y), few, False

    yield "ridge_classifier", lm.RidgeClassifier(class_weight="balanced").fit(near, data.words), near_sets, False
    yield "ridge_classifier_cv", lm.RidgeClassifierCV().fit(near, data.two), near_sets, False
    yield "linear_svc", scaled(LinearSVC(**data.seed), data.two), few, False
    yield "linear_svc_three", scaled(LinearSVC(**data.seed), data.words), few, False
    yield "sgd_log_loss", scaled(lm.SGDClassifier(loss="log_loss", **data.seed), data.three), few, False
    yield "sgd_huber", scaled(lm.SGDClassifier(loss="modified_huber", **data.seed), data.two), few, False
    yield "sgd_huber_three", scaled(lm.SGDClassifier(loss="modified_huber", **data.seed), data.words), few, False
    yield "sgd_hinge", scaled(lm.SGDClassifier(**data.seed), data.words), few, False
    yield "perceptron", scaled(lm.Perceptron(**data.seed), data.three), few, False
    yield "passive_aggressive", scaled(lm.PassiveAggressiveClassifier(**data.seed), data.two), few, False
    weights = np.where(data.three == 1, 2.0, 0.5)
    logistic = lm.LogisticRegression(max_iter=500).fit(near, data.words, sample_weight=weights)
    yield "logistic_weighted", logistic, near_sets, False
    yield "logistic_liblinear", scaled(lm.LogisticRegression(solver="liblinear"), data.two), few, False
    yield "logistic_cv", scaled(lm.LogisticRegressionCV(Cs=3, cv=3, max_iter=300), data.words), few, False
    yield "linear_discriminant", LinearDiscriminantAnalysis().fit(near, data.words), near_sets, False
    eigen = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto").fit(near, data.two)
    yield "linear_discriminant_two", eigen, near_sets, False
