//! Bringing the index over metrics up to what was logged, run by run.

use super::summaries;
use crate::error::Result;
use fettle_db::{Tx, params};

/// Metrics of a run brought up by one transaction, which bounds how long the writer is held.
const METRICS_PER_WRITE: u64 = 256;

/// Runs that the index has not caught up with, at most `limit`.
pub fn unranked(tx: &Tx, limit: usize) -> Result<Vec<i64>> {
    Ok(tx.query(
        "SELECT id FROM runs WHERE ranked = 0 LIMIT ?1",
        params![limit as i64],
        |row| row.get(0),
    )?)
}

/// Ranks a run's metrics, and keeps its summary if it has `paused`. False if there are more metrics than one transaction
/// takes: then it is to be called again.
pub fn rank(tx: &Tx, run_id: i64, paused: bool) -> Result<bool> {
    // Whoever logs to the run has committed, or waits until this is.
    tx.lock_row("runs", run_id)?;
    let ranked = tx.execute(
        "UPDATE latest_metrics SET ranked_nan = is_nan, ranked_value = value
         WHERE run_id = ?1 AND key IN (
             SELECT key FROM latest_metrics WHERE run_id = ?1
             AND (ranked_nan IS NULL OR ranked_nan <> is_nan OR ranked_value <> value) LIMIT ?2)",
        params![run_id, METRICS_PER_WRITE as i64],
    )?;
    if ranked == METRICS_PER_WRITE {
        return Ok(false);
    }
    let workspace_id = tx.query_one(
        "UPDATE runs SET ranked = 1 WHERE id = ?1 RETURNING workspace_id",
        params![run_id],
        |row| row.get(0),
    )?;
    if paused {
        summaries::keep(tx, workspace_id, &[run_id])?;
    } else {
        summaries::forget(tx, vec![run_id])?;
    }
    Ok(true)
}
