//! The SQL of operational figures.

use super::figures::Sample;
use crate::error::{ApiError, Result};
use fettle_capture::Points;
use fettle_db::{Tx, params};

/// How long points are kept.
pub const RETENTION_MS: i64 = 8 * 24 * 60 * 60 * 1000;

/// What one server counted.
#[derive(Debug, Clone)]
pub struct NewPoint {
    pub workspace_id: i64,
    pub endpoint: String,
    pub deployment: String,
    pub at_ms: i64,
    pub replicas: i64,
    pub points: Points,
}

/// Adds to what this server has written for the same ten seconds.
pub fn add(tx: &Tx, instance: &str, new: &NewPoint) -> Result<()> {
    let key = params![new.workspace_id, &new.endpoint, new.at_ms, &new.deployment, instance];
    let before: Option<String> = tx.query_opt(
        "SELECT figures FROM operational_points
         WHERE workspace_id = ?1 AND endpoint = ?2 AND at_ms = ?3 AND deployment = ?4 AND instance = ?5",
        key,
        |row| row.get(0),
    )?;
    let mut points = before.map_or_else(Points::new, |text| read_points(&text));
    for (status, point) in &new.points {
        points.entry(*status).or_default().merge(point);
    }
    let figures = serde_json::to_string(&points).expect("plain structs serialise");
    tx.execute(
        "INSERT INTO operational_points (workspace_id, endpoint, at_ms, deployment, instance, figures, replicas)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (workspace_id, endpoint, at_ms, deployment, instance)
         DO UPDATE SET figures = excluded.figures, replicas = excluded.replicas",
        params![
            new.workspace_id,
            &new.endpoint,
            new.at_ms,
            &new.deployment,
            instance,
            figures,
            new.replicas
        ],
    )?;
    Ok(())
}

fn read_points(text: &str) -> Points {
    serde_json::from_str(text).unwrap_or_default()
}

/// What the servers wrote of an endpoint from one time to before another, in the order of time.
pub fn samples(tx: &Tx, workspace_id: i64, endpoint: &str, from_ms: i64, to_ms: i64) -> Result<Vec<Sample>> {
    let mut samples = Vec::new();
    tx.for_each(
        "SELECT at_ms, deployment, instance, replicas, figures FROM operational_points
         WHERE workspace_id = ?1 AND endpoint = ?2 AND at_ms >= ?3 AND at_ms < ?4
         ORDER BY at_ms",
        params![workspace_id, endpoint, from_ms, to_ms],
        |row| {
            samples.push(Sample {
                at_ms: row.get(0)?,
                deployment: row.get(1)?,
                instance: row.get(2)?,
                replicas: row.get(3)?,
                points: read_points(row.text(4)?),
            });
            Ok::<_, ApiError>(())
        },
    )?;
    Ok(samples)
}

/// Endpoints of which there are points since a time.
pub fn endpoints_since(tx: &Tx, workspace_id: i64, since_ms: i64) -> Result<Vec<String>> {
    Ok(tx.query(
        "SELECT DISTINCT endpoint FROM operational_points WHERE workspace_id = ?1 AND at_ms >= ?2 ORDER BY endpoint",
        params![workspace_id, since_ms],
        |row| row.get(0),
    )?)
}

/// Endpoints and deployments of which one server has written since a time.
pub fn deployments_since(tx: &Tx, workspace_id: i64, instance: &str, since_ms: i64) -> Result<Vec<(String, String)>> {
    Ok(tx.query(
        "SELECT DISTINCT endpoint, deployment FROM operational_points
         WHERE workspace_id = ?1 AND instance = ?2 AND at_ms >= ?3",
        params![workspace_id, instance, since_ms],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?)
}

/// Whether another server has written of an endpoint since a time.
pub fn has_others_since(tx: &Tx, workspace_id: i64, endpoint: &str, instance: &str, since_ms: i64) -> Result<bool> {
    let found: Option<i64> = tx.query_opt(
        "SELECT at_ms FROM operational_points
         WHERE workspace_id = ?1 AND endpoint = ?2 AND at_ms >= ?3 AND instance <> ?4 LIMIT 1",
        params![workspace_id, endpoint, since_ms, instance],
        |row| row.get(0),
    )?;
    Ok(found.is_some())
}

pub fn delete_before(tx: &Tx, before_ms: i64) -> Result<()> {
    tx.execute("DELETE FROM operational_points WHERE at_ms < ?1", params![before_ms])?;
    Ok(())
}
