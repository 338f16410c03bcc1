//! Numbered traffic states.

use super::Endpoint;
use crate::error::{ApiError, ErrorCode, Result};
use fettle_db::{Row, Tx, params};
use fettle_gateway::routing::Routing;
use serde::{Deserialize, Serialize};

/// How many states of an endpoint are kept; the oldest go first.
const KEPT: i64 = 1000;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct State {
    pub number: i64,
    pub routing: Routing,
    /// `create`, `set`, `rollback` or `rollout`.
    pub cause: String,
    /// The earlier state that this one restored.
    pub restores: Option<i64>,
    pub rollout_id: Option<i64>,
    pub note: Option<String>,
    pub created_at: i64,
    pub created_by: String,
}

#[derive(Debug, Clone, Copy)]
pub struct NewState<'a> {
    pub routing: &'a Routing,
    pub cause: &'static str,
    pub restores: Option<i64>,
    pub rollout_id: Option<i64>,
    pub note: Option<&'a str>,
    pub created_by: &'a str,
}

/// Puts a state in force and gives its number.
pub fn insert(tx: &Tx, endpoint: &Endpoint, new: NewState<'_>, now_ms: i64) -> Result<i64> {
    let number: i64 = tx.query_one(
        "UPDATE endpoints SET traffic_number = traffic_number + 1, revision = revision + 1, updated_at = ?2
         WHERE id = ?1 RETURNING traffic_number",
        params![endpoint.id, now_ms],
        |row| row.get(0),
    )?;
    tx.execute(
        "INSERT INTO traffic_states (workspace_id, endpoint_id, number, routing, cause, restores, rollout_id, note,
             created_at, created_by)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            endpoint.workspace_id,
            endpoint.id,
            number,
            serde_json::to_string(new.routing).expect("a routing serialises"),
            new.cause,
            new.restores,
            new.rollout_id,
            new.note,
            now_ms,
            new.created_by,
        ],
    )?;
    tx.execute(
        "DELETE FROM traffic_states WHERE endpoint_id = ?1 AND number <= ?2",
        params![endpoint.id, number - KEPT],
    )?;
    Ok(number)
}

pub fn current(tx: &Tx, endpoint: &Endpoint) -> Result<Option<State>> {
    state(tx, endpoint.id, endpoint.traffic_number)
}

pub fn state(tx: &Tx, endpoint_id: i64, number: i64) -> Result<Option<State>> {
    let found = tx.query_opt(
        "SELECT number, routing, cause, restores, rollout_id, note, created_at, created_by FROM traffic_states
         WHERE endpoint_id = ?1 AND number = ?2",
        params![endpoint_id, number],
        State::read,
    )?;
    found.map(State::parse).transpose()
}

/// Those before `before`, newest first.
pub fn list(tx: &Tx, endpoint_id: i64, before: i64, limit: usize) -> Result<Vec<State>> {
    let found = tx.query(
        "SELECT number, routing, cause, restores, rollout_id, note, created_at, created_by FROM traffic_states
         WHERE endpoint_id = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3",
        params![endpoint_id, before, limit as i64],
        State::read,
    )?;
    found.into_iter().map(State::parse).collect()
}

impl State {
    fn read(row: &Row<'_>) -> fettle_db::Result<(Self, String)> {
        let state = Self {
            number: row.get(0)?,
            routing: Routing::default(),
            cause: row.get(2)?,
            restores: row.get(3)?,
            rollout_id: row.get(4)?,
            note: row.get(5)?,
            created_at: row.get(6)?,
            created_by: row.get(7)?,
        };
        Ok((state, row.get(1)?))
    }

    fn parse((mut state, routing): (Self, String)) -> Result<Self> {
        state.routing = serde_json::from_str(&routing).map_err(|error| {
            ApiError::new(
                ErrorCode::InternalError,
                format!("Traffic state {} is unreadable.", state.number),
            )
            .because(error)
        })?;
        Ok(state)
    }
}
