//! The threads of a server.

use std::{io, time::Duration};
use tokio::runtime::{Builder, Runtime};

/// Threads that read the store go soon after a load has passed, and with them the memory that each kept for its next
/// request.
const IDLE_THREAD: Duration = Duration::from_secs(1);

pub fn of_server() -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .enable_all()
        .thread_keep_alive(IDLE_THREAD)
        .build()
}
