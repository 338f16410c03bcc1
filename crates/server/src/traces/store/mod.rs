//! SQL of traces and their spans.

pub mod spans;
