//! Scorers and their versions.

use crate::error::{ApiError, Result, not_found};
use fettle_db::{Query, Row, Tx, params};
use fettle_wire::evaluation::scorers::Scorer;

/// Most scorers or versions in one answer.
const LIST_MAX: i64 = 10_000;

#[derive(Debug)]
pub struct ScorerKey {
    pub id: i64,
    pub scorer_id: String,
}

/// Which experiments' scorers are listed.
#[derive(Debug)]
pub enum Scope {
    One(i64),
    Several(Vec<i64>),
    All,
}

/// The columns that [`read`] reads, of a scorer `s` and its version `v`.
const COLUMNS: &str = "s.experiment_id, s.name, v.version, v.serialized_scorer, v.creation_time, s.scorer_id";

fn read(row: &Row<'_>) -> fettle_db::Result<Scorer> {
    Ok(Scorer {
        experiment_id: row.get(0)?,
        scorer_name: row.get(1)?,
        scorer_version: row.get(2)?,
        serialized_scorer: row.get(3)?,
        creation_time: row.get(4)?,
        scorer_id: row.get(5)?,
    })
}

pub fn absent(name: &str, version: Option<i64>, experiment_id: i64) -> ApiError {
    match version {
        Some(version) => not_found(format!(
            "Scorer with name '{name}' and version {version} not found for experiment {experiment_id}."
        )),
        None => not_found(format!(
            "Scorer with name '{name}' not found for experiment {experiment_id}."
        )),
    }
}

pub fn find_or_insert(tx: &Tx, workspace_id: i64, experiment_id: i64, name: &str) -> Result<ScorerKey> {
    tx.execute(
        "INSERT INTO scorers (workspace_id, experiment_id, scorer_id, name) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (experiment_id, name) DO NOTHING",
        params![workspace_id, experiment_id, uuid::Uuid::new_v4().to_string(), name],
    )?;
    find(tx, experiment_id, name)?.ok_or_else(|| absent(name, None, experiment_id))
}

fn find(tx: &Tx, experiment_id: i64, name: &str) -> Result<Option<ScorerKey>> {
    Ok(tx.query_opt(
        "SELECT id, scorer_id FROM scorers WHERE experiment_id = ?1 AND name = ?2",
        params![experiment_id, name],
        |row| {
            Ok(ScorerKey {
                id: row.get(0)?,
                scorer_id: row.get(1)?,
            })
        },
    )?)
}

pub fn get(tx: &Tx, experiment_id: i64, name: &str) -> Result<ScorerKey> {
    find(tx, experiment_id, name)?.ok_or_else(|| absent(name, None, experiment_id))
}

/// The new version's number: one more than the highest there is.
pub fn insert_version(tx: &Tx, workspace_id: i64, scorer: i64, serialized: &str, now_ms: i64) -> Result<i64> {
    Ok(tx.query_one(
        "INSERT INTO scorer_versions (workspace_id, scorer_key, version, serialized_scorer, creation_time)
         SELECT ?1, ?2, COALESCE(MAX(version), 0) + 1, ?3, ?4 FROM scorer_versions WHERE scorer_key = ?2
         RETURNING version",
        params![workspace_id, scorer, serialized, now_ms],
        |row| row.get(0),
    )?)
}

/// The version asked for, or the newest.
pub fn get_version(tx: &Tx, experiment_id: i64, name: &str, version: Option<i64>) -> Result<Scorer> {
    let scorer = get(tx, experiment_id, name)?;
    tx.query_opt(
        "SELECT s.experiment_id, s.name, v.version, v.serialized_scorer, v.creation_time, s.scorer_id
         FROM scorers s JOIN scorer_versions v ON v.scorer_key = s.id
         WHERE s.id = ?1 AND v.version = COALESCE(?2, (SELECT MAX(version) FROM scorer_versions WHERE scorer_key = ?1))",
        params![scorer.id, version],
        read,
    )?
    .ok_or_else(|| absent(name, version, experiment_id))
}

/// Oldest first.
pub fn list_versions(tx: &Tx, experiment_id: i64, name: &str) -> Result<Vec<Scorer>> {
    Ok(tx.query(
        "SELECT s.experiment_id, s.name, v.version, v.serialized_scorer, v.creation_time, s.scorer_id
         FROM scorers s JOIN scorer_versions v ON v.scorer_key = s.id
         WHERE s.experiment_id = ?1 AND s.name = ?2 ORDER BY v.version LIMIT ?3",
        params![experiment_id, name, LIST_MAX],
        read,
    )?)
}

/// The newest version of each scorer in an active experiment, by experiment and name.
pub fn list_latest(tx: &Tx, workspace_id: i64, scope: &Scope) -> Result<Vec<Scorer>> {
    let mut query = Query::new("SELECT ");
    query
        .push(COLUMNS)
        .push(
            " FROM scorers s JOIN scorer_versions v ON v.scorer_key = s.id JOIN experiments e ON e.id = s.experiment_id
              WHERE v.version = (SELECT MAX(version) FROM scorer_versions WHERE scorer_key = s.id)
              AND e.lifecycle_stage = 'active' AND s.workspace_id = ",
        )
        .bind(workspace_id);
    match scope {
        Scope::One(id) => {
            query.push(" AND s.experiment_id = ").bind(*id);
        }
        Scope::Several(ids) => {
            query.push(" AND s.experiment_id IN_IDS(").bind(ids.clone()).push(")");
        }
        Scope::All => {}
    }
    query.push(" ORDER BY s.experiment_id, s.name LIMIT ").bind(LIST_MAX);
    Ok(query.run(tx, read)?)
}

pub fn delete_version(tx: &Tx, scorer: i64, version: i64) -> Result<()> {
    tx.execute(
        "DELETE FROM scorer_versions WHERE scorer_key = ?1 AND version = ?2",
        params![scorer, version],
    )?;
    Ok(())
}

/// Removes the scorer with its versions and its online configuration.
pub fn delete(tx: &Tx, scorer: i64) -> Result<()> {
    tx.execute("DELETE FROM scorers WHERE id = ?1", params![scorer])?;
    Ok(())
}
