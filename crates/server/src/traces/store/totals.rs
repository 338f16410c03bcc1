//! Tokens and cost of traces, as numbers.

use crate::{
    error::{ApiError, Result},
    traces::usage::Total,
};
use fettle_db::{Column, Tx, params};
use std::collections::BTreeMap;

/// Replaces the totals that are given and leaves the others.
pub fn set(tx: &Tx, workspace_id: i64, key: i64, totals: &[Total]) -> Result<()> {
    for (name, value) in totals {
        match value {
            Some(value) => tx.execute(
                "INSERT INTO trace_metrics (workspace_id, trace_key, key, value) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (trace_key, key) DO UPDATE SET value = excluded.value",
                params![workspace_id, key, *name, *value],
            )?,
            None => tx.execute(
                "DELETE FROM trace_metrics WHERE trace_key = ?1 AND key = ?2",
                params![key, *name],
            )?,
        };
    }
    Ok(())
}

/// The totals of traces that had none.
pub fn insert(tx: &Tx, workspace_id: i64, totals: &[(i64, String, f64)]) -> Result<()> {
    let columns = [
        Column::Ints(vec![workspace_id; totals.len()]),
        Column::Ints(totals.iter().map(|(key, ..)| *key).collect()),
        Column::Texts(totals.iter().map(|(_, name, _)| name.as_str()).collect()),
        Column::Reals(totals.iter().map(|(.., value)| *value).collect()),
    ];
    tx.insert_rows("trace_metrics (workspace_id, trace_key, key, value)", &columns, "")?;
    Ok(())
}

pub fn of(tx: &Tx, key: i64) -> Result<BTreeMap<String, f64>> {
    let mut totals = BTreeMap::new();
    tx.for_each(
        "SELECT key, value FROM trace_metrics WHERE trace_key = ?1",
        params![key],
        |row| {
            totals.insert(row.get(0)?, row.get(1)?);
            Ok::<_, ApiError>(())
        },
    )?;
    Ok(totals)
}
