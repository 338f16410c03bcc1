//! Tags of runs.

use super::{run_filter::beginning, runs, summaries};
use crate::error::Result;
use fettle_db::{Tx, params};
use fettle_wire::tags::KeyValue;

/// A run's name is also this tag, in both directions.
pub const RUN_NAME: &str = "mlflow.runName";

pub fn set(tx: &Tx, workspace_id: i64, run_id: i64, tags: &[KeyValue]) -> Result<()> {
    if tags.is_empty() {
        return Ok(());
    }
    summaries::outdate(tx, run_id)?;
    if let Some(name) = tags.iter().find(|tag| tag.key == RUN_NAME && !tag.value.is_empty()) {
        runs::update(tx, run_id, None, None, Some(&name.value))?;
    }
    // Writers that touch rows in one order cannot wait for each other in a circle.
    // An empty name is no name: the old one stays.
    let mut sorted: Vec<&KeyValue> = tags
        .iter()
        .filter(|tag| tag.key != RUN_NAME || !tag.value.is_empty())
        .collect();
    sorted.sort_by(|a, b| a.key.cmp(&b.key));
    tx.execute_each(
        "INSERT INTO tags (workspace_id, run_id, key, value, value_start, experiment_id)
         VALUES (?1, ?2, ?3, ?4, ?5, (SELECT experiment_id FROM runs WHERE id = ?2))
         ON CONFLICT (run_id, key) DO UPDATE SET value = excluded.value, value_start = excluded.value_start",
        sorted
            .iter()
            .map(|tag| params![workspace_id, run_id, &tag.key, &tag.value, beginning(&tag.value)].to_vec()),
    )?;
    Ok(())
}

pub fn get(tx: &Tx, run_id: i64, key: &str) -> Result<Option<String>> {
    Ok(tx.query_opt(
        "SELECT value FROM tags WHERE run_id = ?1 AND key = ?2",
        params![run_id, key],
        |row| row.get(0),
    )?)
}

/// False if there is no such tag.
pub fn delete(tx: &Tx, run_id: i64, key: &str) -> Result<bool> {
    summaries::outdate(tx, run_id)?;
    Ok(tx.execute("DELETE FROM tags WHERE run_id = ?1 AND key = ?2", params![run_id, key])? > 0)
}
