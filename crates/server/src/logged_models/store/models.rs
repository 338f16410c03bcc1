//! Logged models themselves; their params, tags and metrics have a file of their own.

use super::parts;
use crate::{
    error::{Result, not_found},
    logged_models::status::Status,
};
use fettle_db::{Row, Tx, params};
use fettle_wire::tags::KeyValue;
use serde_json::{Value, json};

/// The tag that lists the registered versions made from a model.
const MODEL_VERSIONS: &str = "mlflow.modelVersions";

#[derive(Debug, Clone)]
#[expect(clippy::struct_field_names, reason = "MLflow's names for them")]
pub struct Model {
    pub id: i64,
    pub model_id: String,
    pub experiment_id: i64,
    pub name: String,
    pub artifact_location: String,
    pub creation_timestamp: i64,
    pub last_updated_timestamp: i64,
    pub status: String,
    pub status_message: Option<String>,
    pub model_type: String,
    pub source_run_id: String,
}

#[derive(Debug)]
pub struct NewModel {
    pub model_id: String,
    pub experiment_id: i64,
    pub name: String,
    pub model_type: String,
    pub source_run_id: String,
    pub params: Vec<KeyValue>,
    pub tags: Vec<KeyValue>,
    pub now_ms: i64,
}

/// The columns that [`Model::read`] reads, of a table called `m`.
pub const COLUMNS: &str = "m.id, m.model_id, m.experiment_id, m.name, m.artifact_location, m.creation_timestamp, m.last_updated_timestamp, m.status, m.status_message, m.model_type, m.source_run_id";
pub const COLUMN_COUNT: usize = 11;

impl Model {
    pub fn read(row: &Row<'_>) -> fettle_db::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            model_id: row.get(1)?,
            experiment_id: row.get(2)?,
            name: row.get(3)?,
            artifact_location: row.get(4)?,
            creation_timestamp: row.get(5)?,
            last_updated_timestamp: row.get(6)?,
            status: row.get(7)?,
            status_message: row.get(8)?,
            model_type: row.get(9)?,
            source_run_id: row.get(10)?,
        })
    }
}

/// `experiment_location` is the folder of the experiment, below which the model gets one.
pub fn insert(tx: &Tx, workspace_id: i64, experiment_location: &str, new: &NewModel) -> Result<()> {
    let location = format!(
        "{}/models/{}/artifacts",
        experiment_location.trim_end_matches('/'),
        new.model_id
    );
    let id: i64 = tx.query_one(
        "INSERT INTO logged_models (workspace_id, model_id, experiment_id, name, artifact_location, creation_timestamp,
             last_updated_timestamp, status, model_type, source_run_id, lifecycle_stage)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, 'PENDING', ?7, ?8, 'active') RETURNING id",
        params![
            workspace_id,
            &new.model_id,
            new.experiment_id,
            &new.name,
            location,
            new.now_ms,
            &new.model_type,
            &new.source_run_id,
        ],
        |row| row.get(0),
    )?;
    parts::insert_params(tx, workspace_id, id, &new.params)?;
    parts::set_tags(tx, workspace_id, id, &new.tags)
}

pub fn get(tx: &Tx, workspace_id: i64, model_id: &str) -> Result<Model> {
    find(tx, workspace_id, model_id)?.ok_or_else(|| absent(model_id))
}

fn find(tx: &Tx, workspace_id: i64, model_id: &str) -> Result<Option<Model>> {
    Ok(tx.query_opt(
        "SELECT m.id, m.model_id, m.experiment_id, m.name, m.artifact_location, m.creation_timestamp, m.last_updated_timestamp,
             m.status, m.status_message, m.model_type, m.source_run_id
         FROM logged_models m WHERE m.model_id = ?1 AND m.workspace_id = ?2 AND m.lifecycle_stage = 'active'",
        params![model_id, workspace_id],
        Model::read,
    )?)
}

pub fn get_even_deleted(tx: &Tx, workspace_id: i64, model_id: &str) -> Result<Model> {
    tx.query_opt(
        "SELECT m.id, m.model_id, m.experiment_id, m.name, m.artifact_location, m.creation_timestamp, m.last_updated_timestamp,
             m.status, m.status_message, m.model_type, m.source_run_id
         FROM logged_models m WHERE m.model_id = ?1 AND m.workspace_id = ?2",
        params![model_id, workspace_id],
        Model::read,
    )?
    .ok_or_else(|| absent(model_id))
}

fn absent(model_id: &str) -> crate::error::ApiError {
    not_found(format!("Logged model with ID '{model_id}' not found."))
}

/// The newest model of a name that a run has logged.
pub fn find_of_run(tx: &Tx, workspace_id: i64, run_id: &str, name: &str) -> Result<Option<Model>> {
    Ok(tx.query_opt(
        "SELECT m.id, m.model_id, m.experiment_id, m.name, m.artifact_location, m.creation_timestamp, m.last_updated_timestamp,
             m.status, m.status_message, m.model_type, m.source_run_id
         FROM logged_models m
         WHERE m.source_run_id = ?1 AND m.name = ?2 AND m.workspace_id = ?3 AND m.lifecycle_stage = 'active'
         ORDER BY m.creation_timestamp DESC, m.id DESC LIMIT 1",
        params![run_id, name, workspace_id],
        Model::read,
    )?)
}

pub fn set_status(tx: &Tx, id: i64, status: Status, now_ms: i64) -> Result<()> {
    tx.execute(
        "UPDATE logged_models SET status = ?1, last_updated_timestamp = ?2 WHERE id = ?3",
        params![status.name(), now_ms, id],
    )?;
    Ok(())
}

pub fn delete(tx: &Tx, id: i64, now_ms: i64) -> Result<()> {
    tx.execute(
        "UPDATE logged_models SET lifecycle_stage = 'deleted', last_updated_timestamp = ?1 WHERE id = ?2",
        params![now_ms, id],
    )?;
    Ok(())
}

/// Adds a registered version to the model's list of them. The client adds it too; the number is text, as the client
/// writes it, so that it recognises the entry. A model that is gone has no list.
pub fn note_version(tx: &Tx, workspace_id: i64, model_id: &str, name: &str, version: i64) -> Result<()> {
    let Some(model) = find(tx, workspace_id, model_id)? else {
        return Ok(());
    };
    let earlier = parts::tag(tx, model.id, MODEL_VERSIONS)?;
    let mut versions: Vec<Value> = earlier
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default();
    let new = json!({ "name": name, "version": version.to_string() });
    if !versions.contains(&new) {
        versions.push(new);
    }
    let tag = KeyValue {
        key: MODEL_VERSIONS.to_owned(),
        value: Value::from(versions).to_string(),
    };
    parts::set_tags(tx, workspace_id, model.id, &[tag])
}
