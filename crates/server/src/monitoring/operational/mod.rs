//! Figures of operation over time: requests, latencies, errors, replicas, of each deployment in each server.
//!
//! A server writes what it counted every ten seconds, by status; whoever asks puts the servers' points together.

pub(crate) mod figures;
mod flush;
pub(crate) mod series;
pub(crate) mod store;
pub(crate) mod window;

use crate::app::App;
use axum::{Router, routing::get};

pub(crate) use flush::{Flusher, Told, WIDTH_MS, close, flush, hear, miss, replicas};

pub fn routes() -> Router<App> {
    Router::new().route("/api/fettle/v1/operational-metrics", get(series::query_series))
}
