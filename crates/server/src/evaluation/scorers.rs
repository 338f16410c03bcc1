//! `scorers/register`, `list`, `versions`, `get`, `delete`

use super::{serialized_scorer, store, validate};
use crate::{
    app::App,
    audit::{self, Entity},
    caller::Caller,
    error::{Result, invalid},
    extract::{Args, EMPTY, Empty, Json},
    tracking::validate::experiment_id,
};
use axum::extract::State;
use fettle_wire::{
    Required,
    evaluation::scorers::{
        ListScorers, RegisterScorer, RegisterScorerResponse, ScorerName, ScorerResponse, ScorersResponse,
    },
};
use serde_json::json;
use store::scorers::Scope;

const NAME_LENGTH: usize = 500;
const SERIALIZED_LENGTH: usize = 1_000_000;
const EXPERIMENTS_PER_CALL: usize = 10_000;

pub(super) fn entity(scorer_id: &str) -> Entity<'_> {
    Entity::of("scorer", scorer_id)
}

/// Adds a version, and the scorer with its first one.
pub async fn register_scorer(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<RegisterScorer>,
) -> Result<Json<RegisterScorerResponse>> {
    let experiment_id = request.experiment_id.required("experiment_id")?;
    let name = validate::required_text("name", request.name, NAME_LENGTH)?;
    let serialized = validate::required_text("serialized_scorer", request.serialized_scorer, SERIALIZED_LENGTH)?;
    let model = serialized_scorer::check(&serialized)?;
    if name.trim().is_empty() {
        return Err(invalid("Scorer name cannot be empty or contain only whitespace."));
    }
    let experiment_id = crate::tracking::validate::experiment_id(&experiment_id)?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            store::experiments::active(tx, caller.workspace_id, experiment_id)?;
            serialized_scorer::check_model(model.as_ref())?;
            let scorer = store::scorers::find_or_insert(tx, caller.workspace_id, experiment_id, &name)?;
            let version = store::scorers::insert_version(tx, caller.workspace_id, scorer.id, &serialized, now_ms)?;
            let detail = json!({ "name": name, "version": version });
            audit::record(
                tx,
                &caller,
                now_ms,
                "register",
                entity(&scorer.scorer_id),
                Some(&detail),
            )?;
            Ok(Json(RegisterScorerResponse {
                version,
                scorer_id: scorer.scorer_id,
                experiment_id: experiment_id.to_string(),
                name: name.clone(),
                serialized_scorer: serialized.clone(),
                creation_time: now_ms,
            }))
        })
        .await
}

/// The newest version of each scorer: of one experiment, of several, or of all.
pub async fn list_scorers(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<ListScorers>,
) -> Result<Json<ScorersResponse>> {
    let one = request.experiment_id.filter(|id| !id.is_empty());
    let scope = match (one, request.experiment_ids) {
        (Some(_), Some(_)) => {
            return Err(invalid(
                "Cannot specify both 'experiment_id' and 'experiment_ids'. Use 'experiment_ids' to scope the query to \
                 multiple experiments, or 'experiment_id' to scope it to a single experiment.",
            ));
        }
        (Some(id), None) => Scope::One(experiment_id(&id)?),
        (None, Some(ids)) => {
            validate::at_most_entries("experiment_ids", ids.len(), EXPERIMENTS_PER_CALL)?;
            Scope::Several(ids.iter().map(|id| experiment_id(id)).collect::<Result<_>>()?)
        }
        (None, None) => Scope::All,
    };
    app.db
        .read(move |tx| {
            if let Scope::One(id) = scope {
                store::experiments::active(tx, caller.workspace_id, id)?;
            }
            Ok(Json(ScorersResponse {
                scorers: store::scorers::list_latest(tx, caller.workspace_id, &scope)?,
            }))
        })
        .await
}

pub async fn list_scorer_versions(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<ScorerName>,
) -> Result<Json<ScorersResponse>> {
    let experiment_id = request.experiment_id.required("experiment_id")?;
    let name = validate::required_text("name", request.name, NAME_LENGTH)?;
    let experiment_id = crate::tracking::validate::experiment_id(&experiment_id)?;
    app.db
        .read(move |tx| {
            store::experiments::active(tx, caller.workspace_id, experiment_id)?;
            let scorers = store::scorers::list_versions(tx, experiment_id, &name)?;
            if scorers.is_empty() {
                return Err(store::scorers::absent(&name, None, experiment_id));
            }
            Ok(Json(ScorersResponse { scorers }))
        })
        .await
}

/// A version, or the newest.
pub async fn get_scorer(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<ScorerName>,
) -> Result<Json<ScorerResponse>> {
    let experiment_id = request.experiment_id.required("experiment_id")?;
    let name = validate::required_text("name", request.name, NAME_LENGTH)?;
    let experiment_id = crate::tracking::validate::experiment_id(&experiment_id)?;
    let version = request.version.map(|version| version.0);
    app.db
        .peek(move |tx| {
            store::experiments::active(tx, caller.workspace_id, experiment_id)?;
            let scorer = store::scorers::get_version(tx, experiment_id, &name, version)?;
            Ok(Json(ScorerResponse { scorer }))
        })
        .await
}

/// A version, or the scorer with all of them.
pub async fn delete_scorer(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<ScorerName>,
) -> Result<Json<Empty>> {
    let experiment_id = request.experiment_id.required("experiment_id")?;
    let name = validate::required_text("name", request.name, NAME_LENGTH)?;
    let experiment_id = crate::tracking::validate::experiment_id(&experiment_id)?;
    let version = request.version.map(|version| version.0);
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            store::experiments::active(tx, caller.workspace_id, experiment_id)?;
            let scorer = store::scorers::get_version(tx, experiment_id, &name, version)?;
            let key = store::scorers::get(tx, experiment_id, &name)?.id;
            match version {
                Some(version) => store::scorers::delete_version(tx, key, version)?,
                None => store::scorers::delete(tx, key)?,
            }
            let detail = json!({ "name": name, "version": version });
            audit::record(tx, &caller, now_ms, "delete", entity(&scorer.scorer_id), Some(&detail))?;
            Ok(EMPTY)
        })
        .await
}
