//! Endpoints: stable addresses behind which models answer.
//!
//! This area keeps the desired state: which endpoints there are, what is deployed behind them, and how their traffic is
//! shared out. `reconciler` brings the gateway to it: it fetches models, starts them, swaps them, and keeps an account of
//! what came of it; `watching` does so with what other servers changed, moves rollouts on (`conductor`) and
//! has deployments follow their aliases (`following`). `spec`, `traffic_change`, `history` and `policy` are rules that know
//! no database.

mod checklist;
mod conductor;
mod control;
mod data_plane;
mod deployments;
mod endpoints;
mod faces;
mod following;
mod gateways;
mod history;
mod inference;
mod invocations;
mod limits;
mod mirror;
mod model_folder;
mod monitors;
mod policy;
mod reconciler;
mod recording;
mod rollouts;
mod settings;
mod source;
mod spec;
mod starting;
mod store;
mod traffic;
mod traffic_change;
mod view;
mod watching;

pub(crate) use control::Control;
pub use gateways::{GatewaySecret, GatewaySettings, StandaloneGateway};
pub use inference::serve_inference_grpc;
pub(crate) use reconciler::Reconciler;
pub(crate) use watching::start as watch;

use crate::app::App;
use axum::{
    Router,
    routing::{get, patch, post},
};

pub fn routes() -> Router<App> {
    data_plane::routes()
        .merge(gateways::routes())
        .nest("/api/fettle/v1/endpoints", control_routes())
}

fn control_routes() -> Router<App> {
    Router::new()
        .route("/", get(endpoints::list_endpoints).post(endpoints::create_endpoint))
        .route(
            "/{name}",
            get(endpoints::get_endpoint)
                .patch(settings::change_endpoint)
                .delete(endpoints::delete_endpoint),
        )
        .route("/{name}/disable", post(settings::disable))
        .route("/{name}/enable", post(settings::enable))
        .route("/{name}/deployments", post(deployments::create_deployment))
        .route(
            "/{name}/deployments/{deployment}",
            patch(deployments::update_deployment).delete(deployments::delete_deployment),
        )
        .route("/{name}/traffic", get(traffic::get_traffic).put(traffic::set_traffic))
        .route("/{name}/traffic/history", get(traffic::list_states))
        .route("/{name}/traffic/route", post(traffic::route))
        .route("/{name}/rollback", post(traffic::roll_back))
        .route("/{name}/check", get(checklist::check))
        .route("/{name}/mirror", get(mirror::get_mirror))
        .route(
            "/{name}/rollouts",
            get(rollouts::list_rollouts).post(rollouts::start_rollout),
        )
        .route("/{name}/rollouts/{id}", get(rollouts::get_rollout))
        .route("/{name}/rollouts/{id}/pause", post(rollouts::pause))
        .route("/{name}/rollouts/{id}/resume", post(rollouts::resume))
        .route("/{name}/rollouts/{id}/promote", post(rollouts::promote))
        .route("/{name}/rollouts/{id}/abort", post(rollouts::abort))
}
