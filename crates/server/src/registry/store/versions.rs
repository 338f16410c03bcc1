//! Model versions.

use super::{aliases, tags};
use crate::{
    error::{ApiError, Result, not_found},
    registry::stage::Stage,
};
use fettle_db::{Row, Tx, params};
use fettle_wire::{registry as wire, tags::KeyValue};
use std::collections::HashMap;

#[derive(Debug, Clone)]
#[expect(
    clippy::struct_field_names,
    reason = "a version's number is called its version everywhere"
)]
pub struct Version {
    pub id: i64,
    pub model_id: i64,
    pub model_name: String,
    pub version: i64,
    pub creation_time: i64,
    pub last_updated_time: i64,
    pub user_id: Option<String>,
    pub description: Option<String>,
    pub current_stage: String,
    /// As the client wrote it.
    pub source: String,
    /// Where the files are, found out when the version was created.
    pub storage_location: String,
    /// Empty for a version without a run.
    pub run_uuid: String,
    pub run_link: String,
    pub logged_model_id: Option<String>,
    pub status: String,
    pub status_message: Option<String>,
}

/// A version that has no number yet.
#[derive(Debug, Clone)]
pub struct NewVersion<'a> {
    pub source: &'a str,
    pub storage_location: &'a str,
    pub run_uuid: &'a str,
    pub run_link: &'a str,
    pub logged_model_id: Option<&'a str>,
    pub description: &'a str,
    pub tags: &'a [KeyValue],
}

/// The columns that [`Version::read`] reads, of a version `v` and its model `m`.
pub const COLUMNS: &str = "v.id, v.registered_model_id, m.name, v.version, v.creation_time, v.last_updated_time, v.user_id, v.description, v.current_stage, v.source, v.storage_location, v.run_uuid, v.run_link, v.logged_model_id, v.status, v.status_message";

impl Version {
    pub fn read(row: &Row<'_>) -> fettle_db::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            model_id: row.get(1)?,
            model_name: row.get(2)?,
            version: row.get(3)?,
            creation_time: row.get(4)?,
            last_updated_time: row.get(5)?,
            user_id: row.get(6)?,
            description: row.get(7)?,
            current_stage: row.get(8)?,
            source: row.get(9)?,
            storage_location: row.get(10)?,
            run_uuid: row.get(11)?,
            run_link: row.get(12)?,
            logged_model_id: row.get(13)?,
            status: row.get(14)?,
            status_message: row.get(15)?,
        })
    }

    fn into_wire(self, tags: Vec<KeyValue>, aliases: Vec<String>) -> wire::ModelVersion {
        wire::ModelVersion {
            name: self.model_name,
            version: self.version.to_string(),
            creation_timestamp: self.creation_time,
            last_updated_timestamp: self.last_updated_time,
            user_id: self.user_id,
            current_stage: self.current_stage,
            description: self.description,
            source: self.source,
            run_id: self.run_uuid,
            status: self.status,
            status_message: self.status_message,
            tags,
            run_link: self.run_link,
            aliases,
            model_id: self.logged_model_id,
        }
    }
}

pub fn insert(
    tx: &Tx,
    workspace_id: i64,
    model_id: i64,
    version: i64,
    new: &NewVersion<'_>,
    now_ms: i64,
) -> Result<()> {
    let id: i64 = tx.query_one(
        "INSERT INTO model_versions (workspace_id, registered_model_id, version, creation_time, last_updated_time, description,
             current_stage, source, storage_location, run_uuid, run_link, logged_model_id, status)
         VALUES (?1, ?2, ?3, ?4, ?4, ?5, 'None', ?6, ?7, ?8, ?9, ?10, 'READY') RETURNING id",
        params![
            workspace_id,
            model_id,
            version,
            now_ms,
            new.description,
            new.source,
            new.storage_location,
            new.run_uuid,
            new.run_link,
            new.logged_model_id,
        ],
        |row| row.get(0),
    )?;
    tags::set_on_version(tx, workspace_id, id, new.tags)
}

pub fn get(tx: &Tx, workspace_id: i64, name: &str, version: i64) -> Result<Version> {
    tx.query_opt(
        "SELECT v.id, v.registered_model_id, m.name, v.version, v.creation_time, v.last_updated_time, v.user_id, v.description,
             v.current_stage, v.source, v.storage_location, v.run_uuid, v.run_link, v.logged_model_id, v.status, v.status_message
         FROM registered_models m JOIN model_versions v ON v.registered_model_id = m.id
         WHERE m.workspace_id = ?1 AND m.name = ?2 AND v.version = ?3",
        params![workspace_id, name, version],
        Version::read,
    )?
    .ok_or_else(|| not_found(format!("Model Version (name={name}, version={version}) not found")))
}

pub fn set_description(tx: &Tx, id: i64, description: Option<&str>, now_ms: i64) -> Result<()> {
    tx.execute(
        "UPDATE model_versions SET description = ?1, last_updated_time = ?2 WHERE id = ?3",
        params![description, now_ms, id],
    )?;
    Ok(())
}

pub fn set_stage(tx: &Tx, id: i64, stage: Stage, now_ms: i64) -> Result<()> {
    tx.execute(
        "UPDATE model_versions SET current_stage = ?1, last_updated_time = ?2 WHERE id = ?3",
        params![stage.name(), now_ms, id],
    )?;
    Ok(())
}

