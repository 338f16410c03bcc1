//! Deployments with real Python workers behind them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops where it is")]

mod common;
mod http;
mod native_executor;
mod python_workers;
mod recorded_through_python;
mod scaling;
