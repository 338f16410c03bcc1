//! Params, tags and metrics of logged models.

use super::models::Model;
use crate::{
    error::{ApiError, Result},
    logged_models::{status::Status, validate::param_changed},
    tracking::store::metrics::join_nan,
};
use fettle_db::{Tx, params};
use fettle_wire::{
    Double,
    logged_models::{LoggedModel, LoggedModelData, LoggedModelInfo},
    metrics::Metric,
    tags::KeyValue,
};
use std::collections::HashMap;

/// Points in one answer. Models usually have a handful; this keeps one that has millions from filling the memory.
const POINTS_MAX: i64 = 1_000_000;

/// Adds params; one that is there with another value is an error.
pub fn insert_params(tx: &Tx, workspace_id: i64, id: i64, params: &[KeyValue]) -> Result<()> {
    if params.is_empty() {
        return Ok(());
    }
    tx.execute_each(
        "INSERT INTO logged_model_params (workspace_id, logged_model_id, key, value) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (logged_model_id, key) DO NOTHING",
        params
            .iter()
            .map(|param| params![workspace_id, id, &param.key, &param.value].to_vec()),
    )?;
    let stored: HashMap<String, String> = by_owner(tx, PARAMS, &[id])?
        .remove(&id)
        .unwrap_or_default()
        .into_iter()
        .map(|param| (param.key, param.value))
        .collect();
    let changed = params.iter().find_map(|param| {
        stored
            .get(&param.key)
            .filter(|old| **old != param.value)
            .map(|old| (param, old))
    });
    match changed {
        Some((param, old)) => Err(param_changed(&param.key, old, &param.value)),
        None => Ok(()),
    }
}

pub fn set_tags(tx: &Tx, workspace_id: i64, id: i64, tags: &[KeyValue]) -> Result<()> {
    tx.execute_each(
        "INSERT INTO logged_model_tags (workspace_id, logged_model_id, key, value) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (logged_model_id, key) DO UPDATE SET value = excluded.value",
        tags.iter()
            .map(|tag| params![workspace_id, id, &tag.key, &tag.value].to_vec()),
    )?;
    Ok(())
}

pub fn tag(tx: &Tx, id: i64, key: &str) -> Result<Option<String>> {
    Ok(tx.query_opt(
        "SELECT value FROM logged_model_tags WHERE logged_model_id = ?1 AND key = ?2",
        params![id, key],
        |row| row.get(0),
    )?)
}

/// False if there is no such tag.
pub fn delete_tag(tx: &Tx, id: i64, key: &str) -> Result<bool> {
    Ok(tx.execute(
        "DELETE FROM logged_model_tags WHERE logged_model_id = ?1 AND key = ?2",
        params![id, key],
    )? > 0)
}

/// Rows to the wire's models, in their order; one query per kind.
pub fn load(tx: &Tx, models: Vec<Model>) -> Result<Vec<LoggedModel>> {
    if models.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<i64> = models.iter().map(|model| model.id).collect();
    let mut params = by_owner(tx, PARAMS, &ids)?;
    let mut tags = by_owner(tx, TAGS, &ids)?;
    let mut metrics = metrics(tx, &ids)?;
    Ok(models
        .into_iter()
        .map(|model| {
            let data = LoggedModelData {
                params: params.remove(&model.id).unwrap_or_default(),
                metrics: metrics.remove(&model.id).unwrap_or_default(),
            };
            let tags = tags.remove(&model.id).unwrap_or_default();
            LoggedModel {
                info: info(model, tags),
                data,
            }
        })
        .collect())
}

fn info(model: Model, tags: Vec<KeyValue>) -> LoggedModelInfo {
    LoggedModelInfo {
        model_id: model.model_id,
        experiment_id: model.experiment_id.to_string(),
        name: model.name,
        creation_timestamp_ms: model.creation_timestamp,
        last_updated_timestamp_ms: model.last_updated_timestamp,
        artifact_uri: model.artifact_location,
        status: Status::to_wire(&model.status).to_owned(),
        model_type: model.model_type,
        source_run_id: model.source_run_id,
        status_message: model.status_message,
        tags,
    }
}

const PARAMS: &str = "SELECT logged_model_id, key, value FROM logged_model_params WHERE logged_model_id IN_IDS(?1) ORDER BY logged_model_id, key";

const TAGS: &str = "SELECT logged_model_id, key, value FROM logged_model_tags WHERE logged_model_id IN_IDS(?1) ORDER BY logged_model_id, key";

fn by_owner(tx: &Tx, sql: &'static str, ids: &[i64]) -> Result<HashMap<i64, Vec<KeyValue>>> {
    let mut entries: HashMap<i64, Vec<KeyValue>> = HashMap::new();
    tx.for_each(sql, params![ids], |row| {
        entries.entry(row.get(0)?).or_default().push(KeyValue {
            key: row.get(1)?,
            value: row.get(2)?,
        });
        Ok::<_, ApiError>(())
    })?;
    Ok(entries)
}

/// Every point that was logged for the models.
fn metrics(tx: &Tx, ids: &[i64]) -> Result<HashMap<i64, Vec<Metric>>> {
    let mut metrics: HashMap<i64, Vec<Metric>> = HashMap::new();
    tx.for_each(
        "SELECT p.logged_model_id, p.key, p.value, p.is_nan, p.timestamp, p.step, p.dataset_name, p.dataset_digest, m.model_id, r.run_uuid
         FROM logged_model_metrics p JOIN logged_models m ON m.id = p.logged_model_id JOIN runs r ON r.id = p.run_id
         WHERE p.logged_model_id IN_IDS(?1)
         ORDER BY p.logged_model_id, p.key, p.timestamp, p.step, p.run_id, p.dataset_name, p.dataset_digest, p.value, p.is_nan
         LIMIT ?2",
        params![ids, POINTS_MAX],
        |row| {
            let given = |text: String| Some(text).filter(|text| !text.is_empty());
            metrics.entry(row.get(0)?).or_default().push(Metric {
                key: row.get(1)?,
                value: Double(join_nan(row.get(2)?, row.get(3)?)),
                timestamp: row.get(4)?,
                step: row.get(5)?,
                dataset_name: given(row.get(6)?),
                dataset_digest: given(row.get(7)?),
                model_id: Some(row.get(8)?),
                run_id: Some(row.get(9)?),
            });
            Ok::<_, ApiError>(())
        },
    )?;
    Ok(metrics)
}
