//! Spans of traces: read from OpenTelemetry, kept in compact blocks, searched, and written as MLflow writes them.
//! Pure: nothing here knows the database or HTTP.

pub mod block;
pub mod index;
mod pattern;
mod query;
mod trigrams;

pub use pattern::{BadPattern, Pattern};
pub use query::{SpanField, SpanQuery, SpanTest};
