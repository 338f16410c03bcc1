//! The SQL of the registry: functions that take a transaction.

pub mod aliases;
pub mod models;
pub mod search;
pub mod tags;
pub mod versions;
