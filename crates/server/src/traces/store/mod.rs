//! The SQL of traces and their spans.

pub mod assessments;
pub mod deletion;
pub mod ingest;
pub mod links;
pub mod metrics;
pub mod records;
pub mod search;
pub mod segments;
pub mod spans;
pub mod totals;
pub mod trace_order;
