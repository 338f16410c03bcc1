//! The one reader of the wall clock; tests set it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

/// Tells the time in milliseconds since the epoch.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    fixed_ms: Option<Arc<AtomicI64>>,
}

impl Clock {
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands still until it is set.
    pub fn fixed(now_ms: i64) -> Self {
        Self {
            fixed_ms: Some(Arc::new(AtomicI64::new(now_ms))),
        }
    }

    pub fn set(&self, now_ms: i64) {
        if let Some(fixed) = &self.fixed_ms {
            fixed.store(now_ms, Ordering::Relaxed);
        }
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn now_ms(&self) -> i64 {
        match &self.fixed_ms {
            Some(fixed) => fixed.load(Ordering::Relaxed),
            None => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_millis() as i64),
        }
    }
}
