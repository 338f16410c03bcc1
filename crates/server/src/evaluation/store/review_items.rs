//! The traces that wait in review queues.

use crate::{
    error::Result,
    keyset::{Found, Kind, Page, Term},
};
use fettle_db::{Row, Tx, params};
use fettle_search::Direction;
use fettle_wire::evaluation::review_queues::ReviewQueueItem;

fn read(row: &Row<'_>, queue_id: &str) -> fettle_db::Result<ReviewQueueItem> {
    Ok(ReviewQueueItem {
        queue_id: queue_id.to_owned(),
        item_type: "TRACE",
        item_id: row.get(0)?,
        status: row.get(1)?,
        completed_by: row.get(2)?,
        completed_time_ms: row.get(3)?,
        creation_time_ms: row.get(4)?,
        last_update_time_ms: row.get(5)?,
    })
}

/// The key of a trace of the experiment.
pub fn trace_key(tx: &Tx, experiment_id: i64, trace_id: &str) -> Result<Option<i64>> {
    Ok(tx.query_opt(
        "SELECT id FROM traces WHERE trace_id = ?1 AND experiment_id = ?2",
        params![trace_id, experiment_id],
        |row| row.get(0),
    )?)
}

/// Traces that wait there already are left alone.
pub fn insert(tx: &Tx, workspace_id: i64, queue: i64, traces: &[i64], now_ms: i64) -> Result<()> {
    tx.execute_each(
        "INSERT INTO review_queue_items (workspace_id, queue_key, trace_key, status, creation_time_ms, last_update_time_ms)
         VALUES (?1, ?2, ?3, 'PENDING', ?4, ?4) ON CONFLICT (queue_key, trace_key) DO NOTHING",
        traces
            .iter()
            .map(|trace| params![workspace_id, queue, *trace, now_ms].to_vec()),
    )?;
    Ok(())
}

pub fn find(tx: &Tx, queue: i64, queue_id: &str, trace_id: &str) -> Result<Option<ReviewQueueItem>> {
    Ok(tx.query_opt(
        "SELECT t.trace_id, i.status, i.completed_by, i.completed_time_ms, i.creation_time_ms, i.last_update_time_ms
         FROM traces t JOIN review_queue_items i ON i.trace_key = t.id WHERE t.trace_id = ?1 AND i.queue_key = ?2",
        params![trace_id, queue],
        |row| read(row, queue_id),
    )?)
}

/// Newest first.
pub fn order() -> Vec<Term> {
    vec![
        Term::new("i.creation_time_ms", Kind::Int, Direction::Descending),
        Term::new("t.trace_id", Kind::Text, Direction::Ascending),
    ]
}

/// Those of one status, or all.
pub fn list(
    tx: &Tx,
    queue: i64,
    queue_id: &str,
    status: Option<&'static str>,
    page: &Page,
) -> Result<Found<ReviewQueueItem>> {
    let columns =
        "t.trace_id, i.status, i.completed_by, i.completed_time_ms, i.creation_time_ms, i.last_update_time_ms";
    let mut query = page.select(columns);
    query
        .push(" FROM review_queue_items i JOIN traces t ON t.id = i.trace_key WHERE i.queue_key = ")
        .bind(queue);
    if let Some(status) = status {
        query.push(" AND i.status = ").bind(status);
    }
    page.run(tx, query, 6, |row| read(row, queue_id))
}

pub fn any(tx: &Tx, queue: i64) -> Result<bool> {
    let found = tx.query_opt(
        "SELECT trace_key FROM review_queue_items WHERE queue_key = ?1 LIMIT 1",
        params![queue],
        |row| row.get::<i64>(0),
    )?;
    Ok(found.is_some())
}

/// How many of the items there were.
pub fn delete(tx: &Tx, queue: i64, trace_ids: &[String]) -> Result<u64> {
    Ok(tx.execute_each(
        "DELETE FROM review_queue_items WHERE queue_key = ?1 AND trace_key = (SELECT id FROM traces WHERE trace_id = ?2)",
        trace_ids.iter().map(|id| params![queue, id].to_vec()),
    )?)
}

/// Without `completed_by` the item is open again.
pub fn set_status(
    tx: &Tx,
    queue: i64,
    trace_id: &str,
    status: &str,
    completed_by: Option<&str>,
    now_ms: i64,
) -> Result<()> {
    tx.execute(
        "UPDATE review_queue_items SET status = ?1, completed_by = ?2, completed_time_ms = ?3, last_update_time_ms = ?4
         WHERE queue_key = ?5 AND trace_key = (SELECT id FROM traces WHERE trace_id = ?6)",
        params![
            status,
            completed_by,
            completed_by.map(|_| now_ms),
            now_ms,
            queue,
            trace_id,
        ],
    )?;
    Ok(())
}
