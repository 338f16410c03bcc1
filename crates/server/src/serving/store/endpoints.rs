//! Endpoints.

use crate::error::{ApiError, Result, not_found};
use fettle_db::{Row, Tx, params};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Endpoint {
    pub id: i64,
    pub workspace_id: i64,
    pub name: String,
    pub created_at: i64,
    /// Counts every change.
    pub revision: i64,
    /// Of the state in force; 0 before the first.
    pub traffic_number: i64,
    /// JSON, as it was checked when it was set.
    pub fallback: Option<String>,
    pub policy: Option<String>,
    pub disabled: Option<Disabled>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Disabled {
    pub reason: String,
    pub by: String,
    pub at: i64,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, workspace_id, name, created_at, revision, traffic_number, fallback, policy, disabled_reason,
                 disabled_by, disabled_at FROM endpoints ",
            $rest
        )
    };
}

/// None if the name is taken.
pub fn insert(tx: &Tx, workspace_id: i64, name: &str, now_ms: i64) -> Result<Option<i64>> {
    Ok(tx.query_opt(
        "INSERT INTO endpoints (workspace_id, name, created_at, updated_at) VALUES (?1, ?2, ?3, ?3)
         ON CONFLICT (workspace_id, name) DO NOTHING RETURNING id",
        params![workspace_id, name, now_ms],
        |row| row.get(0),
    )?)
}

/// By name.
pub fn list(tx: &Tx, workspace_id: i64) -> Result<Vec<Endpoint>> {
    Ok(tx.query(
        select!("WHERE workspace_id = ?1 ORDER BY name"),
        params![workspace_id],
        Endpoint::read,
    )?)
}

pub fn find(tx: &Tx, workspace_id: i64, name: &str) -> Result<Option<Endpoint>> {
    Ok(tx.query_opt(
        select!("WHERE workspace_id = ?1 AND name = ?2"),
        params![workspace_id, name],
        Endpoint::read,
    )?)
}

pub fn get(tx: &Tx, workspace_id: i64, name: &str) -> Result<Endpoint> {
    find(tx, workspace_id, name)?.ok_or_else(|| no_endpoint(name))
}

/// Counts a change, so that every server sees it.
pub fn touch(tx: &Tx, id: i64, now_ms: i64) -> Result<()> {
    tx.execute(
        "UPDATE endpoints SET revision = revision + 1, updated_at = ?2 WHERE id = ?1",
        params![id, now_ms],
    )?;
    Ok(())
}

/// With everything that belongs to it.
pub fn delete(tx: &Tx, id: i64) -> Result<()> {
    for sql in [
        "DELETE FROM rollout_events WHERE rollout_id IN (SELECT id FROM rollouts WHERE endpoint_id = ?1)",
        "DELETE FROM rollout_observations WHERE rollout_id IN (SELECT id FROM rollouts WHERE endpoint_id = ?1)",
        "DELETE FROM rollouts WHERE endpoint_id = ?1",
        "DELETE FROM mirror_samples WHERE endpoint_id = ?1",
        "DELETE FROM mirror_counts WHERE endpoint_id = ?1",
        "DELETE FROM traffic_states WHERE endpoint_id = ?1",
        "DELETE FROM deployment_statuses WHERE deployment_id IN (SELECT id FROM deployments WHERE endpoint_id = ?1)",
        "DELETE FROM deployment_revisions WHERE deployment_id IN (SELECT id FROM deployments WHERE endpoint_id = ?1)",
        "DELETE FROM deployments WHERE endpoint_id = ?1",
        "DELETE FROM endpoints WHERE id = ?1",
    ] {
        tx.execute(sql, params![id])?;
    }
    Ok(())
}

pub fn no_endpoint(name: &str) -> ApiError {
    not_found(format!("There is no endpoint `{name}`."))
}

impl Endpoint {
    fn read(row: &Row<'_>) -> fettle_db::Result<Self> {
        let disabled = match (row.get(8)?, row.get(9)?, row.get(10)?) {
            (Some(reason), Some(by), Some(at)) => Some(Disabled { reason, by, at }),
            _ => None,
        };
        Ok(Self {
            id: row.get(0)?,
            workspace_id: row.get(1)?,
            name: row.get(2)?,
            created_at: row.get(3)?,
            revision: row.get(4)?,
            traffic_number: row.get(5)?,
            fallback: row.get(6)?,
            policy: row.get(7)?,
            disabled,
        })
    }
}
