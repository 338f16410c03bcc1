//! The SQL of logged models: functions that take a transaction.

pub mod models;
pub mod parts;
pub mod search;
