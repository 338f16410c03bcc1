//! Evaluation datasets, scorers, label schemas, review queues and issues over HTTP, on both databases. What is expected
//! here is what MLflow 3.17.2 answered to the same calls, unless a test says otherwise.

mod datasets;
mod issues;
mod label_schemas;
mod pages;
mod review_queues;
mod scorers;

const INVALID: &str = "INVALID_PARAMETER_VALUE";
const ABSENT: &str = "RESOURCE_DOES_NOT_EXIST";
const TAKEN: &str = "RESOURCE_ALREADY_EXISTS";

/// The path of a call below `/api/3.0/mlflow/`.
fn v3(path: &str) -> String {
    format!("/api/3.0/mlflow/{path}")
}
