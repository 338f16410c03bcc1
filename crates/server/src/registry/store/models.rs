//! Registered models.

use super::{aliases, tags, versions};
use crate::error::{Result, already_exists, not_found};
use fettle_db::{Row, Tx, params};
use fettle_wire::{registry as wire, tags::KeyValue};

#[derive(Debug, Clone)]
pub struct Model {
    pub id: i64,
    pub name: String,
    pub description: Option<String>,
    pub creation_time: i64,
    pub last_updated_time: i64,
}

/// The columns that [`Model::read`] reads, of a table called `m`.
pub const COLUMNS: &str = "m.id, m.name, m.description, m.creation_time, m.last_updated_time";

impl Model {
    pub fn read(row: &Row<'_>) -> fettle_db::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            name: row.get(1)?,
            description: row.get(2)?,
            creation_time: row.get(3)?,
            last_updated_time: row.get(4)?,
        })
    }
}

/// The new model's key. A name that is taken is an error that says whether by a prompt.
pub fn insert(
    tx: &Tx,
    workspace_id: i64,
    name: &str,
    description: Option<&str>,
    tags: &[KeyValue],
    now_ms: i64,
) -> Result<i64> {
    let id: Option<i64> = tx.query_opt(
        "INSERT INTO registered_models (workspace_id, name, description, creation_time, last_updated_time, next_version)
         VALUES (?1, ?2, ?3, ?4, ?4, 1) ON CONFLICT (workspace_id, name) DO NOTHING RETURNING id",
        params![workspace_id, name, description, now_ms],
        |row| row.get(0),
    )?;
    let Some(id) = id else {
        let earlier = get(tx, workspace_id, name)?;
        return Err(taken(name, tags::is_prompt(tx, earlier.id)?, tags::say_prompt(tags)));
    };
    tags::set_on_model(tx, workspace_id, id, tags)?;
    Ok(id)
}

fn taken(name: &str, by_prompt: bool, for_prompt: bool) -> crate::error::ApiError {
    let kind = |is_prompt| if is_prompt { "prompt" } else { "registered model" };
    if by_prompt == for_prompt {
        let kind = if for_prompt { "Prompt" } else { "Registered Model" };
        return already_exists(format!("{kind} (name={name}) already exists."));
    }
    already_exists(format!(
        "Tried to create a {} with name '{name}', but the name is already taken by a {}. MLflow does not allow creating a \
         model and a prompt with the same name.",
        kind(for_prompt),
        kind(by_prompt)
    ))
}

pub fn get(tx: &Tx, workspace_id: i64, name: &str) -> Result<Model> {
    tx.query_opt(
        "SELECT m.id, m.name, m.description, m.creation_time, m.last_updated_time
         FROM registered_models m WHERE m.workspace_id = ?1 AND m.name = ?2",
        params![workspace_id, name],
        Model::read,
    )?
    .ok_or_else(|| not_found(format!("Registered Model with name={name} not found")))
}

pub fn set_description(tx: &Tx, id: i64, description: &str, now_ms: i64) -> Result<()> {
    tx.execute(
        "UPDATE registered_models SET description = ?1, last_updated_time = ?2 WHERE id = ?3",
        params![description, now_ms, id],
    )?;
    Ok(())
}

/// Renames the model, which also counts as an update of its versions.
pub fn rename(tx: &Tx, workspace_id: i64, id: i64, name: &str, now_ms: i64) -> Result<()> {
    let taken = tx.query_opt(
        "SELECT id FROM registered_models WHERE workspace_id = ?1 AND name = ?2 AND id <> ?3",
        params![workspace_id, name, id],
        |row| row.get::<i64>(0),
    )?;
    if taken.is_some() {
        return Err(already_exists(format!(
            "Registered Model (name={name}) already exists."
        )));
    }
    tx.execute(
        "UPDATE registered_models SET name = ?1, last_updated_time = ?2 WHERE id = ?3",
        params![name, now_ms, id],
    )?;
    tx.execute(
        "UPDATE model_versions SET last_updated_time = ?1 WHERE registered_model_id = ?2",
        params![now_ms, id],
    )?;
    Ok(())
}

/// Notes that something about a version changed.
pub fn touch(tx: &Tx, id: i64, now_ms: i64) -> Result<()> {
    tx.execute(
        "UPDATE registered_models SET last_updated_time = ?1 WHERE id = ?2",
        params![now_ms, id],
    )?;
    Ok(())
}

/// Takes the number of a new version. Numbers are counted on the model, so that none comes up twice.
pub fn take_version(tx: &Tx, id: i64, now_ms: i64) -> Result<i64> {
    Ok(tx.query_one(
        "UPDATE registered_models SET next_version = next_version + 1, last_updated_time = ?1 WHERE id = ?2
         RETURNING next_version - 1",
        params![now_ms, id],
        |row| row.get(0),
    )?)
}

/// Removes the model with all that is below it.
pub fn delete(tx: &Tx, id: i64) -> Result<()> {
    for sql in [
        "DELETE FROM model_version_tags WHERE model_version_id IN (SELECT id FROM model_versions WHERE registered_model_id = ?1)",
        "DELETE FROM model_versions WHERE registered_model_id = ?1",
        "DELETE FROM model_aliases WHERE registered_model_id = ?1",
        "DELETE FROM registered_model_tags WHERE registered_model_id = ?1",
        "DELETE FROM registered_models WHERE id = ?1",
    ] {
        tx.execute(sql, params![id])?;
    }
    Ok(())
}

/// Rows to the wire's models, each with its tags, aliases and latest versions; one query per kind.
pub fn load(tx: &Tx, models: Vec<Model>) -> Result<Vec<wire::RegisteredModel>> {
    if models.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<i64> = models.iter().map(|model| model.id).collect();
    let mut tags = tags::of_models(tx, &ids)?;
    let mut aliases = aliases::of_models(tx, &ids)?;
    let mut latest = versions::latest(tx, &ids)?;
    Ok(models
        .into_iter()
        .map(|model| wire::RegisteredModel {
            name: model.name,
            creation_timestamp: model.creation_time,
            last_updated_timestamp: model.last_updated_time,
            description: model.description.filter(|description| !description.is_empty()),
            latest_versions: latest.remove(&model.id).unwrap_or_default(),
            tags: tags.remove(&model.id).unwrap_or_default(),
            aliases: aliases.remove(&model.id).unwrap_or_default(),
        })
        .collect())
}

pub fn load_one(tx: &Tx, model: Model) -> Result<wire::RegisteredModel> {
    let loaded = load(tx, vec![model])?;
    Ok(loaded.into_iter().next().expect("one model in is one model out"))
}
