//! Tracking: experiments, runs, their params, metrics, tags and inputs, and the search over them.
//!
//! Each noun has its handlers in a file of its own; `store` holds the SQL; `validate` and `run_name` are rules that
//! touch neither HTTP nor the database.

mod dataset_search;
mod experiments;
mod folding;
mod inputs;
mod logging;
mod metrics;
pub mod ranking;
pub(crate) mod run_name;
mod runs;
mod search_runs;
pub(crate) mod store;
pub(crate) mod validate;

pub(crate) use experiments::{active as active_experiment, get_experiment};
pub use folding::{Folder, fold_all};
pub(crate) use metrics::get_metric_history_bulk_interval;
pub(crate) use runs::get_run;
pub(crate) use search_runs::search_runs;

use crate::app::App;
use axum::{
    Router,
    routing::{get, post},
};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/2.0/mlflow/experiments/create", post(experiments::create_experiment))
        .route("/2.0/mlflow/experiments/get", get(experiments::get_experiment))
        .route(
            "/2.0/mlflow/experiments/get-by-name",
            get(experiments::get_experiment_by_name),
        )
        .route("/2.0/mlflow/experiments/delete", post(experiments::delete_experiment))
        .route("/2.0/mlflow/experiments/restore", post(experiments::restore_experiment))
        .route("/2.0/mlflow/experiments/update", post(experiments::update_experiment))
        .route(
            "/2.0/mlflow/experiments/set-experiment-tag",
            post(experiments::set_experiment_tag),
        )
        .route(
            "/2.0/mlflow/experiments/delete-experiment-tag",
            post(experiments::delete_experiment_tag),
        )
        .route(
            "/2.0/mlflow/experiments/search",
            get(experiments::search_experiments).post(experiments::search_experiments),
        )
        .route("/2.0/mlflow/runs/create", post(runs::create_run))
        .route("/2.0/mlflow/runs/get", get(runs::get_run))
        .route("/2.0/mlflow/runs/update", post(runs::update_run))
        .route("/2.0/mlflow/runs/delete", post(runs::delete_run))
        .route("/2.0/mlflow/runs/restore", post(runs::restore_run))
        .route("/2.0/mlflow/runs/search", post(search_runs::search_runs))
        .route("/2.0/mlflow/runs/log-metric", post(logging::log_metric))
        .route("/2.0/mlflow/runs/log-parameter", post(logging::log_param))
        .route("/2.0/mlflow/runs/log-batch", post(logging::log_batch))
        .route("/2.0/mlflow/runs/log-model", post(logging::log_model))
        .route("/2.0/mlflow/runs/set-tag", post(logging::set_tag))
        .route("/2.0/mlflow/runs/delete-tag", post(logging::delete_tag))
        .route("/2.0/mlflow/runs/log-inputs", post(inputs::log_inputs))
        .route("/2.0/mlflow/runs/outputs", post(inputs::log_outputs))
        .route("/2.0/mlflow/metrics/get-history", get(metrics::get_metric_history))
        .route(
            "/2.0/mlflow/metrics/get-history-bulk-interval",
            get(metrics::get_metric_history_bulk_interval),
        )
}

/// What only pages call.
pub fn page_routes() -> Router<App> {
    Router::new()
        .route(
            "/2.0/mlflow/metrics/get-history-bulk",
            get(metrics::get_metric_history_bulk),
        )
        .route(
            "/2.0/mlflow/experiments/search-datasets",
            post(dataset_search::search_datasets),
        )
}
