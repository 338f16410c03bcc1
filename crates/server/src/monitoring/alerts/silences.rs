//! `/api/fettle/v1/alert-silences`

use super::{silence::SilenceSpec, store};
use crate::{
    app::App,
    audit::{self, Entity},
    caller::Caller,
    error::{ApiError, Result, invalid, not_found},
    extract::{Args, EMPTY, Empty, Json, PathArg},
    system::rfc3339,
};
use axum::extract::State;
use serde_json::{Value, json};

const SILENCES_MAX: usize = 1000;

pub async fn create_silence(
    State(app): State<App>,
    caller: Caller,
    Args(mut spec): Args<SilenceSpec>,
) -> Result<Json<Value>> {
    let now_ms = app.clock.now_ms();
    let silence = spec.check(now_ms)?;
    let ends_at = silence.ends_ms();
    // What was said relative to now is kept as a time.
    if spec.schedule.is_none() {
        spec.starts_at.get_or_insert_with(|| rfc3339(now_ms));
        spec.ends_at = ends_at.map(rfc3339);
        spec.duration = None;
    }
    let text = serde_json::to_string(&spec).expect("plain structs serialise");
    let created_by = spec.created_by.clone().unwrap_or_else(|| caller.user.to_string());
    let id = app
        .db
        .write(move |tx| {
            if store::silences(tx, caller.workspace_id, now_ms)?.len() >= SILENCES_MAX {
                return Err(invalid(format!(
                    "There are {SILENCES_MAX} silences already: delete some."
                )));
            }
            let id = store::insert_silence(tx, caller.workspace_id, &text, &created_by, ends_at, now_ms)?;
            let id_text = id.to_string();
            let entity = Entity {
                kind: "alert_silence",
                id: &id_text,
            };
            let detail = serde_json::from_str(&text).unwrap_or_default();
            audit::record(tx, &caller, now_ms, "create", entity, Some(&detail))?;
            Ok::<_, ApiError>(id)
        })
        .await?;
    Ok(Json(json!({ "id": id.to_string(), "silence": spec })))
}

/// Those that have not ended.
pub async fn list_silences(State(app): State<App>, caller: Caller) -> Result<Json<Value>> {
    let now_ms = app.clock.now_ms();
    let rows = app
        .db
        .read(move |tx| store::silences(tx, caller.workspace_id, now_ms))
        .await?;
    let silences: Vec<Value> = rows
        .into_iter()
        .map(|row| {
            let spec: Value = serde_json::from_str(&row.spec).unwrap_or_default();
            let active = serde_json::from_value::<SilenceSpec>(spec.clone())
                .ok()
                .and_then(|spec| spec.check(row.created_at).ok())
                .is_some_and(|silence| silence.is_active(now_ms));
            json!({
                "id": row.id.to_string(),
                "active": active,
                "silence": spec,
                "created_by": row.created_by,
                "created_at": rfc3339(row.created_at),
                "ends_at": row.ends_at.map(rfc3339),
            })
        })
        .collect();
    Ok(Json(json!({ "silences": silences })))
}

pub async fn delete_silence(State(app): State<App>, caller: Caller, PathArg(id): PathArg) -> Result<Json<Empty>> {
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let number = id.parse().unwrap_or(-1);
            if !store::delete_silence(tx, caller.workspace_id, number)? {
                return Err(not_found(format!("There is no silence {id}.")));
            }
            let entity = Entity {
                kind: "alert_silence",
                id: &id,
            };
            audit::record(tx, &caller, now_ms, "delete", entity, None)
        })
        .await?;
    Ok(EMPTY)
}
