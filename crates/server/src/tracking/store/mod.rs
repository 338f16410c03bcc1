//! The SQL of tracking: functions that take a transaction.

pub mod experiments;
pub mod folding;
pub mod inputs;
pub mod metric_history;
pub mod metrics;
pub mod params;
pub mod ranking;
pub mod run_data;
pub mod run_filter;
pub mod run_search;
pub mod runs;
pub mod summaries;
pub mod tags;
