//! Python worker processes: starting one, talking to one, keeping one alive.

mod environment;
mod pool;
mod process;
pub(crate) mod procfs;
mod protocol;
mod python;
mod recycling;
mod supervisor;
mod table;

pub use environment::{EnvironmentError, EnvironmentManager, Environments};
pub use pool::ReplicaCounts;
pub use process::{CallError, StartError};
pub use protocol::Handshake;
pub use python::find_python;
pub use recycling::Recycling;
pub use supervisor::Supervision;

pub(crate) use pool::{Pool, PoolParts};
pub(crate) use process::{Worker, WorkerSpec};
pub(crate) use protocol::{Converted, RowResult};
