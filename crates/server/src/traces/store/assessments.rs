//! Assessments.

use crate::{
    error::{ApiError, Result, already_exists},
    traces::assessment_values::{self, Content, Kind, NewAssessment},
};
use fettle_db::{Row, Tx, params};
use fettle_wire::{
    assessments::{Assessment, Source},
    times::Timestamp,
};
use std::collections::{BTreeMap, HashMap};

/// Assessments in one answer. Traces usually have a handful; this keeps one that has millions from filling the memory.
const SHOWN_MAX: i64 = 100_000;

pub fn insert(tx: &Tx, workspace_id: i64, trace_key: i64, new: &NewAssessment) -> Result<()> {
    let taken = tx.query_opt(
        "SELECT id FROM assessments WHERE assessment_id = ?1",
        params![&new.assessment_id],
        |row| row.get::<i64>(0),
    )?;
    if taken.is_some() {
        return Err(already_exists(format!(
            "An assessment with ID '{}' exists already.",
            new.assessment_id
        )));
    }
    upsert(tx, workspace_id, trace_key, new)
}

/// Writes an assessment that comes with its trace: the same one again changes nothing.
pub fn upsert(tx: &Tx, workspace_id: i64, trace_key: i64, new: &NewAssessment) -> Result<()> {
    let changed = tx.execute(
        "INSERT INTO assessments (workspace_id, trace_key, assessment_id, name, kind, value, aggregate_value, is_numeric,
             error, source_type, source_id, span_id, run_uuid, rationale, metadata, overrides, valid, create_time,
             last_update_time)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, 1, ?17, ?18)
         ON CONFLICT (assessment_id) DO UPDATE SET
             name = excluded.name, kind = excluded.kind, value = excluded.value,
             aggregate_value = excluded.aggregate_value, is_numeric = excluded.is_numeric, error = excluded.error,
             source_type = excluded.source_type, source_id = excluded.source_id, span_id = excluded.span_id,
             run_uuid = excluded.run_uuid, rationale = excluded.rationale, metadata = excluded.metadata,
             overrides = excluded.overrides, last_update_time = excluded.last_update_time
         WHERE assessments.trace_key = excluded.trace_key",
        params![
            workspace_id,
            trace_key,
            &new.assessment_id,
            &new.name,
            new.content.kind.name(),
            &new.content.value,
            new.content.aggregate_value,
            new.content.is_numeric,
            error_text(&new.content)?,
            new.source_type,
            &new.source_id,
            &new.span_id,
            new.run_uuid(),
            &new.rationale,
            metadata_text(&new.metadata)?,
            &new.overrides,
            new.create_time,
            new.last_update_time,
        ],
    )?;
    if changed == 0 {
        return Err(already_exists(format!(
            "An assessment with ID '{}' exists already, for another trace.",
            new.assessment_id
        )));
    }
    Ok(())
}

fn error_text(content: &Content) -> Result<Option<String>> {
    content
        .error
        .as_ref()
        .map(serde_json::to_string)
        .transpose()
        .map_err(unwritable)
}

/// Written as Python writes it: search looks for a key in it.
fn metadata_text(metadata: &BTreeMap<String, String>) -> Result<Option<String>> {
    if metadata.is_empty() {
        return Ok(None);
    }
    let value = serde_json::to_value(metadata).map_err(unwritable)?;
    let mut text = String::new();
    fettle_gateway::python_json::value(&mut text, &value);
    Ok(Some(text))
}

fn unwritable(cause: serde_json::Error) -> ApiError {
    ApiError::new(
        crate::error::ErrorCode::InternalError,
        "An assessment could not be written.",
    )
    .because(cause)
}

/// An assessment as it is stored.
#[derive(Debug)]
pub struct Stored {
    pub id: i64,
    pub trace_key: i64,
    pub kind: Kind,
    pub assessment: Assessment,
}

const FROM: &str =
    "SELECT a.id, a.trace_key, a.kind, a.value, a.error, a.assessment_id, a.name, t.trace_id, a.span_id, a.source_type,
             a.source_id, a.create_time, a.last_update_time, a.rationale, a.metadata, a.overrides, a.valid
         FROM assessments a JOIN traces t ON t.id = a.trace_key";

