//! The servers that answer for endpoints, and how deployments do on each.

use crate::error::Result;
use fettle_db::{Tx, params};
use serde::{Deserialize, Serialize};

/// A server that was not heard of for this long is taken for gone.
const GONE_AFTER_MS: i64 = 30_000;
const FORGOTTEN_AFTER_MS: i64 = 3_600_000;

/// How a deployment does on one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    pub deployment_id: i64,
    pub revision_id: i64,
    /// `starting`, `ready` or `failed`.
    pub state: String,
    pub reason: Option<String>,
    /// Whether any revision of it answers there.
    pub answers: bool,
}

/// A server's account of itself.
#[derive(Debug, Clone)]
pub struct Report {
    pub server_id: String,
    pub statuses: Vec<Status>,
}

/// Writes a server's account in place of its last one.
pub fn report(tx: &Tx, report: &Report, now_ms: i64) -> Result<()> {
    tx.execute(
        "INSERT INTO serving_servers (server_id, seen_at) VALUES (?1, ?2)
         ON CONFLICT (server_id) DO UPDATE SET seen_at = excluded.seen_at",
        params![&report.server_id, now_ms],
    )?;
    let kept: Vec<i64> = report.statuses.iter().map(|status| status.deployment_id).collect();
    tx.execute(
        "DELETE FROM deployment_statuses WHERE server_id = ?1 AND NOT (deployment_id IN_IDS(?2))",
        params![&report.server_id, kept.as_slice()],
    )?;
    for status in &report.statuses {
        tx.execute(
            "INSERT INTO deployment_statuses (server_id, deployment_id, revision_id, state, reason, answers)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (deployment_id, server_id) DO UPDATE SET revision_id = excluded.revision_id,
                 state = excluded.state, reason = excluded.reason, answers = excluded.answers",
            params![
                &report.server_id,
                status.deployment_id,
                status.revision_id,
                &status.state,
                &status.reason,
                status.answers,
            ],
        )?;
    }
    let forgotten = now_ms - FORGOTTEN_AFTER_MS;
    tx.execute(
        "DELETE FROM deployment_statuses WHERE server_id IN (SELECT server_id FROM serving_servers WHERE seen_at < ?1)",
        params![forgotten],
    )?;
    tx.execute("DELETE FROM serving_servers WHERE seen_at < ?1", params![forgotten])?;
    Ok(())
}

/// A server that ends is not waited for.
pub fn forget_server(tx: &Tx, server_id: &str) -> Result<()> {
    tx.execute(
        "DELETE FROM deployment_statuses WHERE server_id = ?1",
        params![server_id],
    )?;
    tx.execute("DELETE FROM serving_servers WHERE server_id = ?1", params![server_id])?;
    Ok(())
}

/// How some deployments do on the servers that are there.
pub fn statuses(tx: &Tx, deployment_ids: &[i64], now_ms: i64) -> Result<Vec<Status>> {
    Ok(tx.query(
        "SELECT deployment_id, revision_id, state, reason, answers FROM deployment_statuses
         JOIN serving_servers ON serving_servers.server_id = deployment_statuses.server_id
         WHERE deployment_id IN_IDS(?1) AND seen_at >= ?2 ORDER BY deployment_id, deployment_statuses.server_id",
        params![deployment_ids, now_ms - GONE_AFTER_MS],
        |row| {
            Ok(Status {
                deployment_id: row.get(0)?,
                revision_id: row.get(1)?,
                state: row.get(2)?,
                reason: row.get(3)?,
                answers: row.get(4)?,
            })
        },
    )?)
}

/// How many servers are there.
pub fn count(tx: &Tx, now_ms: i64) -> Result<usize> {
    let count: i64 = tx.query_one(
        "SELECT COUNT(*) FROM serving_servers WHERE seen_at >= ?1",
        params![now_ms - GONE_AFTER_MS],
        |row| row.get(0),
    )?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// On how many of the servers that are there a deployment does not answer, and a reason that one of them gives.
pub fn unready(tx: &Tx, deployment_id: i64, now_ms: i64) -> Result<(i64, Option<String>)> {
    Ok(tx.query_one(
        "SELECT COUNT(*), MAX(reason) FROM serving_servers
         LEFT JOIN deployment_statuses ON deployment_statuses.server_id = serving_servers.server_id
             AND deployment_id = ?1
         WHERE seen_at >= ?2 AND COALESCE(answers, 0) = 0",
        params![deployment_id, now_ms - GONE_AFTER_MS],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?)
}
