//! `registered-models/create`, `get`, `update`, `rename`, `delete`, `get-latest-versions`

use super::{stage::Stage, store, validate};
use crate::{
    app::App,
    audit::{self, Entity},
    caller::Caller,
    error::Result,
    extract::{Args, EMPTY, Empty, Json},
    webhooks::registry_events,
};
use axum::extract::State;
use fettle_wire::registry::{
    CreateRegisteredModel, GetLatestVersions, ModelName, ModelVersionsResponse, RegisteredModelResponse,
    RenameRegisteredModel, UpdateRegisteredModel,
};
use serde_json::json;

/// How audit entries name a registered model.
pub(super) fn entity(name: &str) -> Entity<'_> {
    Entity::of("registered_model", name)
}

pub async fn create_registered_model(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<CreateRegisteredModel>,
) -> Result<Json<RegisteredModelResponse>> {
    let name = validate::model_name("name", request.name)?;
    let description = validate::description(request.description)?;
    let tags = validate::tags(request.tags)?;
    let now_ms = app.clock.now_ms();
    app.write_telling(move |tx| {
        store::models::insert(tx, caller.workspace_id, &name, description.as_deref(), &tags, now_ms)?;
        audit::record(tx, &caller, now_ms, "create", entity(&name), None)?;
        let told = description.as_deref().unwrap_or_default();
        registry_events::model_created(tx, &caller, now_ms, &name, &tags, told)?;
        let model = store::models::get(tx, caller.workspace_id, &name)?;
        Ok(Json(RegisteredModelResponse {
            registered_model: store::models::load_one(tx, model)?,
        }))
    })
    .await
}

pub async fn get_registered_model(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<ModelName>,
) -> Result<Json<RegisteredModelResponse>> {
    let name = validate::model_name("name", request.name)?;
    app.db
        .peek(move |tx| {
            let model = store::models::get(tx, caller.workspace_id, &name)?;
            Ok(Json(RegisteredModelResponse {
                registered_model: store::models::load_one(tx, model)?,
            }))
        })
        .await
}

/// Sets the description; leaving it out empties it.
pub async fn update_registered_model(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<UpdateRegisteredModel>,
) -> Result<Json<RegisteredModelResponse>> {
    let name = validate::model_name("name", request.name)?;
    let description = validate::description(request.description)?.unwrap_or_default();
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let model = store::models::get(tx, caller.workspace_id, &name)?;
            store::models::set_description(tx, model.id, &description, now_ms)?;
            let detail = json!({ "description": description });
            audit::record(tx, &caller, now_ms, "update", entity(&name), Some(&detail))?;
            let model = store::models::get(tx, caller.workspace_id, &name)?;
            Ok(Json(RegisteredModelResponse {
                registered_model: store::models::load_one(tx, model)?,
            }))
        })
        .await
}

pub async fn rename_registered_model(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<RenameRegisteredModel>,
) -> Result<Json<RegisteredModelResponse>> {
    let name = validate::model_name("name", request.name)?;
    let new_name = validate::model_name("new_name", request.new_name)?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let model = store::models::get(tx, caller.workspace_id, &name)?;
            store::models::rename(tx, caller.workspace_id, model.id, &new_name, now_ms)?;
            let detail = json!({ "from": name, "to": new_name });
            audit::record(tx, &caller, now_ms, "rename", entity(&new_name), Some(&detail))?;
            let model = store::models::get(tx, caller.workspace_id, &new_name)?;
            Ok(Json(RegisteredModelResponse {
                registered_model: store::models::load_one(tx, model)?,
            }))
        })
        .await
}

pub async fn delete_registered_model(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<ModelName>,
) -> Result<Json<Empty>> {
    let name = validate::model_name("name", request.name)?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let model = store::models::get(tx, caller.workspace_id, &name)?;
            store::models::delete(tx, model.id)?;
            audit::record(tx, &caller, now_ms, "delete", entity(&name), None)?;
            Ok(EMPTY)
        })
        .await
}

/// The highest version of each stage asked for; of all stages if none is named.
pub async fn get_latest_versions(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<GetLatestVersions>,
) -> Result<Json<ModelVersionsResponse>> {
    let name = validate::model_name("name", request.name)?;
    let stages = request.stages.unwrap_or_default();
    let mut stages: Vec<Stage> = stages
        .iter()
        .map(|stage| Stage::parse("stages", stage))
        .collect::<Result<_>>()?;
    if stages.is_empty() {
        stages = Stage::ALL.to_vec();
    }
    app.db
        .peek(move |tx| {
            let model = store::models::get(tx, caller.workspace_id, &name)?;
            let mut latest = store::versions::latest_rows(tx, &[model.id])?;
            latest.retain(|version| stages.iter().any(|stage| stage.name() == version.current_stage));
            Ok(Json(ModelVersionsResponse {
                model_versions: store::versions::load_with_aliases(tx, latest)?,
                next_page_token: None,
            }))
        })
        .await
}