fn read(row: &Row<'_>) -> Result<Stored> {
    let kind = Kind::parse(row.text(2)?);
    let error: Option<String> = row.get(4)?;
    let metadata: Option<String> = row.get(14)?;
    Ok(Stored {
        id: row.get(0)?,
        trace_key: row.get(1)?,
        kind,
        assessment: Assessment {
            assessment_id: row.get(5)?,
            assessment_name: row.get(6)?,
            trace_id: row.get(7)?,
            span_id: row.get(8)?,
            source: Source {
                source_type: row.get(9)?,
                source_id: row.get(10)?,
            },
            create_time: Timestamp(row.get(11)?),
            last_update_time: Timestamp(row.get(12)?),
            value: assessment_values::to_wire(kind, row.text(3)?, error.as_deref())?,
            rationale: row.get(13)?,
            metadata: metadata
                .and_then(|text| serde_json::from_str(&text).ok())
                .unwrap_or_default(),
            overrides: row.get(15)?,
            valid: row.get(16)?,
        },
    })
}

pub fn find(tx: &Tx, trace_key: i64, assessment_id: &str) -> Result<Option<Stored>> {
    let mut query = fettle_db::Query::new(FROM);
    query.push(" WHERE a.trace_key = ").bind(trace_key);
    query.push(" AND a.assessment_id = ").bind(assessment_id.to_owned());
    Ok(all(tx, &query)?.pop())
}

/// The assessments of each trace, in the order in which they came.
pub fn by_trace(tx: &Tx, keys: &[i64]) -> Result<HashMap<i64, Vec<Assessment>>> {
    let mut query = fettle_db::Query::new(FROM);
    query.push(" WHERE a.trace_key IN_IDS(").bind(keys.to_vec());
    query.push(") ORDER BY a.trace_key, a.id LIMIT ").bind(SHOWN_MAX);
    let mut by_trace: HashMap<i64, Vec<Assessment>> = HashMap::new();
    for stored in all(tx, &query)? {
        by_trace.entry(stored.trace_key).or_default().push(stored.assessment);
    }
    Ok(by_trace)
}

fn all(tx: &Tx, query: &fettle_db::Query) -> Result<Vec<Stored>> {
    let mut all = Vec::new();
    query.for_each(tx, |row| {
        all.push(read(row)?);
        Ok::<_, ApiError>(())
    })?;
    Ok(all)
}

/// What an update changes; the rest stays.
#[derive(Debug, Default, Clone)]
pub struct Change {
    pub name: Option<String>,
    pub content: Option<Content>,
    pub rationale: Option<String>,
    pub metadata: Option<BTreeMap<String, String>>,
}

pub fn update(tx: &Tx, stored: &Stored, change: &Change, now_ms: i64) -> Result<()> {
    tx.execute(
        "UPDATE assessments SET name = COALESCE(?1, name), rationale = COALESCE(?2, rationale), last_update_time = ?3
         WHERE id = ?4",
        params![&change.name, &change.rationale, now_ms, stored.id],
    )?;
    if let Some(content) = &change.content {
        tx.execute(
            "UPDATE assessments SET value = ?1, error = ?2, aggregate_value = ?3, is_numeric = ?4 WHERE id = ?5",
            params![
                &content.value,
                error_text(content)?,
                content.aggregate_value,
                content.is_numeric,
                stored.id,
            ],
        )?;
    }
    if let Some(metadata) = &change.metadata {
        let mut merged = stored.assessment.metadata.clone();
        merged.extend(metadata.iter().map(|(key, value)| (key.clone(), value.clone())));
        tx.execute(
            "UPDATE assessments SET metadata = ?1 WHERE id = ?2",
            params![metadata_text(&merged)?, stored.id],
        )?;
    }
    Ok(())
}

/// Marks an assessment of the trace as overridden or as valid again. False if there is none.
pub fn set_valid(tx: &Tx, trace_key: i64, assessment_id: &str, valid: bool) -> Result<bool> {
    Ok(tx.execute(
        "UPDATE assessments SET valid = ?1 WHERE trace_key = ?2 AND assessment_id = ?3",
        params![valid, trace_key, assessment_id],
    )? > 0)
}

pub fn delete(tx: &Tx, id: i64) -> Result<()> {
    tx.execute("DELETE FROM assessments WHERE id = ?1", params![id])?;
    Ok(())
}
