//! `trace-rules` of an experiment: what is taken out of its spans before they are stored.

use super::store::ingest;
use crate::{
    app::App,
    audit::{self, Entity},
    caller::Caller,
    error::{ApiError, ErrorCode, Result, invalid, not_found},
    extract::{Args, EMPTY, Empty, Json, PathArg},
    tracking::{store::experiments, validate::experiment_id},
};
use axum::extract::State;
use fettle_db::params;
use fettle_traces::rules::RuleSet;
use serde_json::json;

/// Which rules hold; an experiment without any answers empty ones.
pub async fn get_rules(State(app): State<App>, caller: Caller, PathArg(experiment): PathArg) -> Result<Json<RuleSet>> {
    let id = experiment_id(&experiment)?;
    app.db
        .peek(move |tx| {
            experiments::get(tx, caller.workspace_id, id)?;
            let rules = ingest::rules(tx, caller.workspace_id, id)?;
            rules.map_or_else(|| Ok(Json(RuleSet::default())), |rules| read(&rules).map(Json))
        })
        .await
}

/// Sets all rules of an experiment. They hold for spans that come from now on.
pub async fn set_rules(
    State(app): State<App>,
    caller: Caller,
    PathArg(experiment): PathArg,
    Args(rules): Args<RuleSet>,
) -> Result<Json<RuleSet>> {
    let id = experiment_id(&experiment)?;
    rules.compile().map_err(|error| invalid(error.to_string()))?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            experiments::get(tx, caller.workspace_id, id)?;
            tx.execute(
                "INSERT INTO trace_rules (workspace_id, experiment_id, rules) VALUES (?1, ?2, ?3)
                 ON CONFLICT (experiment_id) DO UPDATE SET rules = excluded.rules",
                params![caller.workspace_id, id, json!(rules).to_string()],
            )?;
            let id = id.to_string();
            let entity = Entity {
                kind: "experiment",
                id: &id,
            };
            audit::record(tx, &caller, now_ms, "set_trace_rules", entity, Some(&json!(rules)))?;
            Ok(Json(rules.clone()))
        })
        .await
}

pub async fn delete_rules(State(app): State<App>, caller: Caller, PathArg(experiment): PathArg) -> Result<Json<Empty>> {
    let id = experiment_id(&experiment)?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let deleted = tx.execute(
                "DELETE FROM trace_rules WHERE experiment_id = ?1 AND workspace_id = ?2",
                params![id, caller.workspace_id],
            )?;
            if deleted == 0 {
                return Err(not_found(format!("Experiment {id} has no trace rules.")));
            }
            let id = id.to_string();
            let entity = Entity {
                kind: "experiment",
                id: &id,
            };
            audit::record(tx, &caller, now_ms, "delete_trace_rules", entity, None)?;
            Ok(EMPTY)
        })
        .await
}

fn read(rules: &str) -> Result<RuleSet> {
    serde_json::from_str(rules).map_err(|error| {
        ApiError::new(
            ErrorCode::InternalError,
            "The experiment's trace rules are not readable.",
        )
        .because(error)
    })
}
