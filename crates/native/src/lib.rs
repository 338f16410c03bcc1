//! Models read from their own files as data and evaluated in Rust, bit for bit as Python does: scikit-learn's from
//! skops, XGBoost's from JSON and UBJ, LightGBM's from text.
//!
//! Nothing in a model file is executed, and every class, parameter and version that this crate does not know is refused
//! by name, so that a caller can fall back to Python. Files come from untrusted places; reading one is bounded and
//! never panics.
//!
//! Where a number passes through `exp`, `log` or a BLAS product, the last bits depend on the Python build and the
//! processor; [`Model::exactness`] says so. Everything else is equal to the bit on x86-64.

mod attributions;
mod error;
mod estimators;
mod exactness;
mod lightgbm;
mod model;
mod rows;
mod skops;
mod table;
mod transformers;
mod trees;
mod xgboost;

pub use attributions::Attributions;
pub use error::{PredictError, Refusal};
pub use exactness::Exactness;
pub use lightgbm::{ClassLabels, LightgbmClass};
pub use model::{Method, Model};
pub use rows::{Column, Output, Rows};
pub use xgboost::XgboostClass;

/// The full names of the classes that a skops file may hold, models and transformers.
pub fn scikit_learn_classes() -> impl Iterator<Item = &'static str> {
    estimators::classes().chain(transformers::classes())
}
