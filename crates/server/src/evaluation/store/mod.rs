//! The SQL of evaluation: functions that take a transaction.

pub mod dataset_records;
pub mod dataset_search;
pub mod datasets;
pub mod experiments;
pub mod issues;
pub mod label_schemas;
pub mod online_scoring;
pub mod review_items;
pub mod review_queues;
pub mod scorers;
