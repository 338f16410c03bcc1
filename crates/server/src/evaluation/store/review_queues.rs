//! Review queues, their users and questions.

use crate::{
    error::{ApiError, Result, not_found},
    evaluation::queue_rules::{QueueKind, QueueParts, name_key, taken},
    keyset::{Found, Page},
};
use fettle_db::{Row, Tx, params};
use fettle_wire::evaluation::review_queues::ReviewQueue;
use std::collections::HashMap;

#[derive(Debug)]
pub struct Queue {
    pub id: i64,
    pub queue_id: String,
    pub experiment_id: i64,
    pub name: String,
    pub queue_type: String,
    pub created_by: Option<String>,
    pub creation_time_ms: i64,
    pub last_update_time_ms: i64,
}

#[derive(Debug)]
pub struct NewQueue {
    pub queue_id: String,
    pub experiment_id: i64,
    pub kind: QueueKind,
    pub parts: QueueParts,
    pub created_by: Option<String>,
    pub now_ms: i64,
}

/// The columns that [`Queue::read`] reads, of a table called `q`.
const COLUMNS: &str =
    "q.id, q.queue_id, q.experiment_id, q.name, q.queue_type, q.created_by, q.creation_time_ms, q.last_update_time_ms";

impl Queue {
    fn read(row: &Row<'_>) -> fettle_db::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            queue_id: row.get(1)?,
            experiment_id: row.get(2)?,
            name: row.get(3)?,
            queue_type: row.get(4)?,
            created_by: row.get(5)?,
            creation_time_ms: row.get(6)?,
            last_update_time_ms: row.get(7)?,
        })
    }
}

/// False if the name is taken.
pub fn insert(tx: &Tx, workspace_id: i64, new: &NewQueue) -> Result<bool> {
    let id: Option<i64> = tx.query_opt(
        "INSERT INTO review_queues (workspace_id, experiment_id, queue_id, name, name_key, queue_type, created_by, creation_time_ms,
             last_update_time_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8) ON CONFLICT (experiment_id, name_key) DO NOTHING RETURNING id",
        params![
            workspace_id,
            new.experiment_id,
            &new.queue_id,
            &new.parts.name,
            name_key(&new.parts.name),
            new.kind.name(),
            &new.created_by,
            new.now_ms,
        ],
        |row| row.get(0),
    )?;
    let Some(id) = id else { return Ok(false) };
    set_users(tx, workspace_id, id, &new.parts.users)?;
    set_schemas(tx, workspace_id, id, &new.parts.schema_ids)?;
    Ok(true)
}

pub fn find(tx: &Tx, workspace_id: i64, queue_id: &str) -> Result<Option<Queue>> {
    Ok(tx.query_opt(
        "SELECT q.id, q.queue_id, q.experiment_id, q.name, q.queue_type, q.created_by, q.creation_time_ms, q.last_update_time_ms
         FROM review_queues q WHERE q.workspace_id = ?1 AND q.queue_id = ?2",
        params![workspace_id, queue_id],
        Queue::read,
    )?)
}

pub fn get(tx: &Tx, workspace_id: i64, queue_id: &str) -> Result<Queue> {
    find(tx, workspace_id, queue_id)?.ok_or_else(|| not_found(format!("Review queue with id '{queue_id}' not found.")))
}

pub fn get_by_name(tx: &Tx, experiment_id: i64, name: &str) -> Result<Queue> {
    tx.query_opt(
        "SELECT q.id, q.queue_id, q.experiment_id, q.name, q.queue_type, q.created_by, q.creation_time_ms, q.last_update_time_ms
         FROM review_queues q WHERE q.experiment_id = ?1 AND q.name_key = ?2",
        params![experiment_id, name_key(name)],
        Queue::read,
    )?
    .ok_or_else(|| {
        not_found(format!(
            "Review queue with name '{name}' not found for experiment '{experiment_id}'."
        ))
    })
}

#[derive(Debug)]
pub struct QueueList {
    pub experiment_id: i64,
    pub user: Option<String>,
    pub trace_id: Option<String>,
    pub page: Page,
}

impl QueueList {
    pub fn run(&self, tx: &Tx) -> Result<Found<Queue>> {
        let mut query = self.page.select(COLUMNS);
        query
            .push(" FROM review_queues q WHERE q.experiment_id = ")
            .bind(self.experiment_id);
        if let Some(user) = &self.user {
            query
                .push(" AND q.id IN (SELECT queue_key FROM review_queue_users WHERE user_id = ")
                .bind(user.clone())
                .push(")");
        }
        if let Some(trace_id) = &self.trace_id {
            query
                .push(
                    " AND q.id IN (SELECT i.queue_key FROM review_queue_items i JOIN traces t ON t.id = i.trace_key
                      WHERE t.trace_id = ",
                )
                .bind(trace_id.clone())
                .push(")");
        }
        self.page.run(tx, query, 8, Queue::read)
    }
}

