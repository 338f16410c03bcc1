//! Traces' own records with their tags and metadata.

use super::{assessments, links, spans, totals};
use crate::{
    error::{ApiError, Result, not_found},
    traces::{usage, validate::NewTrace},
};
use fettle_db::{Column, Row, Tx, params};
use fettle_search::traces::LINKED_PROMPTS_TAG;
use fettle_wire::{
    times::{Duration, Timestamp},
    traces::{TraceInfoV3, TraceLocation},
};
use std::collections::{BTreeMap, HashMap};

/// The tag that says where the trace's files are.
const ARTIFACT_LOCATION: &str = "mlflow.artifactLocation";
/// Tells that the client has had its say: spans that come later leave the record's own fields alone.
pub const FINALIZED: &str = "mlflow.trace.infoFinalized";
/// Longest key and value of metadata, and value of a tag, that an answer holds; MLflow cuts here.
const METADATA_SHOWN: usize = 250;
const TAG_VALUE_SHOWN: usize = 4096;

#[derive(Debug, Clone)]
pub struct Record {
    pub id: i64,
    pub trace_id: String,
    pub experiment_id: i64,
    pub client_request_id: Option<String>,
    pub state: String,
    pub request_time: i64,
    pub execution_duration: Option<i64>,
    pub request_preview: Option<String>,
    pub response_preview: Option<String>,
}

/// The columns that [`Record::read`] reads, of a table called `t`.
pub const COLUMNS: &str = "t.id, t.trace_id, t.experiment_id, t.client_request_id, t.state, t.request_time, t.execution_duration, t.request_preview, t.response_preview";

impl Record {
    pub fn read(row: &Row<'_>) -> fettle_db::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            trace_id: row.get(1)?,
            experiment_id: row.get(2)?,
            client_request_id: row.get(3)?,
            state: row.get(4)?,
            request_time: row.get(5)?,
            execution_duration: row.get(6)?,
            request_preview: row.get(7)?,
            response_preview: row.get(8)?,
        })
    }
}

pub fn trace_not_found(trace_id: &str) -> ApiError {
    not_found(format!("Trace with ID '{trace_id}' not found."))
}

pub fn find(tx: &Tx, workspace_id: i64, trace_id: &str) -> Result<Option<Record>> {
    Ok(tx.query_opt(
        "SELECT t.id, t.trace_id, t.experiment_id, t.client_request_id, t.state, t.request_time, t.execution_duration,
             t.request_preview, t.response_preview
         FROM traces t WHERE t.trace_id = ?1 AND t.workspace_id = ?2",
        params![trace_id, workspace_id],
        Record::read,
    )?)
}

pub fn get(tx: &Tx, workspace_id: i64, trace_id: &str) -> Result<Record> {
    find(tx, workspace_id, trace_id)?.ok_or_else(|| trace_not_found(trace_id))
}

pub fn find_key(tx: &Tx, workspace_id: i64, trace_id: &str) -> Result<Option<i64>> {
    Ok(tx.query_opt(
        "SELECT id FROM traces WHERE trace_id = ?1 AND workspace_id = ?2",
        params![trace_id, workspace_id],
        |row| row.get(0),
    )?)
}

/// Writes the record, whether spans have made one already or not. What is given replaces what was there; previews that
/// are not given stay.
pub fn start(tx: &Tx, workspace_id: i64, new: &NewTrace, artifact_location: &str) -> Result<i64> {
    let before = tx.query_opt(
        "SELECT experiment_id FROM traces WHERE trace_id = ?1",
        params![&new.trace_id],
        |row| row.get::<i64>(0),
    )?;
    let key = tx.query_opt(
        "INSERT INTO traces (workspace_id, experiment_id, trace_id, client_request_id, state, request_time,
             execution_duration, request_preview, response_preview)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (trace_id) DO UPDATE SET
             experiment_id = excluded.experiment_id,
             client_request_id = excluded.client_request_id,
             state = excluded.state,
             request_time = excluded.request_time,
             execution_duration = excluded.execution_duration,
             request_preview = COALESCE(excluded.request_preview, traces.request_preview),
             response_preview = COALESCE(excluded.response_preview, traces.response_preview)
         WHERE traces.workspace_id = excluded.workspace_id
         RETURNING id",
        params![
            workspace_id,
            new.experiment_id,
            &new.trace_id,
            &new.client_request_id,
            new.state,
            new.request_time,
            new.execution_duration,
            &new.request_preview,
            &new.response_preview,
        ],
        |row| row.get(0),
    )?;
    let key: i64 = key.ok_or_else(|| trace_not_found(&new.trace_id))?;
    if before.is_some_and(|experiment_id| experiment_id != new.experiment_id) {
        spans::index_again(tx, workspace_id, new.experiment_id, key)?;
    }
    let location = artifact_folder(artifact_location, &new.trace_id);
    set_tags(
        tx,
        workspace_id,
        key,
        new.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())),
    )?;
    set_tags(tx, workspace_id, key, [(ARTIFACT_LOCATION, location.as_str())])?;
    set_metadata(tx, workspace_id, key, &new.metadata)?;
    set_metadata_entries(tx, workspace_id, key, [(FINALIZED, "true")])?;
    for assessment in &new.assessments {
        assessments::upsert(tx, workspace_id, key, assessment)?;
    }
    Ok(key)
}

