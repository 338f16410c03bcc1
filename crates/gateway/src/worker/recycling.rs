//! When a worker has served long enough: libraries leak, and a fresh process is the one sure remedy.

use std::time::Duration;

use tokio::time::Instant;

use super::procfs;

/// How often a worker's memory is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// A worker that is large from the beginning is not replaced by another such.
const AGE_MIN: Duration = Duration::from_secs(10);

/// Beyond either of these a worker is replaced, by one that is ready before it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recycling {
    /// Requests answered.
    pub requests_max: Option<u64>,
    /// Memory held, in bytes.
    pub resident_bytes_max: Option<u64>,
}

/// One worker's way to its limits.
pub(super) struct Wear {
    recycling: Recycling,
    requests: u64,
    born: Instant,
    looked: Instant,
    large: Option<u64>,
}

impl Wear {
    pub(super) fn new(recycling: Recycling) -> Self {
        let now = Instant::now();
        Self {
            recycling,
            requests: 0,
            born: now,
            looked: now,
            large: None,
        }
    }

    pub(super) fn answered(&mut self, requests: usize) {
        self.requests += requests as u64;
    }

    /// Why the worker is to be replaced, if it is.
    pub(super) fn is_over(&mut self, pid: Option<u32>) -> Option<String> {
        if let Some(most) = self.recycling.requests_max
            && self.requests >= most
        {
            return Some(format!("it has answered {} requests", self.requests));
        }
        let most = self.recycling.resident_bytes_max?;
        let now = Instant::now();
        if now - self.looked >= LOOK && now - self.born >= AGE_MIN {
            self.looked = now;
            self.large = pid.and_then(procfs::resident_bytes).filter(|bytes| *bytes > most);
        }
        self.large
            .map(|bytes| format!("it holds {bytes} bytes, more than {most}"))
    }
}
