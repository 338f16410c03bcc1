//! Logs go to standard error: text on a terminal, JSON lines elsewhere.

use std::io::{IsTerminal, stderr};
use tracing_subscriber::EnvFilter;

/// PostgreSQL's notices, such as of a table that is there already, tell nobody anything.
const DEFAULT: &str = "info,tokio_postgres::connection=warn";

/// `FETTLE_LOG` takes `tracing`'s filter syntax: `info`, `fettle_server=debug`.
pub(crate) fn start() {
    let filter = EnvFilter::try_from_env("FETTLE_LOG").unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    if stderr().is_terminal() {
        logs.with_target(false).init();
    } else {
        logs.json().flatten_event(true).init();
    }
}
