//! Capture: every endpoint's requests and answers, from the queue beside the scoring path to the artifact store.
//!
//! `recorder` is called where a request has been answered; `roller` takes sealed files of the spool to the artifact
//! store; `parts` finds what was captured, there and in the spool, for `logs`, `export` and the monitors.

mod export;
mod gaps;
mod ingest;
mod logs;
mod metrics;
pub(crate) mod parts;
mod recorder;
mod roller;
mod settings;
mod store;

use crate::app::App;
use axum::{
    Router,
    routing::{get, post},
};
use std::path::PathBuf;

pub(crate) use recorder::{Answered, Recorder, open};
pub(crate) use settings::Policy;
pub(crate) use store::policies;

/// Fixed when the server starts.
#[derive(Debug, Clone, Default)]
pub struct CaptureSettings {
    /// Where captured requests wait for the artifact store; each server makes a folder of its own in it. None is a
    /// temporary folder, from which nothing is taken over after a crash.
    pub folder: Option<PathBuf>,
    pub limits: fettle_capture::Limits,
}

pub fn routes() -> Router<App> {
    Router::new()
        .route(
            "/api/fettle/v1/endpoints/{name}/capture",
            get(settings::get_settings).put(settings::put_settings),
        )
        .route("/api/fettle/v1/endpoints/{name}/capture/export", get(export::export))
        .route("/api/fettle/v1/capture/events", post(ingest::ingest))
        .route("/api/fettle/v1/capture/gaps", get(gaps::list_gaps))
        .route("/api/fettle/v1/logs", get(logs::query_logs))
}

pub(crate) use metrics::render as render_metrics;
