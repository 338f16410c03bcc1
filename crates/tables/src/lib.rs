//! Files of rows (Parquet, CSV, JSON lines) profiled column by column in bounded memory.
//!
//! Parquet is read a column at a time, on as many threads as there are processors; the text formats line by line, into
//! all columns at once. Neither loads a file.

pub mod compare;
mod csv;
mod error;
mod jsonl;
pub mod pairs;
mod parquet;
mod table;

pub use error::Error;
pub use table::{Field, Format, Table};
