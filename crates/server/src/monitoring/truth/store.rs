//! The SQL of ground truth.

use crate::error::{ApiError, Result};
use fettle_db::{Param, Query, Tx, params};
use std::collections::{HashMap, HashSet};

/// Correlation ids of one statement.
const IDS_AT_ONCE: usize = 500;

#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    pub correlation_id: String,
    pub row_index: i64,
    pub label_time: i64,
    /// Whether the time was given; else it is that of the upload.
    pub is_timed: bool,
    pub label: String,
}

/// How many of the labels were not known. A label with the same time as a known one takes its place; one without a time
/// is known when it is the one that counts.
pub fn insert(tx: &Tx, workspace_id: i64, endpoint: &str, labels: &[Label], now_ms: i64) -> Result<u64> {
    let untimed: HashSet<&String> = labels
        .iter()
        .filter(|label| !label.is_timed)
        .map(|label| &label.correlation_id)
        .collect();
    let untimed: Vec<String> = untimed.into_iter().cloned().collect();
    let known = current(tx, workspace_id, endpoint, &untimed)?;
    let counts = |label: &Label| {
        let of_request = known.get(&label.correlation_id);
        of_request.and_then(|rows| rows.get(&label.row_index)) == Some(&label.label)
    };
    let new = labels.iter().filter(|label| label.is_timed || !counts(label));
    let lists = new.map(|label| {
        vec![
            Param::from(workspace_id),
            Param::from(endpoint),
            Param::from(&label.correlation_id),
            Param::from(label.row_index),
            Param::from(label.label_time),
            Param::from(&label.label),
            Param::from(now_ms),
        ]
    });
    Ok(tx.execute_each(
        "INSERT INTO ground_truth (workspace_id, endpoint, correlation_id, row_index, label_time, label, received_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (workspace_id, endpoint, correlation_id, row_index, label_time)
         DO UPDATE SET label = excluded.label, received_at = excluded.received_at
         WHERE ground_truth.label <> excluded.label",
        lists,
    )?)
}

/// A request's labels, by row, the latest first.
pub fn history(tx: &Tx, workspace_id: i64, endpoint: &str, correlation_id: &str) -> Result<Vec<Label>> {
    Ok(tx.query(
        "SELECT correlation_id, row_index, label_time, label FROM ground_truth
         WHERE workspace_id = ?1 AND endpoint = ?2 AND correlation_id = ?3 ORDER BY row_index, label_time DESC LIMIT 10000",
        params![workspace_id, endpoint, correlation_id],
        |row| {
            Ok(Label {
                correlation_id: row.get(0)?,
                row_index: row.get(1)?,
                label_time: row.get(2)?,
                is_timed: true,
                label: row.get(3)?,
            })
        },
    )?)
}

/// The labels that count, of some requests: for each id its rows.
pub fn current(
    tx: &Tx,
    workspace_id: i64,
    endpoint: &str,
    ids: &[String],
) -> Result<HashMap<String, HashMap<i64, String>>> {
    let mut found: HashMap<String, HashMap<i64, String>> = HashMap::new();
    for ids in ids.chunks(IDS_AT_ONCE) {
        let mut query = Query::new("SELECT correlation_id, row_index, label FROM ground_truth WHERE workspace_id = ");
        query
            .bind(workspace_id)
            .push(" AND endpoint = ")
            .bind(endpoint.to_owned());
        query.push(" AND correlation_id IN ").bind_list(ids.iter().cloned());
        // Later ones take the place of earlier ones.
        query.push(" ORDER BY label_time");
        query.for_each(tx, |row| {
            found.entry(row.get(0)?).or_default().insert(row.get(1)?, row.get(2)?);
            Ok::<_, ApiError>(())
        })?;
    }
    Ok(found)
}

/// Requests of which labels came after a time.
pub fn labelled_since(tx: &Tx, workspace_id: i64, endpoint: &str, since_ms: i64, limit: usize) -> Result<Vec<String>> {
    Ok(tx.query(
        "SELECT DISTINCT correlation_id FROM ground_truth WHERE workspace_id = ?1 AND endpoint = ?2 AND received_at >= ?3 LIMIT ?4",
        params![workspace_id, endpoint, since_ms, limit as i64],
        |row| row.get(0),
    )?)
}

/// When labels of an endpoint came last.
pub fn newest_receipt(tx: &Tx, workspace_id: i64, endpoint: &str) -> Result<Option<i64>> {
    Ok(tx.query_one(
        "SELECT MAX(received_at) FROM ground_truth WHERE workspace_id = ?1 AND endpoint = ?2",
        params![workspace_id, endpoint],
        |row| row.get(0),
    )?)
}
