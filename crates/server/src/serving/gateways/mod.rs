//! Gateways of their own: data planes in other processes, which have no store.
//!
//! `fettle gateway` asks its control plane over HTTP for what changed, and tells it how it goes (`remote`); requests that
//! it answered follow for capture and figures (`forwarder`). `api` is the control plane's side of it, `admission` says
//! whom it talks to, `exchange` is what both say to each other, `standalone` the gateway's own router and life.

mod admission;
mod api;
mod exchange;
mod forwarder;
mod remote;
mod standalone;

pub use admission::GatewaySecret;
pub use remote::Remote;
pub use standalone::{GatewaySettings, StandaloneGateway};

use crate::app::App;
use axum::{
    Router,
    routing::{delete, get, post},
};

pub fn routes() -> Router<App> {
    let control = Router::new()
        .route("/{id}", delete(api::leave))
        .route("/{id}/exchange", post(api::exchange))
        .route("/{id}/requests", post(api::take_requests))
        .route("/revisions/{revision}/files", get(api::list_files))
        .route("/revisions/{revision}/files/{*path}", get(api::get_file));
    Router::new().nest("/api/fettle/v1/gateways", control)
}
