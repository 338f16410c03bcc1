//! The SQL of baselines.

use super::made::Made;
use crate::error::{ApiError, Result, not_found};
use fettle_db::{Row, Tx, params};
use serde::Serialize;

/// How far a baseline is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Ordered when its version was registered.
    Pending,
    Ready,
    Failed,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Ready => "ready",
            Self::Failed => "failed",
        }
    }

    fn named(name: &str) -> Self {
        [Self::Pending, Self::Failed]
            .into_iter()
            .find(|state| state.name() == name)
            .unwrap_or(Self::Ready)
    }
}

#[derive(Debug, Clone)]
pub struct Baseline {
    pub id: i64,
    pub model_name: String,
    pub model_version: String,
    pub source: String,
    pub row_count: i64,
    pub profile: Vec<u8>,
    pub created_at: i64,
    pub state: State,
    /// Why it is not ready.
    pub reason: Option<String>,
}

/// A baseline that is to be made, or that cannot be for a reason.
#[derive(Debug)]
pub struct Order<'a> {
    pub model_name: &'a str,
    pub model_version: &'a str,
    pub source: &'a str,
    pub reason: Option<&'a str>,
}

/// A dataset that a run was given.
#[derive(Debug, Clone)]
pub struct Dataset {
    pub name: String,
    pub source_type: String,
    /// JSON, as the client wrote it.
    pub source: String,
}

const BASELINE: &str = "id, model_name, model_version, source, row_count, profile, created_at, state, reason";
/// Datasets of a run that are looked at.
const DATASETS: i64 = 20;

fn read(row: &Row<'_>) -> fettle_db::Result<Baseline> {
    Ok(Baseline {
        id: row.get(0)?,
        model_name: row.get(1)?,
        model_version: row.get(2)?,
        source: row.get(3)?,
        row_count: row.get(4)?,
        profile: row.get(5)?,
        created_at: row.get(6)?,
        state: State::named(row.text(7)?),
        reason: row.get(8)?,
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

pub fn order(tx: &Tx, workspace_id: i64, new: &Order<'_>, now_ms: i64) -> Result<i64> {
    let state = if new.reason.is_some() {
        State::Failed
    } else {
        State::Pending
    };
    Ok(tx.query_one(
        "INSERT INTO baselines (workspace_id, model_name, model_version, source, row_count, profile, created_at, state, reason)
         VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7, ?8) RETURNING id",
        params![
            workspace_id,
            new.model_name,
            new.model_version,
            new.source,
            Vec::<u8>::new(),
            now_ms,
            state.name(),
            new.reason
        ],
        |row| row.get(0),
    )?)
}

/// An ordered baseline is there.
pub fn set_made(tx: &Tx, id: i64, made: &Made) -> Result<()> {
    tx.execute(
        "UPDATE baselines SET row_count = ?2, profile = ?3, sample = ?4, state = ?5, reason = NULL WHERE id = ?1",
        params![
            id,
            made.rows,
            &made.profile,
            made.sample.as_deref(),
            State::Ready.name()
        ],
    )?;
    Ok(())
}

/// Why an ordered baseline is not there, or not yet.
pub fn set_reason(tx: &Tx, id: i64, state: State, reason: &str) -> Result<()> {
    tx.execute(
        "UPDATE baselines SET state = ?2, reason = ?3 WHERE id = ?1",
        params![id, state.name(), reason],
    )?;
    Ok(())
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

/// The newest of a version that is ready.
pub fn newest(tx: &Tx, workspace_id: i64, model: &str, version: &str) -> Result<Option<Baseline>> {
    let sql = format!(
        "SELECT {BASELINE} FROM baselines
         WHERE workspace_id = ?1 AND model_name = ?2 AND model_version = ?3 AND state = 'ready'
         ORDER BY id DESC LIMIT 1"
    );
    Ok(tx.query_opt(&sql, params![workspace_id, model, version], read)?)
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

/// What a run says it was trained on: the context is `training`, `train` (as autologging has it), or none.
pub fn training_datasets(tx: &Tx, run_id: i64) -> Result<Vec<Dataset>> {
    Ok(tx.query(
        "SELECT d.name, d.source_type, d.source FROM run_dataset_inputs i JOIN datasets d ON d.id = i.dataset_id
         LEFT JOIN run_dataset_input_tags t ON t.input_id = i.id AND t.key = 'mlflow.data.context'
         WHERE i.run_id = ?1 AND COALESCE(t.value, '') IN ('training', 'train', '')
         ORDER BY CASE t.value WHEN 'training' THEN 0 WHEN 'train' THEN 1 ELSE 2 END, i.id LIMIT ?2",
        params![run_id, DATASETS],
        |row| {
            Ok(Dataset {
                name: row.get(0)?,
                source_type: row.get(1)?,
                source: row.get(2)?,
            })
        },
    )?)
}

pub fn delete(tx: &Tx, id: i64) -> Result<(), ApiError> {
    tx.execute("DELETE FROM baselines WHERE id = ?1", params![id])?;
    Ok(())
}
