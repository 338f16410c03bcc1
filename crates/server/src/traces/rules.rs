//! `trace-rules` of an experiment: what is taken out of its spans and traces before they are stored.

use super::{store::ingest, validate::NewTrace};
use crate::{
    app::App,
    audit::{self, Entity},
    caller::Caller,
    error::{ApiError, ErrorCode, Result, invalid, not_found},
    extract::{Args, EMPTY, Empty, Json, PathArg},
    tracking::{store::experiments, validate::experiment_id},
};
use axum::extract::State;
use fettle_db::{Tx, params};
use fettle_traces::rules::{RuleSet, Rules};
use serde_json::json;
use std::collections::BTreeMap;

/// What of metadata and tags under MLflow's own names people have written; the rest of them is machinery.
const WRITTEN: [&str; 3] = ["mlflow.traceName", "mlflow.user", "mlflow.trace.user"];
/// In which clients repeat the previews.
const PREVIEWS: [&str; 2] = ["mlflow.traceInputs", "mlflow.traceOutputs"];

/// The rules of an experiment, ready for use; none if there are none.
pub(super) fn of(tx: &Tx, workspace_id: i64, experiment_id: i64) -> Result<Option<Rules>> {
    let written = ingest::rules(tx, workspace_id, experiment_id)?;
    written.as_deref().map(compiled).transpose()
}

/// Nothing is stored as long as the rules it must obey are not readable.
pub(super) fn compiled(written: &str) -> Result<Rules> {
    let unusable = |error: &dyn std::fmt::Display| {
        ApiError::new(
            ErrorCode::InternalError,
            "The experiment's trace rules are not usable; set them again.",
        )
        .because(error.to_string())
    };
    let rules: RuleSet = serde_json::from_str(written).map_err(|error| unusable(&error))?;
    rules.compile().map_err(|error| unusable(&error))
}

/// A trace's record as it may be kept.
pub(super) fn apply(rules: &Rules, trace: &NewTrace) -> NewTrace {
    let preview = |text: &Option<String>| text.as_deref().map(|text| rules.redacted_preview(text));
    NewTrace {
        request_preview: preview(&trace.request_preview),
        response_preview: preview(&trace.response_preview),
        metadata: apply_to_entries(rules, &trace.metadata),
        tags: apply_to_entries(rules, &trace.tags),
        ..trace.clone()
    }
}

/// Tags or metadata as they may be kept.
pub(super) fn apply_to_entries(rules: &Rules, entries: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let kept = |(key, value): (&String, &String)| {
        let value = match key.as_str() {
            key if PREVIEWS.contains(&key) => rules.redacted_preview(value),
            key if key.starts_with("mlflow.") && !WRITTEN.contains(&key) => value.clone(),
            key => rules.redacted(key, value),
        };
        (key.clone(), value)
    };
    entries.iter().map(kept).collect()
}

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
            let entity = Entity::of("experiment", &id);
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
            let entity = Entity::of("experiment", &id);
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
