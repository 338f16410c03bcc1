//! What evaluations of traces are made with: datasets of cases, scorers, label schemas, review queues, issues.
//!
//! Each noun has its handlers in a file of its own; `store` holds the SQL. `record`, `dataset_schema`, `json_text`,
//! `serialized_scorer`, `label_input`, `queue_rules` and `validate` are rules that touch neither HTTP nor the database.

mod dataset_records;
mod dataset_schema;
mod datasets;
mod issues;
mod json_text;
mod label_input;
mod label_schemas;
mod online_scoring;
mod queue_rules;
mod record;
mod review_items;
mod review_queues;
mod scorers;
mod serialized_scorer;
mod store;
mod validate;

use crate::app::App;
use axum::{
    Router,
    routing::{delete, get, patch, post, put},
};

pub fn routes() -> Router<App> {
    let nouns = Router::new()
        .nest("/datasets", dataset_routes())
        .nest("/scorers", scorer_routes())
        .nest("/label-schemas", label_schema_routes())
        .nest("/review-queues", review_queue_routes())
        .nest("/issues", issue_routes());
    Router::new().nest("/3.0/mlflow", nouns)
}

fn dataset_routes() -> Router<App> {
    Router::new()
        .route("/create", post(datasets::create_dataset))
        .route(
            "/search",
            get(datasets::search_datasets).post(datasets::search_datasets),
        )
        .route(
            "/{dataset_id}",
            get(datasets::get_dataset).delete(datasets::delete_dataset),
        )
        .route("/{dataset_id}/tags", patch(datasets::set_tags))
        .route("/{dataset_id}/tags/{key}", delete(datasets::delete_tag))
        .route("/{dataset_id}/experiment-ids", get(datasets::get_experiment_ids))
        .route("/{dataset_id}/add-experiments", post(datasets::add_experiments))
        .route("/{dataset_id}/remove-experiments", post(datasets::remove_experiments))
        .route(
            "/{dataset_id}/records",
            get(dataset_records::get_records)
                .post(dataset_records::upsert_records)
                .delete(dataset_records::delete_records),
        )
}

fn scorer_routes() -> Router<App> {
    Router::new()
        .route("/register", post(scorers::register_scorer))
        .route("/list", get(scorers::list_scorers))
        .route("/versions", get(scorers::list_scorer_versions))
        .route("/get", get(scorers::get_scorer))
        .route("/delete", delete(scorers::delete_scorer))
        .route("/online-config", put(online_scoring::set_config))
        .route("/online-configs", get(online_scoring::get_configs))
}

fn label_schema_routes() -> Router<App> {
    Router::new()
        .route("/create", post(label_schemas::create_label_schema))
        .route("/get", get(label_schemas::get_label_schema))
        .route("/get-by-name", get(label_schemas::get_label_schema_by_name))
        .route("/list", get(label_schemas::list_label_schemas))
        .route("/update", patch(label_schemas::update_label_schema))
        .route("/delete", delete(label_schemas::delete_label_schema))
}

fn review_queue_routes() -> Router<App> {
    Router::new()
        .route("/create", post(review_queues::create_review_queue))
        .route("/get-or-create-user", post(review_queues::get_or_create_user_queue))
        .route("/get", get(review_queues::get_review_queue))
        .route("/get-by-name", get(review_queues::get_review_queue_by_name))
        .route("/list", get(review_queues::list_review_queues))
        .route("/update", post(review_queues::update_review_queue))
        .route("/delete", post(review_queues::delete_review_queue))
        .route("/items/add", post(review_items::add_items))
        .route("/items/list", get(review_items::list_items))
        .route("/items/remove", post(review_items::remove_items))
        .route("/items/set-status", post(review_items::set_status))
}

fn issue_routes() -> Router<App> {
    Router::new()
        .route("/", post(issues::create_issue))
        .route("/search", post(issues::search_issues))
        .route("/{issue_id}", get(issues::get_issue).patch(issues::update_issue))
}
