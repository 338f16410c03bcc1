//! Experiments and their tags.

use crate::{
    error::{ApiError, Result},
    keyset::{Found, Kind, Page, Term},
    search_sql,
};
use fettle_db::{Query, Row, Tx, params};
use fettle_search::{
    Direction, Filter, Order,
    experiments::{ExperimentIdComparison, ExperimentOrderKey, ExperimentPredicate, ExperimentTimeAttribute},
};
use fettle_wire::{experiments as wire, tags::KeyValue};
use std::collections::HashMap;

#[derive(Debug, Clone)]
pub struct Experiment {
    pub id: i64,
    pub name: String,
    pub artifact_location: String,
    pub lifecycle_stage: String,
    pub creation_time: i64,
    pub last_update_time: i64,
}

#[derive(Debug)]
pub struct NewExperiment {
    pub name: String,
    /// None is the experiment's own folder below `artifact_root`.
    pub artifact_location: Option<String>,
    pub artifact_root: String,
    pub tags: Vec<KeyValue>,
    pub now_ms: i64,
}

impl Experiment {
    fn read(row: &Row<'_>) -> fettle_db::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            name: row.get(1)?,
            artifact_location: row.get(2)?,
            lifecycle_stage: row.get(3)?,
            creation_time: row.get(4)?,
            last_update_time: row.get(5)?,
        })
    }

    pub fn into_wire(self, tags: Vec<KeyValue>, workspace: &str) -> wire::Experiment {
        wire::Experiment {
            experiment_id: self.id.to_string(),
            name: self.name,
            artifact_location: self.artifact_location,
            lifecycle_stage: self.lifecycle_stage,
            last_update_time: self.last_update_time,
            creation_time: self.creation_time,
            tags,
            workspace: workspace.to_owned(),
        }
    }
}

/// The experiment that runs go to when nobody named one.
pub fn insert_default(tx: &Tx, workspace_id: i64, artifact_root: &str, now_ms: i64) -> Result<()> {
    tx.execute(
        "INSERT INTO experiments (id, workspace_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)
         VALUES (0, ?1, 'Default', ?2, 'active', ?3, ?3) ON CONFLICT DO NOTHING",
        params![workspace_id, format!("{}/0", artifact_root.trim_end_matches('/')), now_ms],
    )?;
    Ok(())
}

/// The new experiment's id; none if the name is taken.
pub fn insert(tx: &Tx, workspace_id: i64, new: &NewExperiment) -> Result<Option<i64>> {
    let id: Option<i64> = tx.query_opt(
        "INSERT INTO experiments (workspace_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)
         VALUES (?1, ?2, ?3, 'active', ?4, ?4) ON CONFLICT (workspace_id, name) DO NOTHING RETURNING id",
        params![workspace_id, &new.name, new.artifact_location.as_deref().unwrap_or_default(), new.now_ms],
        |row| row.get(0),
    )?;
    let Some(id) = id else { return Ok(None) };
    if new.artifact_location.is_none() {
        let location = format!("{}/{id}", new.artifact_root.trim_end_matches('/'));
        tx.execute(
            "UPDATE experiments SET artifact_location = ?1 WHERE id = ?2",
            params![location, id],
        )?;
    }
    set_tags(tx, workspace_id, id, &new.tags)?;
    Ok(Some(id))
}

pub fn get(tx: &Tx, workspace_id: i64, id: i64) -> Result<Experiment> {
    tx.query_opt(
        "SELECT id, name, artifact_location, lifecycle_stage, creation_time, last_update_time
         FROM experiments WHERE id = ?1 AND workspace_id = ?2",
        params![id, workspace_id],
        Experiment::read,
    )?
    .ok_or_else(|| not_found(id))
}

pub fn get_by_name(tx: &Tx, workspace_id: i64, name: &str) -> Result<Experiment> {
    tx.query_opt(
        "SELECT id, name, artifact_location, lifecycle_stage, creation_time, last_update_time
         FROM experiments WHERE name = ?1 AND workspace_id = ?2",
        params![name, workspace_id],
        Experiment::read,
    )?
    .ok_or_else(|| crate::error::not_found(format!("Could not find experiment with name '{name}'")))
}

pub fn not_found(id: i64) -> ApiError {
    crate::error::not_found(format!("No Experiment with id={id} exists"))
}

/// Moves the experiment, and all its runs with it.
pub fn set_lifecycle_stage(tx: &Tx, id: i64, stage: &str, now_ms: i64) -> Result<()> {
    tx.execute(
        "UPDATE experiments SET lifecycle_stage = ?1, last_update_time = ?2 WHERE id = ?3",
        params![stage, now_ms, id],
    )?;
    let deleted_time = (stage == "deleted").then_some(now_ms);
    tx.execute(
        "UPDATE runs SET lifecycle_stage = ?1, deleted_time = ?2 WHERE experiment_id = ?3 AND lifecycle_stage <> ?1",
        params![stage, deleted_time, id],
    )?;
    Ok(())
}

