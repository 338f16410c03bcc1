//! Deployments and their revisions.

use super::super::limits::Limits;
use crate::error::{ApiError, Result, not_found};
use fettle_db::{Row, Tx, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Deployment {
    pub id: i64,
    pub name: String,
    pub created_at: i64,
    /// Whether it moves with the alias in its address.
    pub follows: bool,
    /// The revision that is to run.
    pub revision: Revision,
    /// The last one that did, if it is another.
    pub good: Option<Revision>,
}

/// What a deployment runs. An update makes a new one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    pub id: i64,
    /// Counts the updates of its deployment, from 1.
    pub number: i64,
    pub model_uri: String,
    /// The registered version that the address stood for when the revision was made.
    pub model_name: Option<String>,
    pub model_version: Option<i64>,
    pub artifact_uri: String,
    pub executor: String,
    pub replicas_min: i64,
    pub replicas_max: i64,
    pub concurrency: Option<i64>,
    pub environment: BTreeMap<String, String>,
    pub limits: Limits,
    pub created_at: i64,
    pub created_by: String,
}

/// None if the endpoint has a deployment of this name.
pub fn insert(
    tx: &Tx,
    workspace_id: i64,
    endpoint_id: i64,
    name: &str,
    follows: bool,
    now_ms: i64,
) -> Result<Option<i64>> {
    Ok(tx.query_opt(
        "INSERT INTO deployments (workspace_id, endpoint_id, name, follows, created_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (endpoint_id, name) DO NOTHING RETURNING id",
        params![workspace_id, endpoint_id, name, follows, now_ms],
        |row| row.get(0),
    )?)
}

/// Makes `revision` the one that is to run. Its id and number are given here.
pub fn add_revision(tx: &Tx, workspace_id: i64, deployment_id: i64, revision: &Revision) -> Result<i64> {
    let id: i64 = tx.query_one(
        "INSERT INTO deployment_revisions (workspace_id, deployment_id, number, model_uri, model_name, model_version,
             artifact_uri, executor, replicas_min, replicas_max, concurrency, environment, limits, created_at, created_by)
         VALUES (?1, ?2, (SELECT COALESCE(MAX(number), 0) + 1 FROM deployment_revisions WHERE deployment_id = ?2), ?3,
             ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) RETURNING id",
        params![
            workspace_id,
            deployment_id,
            &revision.model_uri,
            &revision.model_name,
            revision.model_version,
            &revision.artifact_uri,
            &revision.executor,
            revision.replicas_min,
            revision.replicas_max,
            revision.concurrency,
            serde_json::to_string(&revision.environment).expect("a map of texts serialises"),
            serde_json::to_string(&revision.limits).expect("numbers serialise"),
            revision.created_at,
            &revision.created_by,
        ],
        |row| row.get(0),
    )?;
    tx.execute(
        "UPDATE deployments SET revision_id = ?2 WHERE id = ?1",
        params![deployment_id, id],
    )?;
    Ok(id)
}

/// Where the files of a revision's model are.
pub fn artifact_uri(tx: &Tx, workspace_id: i64, revision_id: i64) -> Result<Option<String>> {
    Ok(tx.query_opt(
        "SELECT artifact_uri FROM deployment_revisions WHERE workspace_id = ?1 AND id = ?2",
        params![workspace_id, revision_id],
        |row| row.get(0),
    )?)
}

/// Notes that a revision runs, unless another is wanted by now.
pub fn settle(tx: &Tx, revision_ids: &[i64]) -> Result<()> {
    tx.execute(
        "UPDATE deployments SET good_revision_id = revision_id
         WHERE revision_id IN_IDS(?1) AND COALESCE(good_revision_id, 0) <> revision_id",
        params![revision_ids],
    )?;
    Ok(())
}

/// In the order they were made.
pub fn list(tx: &Tx, endpoint_id: i64) -> Result<Vec<Deployment>> {
    read_all(
        tx,
        "SELECT id, name, created_at, follows, revision_id, good_revision_id FROM deployments WHERE endpoint_id = ?1
         ORDER BY id",
        params![endpoint_id],
    )
}

pub fn find(tx: &Tx, endpoint_id: i64, name: &str) -> Result<Option<Deployment>> {
    let found = read_all(
        tx,
        "SELECT id, name, created_at, follows, revision_id, good_revision_id FROM deployments
         WHERE endpoint_id = ?1 AND name = ?2",
        params![endpoint_id, name],
    )?;
    Ok(found.into_iter().next())
}

pub fn no_deployment(endpoint: &str, name: &str) -> ApiError {
    not_found(format!("Endpoint `{endpoint}` has no deployment `{name}`."))
}

pub fn delete(tx: &Tx, id: i64) -> Result<()> {
    tx.execute("DELETE FROM deployment_statuses WHERE deployment_id = ?1", params![id])?;
    tx.execute("DELETE FROM deployment_revisions WHERE deployment_id = ?1", params![id])?;
    tx.execute("DELETE FROM deployments WHERE id = ?1", params![id])?;
    Ok(())
}

fn read_all(tx: &Tx, sql: &'static str, params: &[fettle_db::Param<'_>]) -> Result<Vec<Deployment>> {
    let found = tx.query(sql, params, |row| {
        let deployment = Deployment {
            id: row.get(0)?,
            name: row.get(1)?,
            created_at: row.get(2)?,
            follows: row.get(3)?,
            revision: Revision::default(),
            good: None,
        };
        Ok((deployment, row.get::<Option<i64>>(4)?, row.get::<Option<i64>>(5)?))
    })?;
    let ids: Vec<i64> = found
        .iter()
        .flat_map(|(_, wanted, good)| [*wanted, *good])
        .flatten()
        .collect();
    let revisions = tx.query(
        "SELECT id, number, model_uri, model_name, model_version, artifact_uri, executor, replicas_min, replicas_max,
             concurrency, environment, limits, created_at, created_by
         FROM deployment_revisions WHERE id IN_IDS(?1)",
        params![ids.as_slice()],
        Revision::read,
    )?;
    let revision = |id: Option<i64>| revisions.iter().find(|revision| Some(revision.id) == id).cloned();
    let with_revisions = |(mut deployment, wanted, good): (Deployment, Option<i64>, Option<i64>)| {
        deployment.revision = revision(wanted)?;
        deployment.good = if good == wanted { None } else { revision(good) };
        Some(deployment)
    };
    Ok(found.into_iter().filter_map(with_revisions).collect())
}

impl Revision {
    fn read(row: &Row<'_>) -> fettle_db::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            number: row.get(1)?,
            model_uri: row.get(2)?,
            model_name: row.get(3)?,
            model_version: row.get(4)?,
            artifact_uri: row.get(5)?,
            executor: row.get(6)?,
            replicas_min: row.get(7)?,
            replicas_max: row.get(8)?,
            concurrency: row.get(9)?,
            environment: serde_json::from_str(row.text(10)?).unwrap_or_default(),
            limits: serde_json::from_str(row.text(11)?).unwrap_or_default(),
            created_at: row.get(12)?,
            created_by: row.get(13)?,
        })
    }
}