/// Where the files of a trace are: below its experiment's.
pub fn artifact_folder(experiment_location: &str, trace_id: &str) -> String {
    format!(
        "{}/traces/{trace_id}/artifacts",
        experiment_location.trim_end_matches('/')
    )
}

/// Starts a trace as v2 does: it runs until it is ended.
pub fn start_v2(
    tx: &Tx,
    workspace_id: i64,
    experiment_id: i64,
    trace_id: &str,
    request_time: i64,
    artifact_location: &str,
) -> Result<i64> {
    let key = tx.query_one(
        "INSERT INTO traces (workspace_id, experiment_id, trace_id, state, request_time)
         VALUES (?1, ?2, ?3, 'IN_PROGRESS', ?4) RETURNING id",
        params![workspace_id, experiment_id, trace_id, request_time],
        |row| row.get(0),
    )?;
    let location = artifact_folder(artifact_location, trace_id);
    set_tags(tx, workspace_id, key, [(ARTIFACT_LOCATION, location.as_str())])?;
    Ok(key)
}

pub fn end(tx: &Tx, key: i64, state: &str, execution_duration: i64) -> Result<()> {
    tx.execute(
        "UPDATE traces SET state = ?1, execution_duration = ?2 WHERE id = ?3",
        params![state, execution_duration, key],
    )?;
    Ok(())
}

pub fn set_tags<'a>(
    tx: &Tx,
    workspace_id: i64,
    key: i64,
    tags: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<()> {
    set_tags_of_many(tx, workspace_id, tags.into_iter().map(|(tag, value)| (key, tag, value)))
}

/// Sets tags of several traces, each with its key. Of a tag that is there twice the last counts.
pub fn set_tags_of_many<'a>(
    tx: &Tx,
    workspace_id: i64,
    tags: impl Iterator<Item = (i64, &'a str, &'a str)>,
) -> Result<()> {
    let tags: BTreeMap<(i64, &str), &str> = tags.map(|(key, tag, value)| ((key, tag), value)).collect();
    let linked = tags.iter().filter(|((_, tag), _)| *tag == LINKED_PROMPTS_TAG);
    for ((key, _), prompts) in linked {
        links::link_to_prompts(tx, workspace_id, *key, &links::prompts_of_tag(prompts))?;
    }
    let into = "trace_tags (workspace_id, trace_key, key, value)";
    put_texts(tx, into, workspace_id, &tags)
}

/// Rows of texts in a table that names a trace and a key. What is there is replaced.
fn put_texts(tx: &Tx, into: &'static str, workspace_id: i64, texts: &BTreeMap<(i64, &str), &str>) -> Result<()> {
    let columns = [
        Column::Ints(vec![workspace_id; texts.len()]),
        Column::Ints(texts.keys().map(|(trace, _)| *trace).collect()),
        Column::Texts(texts.keys().map(|(_, key)| *key).collect()),
        Column::Texts(texts.values().copied().collect()),
    ];
    let conflict = "ON CONFLICT (trace_key, key) DO UPDATE SET value = excluded.value";
    tx.insert_rows(into, &columns, conflict)?;
    Ok(())
}

/// False if there is no such tag.
pub fn delete_tag(tx: &Tx, key: i64, tag: &str) -> Result<bool> {
    Ok(tx.execute(
        "DELETE FROM trace_tags WHERE trace_key = ?1 AND key = ?2",
        params![key, tag],
    )? > 0)
}

/// Adds metadata to what is there. Token usage and cost go to the totals and come back as the totals' own text.
pub fn set_metadata(tx: &Tx, workspace_id: i64, key: i64, metadata: &BTreeMap<String, String>) -> Result<()> {
    let plain = metadata
        .iter()
        .filter(|(name, _)| ![usage::TOKEN_USAGE, usage::COST].contains(&name.as_str()))
        .map(|(name, value)| (name.as_str(), value.as_str()));
    set_metadata_entries(tx, workspace_id, key, plain)?;
    set_totals(tx, workspace_id, key, &usage::totals(metadata))
}

/// Replaces the totals that are given, and the metadata that tells of them.
pub fn set_totals(tx: &Tx, workspace_id: i64, key: i64, given: &[usage::Total]) -> Result<()> {
    if given.is_empty() {
        return Ok(());
    }
    totals::set(tx, workspace_id, key, given)?;
    tx.execute(
        "DELETE FROM trace_metadata WHERE trace_key = ?1 AND key IN (?2, ?3)",
        params![key, usage::TOKEN_USAGE, usage::COST],
    )?;
    let kept = usage::metadata(&totals::of(tx, key)?);
    let kept = kept.iter().map(|(name, value)| (*name, value.as_str()));
    set_metadata_entries(tx, workspace_id, key, kept)
}