/// False if the name is taken.
pub fn rename(tx: &Tx, id: i64, name: &str, now_ms: i64) -> Result<bool> {
    let taken = tx.query_opt(
        "SELECT other.id FROM experiments other JOIN experiments own ON own.workspace_id = other.workspace_id
         WHERE own.id = ?1 AND other.name = ?2 AND other.id <> own.id",
        params![id, name],
        |row| row.get::<i64>(0),
    )?;
    if taken.is_some() {
        return Ok(false);
    }
    tx.execute(
        "UPDATE experiments SET name = ?1, last_update_time = ?2 WHERE id = ?3",
        params![name, now_ms, id],
    )?;
    Ok(true)
}

pub fn set_tags(tx: &Tx, workspace_id: i64, id: i64, tags: &[KeyValue]) -> Result<()> {
    tx.execute_each(
        "INSERT INTO experiment_tags (workspace_id, experiment_id, key, value) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (experiment_id, key) DO UPDATE SET value = excluded.value",
        tags.iter()
            .map(|tag| params![workspace_id, id, &tag.key, &tag.value].to_vec()),
    )?;
    Ok(())
}

pub fn delete_tag(tx: &Tx, id: i64, key: &str) -> Result<bool> {
    Ok(tx.execute(
        "DELETE FROM experiment_tags WHERE experiment_id = ?1 AND key = ?2",
        params![id, key],
    )? > 0)
}

pub fn tags(tx: &Tx, ids: &[i64]) -> Result<HashMap<i64, Vec<KeyValue>>> {
    let mut tags: HashMap<i64, Vec<KeyValue>> = HashMap::new();
    tx.for_each(
        "SELECT experiment_id, key, value FROM experiment_tags WHERE experiment_id IN_IDS(?1) ORDER BY experiment_id, key",
        params![ids],
        |row| {
            tags.entry(row.get(0)?).or_default().push(KeyValue { key: row.get(1)?, value: row.get(2)? });
            Ok::<_, ApiError>(())
        },
    )?;
    Ok(tags)
}

#[derive(Debug)]
pub struct ExperimentSearch {
    pub workspace_id: i64,
    pub filter: Filter<ExperimentPredicate>,
    pub stages: &'static [&'static str],
    pub page: Page,
}

/// The terms of an order over experiments; without one the newest comes first.
pub fn terms(order: &[Order<ExperimentOrderKey>]) -> Vec<Term> {
    if order.is_empty() {
        return vec![
            Term::new("e.creation_time", Kind::Int, Direction::Descending),
            Term::new("e.id", Kind::Int, Direction::Ascending),
        ];
    }
    let terms = order.iter().map(|by| match by.key {
        ExperimentOrderKey::Id => Term::new("e.id", Kind::Int, by.direction),
        ExperimentOrderKey::Name => Term::new("e.name", Kind::Text, by.direction),
        ExperimentOrderKey::Time(attribute) => Term::new(time_column(attribute), Kind::Int, by.direction),
    });
    terms
        .chain([Term::new("e.id", Kind::Int, Direction::Descending)])
        .collect()
}

impl ExperimentSearch {
    pub fn run(&self, tx: &Tx) -> Result<Found<Experiment>> {
        let columns = "e.id, e.name, e.artifact_location, e.lifecycle_stage, e.creation_time, e.last_update_time";
        let mut query = self.page.select(columns);
        query
            .push(" FROM experiments e WHERE e.workspace_id = ")
            .bind(self.workspace_id)
            .push(" AND e.lifecycle_stage IN ")
            .bind_list(self.stages.iter().copied());
        for predicate in self.filter.predicates() {
            query.push(" AND ");
            push_predicate(tx, &mut query, predicate);
        }
        self.page.run(tx, query, 6, Experiment::read)
    }
}

fn push_predicate(tx: &Tx, query: &mut Query, predicate: &ExperimentPredicate) {
    match predicate {
        ExperimentPredicate::Id(ExperimentIdComparison::Equal(id)) => query.push("e.id = ").bind(*id),
        ExperimentPredicate::Id(ExperimentIdComparison::NotEqual(id)) => query.push("e.id <> ").bind(*id),
        ExperimentPredicate::Id(ExperimentIdComparison::In(ids)) => {
            query.push("e.id IN ").bind_list(ids.iter().copied())
        }
        ExperimentPredicate::Id(ExperimentIdComparison::NotIn(ids)) => {
            query.push("e.id NOT IN ").bind_list(ids.iter().copied())
        }
        ExperimentPredicate::Name(comparison) => search_sql::push_text(tx, query, "e.name", comparison),
        ExperimentPredicate::Time { attribute, comparison } => {
            let symbol = comparison.operator.symbol();
            query
                .push(&format!("{} {symbol} ", time_column(*attribute)))
                .bind(comparison.value)
        }
        ExperimentPredicate::Tag { key, comparison } => search_sql::push_keyed(
            tx,
            query,
            "experiment_tags t WHERE t.experiment_id = e.id",
            "t",
            key,
            comparison,
        ),
    };
}

fn time_column(attribute: ExperimentTimeAttribute) -> &'static str {
    match attribute {
        ExperimentTimeAttribute::CreationTime => "e.creation_time",
        ExperimentTimeAttribute::LastUpdateTime => "e.last_update_time",
    }
}
