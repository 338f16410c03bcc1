//! Deleting traces with all that hangs on them.

use super::spans;
use crate::error::{ApiError, Result};
use fettle_db::{Query, Tx, params};

/// Which traces a request deletes.
#[derive(Debug, Clone)]
pub enum Selection {
    UpTo(i64),
    Ids(Vec<String>),
}

/// Traces to delete, and where their experiment keeps files.
#[derive(Debug)]
pub struct Chunk {
    pub trace_ids: Vec<String>,
    /// None if the experiment is not there.
    pub artifact_location: Option<String>,
}

/// At most `limit` of the experiment's traces, oldest first. Fewer than `limit` means that there are no more.
pub fn select(tx: &Tx, workspace_id: i64, experiment_id: i64, selection: &Selection, limit: usize) -> Result<Chunk> {
    let mut query = Query::new("SELECT t.trace_id FROM traces t WHERE t.workspace_id = ");
    query
        .bind(workspace_id)
        .push(" AND t.experiment_id = ")
        .bind(experiment_id);
    match selection {
        Selection::UpTo(time) => query.push(" AND t.request_time <= ").bind(*time),
        Selection::Ids(ids) => query.push(" AND t.trace_id IN ").bind_list(ids.iter().cloned()),
    };
    query
        .push(" ORDER BY t.request_time, t.trace_id LIMIT ")
        .bind(limit as i64);
    Ok(Chunk {
        trace_ids: query.run(tx, |row| row.get(0))?,
        artifact_location: tx.query_opt(
            "SELECT artifact_location FROM experiments WHERE id = ?1 AND workspace_id = ?2",
            params![experiment_id, workspace_id],
            |row| row.get(0),
        )?,
    })
}

/// Deletes those of the experiment's traces that are still there, and says which.
pub fn delete(tx: &Tx, workspace_id: i64, experiment_id: i64, trace_ids: &[String]) -> Result<Vec<String>> {
    let mut query = Query::new("SELECT t.id, t.trace_id FROM traces t WHERE t.workspace_id = ");
    query
        .bind(workspace_id)
        .push(" AND t.experiment_id = ")
        .bind(experiment_id);
    query.push(" AND t.trace_id IN ").bind_list(trace_ids.iter().cloned());
    query.push(" ORDER BY t.request_time, t.trace_id");
    let found = query.run(tx, |row| Ok((row.get::<i64>(0)?, row.get::<String>(1)?)))?;
    let keys: Vec<i64> = found.iter().map(|(key, _)| *key).collect();
    spans::delete(tx, experiment_id, &keys)?;
    for sql in CHILDREN {
        tx.execute(*sql, params![&*keys])?;
    }
    tx.execute("DELETE FROM traces WHERE id IN_IDS(?1)", params![&*keys])?;
    Ok::<_, ApiError>(found.into_iter().map(|(_, trace_id)| trace_id).collect())
}

const CHILDREN: &[&str] = &[
    "DELETE FROM trace_run_links WHERE trace_id IN (SELECT trace_id FROM traces WHERE id IN_IDS(?1))",
    "DELETE FROM trace_tags WHERE trace_key IN_IDS(?1)",
    "DELETE FROM trace_metadata WHERE trace_key IN_IDS(?1)",
    "DELETE FROM trace_metrics WHERE trace_key IN_IDS(?1)",
    "DELETE FROM trace_prompt_links WHERE trace_key IN_IDS(?1)",
    "DELETE FROM assessments WHERE trace_key IN_IDS(?1)",
];
