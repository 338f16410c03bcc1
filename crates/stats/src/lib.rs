//! The statistics of monitoring: what is remembered of a column, how two columns differ, and when that is drift.
//!
//! Pure: no files, no database, no HTTP, no clock. A table is profiled into a [`profile::dataset::DatasetProfile`] in
//! bounded memory; [`compare::datasets`] measures what differs between a reference and a current one and says of every
//! column whether it has drifted, how sure that is, and how small a shift these rows could have shown.
//!
//! Formulas, sources and measured error rates are in `docs/drift.md`.

pub mod attribution;
pub mod bins;
pub mod chi_square;
pub mod compare;
pub mod distance;
pub mod ecdf;
pub mod kolmogorov;
pub mod multiple;
pub mod performance;
pub mod profile;
pub mod quality;
pub mod report;
pub mod sketch;
mod sort;
pub mod special;
