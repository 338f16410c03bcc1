//! Metric history as columns: how points are packed when they arrive, merged into sorted blocks afterwards, and read
//! back sampled or whole.
//!
//! The database is not visible from here. A caller keeps four kinds of rows and implements [`store::Source`] and
//! [`store::Store`] over the last two:
//!
//! - the log: one [`batch`] per request that logged metrics, deleted once folded;
//! - per series (a metric key of a run), how many rows are folded;
//! - [`block`]s: sorted rows, [`block::ROWS`] in each but the last, so that rank to block is arithmetic;
//! - [`summary`] pages: one line per full block, so that charts and searches read few bytes.
//!
//! [`fold`] moves points from the log into blocks. [`view`] reads blocks and the not yet folded tail as one sorted
//! history. The choice of this layout is measured in `docs/metric-storage.md`.

pub mod batch;
pub mod block;
pub mod chart;
pub mod fold;
pub mod ntile;
mod pack;
mod place;
pub mod point;
pub mod store;
pub mod summary;
pub mod view;
