//! Monitors: signals over windows of what was captured, held against a reference.
//!
//! `spec`, `windows` and `signals` are rules that know no database. `run` looks at one window and writes down what it
//! found; `scheduler` does so when it is time, and again when labels have come late.

mod api;
mod explanations;
mod metrics;
mod reference;
mod run;
mod runs;
mod scheduler;
mod signals;
mod spec;
pub(crate) mod store;
mod windows;

use crate::app::App;
use axum::{
    Router,
    routing::{get, post},
};

pub(crate) use metrics::render as render_metrics;
pub(crate) use scheduler::start;

pub fn routes() -> Router<App> {
    Router::new()
        .route(
            "/api/fettle/v1/monitors",
            get(api::list_monitors).post(api::create_monitor).put(api::put_monitors),
        )
        .route(
            "/api/fettle/v1/monitors/{name}",
            get(api::get_monitor).put(api::put_monitor).delete(api::delete_monitor),
        )
        .route("/api/fettle/v1/monitors/{name}/run", post(runs::run_monitor))
        .route("/api/fettle/v1/monitors/{name}/runs", get(runs::list_runs))
        .route("/api/fettle/v1/monitors/{name}/runs/{id}", get(runs::get_run))
        .route("/api/fettle/v1/monitors/{name}/series", get(runs::get_series))
        .route("/api/fettle/v1/monitors/{name}/metrics", post(api::send_metric))
}
