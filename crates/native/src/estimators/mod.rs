//! The models that answer: one file each, found by the full name of their class.

mod ada_boost;
mod averaged_trees;
mod bagging;
mod calibrated;
mod chain;
mod decision_tree;
mod dummy;
mod forest;
mod gradient_boosting;
mod hist_gradient_boosting;
mod hist_nodes;
mod inputs;
mod interpolation;
mod isolation_forest;
mod k_means;
mod kernel;
mod labels;
mod linear_classifier;
mod linear_regression;
mod linear_scores;
mod link;
mod logistic_regression;
mod members;
mod multi_output;
mod multilayer_perceptron;
mod naive_bayes;
mod neighbours;
mod one_against_one;
mod one_against_rest;
mod pipeline;
mod platt;
mod quadratic_discriminant;
mod space_tree;
mod stacking;
mod sums;
mod support_vectors;
mod threshold;
mod transformed_target;
mod tree_nodes;
mod voting;
mod wrapper;

pub(crate) use inputs::Inputs;
pub(crate) use interpolation::interpolate;
pub(crate) use labels::Labels;
pub(crate) use link::{both_classes, softmax};

use crate::attributions::Attributions;
use crate::error::{PredictError, Refusal};
use crate::exactness::Exactness;
use crate::rows::Output;
use crate::skops::Object;
use crate::table::Table;
use crate::{lightgbm, xgboost, xgboost::XgboostClass};

/// A fitted model. Every row is scored by itself.
pub(crate) trait Estimator: Send + Sync {
    /// Its class and size, such as `RandomForestClassifier, 100 trees`.
    fn describe(&self) -> String;

    fn inputs(&self) -> Inputs;

    fn exactness(&self) -> Exactness;

