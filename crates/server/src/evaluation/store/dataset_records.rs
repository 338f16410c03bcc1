//! The records of evaluation datasets.

use crate::{
    error::Result,
    evaluation::{
        json_text::{Object, Text},
        record::{NewRecord, Outputs},
    },
};
use fettle_db::{Row, Tx, params};
use std::fmt::Write;

/// True if the record is new; one with the same inputs takes what the new one brings.
pub fn upsert(tx: &Tx, workspace_id: i64, dataset_key: i64, record: &NewRecord, now_ms: i64) -> Result<bool> {
    let existing = tx.query_opt(
        "SELECT id, outputs, expectations, tags FROM evaluation_dataset_records WHERE dataset_key = ?1 AND input_hash = ?2",
        params![dataset_key, &record.input_hash],
        Existing::read,
    )?;
    match existing {
        Some(existing) => merge(tx, &existing, record, now_ms).map(|()| false),
        None => insert(tx, workspace_id, dataset_key, record, now_ms).map(|()| true),
    }
}

struct Existing {
    id: i64,
    outputs: Option<String>,
    expectations: Option<String>,
    tags: String,
}

impl Existing {
    fn read(row: &Row<'_>) -> fettle_db::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            outputs: row.get(1)?,
            expectations: row.get(2)?,
            tags: row.get(3)?,
        })
    }
}

fn insert(tx: &Tx, workspace_id: i64, dataset_key: i64, record: &NewRecord, now_ms: i64) -> Result<()> {
    let record_id = format!("dr-{}", uuid::Uuid::new_v4().simple());
    let outputs = match &record.outputs {
        Outputs::Absent => Some("{}"),
        Outputs::Null => None,
        Outputs::Value(value) => Some(value.get()),
    };
    let source = record.source.as_ref();
    tx.execute(
        "INSERT INTO evaluation_dataset_records (workspace_id, dataset_key, dataset_record_id, input_hash, inputs, outputs, expectations,
             tags, source, source_id, source_type, created_time, last_update_time, created_by, last_updated_by)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12, ?13, ?13)",
        params![
            workspace_id,
            dataset_key,
            record_id,
            &record.input_hash,
            record.inputs.to_string(),
            outputs,
            record.expectations.as_ref().map(ToString::to_string),
            record.tags.to_string(),
            source.map(|source| source.text.as_str()),
            source.and_then(|source| source.id.as_deref()),
            source.map(|source| source.kind),
            now_ms,
            record.user.as_deref(),
        ],
    )?;
    Ok(())
}

fn merge(tx: &Tx, existing: &Existing, record: &NewRecord, now_ms: i64) -> Result<()> {
    let outputs = match &record.outputs {
        Outputs::Absent => existing.outputs.as_deref(),
        Outputs::Null => None,
        Outputs::Value(value) => Some(value.get()),
    };
    let grown = |stored: Option<&str>, new: &Object| {
        let mut object = stored.map(Object::stored).unwrap_or_default();
        object.merge(new);
        object.to_string()
    };
    let expectations = match record.expectations.as_ref().filter(|new| !new.is_empty()) {
        Some(new) => Some(grown(existing.expectations.as_deref(), new)),
        None => existing.expectations.clone(),
    };
    tx.execute(
        "UPDATE evaluation_dataset_records SET outputs = ?1, expectations = ?2, tags = ?3, last_update_time = ?4,
             last_updated_by = COALESCE(?5, last_updated_by) WHERE id = ?6",
        params![
            outputs,
            expectations,
            grown(Some(&existing.tags), &record.tags),
            now_ms,
            record.user.as_deref(),
            existing.id,
        ],
    )?;
    Ok(())
}

pub fn count(tx: &Tx, dataset_key: i64) -> Result<i64> {
    Ok(tx.query_one(
        "SELECT COUNT(*) FROM evaluation_dataset_records WHERE dataset_key = ?1",
        params![dataset_key],
        |row| row.get(0),
    )?)
}

/// How many of the records there were.
pub fn delete(tx: &Tx, dataset_key: i64, record_ids: &[String]) -> Result<u64> {
    Ok(tx.execute_each(
        "DELETE FROM evaluation_dataset_records WHERE dataset_key = ?1 AND dataset_record_id = ?2",
        record_ids.iter().map(|id| params![dataset_key, id].to_vec()),
    )?)
}

/// Records after `after` in the order they came, each as the JSON text clients read, with its key.
pub fn list(tx: &Tx, dataset_key: i64, dataset_id: &str, after: i64, limit: usize) -> Result<Vec<(i64, String)>> {
    Ok(tx.query(
        "SELECT id, dataset_record_id, inputs, expectations, tags, source, source_id, source_type, created_time, last_update_time,
             created_by, last_updated_by, outputs
         FROM evaluation_dataset_records WHERE dataset_key = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
        params![dataset_key, after, limit as i64],
        |row| Ok((row.get(0)?, json(row, dataset_id)?)),
    )?)
}

/// The fields in MLflow's order, with those left out that have no value.
fn json(row: &Row<'_>, dataset_id: &str) -> fettle_db::Result<String> {
    let text = |index| row.get::<Option<String>>(index);
    let mut json = format!(
        "{{\"dataset_record_id\": {}, \"dataset_id\": {}, \"inputs\": {}",
        Text(&row.get::<String>(1)?),
        Text(dataset_id),
        row.get::<String>(2)?
    );
    let mut push = |name: &str, value: Option<&dyn std::fmt::Display>| {
        if let Some(value) = value {
            // Writing to a string does not fail.
            let _ = write!(json, ", \"{name}\": {value}");
        }
    };
    let quoted = |value: &Option<String>| value.as_deref().map(|value| Text(value).to_string());
    let (expectations, tags, source) = (text(3)?, text(4)?, text(5)?);
    push("expectations", expectations.as_ref().map(|value| value as _));
    push("tags", tags.as_ref().map(|value| value as _));
    push("source", source.as_ref().map(|value| value as _));
    push("source_id", quoted(&text(6)?).as_ref().map(|value| value as _));
    push("source_type", quoted(&text(7)?).as_ref().map(|value| value as _));
    push("created_time", Some(&row.get::<i64>(8)?));
    push("last_update_time", Some(&row.get::<i64>(9)?));
    push("created_by", quoted(&text(10)?).as_ref().map(|value| value as _));
    push("last_updated_by", quoted(&text(11)?).as_ref().map(|value| value as _));
    push("outputs", text(12)?.as_ref().map(|value| value as _));
    json.push('}');
    Ok(json)
}
