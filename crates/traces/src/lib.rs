//! Spans of traces: read from OpenTelemetry, kept in compact blocks, searched, and written as MLflow writes them.
//! Pure: nothing here knows the database or HTTP.

mod attributes;
pub mod block;
pub mod index;
mod json;
pub mod otlp_json;
mod pattern;
mod preview;
mod query;
pub mod received;
pub mod rules;
pub mod segment;
mod span;
mod translation;
mod trigrams;
pub mod wire;

pub use attributes::Attributes;
pub use json::Json;
pub use pattern::{BadPattern, Pattern};
pub use preview::preview;
pub use query::{Need, SpanField, SpanQuery, SpanTest};
pub use span::{BadSpan, Event, Span};
