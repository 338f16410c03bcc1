//! The SQL of webhooks.

use super::event::Event;
use crate::{
    error::{ApiError, Result, not_found},
    keyset::{Found, Page},
};
use fettle_db::{Row, Tx, params};
use fettle_wire::webhooks as wire;
use std::collections::HashMap;

#[derive(Debug, Clone)]
pub struct Webhook {
    pub id: i64,
    pub webhook_id: String,
    pub name: String,
    pub description: Option<String>,
    pub url: String,
    pub status: String,
    pub creation_time: i64,
    pub last_updated_time: i64,
}

/// What an update sets; none leaves as it is.
#[derive(Debug, Default)]
pub struct Changes {
    pub name: Option<String>,
    pub description: Option<String>,
    pub url: Option<String>,
    pub events: Option<Vec<Event>>,
    /// Sealed; an empty one removes the secret.
    pub secret: Option<Vec<u8>>,
    pub status: Option<&'static str>,
}

/// What a message needs to be sent.
#[derive(Debug)]
pub struct Receiver {
    pub webhook_id: String,
    pub url: String,
    pub secret: Option<Vec<u8>>,
    pub is_active: bool,
}

impl Webhook {
    fn read(row: &Row<'_>) -> fettle_db::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            webhook_id: row.get(1)?,
            name: row.get(2)?,
            description: row.get(3)?,
            url: row.get(4)?,
            status: row.get(5)?,
            creation_time: row.get(6)?,
            last_updated_time: row.get(7)?,
        })
    }
}

pub fn insert(
    tx: &Tx,
    workspace_id: i64,
    new: &Webhook,
    secret: Option<&[u8]>,
    events: &[Event],
    now_ms: i64,
) -> Result<()> {
    let id: i64 = tx.query_one(
        "INSERT INTO webhooks (workspace_id, webhook_id, name, description, url, status, secret, creation_time,
             last_updated_time)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8) RETURNING id",
        params![
            workspace_id,
            &new.webhook_id,
            &new.name,
            &new.description,
            &new.url,
            &new.status,
            secret,
            now_ms,
        ],
        |row| row.get(0),
    )?;
    insert_events(tx, workspace_id, id, events)
}

fn insert_events(tx: &Tx, workspace_id: i64, id: i64, events: &[Event]) -> Result<()> {
    tx.execute_each(
        "INSERT INTO webhook_events (workspace_id, webhook_id, entity, action) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO NOTHING",
        events
            .iter()
            .map(|event| params![workspace_id, id, event.entity, event.action].to_vec()),
    )?;
    Ok(())
}

pub fn count(tx: &Tx, workspace_id: i64) -> Result<i64> {
    Ok(tx.query_one(
        "SELECT COUNT(*) FROM webhooks WHERE workspace_id = ?1 AND deleted_at IS NULL",
        params![workspace_id],
        |row| row.get(0),
    )?)
}

pub fn get(tx: &Tx, workspace_id: i64, webhook_id: &str) -> Result<Webhook> {
    tx.query_opt(
        "SELECT id, webhook_id, name, description, url, status, creation_time, last_updated_time FROM webhooks
         WHERE webhook_id = ?1 AND workspace_id = ?2 AND deleted_at IS NULL",
        params![webhook_id, workspace_id],
        Webhook::read,
    )?
    .ok_or_else(|| not_found(format!("Webhook with ID {webhook_id} not found.")))
}

/// Newest first.
pub fn list(tx: &Tx, workspace_id: i64, page: &Page) -> Result<Found<Webhook>> {
    let columns = "id, webhook_id, name, description, url, status, creation_time, last_updated_time";
    let mut query = page.select(columns);
    query
        .push(" FROM webhooks WHERE deleted_at IS NULL AND workspace_id = ")
        .bind(workspace_id);
    page.run(tx, query, 8, Webhook::read)
}

