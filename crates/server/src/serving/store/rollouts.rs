//! Rollouts, what happened in them, and what servers saw of their steps.

use super::super::policy::{Observation, Policy};
use crate::error::{ApiError, ErrorCode, Result};
use fettle_db::{Row, Tx, params};
use serde::{Deserialize, Serialize};

/// Events that are kept of one rollout.
const EVENTS_MAX: i64 = 500;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rollout {
    pub id: i64,
    pub workspace_id: i64,
    pub endpoint_id: i64,
    pub deployment: String,
    pub policy: Policy,
    /// `running`, `paused`, `succeeded`, `rolled_back` or `aborted`.
    pub state: String,
    /// From 0; -1 while the deployment starts.
    pub step: i64,
    pub step_started_at: i64,
    /// The traffic state to go back to.
    pub from_number: i64,
    pub reason: Option<String>,
    pub created_at: i64,
    pub created_by: String,
    pub finished_at: Option<i64>,
}

#[derive(Debug, Clone)]
pub struct Event {
    pub at: i64,
    pub event: String,
    pub detail: String,
}

#[derive(Debug, Clone, Copy)]
pub struct NewRollout<'a> {
    pub deployment: &'a str,
    pub policy: &'a Policy,
    pub from_number: i64,
    pub created_by: &'a str,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, workspace_id, endpoint_id, deployment, policy, state, step, step_started_at, from_number,
                 reason, created_at, created_by, finished_at FROM rollouts ",
            $rest
        )
    };
}

pub fn insert(tx: &Tx, workspace_id: i64, endpoint_id: i64, new: NewRollout<'_>, now_ms: i64) -> Result<Rollout> {
    let id: i64 = tx.query_one(
        "INSERT INTO rollouts (workspace_id, endpoint_id, deployment, policy, state, step, step_started_at, from_number,
             created_at, created_by)
         VALUES (?1, ?2, ?3, ?4, 'running', -1, ?5, ?6, ?5, ?7) RETURNING id",
        params![
            workspace_id,
            endpoint_id,
            new.deployment,
            serde_json::to_string(new.policy).expect("a policy serialises"),
            now_ms,
            new.from_number,
            new.created_by,
        ],
        |row| row.get(0),
    )?;
    find(tx, endpoint_id, id)?.ok_or_else(|| ApiError::new(ErrorCode::InternalError, "The new rollout is not there."))
}

pub fn find(tx: &Tx, endpoint_id: i64, id: i64) -> Result<Option<Rollout>> {
    let found = tx.query_opt(
        select!("WHERE endpoint_id = ?1 AND id = ?2"),
        params![endpoint_id, id],
        Rollout::read,
    )?;
    found.map(Rollout::parse).transpose()
}

/// The rollout of an endpoint that is under way.
pub fn unfinished(tx: &Tx, endpoint_id: i64) -> Result<Option<Rollout>> {
    let found = tx.query_opt(
        select!("WHERE endpoint_id = ?1 AND finished_at IS NULL"),
        params![endpoint_id],
        Rollout::read,
    )?;
    found.map(Rollout::parse).transpose()
}

/// All rollouts under way, each with its endpoint's name.
pub fn all_unfinished(tx: &Tx, workspace_id: i64) -> Result<Vec<(String, Rollout)>> {
    let found = tx.query(
        select!("WHERE workspace_id = ?1 AND finished_at IS NULL ORDER BY id"),
        params![workspace_id],
        Rollout::read,
    )?;
    let with_name = |read: (Rollout, String)| {
        let rollout = Rollout::parse(read)?;
        let name = tx.query_one(
            "SELECT name FROM endpoints WHERE id = ?1",
            params![rollout.endpoint_id],
            |row| row.get(0),
        )?;
        Ok((name, rollout))
    };
    found.into_iter().map(with_name).collect()
}