    /// See [`crate::Model::largest_term`].
    fn largest_term(&self, _: Table<'_>) -> Result<f64, PredictError> {
        Ok(0.0)
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError>;

    fn predict_proba(&self, table: Table<'_>) -> Result<Output, PredictError>;

    /// See [`crate::Model::attributions`].
    fn attributions(&self, _: Table<'_>, _background: Table<'_>) -> Result<Option<Attributions>, PredictError> {
        Ok(None)
    }

    /// What `decision_function` answers; `None` for a class that has none.
    fn decision(&self, _: Table<'_>) -> Result<Option<Scores>, PredictError> {
        Ok(None)
    }

    /// Whether the numbers of its answers are single precision, in which an ensemble would go on with them.
    fn is_single(&self) -> bool {
        false
    }

    /// What a classifier decides between.
    fn labels(&self) -> Option<&Labels> {
        None
    }
}

/// Numbers for each row, row by row.
pub(crate) struct Scores {
    pub(crate) values: Vec<f64>,
    /// One where a classifier of two classes has a single score for both.
    pub(crate) width: usize,
}

/// Reads an object; the name is that of its class, without the modules.
type Reader = fn(&Object<'_>, &'static str) -> Result<Box<dyn Estimator>, Refusal>;

/// Every class of model that is read, with its reader.
const READERS: &[(&str, Reader)] = &[
    (
        "sklearn.model_selection._classification_threshold.FixedThresholdClassifier",
        threshold::read,
    ),
    (
        "sklearn.model_selection._classification_threshold.TunedThresholdClassifierCV",
        threshold::read,
    ),
    ("lightgbm.sklearn.LGBMClassifier", |object, _| {
        lightgbm::from_skops(object)
    }),
    ("lightgbm.sklearn.LGBMRanker", |object, _| lightgbm::from_skops(object)),
    ("lightgbm.sklearn.LGBMRegressor", |object, _| {
        lightgbm::from_skops(object)
    }),
    ("sklearn.calibration.CalibratedClassifierCV", |object, _| {
        calibrated::read(object)
    }),
    ("sklearn.cluster._kmeans.KMeans", k_means::read),
    ("sklearn.cluster._kmeans.MiniBatchKMeans", k_means::read),
    ("sklearn.compose._target.TransformedTargetRegressor", |object, _| {
        transformed_target::read(object)
    }),
    (
        "sklearn.discriminant_analysis.LinearDiscriminantAnalysis",
        linear_classifier::discriminant,
    ),
    (
        "sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis",
        |object, _| quadratic_discriminant::read(object),
    ),
    ("sklearn.dummy.DummyClassifier", |object, _| dummy::classifier(object)),
    ("sklearn.dummy.DummyRegressor", |object, _| dummy::regressor(object)),
    ("sklearn.ensemble._bagging.BaggingClassifier", |object, _| {
        bagging::classifier(object)
    }),
    ("sklearn.ensemble._bagging.BaggingRegressor", |object, _| {
        bagging::regressor(object)
    }),
    ("sklearn.ensemble._forest.ExtraTreesClassifier", forest::classifier),
    ("sklearn.ensemble._forest.ExtraTreesRegressor", forest::regressor),
    ("sklearn.ensemble._forest.RandomForestClassifier", forest::classifier),
    ("sklearn.ensemble._forest.RandomForestRegressor", forest::regressor),
    ("sklearn.ensemble._gb.GradientBoostingClassifier", |object, _| {
        gradient_boosting::classifier(object)
    }),
    ("sklearn.ensemble._gb.GradientBoostingRegressor", |object, _| {
        gradient_boosting::regressor(object)
    }),
    (
        "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier",
        |object, _| hist_gradient_boosting::classifier(object),
    ),
    (
        "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingRegressor",
        |object, _| hist_gradient_boosting::regressor(object),
    ),
    ("sklearn.ensemble._iforest.IsolationForest", |object, _| {
        isolation_forest::read(object)
    }),
    ("sklearn.ensemble._stacking.StackingClassifier", |object, _| {
        stacking::classifier(object)
    }),
    ("sklearn.ensemble._stacking.StackingRegressor", |object, _| {
        stacking::regressor(object)
    }),
    ("sklearn.ensemble._voting.VotingClassifier", |object, _| {
        voting::classifier(object)
    }),
    ("sklearn.ensemble._voting.VotingRegressor", |object, _| {
        voting::regressor(object)
    }),
    ("sklearn.ensemble._weight_boosting.AdaBoostClassifier", |object, _| {
        ada_boost::classifier(object)
    }),
    ("sklearn.ensemble._weight_boosting.AdaBoostRegressor", |object, _| {
        ada_boost::regressor(object)
    }),
    ("sklearn.frozen._frozen.FrozenEstimator", |object, _| {
        wrapper::frozen(object)
    }),
    ("sklearn.linear_model._base.LinearRegression", linear_regression::read),
    ("sklearn.linear_model._bayes.ARDRegression", linear_regression::read),
    ("sklearn.linear_model._bayes.BayesianRidge", linear_regression::read),
    (
        "sklearn.linear_model._coordinate_descent.ElasticNet",
        linear_regression::read,
    ),
    (
        "sklearn.linear_model._coordinate_descent.ElasticNetCV",
        linear_regression::read,
    ),
    (
        "sklearn.linear_model._coordinate_descent.Lasso",
        linear_regression::read,
    ),
    (
        "sklearn.linear_model._coordinate_descent.LassoCV",
        linear_regression::read,
    ),
    (
        "sklearn.linear_model._coordinate_descent.MultiTaskElasticNet",
        linear_regression::read,
    ),
    (
        "sklearn.linear_model._coordinate_descent.MultiTaskElasticNetCV",
        linear_regression::read,
    ),
    (
        "sklearn.linear_model._coordinate_descent.MultiTaskLasso",
        linear_regression::read,
    ),
    (
        "sklearn.linear_model._coordinate_descent.MultiTaskLassoCV",
        linear_regression::read,
    ),
    ("sklearn.linear_model._glm.glm.GammaRegressor", linear_regression::read),
    (
        "sklearn.linear_model._glm.glm.PoissonRegressor",
        linear_regression::read,
    ),
    (
        "sklearn.linear_model._glm.glm.TweedieRegressor",
        linear_regression::read,
    ),
    ("sklearn.linear_model._huber.HuberRegressor", linear_regression::read),
    ("sklearn.linear_model._least_angle.Lars", linear_regression::read),
    ("sklearn.linear_model._least_angle.LarsCV", linear_regression::read),
    ("sklearn.linear_model._least_angle.LassoLars", linear_regression::read),
    ("sklearn.linear_model._least_angle.LassoLarsCV", linear_regression::read),
    ("sklearn.linear_model._least_angle.LassoLarsIC", linear_regression::read),
    (
        "sklearn.linear_model._logistic.LogisticRegression",
        logistic_regression::read,
    ),
    (
        "sklearn.linear_model._logistic.LogisticRegressionCV",
        logistic_regression::read,
    ),
    (
        "sklearn.linear_model._omp.OrthogonalMatchingPursuit",
        linear_regression::read,
    ),
    (
        "sklearn.linear_model._omp.OrthogonalMatchingPursuitCV",
        linear_regression::read,
    ),
    (
        "sklearn.linear_model._passive_aggressive.PassiveAggressiveClassifier",
        linear_classifier::read,
    ),
    (
        "sklearn.linear_model._passive_aggressive.PassiveAggressiveRegressor",
        linear_regression::read,
    ),
    ("sklearn.linear_model._perceptron.Perceptron", linear_classifier::read),
    (
        "sklearn.linear_model._quantile.QuantileRegressor",
        linear_regression::read,
    ),
    ("sklearn.linear_model._ridge.Ridge", linear_regression::read),
    ("sklearn.linear_model._ridge.RidgeCV", linear_regression::read),
    ("sklearn.linear_model._ridge.RidgeClassifier", linear_classifier::ridge),
    (
        "sklearn.linear_model._ridge.RidgeClassifierCV",
        linear_classifier::ridge,
    ),
    (
        "sklearn.linear_model._stochastic_gradient.SGDClassifier",
        linear_classifier::stochastic,
    ),
    (
        "sklearn.linear_model._stochastic_gradient.SGDRegressor",
        linear_regression::read,
    ),
    (
        "sklearn.linear_model._theil_sen.TheilSenRegressor",
        linear_regression::read,
    ),
    ("sklearn.model_selection._search.GridSearchCV", |object, _| {
        wrapper::search(object)
    }),
    ("sklearn.model_selection._search.RandomizedSearchCV", |object, _| {
        wrapper::search(object)
    }),
    (
        "sklearn.model_selection._search_successive_halving.HalvingGridSearchCV",
        |object, _| wrapper::search(object),
    ),
    (
        "sklearn.model_selection._search_successive_halving.HalvingRandomSearchCV",
        |object, _| wrapper::search(object),
    ),
    ("sklearn.multiclass.OneVsOneClassifier", |object, _| {
        one_against_one::read(object)
    }),
    ("sklearn.multiclass.OneVsRestClassifier", |object, _| {
        one_against_rest::read(object)
    }),
    ("sklearn.multioutput.ClassifierChain", chain::read),
    ("sklearn.multioutput.MultiOutputClassifier", multi_output::read),
    ("sklearn.multioutput.MultiOutputRegressor", multi_output::read),
    ("sklearn.multioutput.RegressorChain", chain::read),
    ("sklearn.naive_bayes.BernoulliNB", naive_bayes::read),
    ("sklearn.naive_bayes.CategoricalNB", naive_bayes::read),
    ("sklearn.naive_bayes.ComplementNB", naive_bayes::read),
    ("sklearn.naive_bayes.GaussianNB", naive_bayes::read),
    ("sklearn.naive_bayes.MultinomialNB", naive_bayes::read),
    ("sklearn.neighbors._classification.KNeighborsClassifier", |object, _| {
        neighbours::classifier(object)
    }),
    ("sklearn.neighbors._regression.KNeighborsRegressor", |object, _| {
        neighbours::regressor(object)
    }),
    (
        "sklearn.neural_network._multilayer_perceptron.MLPClassifier",
        |object, _| multilayer_perceptron::classifier(object),
    ),
    (
        "sklearn.neural_network._multilayer_perceptron.MLPRegressor",
        |object, _| multilayer_perceptron::regressor(object),
    ),
    ("sklearn.pipeline.Pipeline", |object, _| pipeline::read(object)),
    ("sklearn.svm._classes.LinearSVC", linear_classifier::read),
    ("sklearn.svm._classes.LinearSVR", linear_regression::read),
    ("sklearn.svm._classes.NuSVC", support_vectors::classifier),
    ("sklearn.svm._classes.NuSVR", support_vectors::regressor),
    ("sklearn.svm._classes.OneClassSVM", support_vectors::one_class),
    ("sklearn.svm._classes.SVC", support_vectors::classifier),
    ("sklearn.svm._classes.SVR", support_vectors::regressor),
    (
        "sklearn.tree._classes.DecisionTreeClassifier",
        decision_tree::classifier,
    ),
    ("sklearn.tree._classes.DecisionTreeRegressor", decision_tree::regressor),
    ("sklearn.tree._classes.ExtraTreeClassifier", decision_tree::classifier),
    ("sklearn.tree._classes.ExtraTreeRegressor", decision_tree::regressor),
    ("xgboost.sklearn.XGBClassifier", |object, _| {
        xgboost::from_skops(object, XgboostClass::Classifier)
    }),
    ("xgboost.sklearn.XGBRFClassifier", |object, _| {
        xgboost::from_skops(object, XgboostClass::Classifier)
    }),
    ("xgboost.sklearn.XGBRFRegressor", |object, _| {
        xgboost::from_skops(object, XgboostClass::Regressor)
    }),
    ("xgboost.sklearn.XGBRanker", |object, _| {
        xgboost::from_skops(object, XgboostClass::Regressor)
    }),
    ("xgboost.sklearn.XGBRegressor", |object, _| {
        xgboost::from_skops(object, XgboostClass::Regressor)
    }),
];

pub(crate) fn read(object: &Object<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let Some((class, read)) = READERS.iter().find(|(class, _)| *class == object.class()) else {
        let class = object.class();
        return Err(object.refuse(format!("is a {class}, which is not evaluated natively")));
    };
    read(object, class.rsplit('.').next().unwrap_or(class))
}

/// The full names of the classes that are read.
pub(crate) fn classes() -> impl Iterator<Item = &'static str> {
    READERS.iter().map(|(class, _)| *class)
}
