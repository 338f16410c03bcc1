//! Alert rules: conditions over figures of operation and signals of monitors, held against time, told to receivers.
//!
//! `condition`, `dimension`, `machine`, `labels`, `silence` and `message` are rules that know no database. `evaluate` brings a
//! rule's alerts up to date in one transaction, with the messages that follow; `scheduler` does so when it is time.

mod channel;
mod condition;
mod dimension;
mod evaluate;
mod history;
mod labels;
mod machine;
mod mail;
mod message;
mod metrics;
mod receivers;
pub(crate) mod rule;
pub(crate) mod rules;
mod scheduler;
mod silence;
mod silences;
pub(crate) mod store;

use crate::app::App;
use axum::{
    Router,
    routing::{get, post},
};

pub(crate) use channel::{Channel, open};
pub(crate) use labels::figure;
pub(crate) use metrics::{escape, render as render_metrics};
pub(crate) use scheduler::start;

/// Fixed when the server starts.
#[derive(Debug, Clone, Default)]
pub struct AlertSettings {
    /// `smtp://user:password@host:587?tls=required`; none cannot send mail.
    pub smtp_url: Option<String>,
    /// Who mail comes from.
    pub smtp_from: Option<String>,
    /// Where people open the page; links in messages lead there.
    pub external_url: Option<String>,
}

pub fn routes() -> Router<App> {
    Router::new()
        .route(
            "/api/fettle/v1/alert-rules",
            get(rules::list_rules).post(rules::create_rule).put(rules::put_rules),
        )
        .route(
            "/api/fettle/v1/alert-rules/{name}",
            get(rules::get_rule).put(rules::put_rule).delete(rules::delete_rule),
        )
        .route("/api/fettle/v1/alert-rules/{name}/evaluate", post(rules::evaluate_rule))
        .route("/api/fettle/v1/alerts", get(history::list_alerts))
        .route("/api/fettle/v1/alerts/{id}", get(history::get_alert))
        .route("/api/fettle/v1/alerts/{id}/resolve", post(history::resolve_alert))
        .route(
            "/api/fettle/v1/alert-receivers",
            get(receivers::list_receivers).post(receivers::create_receiver),
        )
        .route(
            "/api/fettle/v1/alert-receivers/{name}",
            axum::routing::delete(receivers::delete_receiver),
        )
        .route(
            "/api/fettle/v1/alert-receivers/{name}/test",
            post(receivers::test_receiver),
        )
        .route(
            "/api/fettle/v1/alert-receivers/{name}/deliveries",
            get(receivers::list_deliveries),
        )
        .route(
            "/api/fettle/v1/alert-silences",
            get(silences::list_silences).post(silences::create_silence),
        )
        .route(
            "/api/fettle/v1/alert-silences/{id}",
            axum::routing::delete(silences::delete_silence),
        )
}
