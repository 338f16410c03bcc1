//! Tags: `registered-models/set-tag`, `delete-tag`, `model-versions/set-tag`, `delete-tag`
//!
//! Deleting a tag that is not there is fine, and told to webhooks as any other, as MLflow does.

use super::{model_versions, registered_models, store, validate};
use crate::{
    app::App,
    audit,
    caller::Caller,
    error::Result,
    extract::{Args, EMPTY, Empty, Json},
    webhooks::registry_events,
};
use axum::extract::State;
use fettle_wire::{
    registry::{ModelVersionTag, RegisteredModelTag},
    tags::KeyValueInput,
};
use serde_json::json;

pub async fn set_registered_model_tag(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<RegisteredModelTag>,
) -> Result<Json<Empty>> {
    let name = validate::model_name("name", request.name)?;
    let (key, value) = (request.key, request.value);
    let tag = validate::tag("", KeyValueInput { key, value })?;
    let now_ms = app.clock.now_ms();
    app.write_telling(move |tx| {
        let model = store::models::get(tx, caller.workspace_id, &name)?;
        store::tags::set_on_model(tx, caller.workspace_id, model.id, std::slice::from_ref(&tag))?;
        let detail = json!({ "key": tag.key, "value": tag.value });
        let entity = registered_models::entity(&name);
        audit::record(tx, &caller, now_ms, "set_tag", entity, Some(&detail))?;
        registry_events::model_tag(tx, &caller, now_ms, (model.id, &name), &tag.key, Some(&tag.value))?;
        Ok(EMPTY)
    })
    .await
}

pub async fn delete_registered_model_tag(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<RegisteredModelTag>,
) -> Result<Json<Empty>> {
    let name = validate::model_name("name", request.name)?;
    let key = validate::tag_key(request.key)?;
    let now_ms = app.clock.now_ms();
    app.write_telling(move |tx| {
        let model = store::models::get(tx, caller.workspace_id, &name)?;
        if store::tags::delete_from_model(tx, model.id, &key)? {
            let detail = json!({ "key": key });
            let entity = registered_models::entity(&name);
            audit::record(tx, &caller, now_ms, "delete_tag", entity, Some(&detail))?;
        }
        registry_events::model_tag(tx, &caller, now_ms, (model.id, &name), &key, None)?;
        Ok(EMPTY)
    })
    .await
}

pub async fn set_model_version_tag(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<ModelVersionTag>,
) -> Result<Json<Empty>> {
    let name = validate::model_name("name", request.name)?;
    let number = validate::version(request.version)?;
    let (key, value) = (request.key, request.value);
    let tag = validate::tag("", KeyValueInput { key, value })?;
    let now_ms = app.clock.now_ms();
    app.write_telling(move |tx| {
        let version = store::versions::get(tx, caller.workspace_id, &name, number)?;
        store::tags::set_on_version(tx, caller.workspace_id, version.id, std::slice::from_ref(&tag))?;
        let detail = json!({ "key": tag.key, "value": tag.value });
        let id = model_versions::id(&name, number);
        let entity = model_versions::entity(&id);
        audit::record(tx, &caller, now_ms, "set_tag", entity, Some(&detail))?;
        let told = (version.model_id, name.as_str(), number);
        registry_events::version_tag(tx, &caller, now_ms, told, &tag.key, Some(&tag.value))?;
        Ok(EMPTY)
    })
    .await
}

pub async fn delete_model_version_tag(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<ModelVersionTag>,
) -> Result<Json<Empty>> {
    let name = validate::model_name("name", request.name)?;
    let number = validate::version(request.version)?;
    let key = validate::tag_key(request.key)?;
    let now_ms = app.clock.now_ms();
    app.write_telling(move |tx| {
        let version = store::versions::get(tx, caller.workspace_id, &name, number)?;
        if store::tags::delete_from_version(tx, version.id, &key)? {
            let detail = json!({ "key": key });
            let id = model_versions::id(&name, number);
            let entity = model_versions::entity(&id);
            audit::record(tx, &caller, now_ms, "delete_tag", entity, Some(&detail))?;
        }
        let told = (version.model_id, name.as_str(), number);
        registry_events::version_tag(tx, &caller, now_ms, told, &key, None)?;
        Ok(EMPTY)
    })
    .await
}