fn set_metadata_entries<'a>(
    tx: &Tx,
    workspace_id: i64,
    key: i64,
    entries: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<()> {
    let entries = entries.into_iter().map(|(name, value)| (key, name, value));
    set_metadata_of_many(tx, workspace_id, entries)
}

/// Writes metadata of several traces, each with its key, as it is.
pub fn set_metadata_of_many<'a>(
    tx: &Tx,
    workspace_id: i64,
    entries: impl Iterator<Item = (i64, &'a str, &'a str)>,
) -> Result<()> {
    let entries = entries.map(|(key, name, value)| ((key, name), value)).collect();
    let into = "trace_metadata (workspace_id, trace_key, key, value)";
    put_texts(tx, into, workspace_id, &entries)
}

/// Records to the wire's infos, in their order; one query per kind.
pub fn load(tx: &Tx, records: Vec<Record>) -> Result<Vec<TraceInfoV3>> {
    if records.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<i64> = records.iter().map(|record| record.id).collect();
    let mut tags = by_trace(tx, TAGS, &keys, TAG_VALUE_SHOWN)?;
    let mut metadata = by_trace(tx, METADATA, &keys, METADATA_SHOWN)?;
    let mut assessments = assessments::by_trace(tx, &keys)?;
    Ok(records
        .into_iter()
        .map(|record| TraceInfoV3 {
            trace_location: TraceLocation::experiment(record.experiment_id),
            client_request_id: record.client_request_id,
            request_preview: record.request_preview,
            response_preview: record.response_preview,
            request_time: Timestamp(record.request_time),
            execution_duration: record.execution_duration.map(Duration),
            state: record.state,
            trace_metadata: metadata.remove(&record.id).unwrap_or_default(),
            assessments: assessments.remove(&record.id).unwrap_or_default(),
            tags: tags.remove(&record.id).unwrap_or_default(),
            trace_id: record.trace_id,
        })
        .collect())
}

/// One record with all that belongs to it.
pub fn load_one(tx: &Tx, record: Record) -> Result<TraceInfoV3> {
    let loaded = load(tx, vec![record])?;
    Ok(loaded.into_iter().next().expect("one record in is one info out"))
}

const TAGS: &str = "SELECT trace_key, key, value FROM trace_tags WHERE trace_key IN_IDS(?1)";
const METADATA: &str = "SELECT trace_key, key, value FROM trace_metadata WHERE trace_key IN_IDS(?1)";

fn by_trace(
    tx: &Tx,
    sql: &'static str,
    keys: &[i64],
    value_shown: usize,
) -> Result<HashMap<i64, BTreeMap<String, String>>> {
    let mut entries: HashMap<i64, BTreeMap<String, String>> = HashMap::new();
    tx.for_each(sql, params![keys], |row| {
        let (name, value) = (row.get::<String>(1)?, row.text(2)?);
        // A total that is cut is no JSON any more.
        let whole = name == usage::TOKEN_USAGE || name == usage::COST;
        let value = if whole { value } else { shown(value, value_shown) };
        entries.entry(row.get(0)?).or_default().insert(name, value.to_owned());
        Ok::<_, ApiError>(())
    })?;
    Ok(entries)
}

fn shown(value: &str, length: usize) -> &str {
    match value.char_indices().nth(length) {
        Some((end, _)) if value.len() > length => &value[..end],
        _ => value,
    }
}

/// The records with these keys, in their order.
pub fn in_order(tx: &Tx, keys: &[i64]) -> Result<Vec<Record>> {
    let mut found = HashMap::new();
    tx.for_each(
        "SELECT t.id, t.trace_id, t.experiment_id, t.client_request_id, t.state, t.request_time, t.execution_duration,
             t.request_preview, t.response_preview
         FROM traces t WHERE t.id IN_IDS(?1)",
        params![keys],
        |row| {
            let record = Record::read(row)?;
            found.insert(record.id, record);
            Ok::<_, ApiError>(())
        },
    )?;
    Ok(keys.iter().filter_map(|key| found.remove(key)).collect())
}

/// The records with these ids, in no order, of these experiments if they are named.
pub fn list(tx: &Tx, workspace_id: i64, trace_ids: &[String], experiments: Option<&[i64]>) -> Result<Vec<Record>> {
    let mut query = fettle_db::Query::new("SELECT ");
    query
        .push(COLUMNS)
        .push(" FROM traces t WHERE t.workspace_id = ")
        .bind(workspace_id);
    query.push(" AND t.trace_id IN ").bind_list(trace_ids.iter().cloned());
    if let Some(experiments) = experiments {
        query
            .push(" AND t.experiment_id IN_IDS(")
            .bind(experiments.to_vec())
            .push(")");
    }
    Ok(query.run(tx, Record::read)?)
}
