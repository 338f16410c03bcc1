//! The record of who changed what. An entry is written in the transaction of the change it tells of.

use crate::{
    app::App,
    caller::Caller,
    error::Result,
    extract::{Args, Json},
    page_token,
};
use axum::{Router, extract::State, routing::get};
use fettle_db::{Tx, params};
use fettle_wire::Int64;
use serde::{Deserialize, Serialize};
use serde_json::Value;

const PAGE: usize = 100;
const PAGE_MAX: usize = 1000;

pub fn routes() -> Router<App> {
    Router::new().route("/api/fettle/v1/audit", get(list_entries))
}

/// What was changed, as the entry names it.
#[derive(Debug, Clone, Copy)]
pub struct Entity<'a> {
    pub kind: &'static str,
    pub id: &'a str,
}

impl<'a> Entity<'a> {
    pub fn of(kind: &'static str, id: &'a str) -> Self {
        Self { kind, id }
    }
}

/// Writes one entry. `detail` says what the action's name leaves open; it never holds secrets.
pub fn record(
    tx: &Tx,
    caller: &Caller,
    now_ms: i64,
    action: &str,
    entity: Entity<'_>,
    detail: Option<&Value>,
) -> Result<()> {
    let detail = detail.map(ToString::to_string);
    tx.execute(
        "INSERT INTO audit_entries (workspace_id, at, actor, request_id, action, entity_type, entity_id, detail)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            caller.workspace_id,
            now_ms,
            &*caller.user,
            &*caller.request_id,
            action,
            entity.kind,
            entity.id,
            &detail,
        ],
    )?;
    Ok(())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ListEntries {
    max_results: Option<Int64>,
    page_token: Option<String>,
}

#[derive(Debug, Serialize)]
struct Entries {
    entries: Vec<Entry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

#[derive(Debug, Serialize)]
struct Entry {
    at: String,
    actor: String,
    request_id: String,
    action: String,
    entity_type: String,
    entity_id: String,
    detail: Option<Value>,
}

/// Newest first, paged by key.
async fn list_entries(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<ListEntries>,
) -> Result<Json<Entries>> {
    let limit = page_token::limit("max_results", request.max_results, PAGE, PAGE_MAX)?;
    let before = page_token::decode_key(request.page_token.as_deref())?.unwrap_or(i64::MAX);
    let mut rows = app
        .db
        .read(move |tx| {
            Ok::<_, crate::error::ApiError>(tx.query(
                "SELECT id, at, actor, request_id, action, entity_type, entity_id, detail FROM audit_entries
                 WHERE workspace_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
                params![caller.workspace_id, before, limit as i64 + 1],
                |row| {
                    let entry = Entry {
                        at: crate::system::rfc3339(row.get(1)?),
                        actor: row.get(2)?,
                        request_id: row.get(3)?,
                        action: row.get(4)?,
                        entity_type: row.get(5)?,
                        entity_id: row.get(6)?,
                        detail: row
                            .get::<Option<String>>(7)?
                            .and_then(|text| serde_json::from_str(&text).ok()),
                    };
                    Ok((row.get::<i64>(0)?, entry))
                },
            )?)
        })
        .await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next_page_token = rows.last().filter(|_| more).map(|(id, _)| page_token::encode_key(*id));
    Ok(Json(Entries {
        entries: rows.into_iter().map(|(_, entry)| entry).collect(),
        next_page_token,
    }))
}
