//! Issues.

use crate::{
    error::{Result, not_found},
    evaluation::issues::SEVERITIES,
    keyset::{Found, Kind, Page, Term, newest_first},
};
use fettle_db::{Row, Tx, params};
use fettle_search::{
    Direction, Filter,
    issues::{IssueAttribute, IssuePredicate},
};
use fettle_wire::evaluation::issues::Issue;
use serde_json::json;

#[derive(Debug)]
pub struct NewIssue {
    pub issue_id: String,
    pub experiment_id: i64,
    pub name: String,
    pub description: String,
    pub status: &'static str,
    pub severity: Option<&'static str>,
    pub root_causes: Vec<String>,
    pub categories: Vec<String>,
    pub source_run_id: Option<String>,
    pub created_by: Option<String>,
    pub now_ms: i64,
}

/// What is none stays as it is.
#[derive(Debug)]
pub struct Change<'a> {
    pub status: Option<&'static str>,
    pub severity: Option<&'static str>,
    pub name: Option<&'a str>,
    pub description: Option<&'a str>,
}

/// The columns that [`read`] reads, of a table called `i`.
const COLUMNS: &str = "i.issue_id, i.experiment_id, i.name, i.description, i.status, i.severity, i.root_causes, i.source_run_id, i.created_timestamp, i.last_updated_timestamp, i.created_by, i.categories";
/// The traces that were found to have the issue: each carries an assessment named after it.
const TRACE_COUNT: &str =
    "(SELECT COUNT(DISTINCT a.trace_key) FROM assessments a WHERE a.name = i.issue_id AND a.kind = 'issue')";

fn read(row: &Row<'_>) -> fettle_db::Result<Issue> {
    let list = |index| {
        row.get::<Option<String>>(index).map(|text| {
            text.and_then(|text| serde_json::from_str(&text).ok())
                .unwrap_or_default()
        })
    };
    Ok(Issue {
        issue_id: row.get(0)?,
        experiment_id: row.get::<i64>(1)?.to_string(),
        name: row.get(2)?,
        description: row.get(3)?,
        status: row.get(4)?,
        severity: row.get(5)?,
        root_causes: list(6)?,
        source_run_id: row.get(7)?,
        created_timestamp: row.get(8)?,
        last_updated_timestamp: row.get(9)?,
        created_by: row.get(10)?,
        categories: list(11)?,
        trace_count: None,
    })
}

pub fn insert(tx: &Tx, workspace_id: i64, new: &NewIssue) -> Result<()> {
    let list = |values: &[String]| (!values.is_empty()).then(|| json!(values).to_string());
    tx.execute(
        "INSERT INTO issues (workspace_id, experiment_id, issue_id, name, description, status, severity, root_causes, categories,
             source_run_id, created_timestamp, last_updated_timestamp, created_by)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, ?12)",
        params![
            workspace_id,
            new.experiment_id,
            &new.issue_id,
            &new.name,
            &new.description,
            new.status,
            new.severity,
            list(&new.root_causes),
            list(&new.categories),
            &new.source_run_id,
            new.now_ms,
            &new.created_by,
        ],
    )?;
    Ok(())
}

pub fn get(tx: &Tx, workspace_id: i64, issue_id: &str) -> Result<Issue> {
    tx.query_opt(
        "SELECT i.issue_id, i.experiment_id, i.name, i.description, i.status, i.severity, i.root_causes, i.source_run_id,
             i.created_timestamp, i.last_updated_timestamp, i.created_by, i.categories
         FROM issues i WHERE i.workspace_id = ?1 AND i.issue_id = ?2",
        params![workspace_id, issue_id],
        read,
    )?
    .ok_or_else(|| not_found(format!("Issue with ID '{issue_id}' not found")))
}

pub fn update(tx: &Tx, workspace_id: i64, issue_id: &str, change: &Change<'_>, now_ms: i64) -> Result<()> {
    tx.execute(
        "UPDATE issues SET status = COALESCE(?1, status), severity = COALESCE(?2, severity), name = COALESCE(?3, name),
             description = COALESCE(?4, description), last_updated_timestamp = ?5
         WHERE workspace_id = ?6 AND issue_id = ?7",
        params![
            change.status,
            change.severity,
            change.name,
            change.description,
            now_ms,
            workspace_id,
            issue_id,
        ],
    )?;
    Ok(())
}

#[derive(Debug)]
pub struct IssueSearch {
    pub workspace_id: i64,
    pub experiment_id: Option<i64>,
    pub filter: Filter<IssuePredicate>,
    pub with_trace_count: bool,
    pub page: Page,
}

/// The most severe first; of those alike the ones with the most traces, if these are counted; then the newest.
pub fn order(with_trace_count: bool) -> Vec<Term> {
    let ranks: Vec<String> = SEVERITIES
        .iter()
        .enumerate()
        .map(|(rank, severity)| format!("WHEN '{severity}' THEN {rank}"))
        .collect();
    // PostgreSQL's own integers have half the width.
    let severity = format!("CAST(CASE i.severity {} ELSE -1 END AS BIGINT)", ranks.join(" "));
    let mut terms = vec![Term::new(severity, Kind::Int, Direction::Descending)];
    if with_trace_count {
        terms.push(Term::new("i.trace_count", Kind::Int, Direction::Descending));
    }
    terms.extend(newest_first("i.created_timestamp", "i.id"));
    terms
}

impl IssueSearch {
    pub fn run(&self, tx: &Tx) -> Result<Found<Issue>> {
        let count = if self.with_trace_count {
            TRACE_COUNT
        } else {
            "CAST(NULL AS BIGINT)"
        };
        let mut query = self.page.select(&format!("{COLUMNS}, i.trace_count"));
        query
            .push(" FROM (SELECT i.*, ")
            .push(count)
            .push(" AS trace_count FROM issues i) i WHERE i.workspace_id = ")
            .bind(self.workspace_id);
        if let Some(experiment_id) = self.experiment_id {
            query.push(" AND i.experiment_id = ").bind(experiment_id);
        }
        for predicate in self.filter.predicates() {
            let column = match predicate.attribute {
                IssueAttribute::Status => "i.status",
                IssueAttribute::SourceRunId => "i.source_run_id",
            };
            let operator = if predicate.negated { " <> " } else { " = " };
            query
                .push(" AND ")
                .push(column)
                .push(operator)
                .bind(predicate.value.clone());
        }
        self.page.run(tx, query, 13, |row| {
            let mut issue = read(row)?;
            issue.trace_count = row.get(12)?;
            Ok(issue)
        })
    }
}
