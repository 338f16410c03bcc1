//! Runs themselves; what hangs on them has files of its own.

use crate::error::{Result, invalid, not_found};
use fettle_db::{Param, Row, Tx, params};
use fettle_wire::runs::RunInfo;

#[derive(Debug, Clone)]
pub struct Run {
    pub id: i64,
    pub run_uuid: String,
    pub experiment_id: i64,
    pub name: String,
    pub user_id: String,
    pub status: String,
    pub start_time: i64,
    pub end_time: Option<i64>,
    pub artifact_uri: String,
    pub lifecycle_stage: String,
    /// Whether what is kept of it (its place in the index over metrics, its summary) is right.
    pub ranked: bool,
}

/// The columns that [`Run::read`] reads, of a table called `r`.
pub const COLUMNS: &str = "r.id, r.run_uuid, r.experiment_id, r.name, r.user_id, r.status, r.start_time, r.end_time, r.artifact_uri, r.lifecycle_stage, r.ranked";
pub const COLUMN_COUNT: usize = 11;

impl Run {
    pub fn read(row: &Row<'_>) -> fettle_db::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            run_uuid: row.get(1)?,
            experiment_id: row.get(2)?,
            name: row.get(3)?,
            user_id: row.get(4)?,
            status: row.get(5)?,
            start_time: row.get(6)?,
            end_time: row.get(7)?,
            artifact_uri: row.get(8)?,
            lifecycle_stage: row.get(9)?,
            ranked: row.get::<i64>(10)? == 1,
        })
    }

    /// Writing to a deleted run is refused.
    pub fn active(self) -> Result<Self> {
        if self.lifecycle_stage == "active" {
            Ok(self)
        } else {
            Err(not_active(&self.run_uuid, &self.lifecycle_stage))
        }
    }

    pub fn into_info(self) -> RunInfo {
        RunInfo {
            run_id: self.run_uuid.clone(),
            run_uuid: self.run_uuid,
            run_name: self.name,
            experiment_id: self.experiment_id.to_string(),
            user_id: self.user_id,
            status: self.status,
            start_time: self.start_time,
            // Zero is no time to MLflow's clients either.
            end_time: self.end_time.filter(|&time| time != 0),
            artifact_uri: self.artifact_uri,
            lifecycle_stage: self.lifecycle_stage,
        }
    }
}

fn not_active(run_uuid: &str, stage: &str) -> crate::error::ApiError {
    invalid(format!(
        "The run {run_uuid} must be in the 'active' state. Current state is {stage}."
    ))
}

pub fn insert(tx: &Tx, workspace_id: i64, run: &Run) -> Result<i64> {
    Ok(tx.query_one(
        "INSERT INTO runs (workspace_id, run_uuid, experiment_id, name, user_id, status, start_time, artifact_uri, lifecycle_stage)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) RETURNING id",
        params![
            workspace_id,
            &run.run_uuid,
            run.experiment_id,
            &run.name,
            &run.user_id,
            &run.status,
            run.start_time,
            &run.artifact_uri,
            &run.lifecycle_stage,
        ],
        |row| row.get(0),
    )?)
}

pub fn get(tx: &Tx, workspace_id: i64, run_uuid: &str) -> Result<Run> {
    find(tx, workspace_id, run_uuid)?.ok_or_else(|| no_such_run(run_uuid))
}

pub fn no_such_run(run_uuid: &str) -> crate::error::ApiError {
    not_found(format!("Run with id={run_uuid} not found"))
}

pub fn find(tx: &Tx, workspace_id: i64, run_uuid: &str) -> Result<Option<Run>> {
    Ok(tx.query_opt(
        "SELECT r.id, r.run_uuid, r.experiment_id, r.name, r.user_id, r.status, r.start_time, r.end_time, r.artifact_uri, r.lifecycle_stage, r.ranked
         FROM runs r WHERE r.run_uuid = ?1 AND r.workspace_id = ?2",
        params![run_uuid, workspace_id],
        Run::read,
    )?)
}

/// All that logging a point needs to know of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub workspace_id: i64,
    pub run_id: i64,
    pub experiment_id: i64,
    pub ranked: bool,
}

/// A run that may be written to.
pub fn active_place(tx: &Tx, workspace_id: i64, run_uuid: &str) -> Result<Place> {
    let [place] = &mut active_places(tx, &[(workspace_id, run_uuid)])?[..] else {
        return Err(no_such_run(run_uuid));
    };
    std::mem::replace(place, Err(no_such_run(run_uuid)))
}

/// The key of a run that may be written to.
pub fn active_id(tx: &Tx, workspace_id: i64, run_uuid: &str) -> Result<i64> {
    active_place(tx, workspace_id, run_uuid).map(|place| place.run_id)
}

/// For each of these runs, in their order, where it is written to or why it may not be.
pub fn active_places(tx: &Tx, runs: &[(i64, &str)]) -> Result<Vec<Result<Place>>> {
    let found = tx.query_each(
        "SELECT workspace_id, id, experiment_id, ranked, lifecycle_stage FROM runs WHERE run_uuid = ?1 AND workspace_id = ?2",
        runs.iter()
            .map(|&(workspace_id, run_uuid)| [Param::from(run_uuid), Param::from(workspace_id)]),
        |row| {
            let place = Place {
                workspace_id: row.get(0)?,
                run_id: row.get(1)?,
                experiment_id: row.get(2)?,
                ranked: row.get::<i64>(3)? == 1,
            };
            Ok((place, row.text(4)? == "active"))
        },
    )?;
    let place = |(found, &(_, run_uuid)): (Option<(Place, bool)>, &(i64, &str))| match found {
        Some((place, true)) => Ok(place),
        Some((_, false)) => Err(not_active(run_uuid, "deleted")),
        None => Err(no_such_run(run_uuid)),
    };
    Ok(found.into_iter().zip(runs).map(place).collect())
}

/// Changes what is given and leaves the rest.
pub fn update(tx: &Tx, id: i64, status: Option<&str>, end_time: Option<i64>, name: Option<&str>) -> Result<()> {
    tx.execute(
        "UPDATE runs SET status = COALESCE(?1, status), end_time = COALESCE(?2, end_time), name = COALESCE(?3, name) WHERE id = ?4",
        params![status, end_time, name, id],
    )?;
    Ok(())
}

pub fn set_lifecycle_stage(tx: &Tx, id: i64, stage: &str, deleted_time: Option<i64>) -> Result<()> {
    tx.execute(
        "UPDATE runs SET lifecycle_stage = ?1, deleted_time = ?2 WHERE id = ?3",
        params![stage, deleted_time, id],
    )?;
    Ok(())
}
