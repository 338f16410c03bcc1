//! MLflow's `filter` and `order_by` text as typed values.
//!
//! Clients send filters such as ``metrics.`val loss` < 0.2 AND params.model = 'tree'``. This crate turns the text into
//! predicates whose attributes, operators and values are already checked, so that a store only translates them. It
//! knows nothing of databases or HTTP.
//!
//! ```
//! use fettle_search::runs::{self, RunPredicate};
//!
//! let filter = runs::parse_filter("metrics.loss < 0.2")?;
//! assert!(matches!(filter.predicates(), [RunPredicate::Metric { key, .. }] if key == "loss"));
//! # Ok::<(), fettle_search::SearchError>(())
//! ```
//!
//! The path of a text is `token` (characters to tokens), `grammar` (tokens to clauses), then the entity's own file,
//! which decides what its clauses may name and compare: [`runs`], [`experiments`], [`registered_models`],
//! [`model_versions`], [`logged_models`], [`traces`], [`trace_metrics`], [`evaluation_datasets`], [`issues`]. A new
//! searchable entity is one more such file.
//!
//! The grammar is the one MLflow accepts, with its accidents: `AND` is only a separator, so it may be missing, doubled
//! or trailing, and a quoted value is taken verbatim, without escapes. Where MLflow fails with an internal error, or
//! refuses a text over an unrelated SQL keyword, this crate is more helpful; `tests/corpus/differences.rs` lists every
//! such difference.

mod clause;
mod comparison;
mod cursor;
mod error;
pub mod evaluation_datasets;
pub mod experiments;
mod filter;
mod grammar;
mod identifier;
pub mod issues;
pub mod limits;
mod list;
pub mod logged_models;
pub mod model_versions;
mod order_by;
mod quote;
pub mod registered_models;
pub mod runs;
mod token;
pub mod trace_metrics;
pub mod traces;

pub use comparison::{Number, NumberComparison, NumberOperator, TextComparison};
pub use error::SearchError;
pub use filter::Filter;
pub use order_by::{Direction, Order};
