//! The SQL of baselines.

use crate::error::{ApiError, Result, not_found};
use fettle_db::{Row, Tx, params};

#[derive(Debug, Clone)]
pub struct Baseline {
    pub id: i64,
    pub model_name: String,
    pub model_version: String,
    pub source: String,
    pub row_count: i64,
    pub profile: Vec<u8>,
    pub created_at: i64,
}

const BASELINE: &str = "id, model_name, model_version, source, row_count, profile, created_at";

fn read(row: &Row<'_>) -> fettle_db::Result<Baseline> {
    Ok(Baseline {
        id: row.get(0)?,
        model_name: row.get(1)?,
        model_version: row.get(2)?,
        source: row.get(3)?,
        row_count: row.get(4)?,
        profile: row.get(5)?,
        created_at: row.get(6)?,
    })
}

pub fn insert(tx: &Tx, workspace_id: i64, new: &Baseline, sample: Option<&[u8]>) -> Result<i64> {
    Ok(tx.query_one(
        "INSERT INTO baselines (workspace_id, model_name, model_version, source, row_count, profile, created_at, sample)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) RETURNING id",
        params![
            workspace_id,
            &new.model_name,
            &new.model_version,
            &new.source,
            new.row_count,
            &new.profile,
            new.created_at,
            sample
        ],
        |row| row.get(0),
    )?)
}

/// Whole rows of a baseline, as Parquet; none of one that came as a profile.
pub fn sample(tx: &Tx, id: i64) -> Result<Option<Vec<u8>>> {
    let sql = "SELECT sample FROM baselines WHERE id = ?1";
    Ok(tx.query_opt(sql, params![id], |row| row.get(0))?.flatten())
}

/// Newest first; of a model and a version, unless those are empty.
pub fn list(tx: &Tx, workspace_id: i64, model: &str, version: &str, limit: usize) -> Result<Vec<Baseline>> {
    let sql = format!(
        "SELECT {BASELINE} FROM baselines
         WHERE workspace_id = ?1 AND (?2 = '' OR model_name = ?2) AND (?3 = '' OR model_version = ?3)
         ORDER BY id DESC LIMIT ?4"
    );
    Ok(tx.query(&sql, params![workspace_id, model, version, limit as i64], read)?)
}

pub fn find(tx: &Tx, workspace_id: i64, id: i64) -> Result<Option<Baseline>> {
    let sql = format!("SELECT {BASELINE} FROM baselines WHERE workspace_id = ?1 AND id = ?2");
    Ok(tx.query_opt(&sql, params![workspace_id, id], read)?)
}

pub fn get(tx: &Tx, workspace_id: i64, id: &str) -> Result<Baseline> {
    let number = id.parse().unwrap_or(-1);
    find(tx, workspace_id, number)?.ok_or_else(|| not_found(format!("There is no baseline {id}.")))
}

/// The source of a dataset that the version's run was given, as JSON.
pub fn dataset_source(tx: &Tx, workspace_id: i64, model: &str, version: i64, context: &str) -> Result<Option<String>> {
    Ok(tx.query_opt(
        "SELECT d.source FROM model_versions v JOIN registered_models m ON m.id = v.registered_model_id
         JOIN runs r ON r.run_uuid = v.run_uuid JOIN run_dataset_inputs i ON i.run_id = r.id
         JOIN datasets d ON d.id = i.dataset_id
         JOIN run_dataset_input_tags t ON t.input_id = i.id AND t.key = 'mlflow.data.context'
         WHERE m.workspace_id = ?1 AND m.name = ?2 AND v.version = ?3 AND t.value = ?4 ORDER BY i.id LIMIT 1",
        params![workspace_id, model, version, context],
        |row| row.get(0),
    )?)
}

pub fn delete(tx: &Tx, id: i64) -> Result<(), ApiError> {
    tx.execute("DELETE FROM baselines WHERE id = ?1", params![id])?;
    Ok(())
}
