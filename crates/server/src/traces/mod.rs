//! Traces: what an LLM application did, as spans, with assessments of how well it did it.
//!
//! A trace's own record comes by REST (v3, and v2 for old clients) or is made from its spans when these come first; the
//! two orders end in the same record.

mod aggregation;
mod assessment_values;
mod assessments;
mod correlation;
mod deletion;
mod folding;
mod infos;
mod infos_v2;
mod links;
mod metric_kinds;
mod metrics;
mod otlp;
mod otlp_grpc;
mod rules;
mod search;
mod spans;
pub(crate) mod store;
mod tags;
pub(crate) mod usage;
mod validate;

pub use folding::IndexFolder;
pub use otlp_grpc::serve as serve_otlp_grpc;

use crate::app::App;
use axum::{
    Router,
    routing::{get, patch, post},
};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/3.0/mlflow/traces", post(infos::start_trace))
        .route("/3.0/mlflow/traces/batchGetInfos", post(infos::batch_get_trace_infos))
        .route("/3.0/mlflow/traces/metrics", post(metrics::query_trace_metrics))
        .route("/3.0/mlflow/traces/get", get(spans::get_trace))
        .route("/3.0/mlflow/traces/batchGet", get(spans::batch_get_traces))
        .route("/3.0/mlflow/traces/search", post(search::search_traces))
        .route(
            "/3.0/mlflow/traces/calculate-filter-correlation",
            post(correlation::calculate_filter_correlation),
        )
        .route("/3.0/mlflow/traces/delete-traces", post(deletion::delete_traces))
        .route("/3.0/mlflow/traces/{trace_id}", get(infos::get_trace_info))
        .route(
            "/3.0/mlflow/traces/{trace_id}/tags",
            patch(tags::set_tag).delete(tags::delete_tag),
        )
        .route(
            "/3.0/mlflow/traces/{trace_id}/assessments",
            post(assessments::create_assessment),
        )
        .route(
            "/3.0/mlflow/traces/{trace_id}/assessments/{assessment_id}",
            get(assessments::get_assessment)
                .patch(assessments::update_assessment)
                .delete(assessments::delete_assessment),
        )
        .route(
            "/2.0/mlflow/traces",
            post(infos_v2::start_trace).get(search::search_traces_v2),
        )
        .route("/2.0/mlflow/traces/delete-traces", post(deletion::delete_traces))
        .route("/2.0/mlflow/traces/link-to-run", post(links::link_traces_to_run))
        .route("/2.0/mlflow/traces/link-prompts", post(links::link_prompts_to_trace))
        .route("/2.0/mlflow/traces/{request_id}", patch(infos_v2::end_trace))
        .route("/2.0/mlflow/traces/{request_id}/info", get(infos_v2::get_trace_info))
        .route(
            "/2.0/mlflow/traces/{request_id}/tags",
            patch(tags::set_tag).delete(tags::delete_tag),
        )
}

/// What only pages call, below `/ajax-api`.
pub fn ajax_routes() -> Router<App> {
    Router::new()
        .route("/2.0/mlflow/get-trace-artifact", get(spans::get_trace_artifact))
        .route("/3.0/mlflow/get-trace-artifact", get(spans::get_trace_artifact))
}

/// OpenTelemetry's own path.
pub fn otlp_routes() -> Router<App> {
    Router::new().route("/v1/traces", post(otlp::export_traces))
}

/// What stands at the root: OpenTelemetry's path and Fettle's own calls.
pub fn root_routes() -> Router<App> {
    otlp_routes()
        .route("/api/fettle/v1/traces/{trace_id}/spans", get(spans::list_spans))
        .route(
            "/api/fettle/v1/experiments/{experiment_id}/trace-rules",
            get(rules::get_rules).put(rules::set_rules).delete(rules::delete_rules),
        )
}
