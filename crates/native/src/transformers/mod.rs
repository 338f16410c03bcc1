//! The steps that prepare input: one file each, found by the full name of their class.

mod binning;
mod category_codes;
mod chain;
mod column_transformer;
mod feature_union;
mod function_transformer;
mod functions;
mod infrequent;
mod inverse;
mod min_max_scaler;
mod missing_indicator;
mod one_hot_encoder;
mod ordinal_encoder;
mod plain_scalers;
mod polynomial_features;
mod power_transformer;
mod projection;
mod quantile_transformer;
mod scaling;
mod selection;
mod simple_imputer;
mod standard_scaler;
mod target_encoder;

pub(crate) use chain::Chain;
pub(crate) use inverse::Inverse;

use crate::error::{PredictError, Refusal};
use crate::estimators::Inputs;
use crate::exactness::Exactness;
use crate::skops::Object;
use crate::table::Table;

/// A fitted transformer. Every row is transformed by itself.
pub(crate) trait Transformer: Send + Sync {
    /// The name of its class.
    fn describe(&self) -> String;

    fn inputs(&self) -> Inputs;

    /// Most are exact.
    fn exactness(&self) -> Exactness {
        Exactness::BitExact
    }

    /// The input column that each column of the result is made of; `None` if one is made of several.
    fn origins(&self) -> Option<Vec<usize>> {
        None
    }

    fn transform<'a>(&self, table: Table<'a>) -> Result<Table<'a>, PredictError>;
}

/// Every class of transformer that is read, with its reader.
const READERS: &[(&str, Reader)] = &[
    (
        "sklearn.compose._column_transformer.ColumnTransformer",
        column_transformer::read,
    ),
    (
        "sklearn.decomposition._incremental_pca.IncrementalPCA",
        projection::principal,
    ),
    ("sklearn.decomposition._pca.PCA", projection::principal),
    (
        "sklearn.decomposition._truncated_svd.TruncatedSVD",
        projection::truncated,
    ),
    ("sklearn.feature_selection._rfe.RFE", selection::by_support),
    ("sklearn.feature_selection._rfe.RFECV", selection::by_support),
    (
        "sklearn.feature_selection._sequential.SequentialFeatureSelector",
        selection::by_support,
    ),
    (
        "sklearn.feature_selection._univariate_selection.SelectFdr",
        selection::false_discovery,
    ),
    (
        "sklearn.feature_selection._univariate_selection.SelectFpr",
        selection::false_positive,
    ),
    (
        "sklearn.feature_selection._univariate_selection.SelectFwe",
        selection::family_wise,
    ),
    (
        "sklearn.feature_selection._univariate_selection.SelectKBest",
        selection::best,
    ),
    (
        "sklearn.feature_selection._univariate_selection.SelectPercentile",
        selection::percentile,
    ),
    (
        "sklearn.feature_selection._variance_threshold.VarianceThreshold",
        selection::variance,
    ),
    ("sklearn.impute._base.MissingIndicator", missing_indicator::read),
    ("sklearn.impute._base.SimpleImputer", simple_imputer::read),
    ("sklearn.pipeline.FeatureUnion", feature_union::read),
    ("sklearn.pipeline.Pipeline", chain::read),
    ("sklearn.preprocessing._data.Binarizer", binning::binarizer),
    ("sklearn.preprocessing._data.MaxAbsScaler", plain_scalers::max_abs),
    ("sklearn.preprocessing._data.MinMaxScaler", min_max_scaler::read),
    ("sklearn.preprocessing._data.Normalizer", plain_scalers::normalizer),
    ("sklearn.preprocessing._data.PowerTransformer", power_transformer::read),
    (
        "sklearn.preprocessing._data.QuantileTransformer",
        quantile_transformer::read,
    ),
    ("sklearn.preprocessing._data.RobustScaler", plain_scalers::robust),
    ("sklearn.preprocessing._data.StandardScaler", standard_scaler::read),
    (
        "sklearn.preprocessing._discretization.KBinsDiscretizer",
        binning::discretizer,
    ),
    ("sklearn.preprocessing._encoders.OneHotEncoder", one_hot_encoder::read),
    ("sklearn.preprocessing._encoders.OrdinalEncoder", ordinal_encoder::read),
    (
        "sklearn.preprocessing._function_transformer.FunctionTransformer",
        function_transformer::read,
    ),
    (
        "sklearn.preprocessing._polynomial.PolynomialFeatures",
        polynomial_features::read,
    ),
    (
        "sklearn.preprocessing._target_encoder.TargetEncoder",
        target_encoder::read,
    ),
];

type Reader = fn(&Object<'_>) -> Result<Box<dyn Transformer>, Refusal>;

pub(crate) fn read(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    match READERS.iter().find(|(class, _)| *class == object.class()) {
        Some((_, read)) => read(object),
        None => Err(object.refuse(format!("is a {}, which is not evaluated natively", object.class()))),
    }
}

/// The full names of the classes that are read.
pub(crate) fn classes() -> impl Iterator<Item = &'static str> {
    READERS.iter().map(|(class, _)| *class)
}
