//! Logs go to standard error: text on a terminal, JSON lines elsewhere.

use std::io::{IsTerminal, stderr};
use tracing_subscriber::EnvFilter;

/// `FETTLE_LOG` takes `tracing`'s filter syntax: `info`, `fettle_server=debug`.
pub(crate) fn start() {
    let filter = EnvFilter::try_from_env("FETTLE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    if stderr().is_terminal() {
        logs.with_target(false).init();
    } else {
        logs.json().flatten_event(true).init();
    }
}
