//! `issues`: create, get, update, search

use super::{
    store::{self, issues::IssueSearch},
    validate,
};
use crate::{
    app::App,
    audit::{self, Entity},
    caller::Caller,
    error::{Result, invalid},
    extract::{Args, Json, PathArg},
    tracking::validate::experiment_id,
};
use axum::extract::State;
use fettle_search::issues;
use fettle_wire::{
    Required,
    evaluation::issues::{CreateIssue, IssueResponse, IssuesResponse, SearchIssues, UpdateIssue},
};
use serde_json::json;

const NAME_LENGTH: usize = 500;
const TEXT_LENGTH: usize = 100_000;
const ENTRIES: usize = 100;
const PAGE: usize = 100;
const STATUSES: [&str; 3] = ["pending", "rejected", "resolved"];
/// From the least severe to the most.
pub const SEVERITIES: [&str; 4] = ["not_an_issue", "low", "medium", "high"];

fn entity(issue_id: &str) -> Entity<'_> {
    Entity::of("issue", issue_id)
}

/// One of `known`, or nothing.
fn one_of(field: &str, value: Option<String>, known: &[&'static str]) -> Result<Option<&'static str>> {
    let Some(value) = value else { return Ok(None) };
    known
        .iter()
        .copied()
        .find(|known| *known == value)
        .map(Some)
        .ok_or_else(|| {
            let value: String = value.chars().take(100).collect();
            invalid(format!(
                "Invalid {field} '{value}': it must be one of {}.",
                validate::python_list(known.iter().copied())
            ))
        })
}

fn texts(field: &str, values: Option<Vec<String>>) -> Result<Vec<String>> {
    let values = values.unwrap_or_default();
    validate::at_most_entries(field, values.len(), ENTRIES)?;
    for value in &values {
        validate::optional_text(field, Some(value.clone()), TEXT_LENGTH)?;
    }
    Ok(values)
}

fn filled(field: &str, value: Option<String>, limit: usize) -> Result<Option<String>> {
    validate::optional_text(field, value.filter(|value| !value.is_empty()), limit)
}

pub async fn create_issue(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<CreateIssue>,
) -> Result<Json<IssueResponse>> {
    let new = store::issues::NewIssue {
        name: validate::required_text("name", request.name, NAME_LENGTH)?,
        description: validate::required_text("description", request.description, TEXT_LENGTH)?,
        experiment_id: validate::required_experiment_id(request.experiment_id)?,
        issue_id: format!("iss-{}", uuid::Uuid::new_v4().simple()),
        status: one_of("status", request.status, &STATUSES)?.unwrap_or("pending"),
        severity: one_of("severity", request.severity, &SEVERITIES)?,
        root_causes: texts("root_causes", request.root_causes)?,
        categories: texts("categories", request.categories)?,
        source_run_id: filled("source_run_id", request.source_run_id, NAME_LENGTH)?,
        created_by: filled("created_by", request.created_by, NAME_LENGTH)?,
        now_ms: app.clock.now_ms(),
    };
    app.db
        .write(move |tx| {
            store::experiments::existing(tx, caller.workspace_id, new.experiment_id)?;
            store::issues::insert(tx, caller.workspace_id, &new)?;
            let detail = json!({ "name": new.name });
            audit::record(tx, &caller, new.now_ms, "create", entity(&new.issue_id), Some(&detail))?;
            let issue = store::issues::get(tx, caller.workspace_id, &new.issue_id)?;
            Ok(Json(IssueResponse { issue }))
        })
        .await
}

pub async fn get_issue(
    State(app): State<App>,
    caller: Caller,
    PathArg(issue_id): PathArg,
) -> Result<Json<IssueResponse>> {
    app.db
        .peek(move |tx| {
            let issue = store::issues::get(tx, caller.workspace_id, &issue_id)?;
            Ok(Json(IssueResponse { issue }))
        })
        .await
}

/// The id in the path counts; that in the body must only be there. Empty fields change nothing.
pub async fn update_issue(
    State(app): State<App>,
    caller: Caller,
    PathArg(issue_id): PathArg,
    Args(request): Args<UpdateIssue>,
) -> Result<Json<IssueResponse>> {
    request.issue_id.required("issue_id")?;
    let status = one_of("status", request.status, &STATUSES)?;
    let severity = one_of("severity", request.severity, &SEVERITIES)?;
    let name = filled("name", request.name, NAME_LENGTH)?;
    let description = filled("description", request.description, TEXT_LENGTH)?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            store::issues::get(tx, caller.workspace_id, &issue_id)?;
            let change = store::issues::Change {
                status,
                severity,
                name: name.as_deref(),
                description: description.as_deref(),
            };
            store::issues::update(tx, caller.workspace_id, &issue_id, &change, now_ms)?;
            let detail = json!({ "status": status, "severity": severity, "name": name });
            audit::record(tx, &caller, now_ms, "update", entity(&issue_id), Some(&detail))?;
            let issue = store::issues::get(tx, caller.workspace_id, &issue_id)?;
            Ok(Json(IssueResponse { issue }))
        })
        .await
}

/// The most severe first, then the newest.
pub async fn search_issues(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<SearchIssues>,
) -> Result<Json<IssuesResponse>> {
    let with_trace_count = request.include_trace_count.is_some_and(|flag| flag.0);
    let order = store::issues::order(with_trace_count);
    let experiment = request.experiment_id.filter(|id| !id.is_empty());
    let search = IssueSearch {
        workspace_id: caller.workspace_id,
        experiment_id: experiment.map(|id| experiment_id(&id)).transpose()?,
        filter: issues::parse_filter(&request.filter_string.unwrap_or_default())?,
        with_trace_count,
        page: validate::page(order, request.max_results, request.page_token.as_deref(), PAGE)?,
    };
    app.db
        .read(move |tx| {
            let found = search.run(tx)?;
            Ok(Json(IssuesResponse {
                issues: found.rows,
                next_page_token: found.next_page_token.unwrap_or_default(),
            }))
        })
        .await
}
