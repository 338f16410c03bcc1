//! Checkpoints: what was committed moves from SQLite's log into its file. They run on a thread of their own, as they
//! take as long as dozens of commits, and callers would wait for the writer meanwhile.

use crate::{Error, Result};
use rusqlite::Connection;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    time::Duration,
};

/// Writes after which a checkpoint is due,
const WRITES: usize = 200;
/// or the time after which those that were fewer are checkpointed.
const PAUSE: Duration = Duration::from_secs(5);

/// Held by the writer; the thread ends with it.
pub(crate) struct Checkpoints {
    writes: Arc<AtomicUsize>,
    due: SyncSender<()>,
}

impl Checkpoints {
    /// `connection` is the thread's own.
    pub(crate) fn start(connection: Connection) -> Result<Self> {
        let writes = Arc::<AtomicUsize>::default();
        let (due, dues) = sync_channel(1);
        let count = Arc::clone(&writes);
        std::thread::Builder::new()
            .name("store-checkpoints".to_owned())
            .spawn(move || checkpoint_when_due(&connection, &count, &dues))
            .map_err(|e| Error::Open(e.to_string()))?;
        Ok(Self { writes, due })
    }

    /// Notes that a commit held so many callers' writes.
    pub(crate) fn committed(&self, writes: usize) {
        let before = self.writes.fetch_add(writes, Ordering::Relaxed);
        if before < WRITES && before + writes >= WRITES {
            // Full means that the thread is about to run anyway.
            let _ = self.due.try_send(());
        }
    }
}

fn checkpoint_when_due(connection: &Connection, writes: &AtomicUsize, dues: &Receiver<()>) {
    while dues.recv_timeout(PAUSE) != Err(RecvTimeoutError::Disconnected) {
        if writes.swap(0, Ordering::Relaxed) == 0 {
            continue;
        }
        // Neither readers nor the writer are waited for: what they still need is left to the next time.
        if let Err(error) = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
            tracing::warn!(%error, "SQLite's log could not be checkpointed; it grows until it can");
        }
    }
}
