//! The protocol over gRPC, on a port of its own.
//!
//! `generated.rs` is what `tonic-prost-build` 0.14 writes for `open_inference.proto` (server only; texts and raw
//! contents as `Bytes`). It is kept here so that building needs no protocol compiler.

mod contents;
#[expect(clippy::all, clippy::pedantic, reason = "generated; see above for how")]
mod generated;
mod service;

pub use service::serve;
