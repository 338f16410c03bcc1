//! Evaluation datasets, their tags and the experiments they are tied to.

use crate::{
    error::{ApiError, Result, not_found},
    evaluation::json_text::Text,
};
use fettle_db::{Row, Tx, params};
use fettle_wire::evaluation::datasets as wire;
use ring::digest::{SHA256, digest};
use std::collections::HashMap;

#[derive(Debug, Clone)]
pub struct Dataset {
    pub id: i64,
    pub dataset_id: String,
    pub name: String,
    pub schema: Option<String>,
    pub profile: Option<String>,
    pub digest: String,
    pub created_time: i64,
    pub last_update_time: i64,
    pub created_by: Option<String>,
    pub last_updated_by: Option<String>,
}

/// The columns that [`Dataset::read`] reads, of a table called `d`.
pub const COLUMNS: &str = "d.id, d.dataset_id, d.name, d.schema, d.profile, d.digest, d.created_time, d.last_update_time, d.created_by, d.last_updated_by";

/// How many they are.
pub const COLUMN_COUNT: usize = 10;

impl Dataset {
    pub fn read(row: &Row<'_>) -> fettle_db::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            dataset_id: row.get(1)?,
            name: row.get(2)?,
            schema: row.get(3)?,
            profile: row.get(4)?,
            digest: row.get(5)?,
            created_time: row.get(6)?,
            last_update_time: row.get(7)?,
            created_by: row.get(8)?,
            last_updated_by: row.get(9)?,
        })
    }
}

/// Eight hex digits that change with every change of the records.
fn digest_of(name: &str, now_ms: i64) -> String {
    let hash = digest(&SHA256, format!("{name}:{now_ms}").as_bytes());
    let first = hash.as_ref().first_chunk().copied().map_or(0, u32::from_be_bytes);
    format!("{first:08x}")
}

pub fn insert(
    tx: &Tx,
    workspace_id: i64,
    dataset_id: &str,
    name: &str,
    user: Option<&str>,
    now_ms: i64,
) -> Result<Dataset> {
    tx.execute(
        "INSERT INTO evaluation_datasets (workspace_id, dataset_id, name, digest, created_time, last_update_time, created_by, last_updated_by)
         VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?6)",
        params![workspace_id, dataset_id, name, digest_of(name, now_ms), now_ms, user],
    )?;
    get(tx, workspace_id, dataset_id)
}

pub fn find(tx: &Tx, workspace_id: i64, dataset_id: &str) -> Result<Option<Dataset>> {
    Ok(tx.query_opt(
        "SELECT d.id, d.dataset_id, d.name, d.schema, d.profile, d.digest, d.created_time, d.last_update_time, d.created_by, d.last_updated_by
         FROM evaluation_datasets d WHERE d.workspace_id = ?1 AND d.dataset_id = ?2",
        params![workspace_id, dataset_id],
        Dataset::read,
    )?)
}

pub fn get(tx: &Tx, workspace_id: i64, dataset_id: &str) -> Result<Dataset> {
    find(tx, workspace_id, dataset_id)?
        .ok_or_else(|| not_found(format!("Evaluation dataset with id '{dataset_id}' not found")))
}

/// Removes the dataset with its records, tags and ties.
pub fn delete(tx: &Tx, id: i64) -> Result<()> {
    tx.execute("DELETE FROM evaluation_datasets WHERE id = ?1", params![id])?;
    Ok(())
}

pub fn touch(tx: &Tx, id: i64, now_ms: i64) -> Result<()> {
    tx.execute(
        "UPDATE evaluation_datasets SET last_update_time = ?1 WHERE id = ?2",
        params![now_ms, id],
    )?;
    Ok(())
}

/// Notes that records came in.
pub fn set_contents(
    tx: &Tx,
    dataset: &Dataset,
    schema: Option<&str>,
    profile: Option<&str>,
    user: Option<&str>,
    now_ms: i64,
) -> Result<()> {
    tx.execute(
        "UPDATE evaluation_datasets SET schema = ?1, profile = ?2, digest = ?3, last_update_time = ?4, last_updated_by = ?5
         WHERE id = ?6",
        params![schema, profile, digest_of(&dataset.name, now_ms), now_ms, user, dataset.id],
    )?;
    Ok(())
}

