//! Python worker processes: starting one, talking to one, keeping one alive.

mod process;
mod protocol;
mod python;
mod supervisor;
mod table;

pub use process::{CallError, StartError};
pub use protocol::Handshake;
pub use python::find_python;
pub use supervisor::Supervision;

pub(crate) use process::{Worker, WorkerSpec};
pub(crate) use protocol::RowResult;
pub(crate) use supervisor::Workers;
