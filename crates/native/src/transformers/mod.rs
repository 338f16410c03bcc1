//! The steps that prepare input: one file each, found by the full name of their class. All of them are exact.

mod category_codes;
mod chain;
mod column_transformer;
mod function_transformer;
mod min_max_scaler;
mod one_hot_encoder;
mod ordinal_encoder;
mod scaling;
mod simple_imputer;
mod standard_scaler;

pub(crate) use chain::Chain;

use crate::error::{PredictError, Refusal};
use crate::estimators::Inputs;
use crate::skops::Object;
use crate::table::Table;

/// A fitted transformer. Every row is transformed by itself.
pub(crate) trait Transformer: Send + Sync {
    /// The name of its class.
    fn describe(&self) -> String;

    fn inputs(&self) -> Inputs;

    fn transform<'a>(&self, table: Table<'a>) -> Result<Table<'a>, PredictError>;
}

pub(crate) fn read(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    match object.class() {
        "sklearn.compose._column_transformer.ColumnTransformer" => column_transformer::read(object),
        "sklearn.impute._base.SimpleImputer" => simple_imputer::read(object),
        "sklearn.pipeline.Pipeline" => chain::read(object),
        "sklearn.preprocessing._data.MinMaxScaler" => min_max_scaler::read(object),
        "sklearn.preprocessing._data.StandardScaler" => standard_scaler::read(object),
        "sklearn.preprocessing._encoders.OneHotEncoder" => one_hot_encoder::read(object),
        "sklearn.preprocessing._encoders.OrdinalEncoder" => ordinal_encoder::read(object),
        "sklearn.preprocessing._function_transformer.FunctionTransformer" => function_transformer::read(object),
        class => Err(object.refuse(format!("is a {class}, which is not evaluated natively"))),
    }
}
