//! Endpoints and their deployments: the desired state.

use crate::error::{ApiError, Result, not_found};
use fettle_db::{Row, Tx, params};

#[derive(Debug, Clone)]
pub struct Endpoint {
    pub id: i64,
    pub name: String,
    pub created_at: i64,
}

#[derive(Debug, Clone)]
pub struct Deployment {
    pub endpoint_id: i64,
    pub name: String,
    pub model_uri: String,
    /// The registered version that the address stood for when the deployment was made.
    pub model_name: Option<String>,
    pub model_version: Option<i64>,
    pub artifact_uri: String,
    pub executor: String,
    pub replicas: i64,
    /// In percent of the endpoint's requests.
    pub traffic: i64,
}

/// False if the name is taken.
pub fn insert(tx: &Tx, workspace_id: i64, name: &str, deployment: &Deployment, now_ms: i64) -> Result<bool> {
    let endpoint: Option<i64> = tx.query_opt(
        "INSERT INTO endpoints (workspace_id, name, created_at, updated_at) VALUES (?1, ?2, ?3, ?3)
         ON CONFLICT (workspace_id, name) DO NOTHING RETURNING id",
        params![workspace_id, name, now_ms],
        |row| row.get(0),
    )?;
    let Some(endpoint) = endpoint else { return Ok(false) };
    tx.execute(
        "INSERT INTO deployments (workspace_id, endpoint_id, name, model_uri, model_name, model_version, artifact_uri, executor, replicas, traffic, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            workspace_id,
            endpoint,
            &deployment.name,
            &deployment.model_uri,
            &deployment.model_name,
            deployment.model_version,
            &deployment.artifact_uri,
            &deployment.executor,
            deployment.replicas,
            deployment.traffic,
            now_ms,
        ],
    )?;
    Ok(true)
}

/// All endpoints of a workspace by name, with their deployments.
pub fn list(tx: &Tx, workspace_id: i64) -> Result<Vec<(Endpoint, Vec<Deployment>)>> {
    let endpoints = tx.query(
        "SELECT id, name, created_at FROM endpoints WHERE workspace_id = ?1 ORDER BY name",
        params![workspace_id],
        read_endpoint,
    )?;
    let deployments = tx.query(
        "SELECT endpoint_id, name, model_uri, model_name, model_version, artifact_uri, executor, replicas, traffic
         FROM deployments WHERE workspace_id = ?1 ORDER BY endpoint_id, id",
        params![workspace_id],
        read_deployment,
    )?;
    Ok(endpoints
        .into_iter()
        .map(|endpoint| {
            let own = deployments
                .iter()
                .filter(|deployment| deployment.endpoint_id == endpoint.id)
                .cloned()
                .collect();
            (endpoint, own)
        })
        .collect())
}

pub fn get(tx: &Tx, workspace_id: i64, name: &str) -> Result<(Endpoint, Vec<Deployment>)> {
    let endpoint = tx
        .query_opt(
            "SELECT id, name, created_at FROM endpoints WHERE workspace_id = ?1 AND name = ?2",
            params![workspace_id, name],
            read_endpoint,
        )?
        .ok_or_else(|| no_endpoint(name))?;
    let deployments = tx.query(
        "SELECT endpoint_id, name, model_uri, model_name, model_version, artifact_uri, executor, replicas, traffic
         FROM deployments WHERE endpoint_id = ?1 ORDER BY id",
        params![endpoint.id],
        read_deployment,
    )?;
    Ok((endpoint, deployments))
}

pub fn delete(tx: &Tx, id: i64) -> Result<()> {
    tx.execute("DELETE FROM deployments WHERE endpoint_id = ?1", params![id])?;
    tx.execute("DELETE FROM endpoints WHERE id = ?1", params![id])?;
    Ok(())
}

pub fn no_endpoint(name: &str) -> ApiError {
    not_found(format!("There is no endpoint `{name}`."))
}

fn read_endpoint(row: &Row<'_>) -> fettle_db::Result<Endpoint> {
    Ok(Endpoint {
        id: row.get(0)?,
        name: row.get(1)?,
        created_at: row.get(2)?,
    })
}

fn read_deployment(row: &Row<'_>) -> fettle_db::Result<Deployment> {
    Ok(Deployment {
        endpoint_id: row.get(0)?,
        name: row.get(1)?,
        model_uri: row.get(2)?,
        model_name: row.get(3)?,
        model_version: row.get(4)?,
        artifact_uri: row.get(5)?,
        executor: row.get(6)?,
        replicas: row.get(7)?,
        traffic: row.get(8)?,
    })
}