pub fn touch(tx: &Tx, id: i64, now_ms: i64) -> Result<()> {
    tx.execute(
        "UPDATE review_queues SET last_update_time_ms = ?1 WHERE id = ?2",
        params![now_ms, id],
    )?;
    Ok(())
}

pub fn set_owner(tx: &Tx, id: i64, owner: &str) -> Result<()> {
    tx.execute(
        "UPDATE review_queues SET created_by = ?1 WHERE id = ?2",
        params![owner, id],
    )?;
    Ok(())
}

pub fn rename(tx: &Tx, queue: &Queue, name: &str) -> Result<()> {
    let other = tx.query_opt(
        "SELECT id FROM review_queues WHERE experiment_id = ?1 AND name_key = ?2 AND id <> ?3",
        params![queue.experiment_id, name_key(name), queue.id],
        |row| row.get::<i64>(0),
    )?;
    if other.is_some() {
        return Err(taken(name));
    }
    tx.execute(
        "UPDATE review_queues SET name = ?1, name_key = ?2 WHERE id = ?3",
        params![name, name_key(name), queue.id],
    )?;
    Ok(())
}

pub fn set_users(tx: &Tx, workspace_id: i64, id: i64, users: &[String]) -> Result<()> {
    tx.execute("DELETE FROM review_queue_users WHERE queue_key = ?1", params![id])?;
    tx.execute_each(
        "INSERT INTO review_queue_users (workspace_id, queue_key, user_id) VALUES (?1, ?2, ?3)",
        users.iter().map(|user| params![workspace_id, id, user].to_vec()),
    )?;
    Ok(())
}

pub fn set_schemas(tx: &Tx, workspace_id: i64, id: i64, schema_ids: &[String]) -> Result<()> {
    tx.execute(
        "DELETE FROM review_queue_label_schemas WHERE queue_key = ?1",
        params![id],
    )?;
    tx.execute_each(
        "INSERT INTO review_queue_label_schemas (workspace_id, queue_key, schema_id) VALUES (?1, ?2, ?3)",
        schema_ids
            .iter()
            .map(|schema_id| params![workspace_id, id, schema_id].to_vec()),
    )?;
    Ok(())
}

/// Removes the queue with its users, questions and items.
pub fn delete(tx: &Tx, id: i64) -> Result<()> {
    tx.execute("DELETE FROM review_queues WHERE id = ?1", params![id])?;
    Ok(())
}

/// Queues as clients see them.
pub fn load(tx: &Tx, queues: Vec<Queue>) -> Result<Vec<ReviewQueue>> {
    let ids: Vec<i64> = queues.iter().map(|queue| queue.id).collect();
    let mut users = by_queue(
        tx,
        "SELECT queue_key, user_id FROM review_queue_users WHERE queue_key IN_IDS(?1) ORDER BY queue_key, user_id",
        &ids,
    )?;
    let mut schemas = by_queue(
        tx,
        "SELECT queue_key, schema_id FROM review_queue_label_schemas WHERE queue_key IN_IDS(?1) ORDER BY queue_key, schema_id",
        &ids,
    )?;
    let wire = |queue: Queue| ReviewQueue {
        users: users.remove(&queue.id).unwrap_or_default(),
        schema_ids: schemas.remove(&queue.id).unwrap_or_default(),
        queue_id: queue.queue_id,
        experiment_id: queue.experiment_id.to_string(),
        name: queue.name,
        queue_type: queue.queue_type,
        created_by: queue.created_by,
        creation_time_ms: queue.creation_time_ms,
        last_update_time_ms: queue.last_update_time_ms,
    };
    Ok(queues.into_iter().map(wire).collect())
}

pub fn load_one(tx: &Tx, queue: Queue) -> Result<ReviewQueue> {
    load(tx, vec![queue])?
        .pop()
        .ok_or_else(|| not_found("The review queue is gone"))
}

fn by_queue(tx: &Tx, sql: &'static str, ids: &[i64]) -> Result<HashMap<i64, Vec<String>>> {
    let mut values: HashMap<i64, Vec<String>> = HashMap::new();
    tx.for_each(sql, params![ids], |row| {
        values.entry(row.get(0)?).or_default().push(row.get(1)?);
        Ok::<_, ApiError>(())
    })?;
    Ok(values)
}
