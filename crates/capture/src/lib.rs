//! Recorded inference data: what was asked of an endpoint, what it answered, how long that took.
//!
//! A request is put into a bounded queue, which never waits, and is written by a thread of its own as CloudEvents, one
//! per line, to a file of this machine (the spool). A file that is large or old enough is sealed; whoever owns the
//! [`Capture`] takes sealed files, turns them into tables and keeps those where it keeps artifacts. Nothing here knows
//! of a database or of HTTP.

mod event;
mod handle;
mod payload;
mod queue;
mod roll;
mod segment;
mod spool;
mod table;
mod tally;
mod upload;
mod writer;

pub use event::{Event, EventKind, EventLine, InvalidEvent, Source, data_of_bytes};
pub use handle::{Capture, Counts, Limits};
pub use payload::{Rows, inputs, outputs};
pub use queue::{Body, Served};
pub use roll::{Rolled, log_of_table, roll};
pub use segment::{LogEntry, Segment, read_segment};
pub use spool::{Gap, Sealed, Spool};
pub use table::{Cell, Cells, Column, Table, TableBuilder, TableError};
pub use tally::{Point, Points, Tally, latency_quantile_ms};
pub use upload::{UploadError, read_upload};