pub fn set_profile(tx: &Tx, id: i64, profile: &str) -> Result<()> {
    tx.execute(
        "UPDATE evaluation_datasets SET profile = ?1 WHERE id = ?2",
        params![profile, id],
    )?;
    Ok(())
}

pub fn set_tags(tx: &Tx, workspace_id: i64, id: i64, tags: &[(String, String)]) -> Result<()> {
    tx.execute_each(
        "INSERT INTO evaluation_dataset_tags (workspace_id, dataset_key, key, value) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (dataset_key, key) DO UPDATE SET value = excluded.value",
        tags.iter()
            .map(|(key, value)| params![workspace_id, id, key, value].to_vec()),
    )?;
    Ok(())
}

/// False if there is no such tag.
pub fn delete_tag(tx: &Tx, id: i64, key: &str) -> Result<bool> {
    Ok(tx.execute(
        "DELETE FROM evaluation_dataset_tags WHERE dataset_key = ?1 AND key = ?2",
        params![id, key],
    )? > 0)
}

pub fn tie(tx: &Tx, workspace_id: i64, id: i64, experiments: &[i64]) -> Result<()> {
    tx.execute_each(
        "INSERT INTO evaluation_dataset_experiments (workspace_id, dataset_key, experiment_id) VALUES (?1, ?2, ?3)
         ON CONFLICT (dataset_key, experiment_id) DO NOTHING",
        experiments
            .iter()
            .map(|experiment| params![workspace_id, id, *experiment].to_vec()),
    )?;
    Ok(())
}

/// How many ties there were.
pub fn untie(tx: &Tx, id: i64, experiments: &[i64]) -> Result<u64> {
    Ok(tx.execute(
        "DELETE FROM evaluation_dataset_experiments WHERE dataset_key = ?1 AND experiment_id IN_IDS(?2)",
        params![id, experiments],
    )?)
}

pub fn experiment_ids(tx: &Tx, id: i64) -> Result<Vec<i64>> {
    Ok(tx.query(
        "SELECT experiment_id FROM evaluation_dataset_experiments WHERE dataset_key = ?1 ORDER BY experiment_id",
        params![id],
        |row| row.get(0),
    )?)
}

/// Datasets as clients see them.
pub fn load(tx: &Tx, datasets: Vec<Dataset>) -> Result<Vec<wire::Dataset>> {
    let ids: Vec<i64> = datasets.iter().map(|dataset| dataset.id).collect();
    let mut tags: HashMap<i64, Vec<String>> = HashMap::new();
    tx.for_each(
        "SELECT dataset_key, key, value FROM evaluation_dataset_tags WHERE dataset_key IN_IDS(?1) ORDER BY id",
        params![ids],
        |row| {
            let (key, value): (String, String) = (row.get(1)?, row.get(2)?);
            let entry = format!("{}: {}", Text(&key), Text(&value));
            tags.entry(row.get(0)?).or_default().push(entry);
            Ok::<_, ApiError>(())
        },
    )?;
    let wire = |dataset: Dataset| wire::Dataset {
        tags: format!("{{{}}}", tags.remove(&dataset.id).unwrap_or_default().join(", ")),
        dataset_id: dataset.dataset_id,
        name: dataset.name,
        schema: dataset.schema,
        profile: dataset.profile,
        digest: dataset.digest,
        created_time: dataset.created_time,
        last_update_time: dataset.last_update_time,
        created_by: dataset.created_by,
        last_updated_by: dataset.last_updated_by,
        experiment_ids: Vec::new(),
    };
    Ok(datasets.into_iter().map(wire).collect())
}

pub fn load_one(tx: &Tx, dataset: Dataset) -> Result<wire::Dataset> {
    load(tx, vec![dataset])?
        .pop()
        .ok_or_else(|| not_found("The evaluation dataset is gone"))
}
