"""Classifiers by likelihood, networks, and classifiers made of others by class."""

import numpy as np
from sklearn import naive_bayes as nb
from sklearn.calibration import CalibratedClassifierCV
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor, RegressorChain
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, MinMaxScaler, OrdinalEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from rows import RELEASE


def cases(data):
    x, y, few = data.x, data.y, data.few
    near, near_sets = data.near, data.near_sets
    words, two, three = data.words, data.two, data.three
    forest = {"n_estimators": data.trees, "max_depth": 5, **data.seed}

    yield "gaussian_nb", GaussianNB().fit(x, words), data.sets, False
    yield "gaussian_nb_priors", GaussianNB(priors=[0.2, 0.8]).fit(near, two), near_sets, False
    counts = make_pipeline(MinMaxScaler((0, 9)), nb.MultinomialNB()).fit(x, words)
    yield "multinomial_nb", counts, few, False
    yield "complement_nb", make_pipeline(MinMaxScaler(), nb.ComplementNB(norm=True)).fit(x, three), few, False
    yield "bernoulli_nb", nb.BernoulliNB(binarize=0.5).fit(near, words), near_sets, False
    bins = make_pipeline(KBinsDiscretizer(4, encode="ordinal", strategy="uniform"), nb.CategoricalNB()).fit(x, words)
    yield "categorical_nb", bins, few, False
    columns = ["colour", "flag", "shop"]
    texts = make_pipeline(OrdinalEncoder(), nb.CategoricalNB(min_categories=9)).fit(data.wide[columns], data.label)
    yield "categorical_nb_texts", texts, {name: frame[columns] for name, frame in data.wide_sets.items()}, False
    yield "quadratic_discriminant", QuadraticDiscriminantAnalysis().fit(near, words), near_sets, False
    yield "quadratic_discriminant_two", QuadraticDiscriminantAnalysis(reg_param=0.1).fit(near, two), near_sets, False

    def network(model, target):
        return make_pipeline(StandardScaler(), model).fit(x, target)

    small = {"hidden_layer_sizes": (7, 5), "max_iter": 40, **data.seed}
    yield "mlp_classifier", network(MLPClassifier(**small), two), few, False
    yield "mlp_classifier_three", network(MLPClassifier(activation="tanh", **small), words), few, False
    yield "mlp_regressor", network(MLPRegressor(**small), y), few, False
    yield "mlp_many_targets", network(MLPRegressor(activation="logistic", **small), data.targets), few, False

    def rest(inner):
        return OneVsRestClassifier(inner)

    logistic = LogisticRegression(max_iter=300)
    yield "one_vs_rest", rest(logistic).fit(near, words), near_sets, False
    yield "one_vs_rest_two", rest(logistic).fit(near, np.where(two == 1, "yes", "no")), near_sets, False
    yield "one_vs_rest_forest", rest(RandomForestClassifier(**forest)).fit(x, three), few, False
    yield "one_vs_rest_margins", rest(LinearSVC(**data.seed)).fit(near, words), near_sets, False
    yield "one_vs_one", OneVsOneClassifier(logistic).fit(near, words), near_sets, False
    yield "one_vs_one_trees", OneVsOneClassifier(DecisionTreeClassifier(max_depth=4, **data.seed)).fit(x, three), few, False

    for method in ("sigmoid", "isotonic"):
        margins = make_pipeline(StandardScaler(), LinearSVC(**data.seed))
        calibrated = CalibratedClassifierCV(margins, method=method, cv=3)
        yield f"calibrated_{method}", calibrated.fit(x, two), few, False
        yield f"calibrated_{method}_three", CalibratedClassifierCV(logistic, method=method, cv=3).fit(near, words), near_sets, False
        trees = CalibratedClassifierCV(RandomForestClassifier(**forest), method=method, cv=3)
        yield f"calibrated_{method}_forest", trees.fit(x, words), few, False
    yield "calibrated_bayes", CalibratedClassifierCV(GaussianNB(), cv=3).fit(near, two), near_sets, False
    if RELEASE >= (1, 8):
        temperature = CalibratedClassifierCV(logistic, method="temperature", cv=3)
        yield "calibrated_temperature", temperature.fit(near, words), near_sets, False
        temperature = CalibratedClassifierCV(RandomForestClassifier(**forest), method="temperature", cv=3)
        yield "calibrated_temperature_two", temperature.fit(x, two), few, False

    both = np.column_stack([two, three])
    yield "multi_output_regressor", MultiOutputRegressor(Ridge()).fit(near, data.targets), near_sets, False
    yield "multi_output_classifier", MultiOutputClassifier(RandomForestClassifier(**forest)).fit(x, both), few, False
    yield "multi_output_forest", RandomForestClassifier(**forest).fit(x, both), few, False
    named = np.column_stack([np.where(two == 1, "yes", "no"), words]).astype(object)
    yield "multi_output_tree", DecisionTreeClassifier(max_depth=5, **data.seed).fit(x, named), few, False
    chain = RegressorChain(DecisionTreeRegressor(max_depth=5, **data.seed), order=[2, 0, 1])
    yield "regressor_chain", chain.fit(x, data.targets), few, False
    labels = np.column_stack([two, three == 1, three == 2]).astype(int)
    yield "classifier_chain", ClassifierChain(logistic).fit(near, labels), near_sets, False

    yield "dummy_classifier", DummyClassifier().fit(x, words), few, False
    yield "dummy_frequent", DummyClassifier(strategy="most_frequent").fit(x, three), few, False
    yield "dummy_regressor", DummyRegressor(strategy="median").fit(x, y), few, False
