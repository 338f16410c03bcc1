//! The models that answer: one file each, found by the full name of their class.

mod averaged_trees;
mod decision_tree;
mod dummy;
mod forest;
mod gradient_boosting;
mod hist_gradient_boosting;
mod hist_nodes;
mod inputs;
mod labels;
mod linear_regression;
mod linear_scores;
mod link;
mod logistic_regression;
mod pipeline;
mod tree_nodes;

pub(crate) use inputs::Inputs;
pub(crate) use labels::Labels;
pub(crate) use link::{both_classes, softmax};

use crate::error::{PredictError, Refusal};
use crate::exactness::Exactness;
use crate::rows::Output;
use crate::skops::Object;
use crate::table::Table;

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
}

pub(crate) fn read(object: &Object<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    match object.class() {
        "sklearn.tree._classes.DecisionTreeClassifier" => decision_tree::classifier(object, "DecisionTreeClassifier"),
        "sklearn.tree._classes.DecisionTreeRegressor" => decision_tree::regressor(object, "DecisionTreeRegressor"),
        "sklearn.tree._classes.ExtraTreeClassifier" => decision_tree::classifier(object, "ExtraTreeClassifier"),
        "sklearn.tree._classes.ExtraTreeRegressor" => decision_tree::regressor(object, "ExtraTreeRegressor"),
        "sklearn.ensemble._forest.RandomForestClassifier" => forest::classifier(object, "RandomForestClassifier"),
        "sklearn.ensemble._forest.RandomForestRegressor" => forest::regressor(object, "RandomForestRegressor"),
        "sklearn.ensemble._forest.ExtraTreesClassifier" => forest::classifier(object, "ExtraTreesClassifier"),
        "sklearn.ensemble._forest.ExtraTreesRegressor" => forest::regressor(object, "ExtraTreesRegressor"),
        "sklearn.ensemble._gb.GradientBoostingClassifier" => gradient_boosting::classifier(object),
        "sklearn.ensemble._gb.GradientBoostingRegressor" => gradient_boosting::regressor(object),
        "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier" => {
            hist_gradient_boosting::classifier(object)
        }
        "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingRegressor" => {
            hist_gradient_boosting::regressor(object)
        }
        "sklearn.linear_model._base.LinearRegression" => linear_regression::read(object, "LinearRegression"),
        "sklearn.linear_model._ridge.Ridge" => linear_regression::read(object, "Ridge"),
        "sklearn.linear_model._coordinate_descent.Lasso" => linear_regression::read(object, "Lasso"),
        "sklearn.linear_model._coordinate_descent.ElasticNet" => linear_regression::read(object, "ElasticNet"),
        "sklearn.linear_model._logistic.LogisticRegression" => logistic_regression::read(object),
        "sklearn.pipeline.Pipeline" => pipeline::read(object),
        class => Err(object.refuse(format!("is a {class}, which is not evaluated natively"))),
    }
}
