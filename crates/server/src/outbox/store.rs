//! The SQL of the outbox.

use super::{Delivery, Limits, Outcome, retry::Next};
use crate::error::{ApiError, Result};
use fettle_db::{Row, Tx, params};

/// How many of the oldest due deliveries a claim looks at to find some for different targets.
const CANDIDATES: i64 = 256;
/// Attempts that are kept of one delivery; the oldest go first.
const ATTEMPTS_KEPT: i64 = 50;
const PURGED_AT_ONCE: i64 = 1000;
const SHED_AT_ONCE: i64 = 1000;

/// A message to one target.
#[derive(Debug)]
pub struct NewDelivery<'a> {
    pub channel: &'static str,
    pub target_id: i64,
    pub topic: &'a str,
    pub body: &'a str,
}

/// A delivery as it is looked at.
#[derive(Debug, Clone)]
pub struct Record {
    pub id: i64,
    pub delivery_id: String,
    pub topic: String,
    pub body: String,
    pub state: String,
    pub attempts: i64,
    pub created_at: i64,
    pub due_at: Option<i64>,
    pub finished_at: Option<i64>,
}

#[derive(Debug, Clone)]
pub struct Attempt {
    pub attempt: i64,
    pub started_at: i64,
    pub duration_ms: i64,
    pub response_status: Option<i64>,
    pub response_body: Option<String>,
    pub error: Option<String>,
}

/// Puts a message into the outbox. It is due at once.
pub fn insert(tx: &Tx, workspace_id: i64, new: &NewDelivery<'_>, now_ms: i64) -> Result<()> {
    tx.execute(
        "INSERT INTO deliveries (workspace_id, delivery_id, channel, target_id, topic, body, state, attempts,
             attempts_before_replay, created_at, due_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'pending', 0, 0, ?7, ?7)",
        params![
            workspace_id,
            uuid::Uuid::new_v4().to_string(),
            new.channel,
            new.target_id,
            new.topic,
            new.body,
            now_ms,
        ],
    )?;
    Ok(())
}

/// Whether anything is due, without a write.
pub fn is_due(tx: &Tx, channel: &str, now_ms: i64) -> Result<bool> {
    let found = tx.query_opt(
        "SELECT id FROM deliveries WHERE channel = ?1 AND due_at <= ?2 LIMIT 1",
        params![channel, now_ms],
        |row| row.get::<i64>(0),
    )?;
    Ok(found.is_some())
}

/// Leases up to `count` due deliveries, a few per target and none for the targets in `busy`. Whoever comes second finds
/// them no longer due.
pub fn claim(tx: &Tx, limits: &Limits, busy: &[i64], count: usize, now_ms: i64) -> Result<Vec<Delivery>> {
    let lease_ends = now_ms.saturating_add(limits.lease.as_millis() as i64);
    Ok(tx.query(
        "UPDATE deliveries SET due_at = ?3, attempts = attempts + 1
         WHERE due_at <= ?2 AND id IN (
             SELECT id FROM (
                 SELECT id, due_at, ROW_NUMBER() OVER (PARTITION BY target_id ORDER BY due_at, id) AS place
                 FROM (SELECT id, target_id, due_at FROM deliveries
                       WHERE channel = ?1 AND due_at <= ?2 AND NOT (target_id IN_IDS(?4))
                       ORDER BY due_at LIMIT ?5) candidates
             ) ranked
             WHERE place <= ?6 ORDER BY due_at LIMIT ?7)
         RETURNING id, workspace_id, delivery_id, target_id, body, attempts, attempts - attempts_before_replay",
        params![
            limits.channel,
            now_ms,
            lease_ends,
            busy,
            CANDIDATES,
            limits.concurrency_per_target as i64,
            count as i64,
        ],
        |row| {
            Ok(Delivery {
                id: row.get(0)?,
                workspace_id: row.get(1)?,
                delivery_id: row.get(2)?,
                target_id: row.get(3)?,
                body: row.get(4)?,
                attempt: row.get(5)?,
                attempt_since_replay: row.get(6)?,
            })
        },
    )?)
}

/// Writes down an attempt and what follows from it. Nothing follows if the lease has gone to someone else meanwhile.
pub fn settle(
    tx: &Tx,
    delivery: &Delivery,
    outcome: &Outcome,
    next: Next,
    started_at: i64,
    duration_ms: i64,
) -> Result<()> {
    tx.execute(
        "INSERT INTO delivery_attempts (workspace_id, delivery_id, attempt, started_at, duration_ms, response_status,
             response_body, error)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (delivery_id, attempt) DO NOTHING",
        params![
            delivery.workspace_id,
            delivery.id,
            delivery.attempt,
            started_at,
            duration_ms,
            outcome.response_status.map(i64::from),
            &outcome.response_body,
            &outcome.error,
        ],
    )?;
    tx.execute(
        "DELETE FROM delivery_attempts WHERE delivery_id = ?1 AND attempt <= ?2",
        params![delivery.id, delivery.attempt - ATTEMPTS_KEPT],
    )?;
    let ended_at = started_at.saturating_add(duration_ms);
    let (state, due_at, finished_at) = match next {
        Next::Succeeded => ("succeeded", None, Some(ended_at)),
        Next::Failed => ("failed", None, Some(ended_at)),
        Next::Again { after } => {
            let due_at = ended_at.saturating_add(after.as_millis() as i64);
            ("pending", Some(due_at), None)
        }
    };
    tx.execute(
        "UPDATE deliveries SET state = ?1, due_at = ?2, finished_at = ?3 WHERE id = ?4 AND attempts = ?5",
        params![state, due_at, finished_at, delivery.id, delivery.attempt],
    )?;
    Ok(())
}