/// Archives the other versions of a stage and says which they were.
pub fn archive_others(tx: &Tx, model_id: i64, stage: Stage, version: i64, now_ms: i64) -> Result<Vec<i64>> {
    Ok(tx.query(
        "UPDATE model_versions SET current_stage = 'Archived', last_updated_time = ?1
         WHERE registered_model_id = ?2 AND current_stage = ?3 AND version <> ?4 RETURNING version",
        params![now_ms, model_id, stage.name(), version],
        |row| row.get(0),
    )?)
}

/// Removes a version with its tags and the aliases that point at it. Its number stays taken.
pub fn delete(tx: &Tx, version: &Version) -> Result<()> {
    tx.execute(
        "DELETE FROM model_aliases WHERE registered_model_id = ?1 AND version = ?2",
        params![version.model_id, version.version],
    )?;
    tx.execute(
        "DELETE FROM model_version_tags WHERE model_version_id = ?1",
        params![version.id],
    )?;
    tx.execute("DELETE FROM model_versions WHERE id = ?1", params![version.id])?;
    Ok(())
}

/// The highest version in each stage of each model, oldest first: four index look-ups a model, however many versions
/// it has.
pub fn latest_rows(tx: &Tx, model_ids: &[i64]) -> Result<Vec<Version>> {
    Ok(tx.query(
        "SELECT v.id, v.registered_model_id, m.name, v.version, v.creation_time, v.last_updated_time, v.user_id, v.description,
             v.current_stage, v.source, v.storage_location, v.run_uuid, v.run_link, v.logged_model_id, v.status, v.status_message
         FROM model_versions v JOIN registered_models m ON m.id = v.registered_model_id
         WHERE v.id IN (
             SELECT (SELECT top.id FROM model_versions top
                     WHERE top.registered_model_id = own.id AND top.current_stage = stages.stage
                     ORDER BY top.version DESC LIMIT 1)
             FROM registered_models own
             CROSS JOIN (SELECT 'None' AS stage UNION ALL SELECT 'Staging' UNION ALL SELECT 'Production' UNION ALL SELECT 'Archived') stages
             WHERE own.id IN_IDS(?1)
         )
         ORDER BY v.registered_model_id, v.version",
        params![model_ids],
        Version::read,
    )?)
}

/// [`latest_rows`] by model, with tags and, as within a model everywhere, without aliases.
pub fn latest(tx: &Tx, model_ids: &[i64]) -> Result<HashMap<i64, Vec<wire::ModelVersion>>> {
    let rows = latest_rows(tx, model_ids)?;
    let owners: Vec<i64> = rows.iter().map(|version| version.model_id).collect();
    let mut latest: HashMap<i64, Vec<wire::ModelVersion>> = HashMap::new();
    for (owner, version) in owners.into_iter().zip(load(tx, rows)?) {
        latest.entry(owner).or_default().push(version);
    }
    Ok(latest)
}

/// The version with the highest number, whatever its stage.
pub fn newest(tx: &Tx, model_id: i64) -> Result<Option<i64>> {
    Ok(tx.query_opt(
        "SELECT version FROM model_versions WHERE registered_model_id = ?1 ORDER BY version DESC LIMIT 1",
        params![model_id],
        |row| row.get(0),
    )?)
}

/// The version with the highest number in a stage.
pub fn newest_in(tx: &Tx, model_id: i64, stage: Stage) -> Result<Option<i64>> {
    Ok(tx.query_opt(
        "SELECT version FROM model_versions WHERE registered_model_id = ?1 AND current_stage = ?2 ORDER BY version DESC LIMIT 1",
        params![model_id, stage.name()],
        |row| row.get(0),
    )?)
}

/// Rows to the wire's versions, in their order and without aliases.
pub fn load(tx: &Tx, versions: Vec<Version>) -> Result<Vec<wire::ModelVersion>> {
    let ids: Vec<i64> = versions.iter().map(|version| version.id).collect();
    let mut tags = tags::of_versions(tx, &ids)?;
    Ok(versions
        .into_iter()
        .map(|version| {
            let own = tags.remove(&version.id).unwrap_or_default();
            version.into_wire(own, Vec::new())
        })
        .collect())
}

/// Rows of one model to the wire's versions, with their aliases.
pub fn load_with_aliases(tx: &Tx, versions: Vec<Version>) -> Result<Vec<wire::ModelVersion>> {
    let Some(model_id) = versions.first().map(|version| version.model_id) else {
        return Ok(Vec::new());
    };
    let aliases = aliases::of_models(tx, &[model_id])?
        .remove(&model_id)
        .unwrap_or_default();
    let mut loaded = load(tx, versions)?;
    for version in &mut loaded {
        let own = aliases.iter().filter(|alias| alias.version == version.version);
        version.aliases = own.map(|alias| alias.alias.clone()).collect();
    }
    Ok(loaded)
}

/// One version as `get` answers it.
pub fn load_one(tx: &Tx, version: Version) -> Result<wire::ModelVersion> {
    let loaded = load_with_aliases(tx, vec![version])?;
    Ok::<_, ApiError>(loaded.into_iter().next().expect("one version in is one version out"))
}
