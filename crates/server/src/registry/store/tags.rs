//! Tags of registered models and of their versions.

use crate::error::{ApiError, Result};
use fettle_db::{Tx, params};
use fettle_wire::tags::KeyValue;
use std::collections::HashMap;

/// The tag that makes a registered model a prompt, and a version one of a prompt.
pub const IS_PROMPT: &str = "mlflow.prompt.is_prompt";

/// Whether these tags say so; MLflow takes the value in any case.
pub fn say_prompt(tags: &[KeyValue]) -> bool {
    tags.iter()
        .any(|tag| tag.key == IS_PROMPT && tag.value.eq_ignore_ascii_case("true"))
}

/// Whether the registered model is a prompt.
pub fn is_prompt(tx: &Tx, model_id: i64) -> Result<bool> {
    let value: Option<String> = tx.query_opt(
        "SELECT value FROM registered_model_tags WHERE registered_model_id = ?1 AND key = 'mlflow.prompt.is_prompt'",
        params![model_id],
        |row| row.get(0),
    )?;
    Ok(value.is_some_and(|value| value.eq_ignore_ascii_case("true")))
}

pub fn set_on_model(tx: &Tx, workspace_id: i64, model_id: i64, tags: &[KeyValue]) -> Result<()> {
    tx.execute_each(
        "INSERT INTO registered_model_tags (workspace_id, registered_model_id, key, value) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (registered_model_id, key) DO UPDATE SET value = excluded.value",
        tags.iter()
            .map(|tag| params![workspace_id, model_id, &tag.key, &tag.value].to_vec()),
    )?;
    Ok(())
}

pub fn set_on_version(tx: &Tx, workspace_id: i64, version_id: i64, tags: &[KeyValue]) -> Result<()> {
    tx.execute_each(
        "INSERT INTO model_version_tags (workspace_id, model_version_id, key, value) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (model_version_id, key) DO UPDATE SET value = excluded.value",
        tags.iter()
            .map(|tag| params![workspace_id, version_id, &tag.key, &tag.value].to_vec()),
    )?;
    Ok(())
}

/// False if there is no such tag.
pub fn delete_from_model(tx: &Tx, model_id: i64, key: &str) -> Result<bool> {
    Ok(tx.execute(
        "DELETE FROM registered_model_tags WHERE registered_model_id = ?1 AND key = ?2",
        params![model_id, key],
    )? > 0)
}

/// False if there is no such tag.
pub fn delete_from_version(tx: &Tx, version_id: i64, key: &str) -> Result<bool> {
    Ok(tx.execute(
        "DELETE FROM model_version_tags WHERE model_version_id = ?1 AND key = ?2",
        params![version_id, key],
    )? > 0)
}

pub fn of_models(tx: &Tx, model_ids: &[i64]) -> Result<HashMap<i64, Vec<KeyValue>>> {
    by_owner(
        tx,
        "SELECT registered_model_id, key, value FROM registered_model_tags WHERE registered_model_id IN_IDS(?1)
         ORDER BY registered_model_id, key",
        model_ids,
    )
}

pub fn of_versions(tx: &Tx, version_ids: &[i64]) -> Result<HashMap<i64, Vec<KeyValue>>> {
    by_owner(
        tx,
        "SELECT model_version_id, key, value FROM model_version_tags WHERE model_version_id IN_IDS(?1)
         ORDER BY model_version_id, key",
        version_ids,
    )
}

fn by_owner(tx: &Tx, sql: &'static str, ids: &[i64]) -> Result<HashMap<i64, Vec<KeyValue>>> {
    let mut tags: HashMap<i64, Vec<KeyValue>> = HashMap::new();
    if ids.is_empty() {
        return Ok(tags);
    }
    tx.for_each(sql, params![ids], |row| {
        tags.entry(row.get(0)?).or_default().push(KeyValue {
            key: row.get(1)?,
            value: row.get(2)?,
        });
        Ok::<_, ApiError>(())
    })?;
    Ok(tags)
}
