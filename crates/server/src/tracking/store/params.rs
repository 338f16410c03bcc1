//! Params of runs: written once.

use super::{run_filter::beginning, summaries};
use crate::error::Result;
use fettle_db::{Tx, params};
use fettle_wire::tags::KeyValue;

/// A param that is there with another value.
#[derive(Debug, PartialEq, Eq)]
pub struct Changed {
    pub key: String,
    pub old: String,
    pub new: String,
}

/// Adds params; those that are there with the same value are left alone, those with another are returned.
pub fn insert(tx: &Tx, workspace_id: i64, run_id: i64, new: &[KeyValue]) -> Result<Vec<Changed>> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    summaries::outdate(tx, run_id)?;
    let mut sorted: Vec<&KeyValue> = new.iter().collect();
    sorted.sort_by(|a, b| a.key.cmp(&b.key));
    let added = tx.execute_each(
        "INSERT INTO params (workspace_id, run_id, key, value, value_start, experiment_id)
         VALUES (?1, ?2, ?3, ?4, ?5, (SELECT experiment_id FROM runs WHERE id = ?2)) ON CONFLICT (run_id, key) DO NOTHING",
        sorted
            .iter()
            .map(|param| params![workspace_id, run_id, &param.key, &param.value, beginning(&param.value)].to_vec()),
    )?;
    if added == new.len() as u64 {
        return Ok(Vec::new());
    }
    let mut changed = Vec::new();
    for param in new {
        let old: String = tx.query_one(
            "SELECT value FROM params WHERE run_id = ?1 AND key = ?2",
            params![run_id, &param.key],
            |row| row.get(0),
        )?;
        if old != param.value {
            changed.push(Changed {
                key: param.key.clone(),
                old,
                new: param.value.clone(),
            });
        }
    }
    Ok(changed)
}
