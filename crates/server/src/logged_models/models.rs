//! `logged-models`: create, get, finalize, delete

use super::{
    status::Status,
    store::{self, models::NewModel},
    validate,
};
use crate::{
    app::App,
    audit::{self, Entity},
    caller::Caller,
    error::Result,
    extract::{Args, EMPTY, Empty, Json, PathArg},
    tracking,
};
use axum::extract::State;
use fettle_wire::{
    Missing, Required,
    logged_models::{CreateLoggedModel, FinalizeLoggedModel, GetLoggedModel, LoggedModelResponse},
};
use serde_json::json;

/// How audit entries name a logged model.
pub(super) fn entity(model_id: &str) -> Entity<'_> {
    Entity::of("logged_model", model_id)
}

pub async fn create_logged_model(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<CreateLoggedModel>,
) -> Result<Json<LoggedModelResponse>> {
    let experiment_id = tracking::validate::experiment_id(&request.experiment_id.required("experiment_id")?)?;
    let new = NewModel {
        model_id: format!("m-{}", uuid::Uuid::new_v4().simple()),
        experiment_id,
        name: validate::name(request.name)?.unwrap_or_else(tracking::run_name::random),
        model_type: validate::label("model_type", request.model_type)?,
        source_run_id: validate::label("source_run_id", request.source_run_id)?,
        params: validate::params(request.params)?,
        tags: validate::tags(request.tags)?,
        now_ms: app.clock.now_ms(),
    };
    app.db
        .write(move |tx| {
            let experiment = tracking::store::experiments::get(tx, caller.workspace_id, experiment_id)?;
            let experiment = tracking::active_experiment(experiment)?;
            store::models::insert(tx, caller.workspace_id, &experiment.artifact_location, &new)?;
            let detail = json!({
                "experiment_id": experiment_id.to_string(),
                "name": new.name,
                "source_run_id": new.source_run_id,
            });
            audit::record(tx, &caller, new.now_ms, "create", entity(&new.model_id), Some(&detail))?;
            let model = store::models::get(tx, caller.workspace_id, &new.model_id)?;
            answer(tx, model)
        })
        .await
}

fn answer(tx: &fettle_db::Tx, model: store::models::Model) -> Result<Json<LoggedModelResponse>> {
    let loaded = store::parts::load(tx, vec![model])?;
    let model = loaded.into_iter().next().expect("one model in is one model out");
    Ok(Json(LoggedModelResponse { model }))
}

pub async fn get_logged_model(
    State(app): State<App>,
    caller: Caller,
    PathArg(model_id): PathArg,
    Args(request): Args<GetLoggedModel>,
) -> Result<Json<LoggedModelResponse>> {
    let model_id = validate::model_id(model_id, None)?;
    let allow_deleted = request.allow_deleted.is_some_and(|flag| flag.0);
    app.db
        .read(move |tx| {
            let model = if allow_deleted {
                store::models::get_even_deleted(tx, caller.workspace_id, &model_id)?
            } else {
                store::models::get(tx, caller.workspace_id, &model_id)?
            };
            answer(tx, model)
        })
        .await
}

pub async fn finalize_logged_model(
    State(app): State<App>,
    caller: Caller,
    PathArg(model_id): PathArg,
    Args(request): Args<FinalizeLoggedModel>,
) -> Result<Json<LoggedModelResponse>> {
    let model_id = validate::model_id(model_id, request.model_id)?;
    let status = request.status.ok_or_else(|| Missing {
        field: "status".to_owned(),
    })?;
    let status = Status::parse(&status)?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let model = store::models::get(tx, caller.workspace_id, &model_id)?;
            store::models::set_status(tx, model.id, status, now_ms)?;
            let detail = json!({ "from": model.status, "to": status.name() });
            audit::record(tx, &caller, now_ms, "finalize", entity(&model_id), Some(&detail))?;
            let model = store::models::get(tx, caller.workspace_id, &model_id)?;
            answer(tx, model)
        })
        .await
}

/// Hides the model; its row and its files stay. Deleting it again is fine.
pub async fn delete_logged_model(
    State(app): State<App>,
    caller: Caller,
    PathArg(model_id): PathArg,
) -> Result<Json<Empty>> {
    let model_id = validate::model_id(model_id, None)?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let model = store::models::get_even_deleted(tx, caller.workspace_id, &model_id)?;
            store::models::delete(tx, model.id, now_ms)?;
            audit::record(tx, &caller, now_ms, "delete", entity(&model_id), None)?;
            Ok(EMPTY)
        })
        .await
}