/// Removes what was finished before `before_ms`, up to a bound; true if there may be more.
pub fn purge(tx: &Tx, channel: &str, before_ms: i64) -> Result<bool> {
    let ids: Vec<i64> = tx.query(
        "SELECT id FROM deliveries WHERE channel = ?1 AND finished_at < ?2 ORDER BY finished_at LIMIT ?3",
        params![channel, before_ms, PURGED_AT_ONCE],
        |row| row.get(0),
    )?;
    if !ids.is_empty() {
        tx.execute(
            "DELETE FROM delivery_attempts WHERE delivery_id IN_IDS(?1)",
            params![ids.as_slice()],
        )?;
        tx.execute("DELETE FROM deliveries WHERE id IN_IDS(?1)", params![ids.as_slice()])?;
    }
    Ok(ids.len() as i64 == PURGED_AT_ONCE)
}

/// Gives up the oldest of what waits for targets that more than `limits.pending_max` messages wait for, up to a bound;
/// true if there may be more. They can be replayed.
pub fn shed(tx: &Tx, limits: &Limits, now_ms: i64) -> Result<bool> {
    let ids: Vec<i64> = tx.query(
        "SELECT id FROM (
             SELECT id, ROW_NUMBER() OVER (PARTITION BY target_id ORDER BY id DESC) AS place
             FROM deliveries WHERE channel = ?1 AND due_at IS NOT NULL) ranked
         WHERE place > ?2 ORDER BY id LIMIT ?3",
        params![limits.channel, limits.pending_max, SHED_AT_ONCE],
        |row| row.get(0),
    )?;
    if !ids.is_empty() {
        // One attempt more, so that whoever is sending one of them changes nothing afterwards.
        tx.execute(
            "UPDATE deliveries SET state = 'failed', due_at = NULL, finished_at = ?2, attempts = attempts + 1
             WHERE id IN_IDS(?1) AND due_at IS NOT NULL",
            params![ids.as_slice(), now_ms],
        )?;
        tx.execute(
            "INSERT INTO delivery_attempts (workspace_id, delivery_id, attempt, started_at, duration_ms, error)
             SELECT workspace_id, id, attempts, CAST(?2 AS BIGINT), 0, CAST(?3 AS TEXT) FROM deliveries
             WHERE id IN_IDS(?1) AND state = 'failed' ON CONFLICT (delivery_id, attempt) DO NOTHING",
            params![
                ids.as_slice(),
                now_ms,
                format!(
                    "more than {} deliveries were waiting for this receiver",
                    limits.pending_max
                )
            ],
        )?;
    }
    Ok(ids.len() as i64 == SHED_AT_ONCE)
}

impl Record {
    fn read(row: &Row<'_>) -> fettle_db::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            delivery_id: row.get(1)?,
            topic: row.get(2)?,
            body: row.get(3)?,
            state: row.get(4)?,
            attempts: row.get(5)?,
            created_at: row.get(6)?,
            due_at: row.get(7)?,
            finished_at: row.get(8)?,
        })
    }
}

/// A target's deliveries, newest first; of one state, unless `state` is empty.
pub fn list(tx: &Tx, channel: &str, target_id: i64, state: &str, before: i64, limit: usize) -> Result<Vec<Record>> {
    Ok(tx.query(
        "SELECT id, delivery_id, topic, body, state, attempts, created_at, due_at, finished_at FROM deliveries
         WHERE channel = ?1 AND target_id = ?2 AND id < ?3 AND (?4 = '' OR state = ?4) ORDER BY id DESC LIMIT ?5",
        params![channel, target_id, before, state, limit as i64],
        Record::read,
    )?)
}

pub fn find(tx: &Tx, channel: &str, target_id: i64, delivery_id: &str) -> Result<Option<Record>> {
    Ok(tx.query_opt(
        "SELECT id, delivery_id, topic, body, state, attempts, created_at, due_at, finished_at FROM deliveries
         WHERE channel = ?1 AND target_id = ?2 AND delivery_id = ?3",
        params![channel, target_id, delivery_id],
        Record::read,
    )?)
}

/// The attempts of some deliveries, oldest first.
pub fn attempts(tx: &Tx, ids: &[i64]) -> Result<std::collections::HashMap<i64, Vec<Attempt>>> {
    let mut attempts: std::collections::HashMap<i64, Vec<Attempt>> = std::collections::HashMap::new();
    tx.for_each(
        "SELECT delivery_id, attempt, started_at, duration_ms, response_status, response_body, error
         FROM delivery_attempts WHERE delivery_id IN_IDS(?1) ORDER BY delivery_id, attempt",
        params![ids],
        |row| {
            attempts.entry(row.get(0)?).or_default().push(Attempt {
                attempt: row.get(1)?,
                started_at: row.get(2)?,
                duration_ms: row.get(3)?,
                response_status: row.get(4)?,
                response_body: row.get(5)?,
                error: row.get(6)?,
            });
            Ok::<_, ApiError>(())
        },
    )?;
    Ok(attempts)
}

/// Makes a finished delivery due again, with all attempts before it. False if it is not finished.
pub fn replay(tx: &Tx, id: i64, now_ms: i64) -> Result<bool> {
    Ok(tx.execute(
        "UPDATE deliveries SET state = 'pending', due_at = ?1, finished_at = NULL, attempts_before_replay = attempts
         WHERE id = ?2 AND due_at IS NULL",
        params![now_ms, id],
    )? > 0)
}
