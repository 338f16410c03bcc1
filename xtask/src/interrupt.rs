//! Ctrl-C and SIGTERM end a command in an orderly way: the flag is raised, the step in progress returns, and what was
//! started is stopped as its owner goes out of scope.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::{Result, bail};

static RAISED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

pub(crate) fn listen() {
    let flag = RAISED.get_or_init(Arc::default);
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        if let Err(error) = signal_hook::flag::register(signal, Arc::clone(flag)) {
            eprintln!("warning: Ctrl-C will not stop child processes: {error}");
        }
    }
}

pub(crate) fn raised() -> bool {
    RAISED.get().is_some_and(|flag| flag.load(Ordering::Relaxed))
}

/// Fails once the user has asked to stop.
pub(crate) fn check() -> Result<()> {
    if raised() {
        bail!("interrupted");
    }
    Ok(())
}