/// Newest first.
pub fn list(tx: &Tx, endpoint_id: i64, before: i64, limit: usize) -> Result<Vec<Rollout>> {
    let found = tx.query(
        select!("WHERE endpoint_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3"),
        params![endpoint_id, before, limit as i64],
        Rollout::read,
    )?;
    found.into_iter().map(Rollout::parse).collect()
}

/// Writes down where a rollout stands, and what happened.
pub fn advance(tx: &Tx, rollout: &Rollout, event: &str, detail: &str, now_ms: i64) -> Result<()> {
    tx.execute(
        "UPDATE rollouts SET state = ?2, step = ?3, step_started_at = ?4, reason = ?5, finished_at = ?6 WHERE id = ?1",
        params![
            rollout.id,
            &rollout.state,
            rollout.step,
            rollout.step_started_at,
            &rollout.reason,
            rollout.finished_at,
        ],
    )?;
    tx.execute(
        "INSERT INTO rollout_events (workspace_id, rollout_id, number, at, event, detail)
         SELECT ?1, ?2, COALESCE(MAX(number), 0) + 1, ?3, ?4, ?5 FROM rollout_events WHERE rollout_id = ?2",
        params![rollout.workspace_id, rollout.id, now_ms, event, detail],
    )?;
    tx.execute(
        "UPDATE endpoints SET revision = revision + 1 WHERE id = ?1",
        params![rollout.endpoint_id],
    )?;
    Ok(())
}

/// Oldest first.
pub fn events(tx: &Tx, rollout_id: i64) -> Result<Vec<Event>> {
    Ok(tx.query(
        "SELECT at, event, detail FROM rollout_events WHERE rollout_id = ?1 ORDER BY number LIMIT ?2",
        params![rollout_id, EVENTS_MAX],
        |row| {
            Ok(Event {
                at: row.get(0)?,
                event: row.get(1)?,
                detail: row.get(2)?,
            })
        },
    )?)
}

/// Puts what one server has seen of a step in the place of what it had seen before.
pub fn observe(tx: &Tx, rollout: &Rollout, server_id: &str, seen: &Observation) -> Result<()> {
    tx.execute(
        "INSERT INTO rollout_observations (workspace_id, rollout_id, step, server_id, observation)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (rollout_id, step, server_id) DO UPDATE SET observation = excluded.observation",
        params![
            rollout.workspace_id,
            rollout.id,
            rollout.step,
            server_id,
            serde_json::to_string(seen).expect("counters serialise"),
        ],
    )?;
    Ok(())
}

/// What all servers have seen of the step in force.
pub fn observed(tx: &Tx, rollout: &Rollout) -> Result<Observation> {
    let seen = tx.query(
        "SELECT observation FROM rollout_observations WHERE rollout_id = ?1 AND step = ?2",
        params![rollout.id, rollout.step],
        |row| row.get::<String>(0),
    )?;
    let parsed = seen
        .iter()
        .filter_map(|text| serde_json::from_str::<Observation>(text).ok());
    Ok(parsed.fold(Observation::default(), |all, more| all.plus(&more)))
}

impl Rollout {
    fn read(row: &Row<'_>) -> fettle_db::Result<(Self, String)> {
        let rollout = Self {
            id: row.get(0)?,
            workspace_id: row.get(1)?,
            endpoint_id: row.get(2)?,
            deployment: row.get(3)?,
            policy: Policy::default(),
            state: row.get(5)?,
            step: row.get(6)?,
            step_started_at: row.get(7)?,
            from_number: row.get(8)?,
            reason: row.get(9)?,
            created_at: row.get(10)?,
            created_by: row.get(11)?,
            finished_at: row.get(12)?,
        };
        Ok((rollout, row.get(4)?))
    }

    fn parse((mut rollout, policy): (Self, String)) -> Result<Self> {
        rollout.policy = serde_json::from_str(&policy).map_err(|error| {
            ApiError::new(
                ErrorCode::InternalError,
                format!("The policy of rollout {} is unreadable.", rollout.id),
            )
            .because(error)
        })?;
        Ok(rollout)
    }
}