pub fn update(tx: &Tx, workspace_id: i64, id: i64, changes: &Changes, now_ms: i64) -> Result<()> {
    tx.execute(
        "UPDATE webhooks SET name = COALESCE(?1, name), description = COALESCE(?2, description), url = COALESCE(?3, url),
             status = COALESCE(?4, status), last_updated_time = ?5 WHERE id = ?6",
        params![
            &changes.name,
            &changes.description,
            &changes.url,
            changes.status,
            now_ms,
            id,
        ],
    )?;
    if let Some(secret) = &changes.secret {
        let secret = Some(secret).filter(|secret| !secret.is_empty());
        tx.execute("UPDATE webhooks SET secret = ?1 WHERE id = ?2", params![secret, id])?;
    }
    if let Some(events) = &changes.events {
        tx.execute("DELETE FROM webhook_events WHERE webhook_id = ?1", params![id])?;
        insert_events(tx, workspace_id, id, events)?;
    }
    Ok(())
}

/// Hides the webhook; its secret and its events go at once.
pub fn delete(tx: &Tx, id: i64, now_ms: i64) -> Result<()> {
    tx.execute(
        "UPDATE webhooks SET deleted_at = ?1, last_updated_time = ?1, secret = NULL WHERE id = ?2",
        params![now_ms, id],
    )?;
    tx.execute("DELETE FROM webhook_events WHERE webhook_id = ?1", params![id])?;
    Ok(())
}

/// The active webhooks that want to hear that `action` was done to either entity, and of which.
pub fn subscribers(
    tx: &Tx,
    workspace_id: i64,
    action: &str,
    entity: &str,
    other_entity: &str,
) -> Result<Vec<(i64, String)>> {
    Ok(tx.query(
        "SELECT w.id, e.entity FROM webhook_events e JOIN webhooks w ON w.id = e.webhook_id
         WHERE e.workspace_id = ?1 AND e.action = ?2 AND e.entity IN (?3, ?4) AND w.status = 'ACTIVE'
             AND w.deleted_at IS NULL
         ORDER BY w.id",
        params![workspace_id, action, entity, other_entity],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?)
}

/// None if the webhook is gone.
pub fn receiver(tx: &Tx, id: i64) -> Result<Option<Receiver>> {
    Ok(tx.query_opt(
        "SELECT webhook_id, url, secret, status FROM webhooks WHERE id = ?1 AND deleted_at IS NULL",
        params![id],
        |row| {
            Ok(Receiver {
                webhook_id: row.get(0)?,
                url: row.get(1)?,
                secret: row.get(2)?,
                is_active: row.text(3)? == "ACTIVE",
            })
        },
    )?)
}

/// The events of some webhooks, in MLflow's order.
pub fn events(tx: &Tx, ids: &[i64]) -> Result<HashMap<i64, Vec<Event>>> {
    let mut events: HashMap<i64, Vec<Event>> = HashMap::new();
    tx.for_each(
        "SELECT webhook_id, entity, action FROM webhook_events WHERE webhook_id IN_IDS(?1)
         ORDER BY webhook_id, entity, action",
        params![ids],
        |row| {
            if let Some(event) = Event::stored(row.text(1)?, row.text(2)?) {
                events.entry(row.get(0)?).or_default().push(event);
            }
            Ok::<_, ApiError>(())
        },
    )?;
    Ok(events)
}

/// Rows to the wire's webhooks; one query for the events of all.
pub fn load(tx: &Tx, webhooks: Vec<Webhook>) -> Result<Vec<wire::Webhook>> {
    let ids: Vec<i64> = webhooks.iter().map(|webhook| webhook.id).collect();
    let mut events = events(tx, &ids)?;
    Ok(webhooks
        .into_iter()
        .map(|webhook| wire::Webhook {
            webhook_id: webhook.webhook_id,
            name: webhook.name,
            description: webhook.description.filter(|description| !description.is_empty()),
            url: webhook.url,
            events: events
                .remove(&webhook.id)
                .unwrap_or_default()
                .into_iter()
                .map(Event::to_wire)
                .collect(),
            status: webhook.status,
            creation_timestamp: webhook.creation_time,
            last_updated_timestamp: webhook.last_updated_time,
        })
        .collect())
}

pub fn load_one(tx: &Tx, webhook: Webhook) -> Result<wire::Webhook> {
    let loaded = load(tx, vec![webhook])?;
    Ok(loaded.into_iter().next().expect("one webhook in is one webhook out"))
}
