//! Watching what runs: what was asked and answered, figures of operation, alerts.
//!
//! `capture` records requests and finds them again, `operational` keeps figures over time, `alerts` holds conditions
//! against those figures and tells receivers. Rules that touch neither the database nor HTTP stand in files of their
//! own (`condition`, `machine`, `figures`, `message`).

pub(crate) mod alerts;
pub(crate) mod baselines;
pub(crate) mod capture;
mod duration;
pub(crate) mod monitors;
pub(crate) mod operational;
mod schedule;
pub(crate) mod truth;

use crate::app::App;
use axum::Router;

pub use alerts::AlertSettings;
pub use capture::CaptureSettings;

pub fn routes() -> Router<App> {
    Router::new()
        .merge(capture::routes())
        .merge(operational::routes())
        .merge(alerts::routes())
        .merge(truth::routes())
        .merge(baselines::routes())
        .merge(monitors::routes())
}

/// The metrics of monitoring. What cannot be read now is left out: the rest is worth having.
pub(crate) async fn render_metrics(app: &App, out: &mut String) {
    capture::render_metrics(app, out);
    if let Err(error) = alerts::render_metrics(app, out).await {
        tracing::warn!(%error, "The metrics of alerts could not be read");
    }
    if let Err(error) = monitors::render_metrics(app, out).await {
        tracing::warn!(%error, "The metrics of monitors could not be read");
    }
}
