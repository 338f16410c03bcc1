//! MLflow's requests and responses, as they stand on the wire.
//!
//! These types are neither rows nor domain types: they keep MLflow's oddities (64-bit numbers that may be strings,
//! absent against empty, `run_uuid` beside `run_id`) so that nothing else has to. Every request field is optional here;
//! [`Required`] turns what is missing into MLflow's own complaint.

pub mod artifacts;
pub mod assessments;
pub mod evaluation;
pub mod experiments;
pub mod logged_models;
pub mod metrics;
pub mod numbers;
mod plain_batch;
pub mod registry;
pub mod required;
pub mod runs;
pub mod tags;
pub mod times;
pub mod traces;
pub mod webhooks;

pub use numbers::{Double, Flag, Int64};
pub use required::{Missing, Required};
