//! Label schemas.

use crate::{
    error::{ApiError, Result, already_exists, not_found},
    keyset::{Found, Page},
};
use fettle_db::{Row, Tx, params};
use fettle_wire::evaluation::label_schemas::{LabelInput, LabelSchema};

#[derive(Debug)]
pub struct NewLabelSchema {
    pub schema_id: String,
    pub experiment_id: i64,
    pub name: String,
    pub kind: &'static str,
    pub input: LabelInput,
    pub instruction: Option<String>,
    pub enable_comment: bool,
    pub is_default: bool,
    pub now_ms: i64,
}

/// What is none stays as it is.
#[derive(Debug)]
pub struct Change<'a> {
    pub name: Option<&'a str>,
    pub instruction: Option<&'a str>,
    pub enable_comment: Option<bool>,
    pub input: Option<&'a LabelInput>,
}

fn read(row: &Row<'_>) -> fettle_db::Result<LabelSchema> {
    Ok(LabelSchema {
        schema_id: row.get(0)?,
        experiment_id: row.get::<i64>(1)?.to_string(),
        name: row.get(2)?,
        r#type: row.get(3)?,
        instruction: row.get(4)?,
        enable_comment: row.get::<i64>(5)? != 0,
        input: serde_json::from_str(&row.get::<String>(6)?).unwrap_or_default(),
        created_at: row.get(7)?,
        last_updated_at: row.get(8)?,
        is_default: row.get::<i64>(9)? != 0,
    })
}

fn taken(name: &str, experiment_id: impl std::fmt::Display) -> ApiError {
    already_exists(format!(
        "Label schema with name '{name}' already exists for experiment '{experiment_id}'."
    ))
}

fn json(input: &LabelInput) -> Result<String> {
    serde_json::to_string(input).map_err(|error| crate::error::invalid(format!("The input cannot be kept: {error}")))
}

pub fn insert(tx: &Tx, workspace_id: i64, new: &NewLabelSchema) -> Result<()> {
    if insert_unless_taken(tx, workspace_id, new)? {
        Ok(())
    } else {
        Err(taken(&new.name, new.experiment_id))
    }
}

/// False if the name is taken.
pub fn insert_unless_taken(tx: &Tx, workspace_id: i64, new: &NewLabelSchema) -> Result<bool> {
    Ok(tx.execute(
        "INSERT INTO label_schemas (workspace_id, experiment_id, schema_id, name, type, input, instruction, enable_comment, is_default,
             created_at, last_updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10) ON CONFLICT (experiment_id, name) DO NOTHING",
        params![
            workspace_id,
            new.experiment_id,
            &new.schema_id,
            &new.name,
            new.kind,
            json(&new.input)?,
            &new.instruction,
            new.enable_comment,
            new.is_default,
            new.now_ms,
        ],
    )? > 0)
}

pub fn find(tx: &Tx, workspace_id: i64, schema_id: &str) -> Result<Option<LabelSchema>> {
    Ok(tx.query_opt(
        "SELECT schema_id, experiment_id, name, type, instruction, enable_comment, input, created_at, last_updated_at, is_default
         FROM label_schemas WHERE workspace_id = ?1 AND schema_id = ?2",
        params![workspace_id, schema_id],
        read,
    )?)
}

pub fn get(tx: &Tx, workspace_id: i64, schema_id: &str) -> Result<LabelSchema> {
    find(tx, workspace_id, schema_id)?
        .ok_or_else(|| not_found(format!("Label schema with id '{schema_id}' not found.")))
}

pub fn get_by_name(tx: &Tx, experiment_id: i64, name: &str) -> Result<LabelSchema> {
    tx.query_opt(
        "SELECT schema_id, experiment_id, name, type, instruction, enable_comment, input, created_at, last_updated_at, is_default
         FROM label_schemas WHERE experiment_id = ?1 AND name = ?2",
        params![experiment_id, name],
        read,
    )?
    .ok_or_else(|| {
        not_found(format!(
            "Label schema with name '{name}' not found for experiment '{experiment_id}'."
        ))
    })
}

pub fn has_default(tx: &Tx, experiment_id: i64) -> Result<bool> {
    let found = tx.query_opt(
        "SELECT id FROM label_schemas WHERE experiment_id = ?1 AND is_default = 1",
        params![experiment_id],
        |row| row.get::<i64>(0),
    )?;
    Ok(found.is_some())
}

pub fn list(tx: &Tx, experiment_id: i64, page: &Page) -> Result<Found<LabelSchema>> {
    let columns = "schema_id, experiment_id, name, type, instruction, enable_comment, input, created_at, last_updated_at, is_default";
    let mut query = page.select(columns);
    query
        .push(" FROM label_schemas WHERE experiment_id = ")
        .bind(experiment_id);
    page.run(tx, query, 10, read)
}

/// Which of the schemas the experiment has.
pub fn known(tx: &Tx, experiment_id: i64, schema_ids: &[String]) -> Result<Vec<String>> {
    let mut query = fettle_db::Query::new("SELECT schema_id FROM label_schemas WHERE experiment_id = ");
    query
        .bind(experiment_id)
        .push(" AND schema_id IN ")
        .bind_list(schema_ids.iter().cloned());
    Ok(query.run(tx, |row| row.get(0))?)
}

pub fn update(tx: &Tx, existing: &LabelSchema, change: &Change<'_>, now_ms: i64) -> Result<()> {
    if let Some(name) = change.name.filter(|name| *name != existing.name) {
        let other = tx.query_opt(
            "SELECT other.id FROM label_schemas other JOIN label_schemas own ON own.experiment_id = other.experiment_id
             WHERE own.schema_id = ?1 AND other.name = ?2 AND other.id <> own.id",
            params![&existing.schema_id, name],
            |row| row.get::<i64>(0),
        )?;
        if other.is_some() {
            return Err(taken(name, &existing.experiment_id));
        }
    }
    tx.execute(
        "UPDATE label_schemas SET name = COALESCE(?1, name), instruction = COALESCE(?2, instruction),
             enable_comment = COALESCE(?3, enable_comment), input = COALESCE(?4, input), last_updated_at = ?5
         WHERE schema_id = ?6",
        params![
            change.name,
            change.instruction,
            change.enable_comment,
            change.input.map(json).transpose()?,
            now_ms,
            &existing.schema_id,
        ],
    )?;
    Ok(())
}

pub fn delete(tx: &Tx, schema_id: &str) -> Result<()> {
    tx.execute("DELETE FROM label_schemas WHERE schema_id = ?1", params![schema_id])?;
    Ok(())
}
