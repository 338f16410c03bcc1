//! `registered-models/alias`: set, get, delete

use super::{model_versions, store, validate};
use crate::{
    app::App,
    audit,
    caller::Caller,
    error::{Result, invalid, not_found},
    extract::{Args, EMPTY, Empty, Json},
    webhooks::registry_events,
};
use axum::extract::State;
use fettle_db::Tx;
use fettle_wire::registry::{ModelAlias, ModelVersionResponse};
use serde_json::json;
use store::models::Model;

/// Points an alias at a version; one that points elsewhere moves.
pub async fn set_alias(State(app): State<App>, caller: Caller, Args(request): Args<ModelAlias>) -> Result<Json<Empty>> {
    let name = validate::model_name("name", request.name)?;
    let alias = validate::new_alias(request.alias)?;
    let number = validate::version(request.version)?;
    let now_ms = app.clock.now_ms();
    app.write_telling(move |tx| {
        let version = store::versions::get(tx, caller.workspace_id, &name, number)?;
        let before = store::aliases::find(tx, version.model_id, &alias)?;
        store::aliases::set(tx, caller.workspace_id, version.model_id, &alias, number)?;
        let detail = json!({ "alias": alias, "from_version": before.map(|version| version.to_string()) });
        let id = model_versions::id(&name, number);
        audit::record(
            tx,
            &caller,
            now_ms,
            "set_alias",
            model_versions::entity(&id),
            Some(&detail),
        )?;
        registry_events::alias(tx, &caller, now_ms, (version.model_id, &name), &alias, Some(number))?;
        Ok(EMPTY)
    })
    .await
}

/// Deleting an alias that is not there is fine.
pub async fn delete_alias(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<ModelAlias>,
) -> Result<Json<Empty>> {
    let name = validate::model_name("name", request.name)?;
    let alias = validate::alias(request.alias)?;
    let now_ms = app.clock.now_ms();
    app.write_telling(move |tx| {
        let model = store::models::get(tx, caller.workspace_id, &name)?;
        if store::aliases::delete(tx, model.id, &alias)? {
            let detail = json!({ "alias": alias });
            audit::record(
                tx,
                &caller,
                now_ms,
                "delete_alias",
                super::registered_models::entity(&name),
                Some(&detail),
            )?;
        }
        registry_events::alias(tx, &caller, now_ms, (model.id, &name), &alias, None)?;
        Ok(EMPTY)
    })
    .await
}

pub async fn get_version_by_alias(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<ModelAlias>,
) -> Result<Json<ModelVersionResponse>> {
    let name = validate::model_name("name", request.name)?;
    let alias = validate::alias(request.alias)?;
    app.db
        .peek(move |tx| {
            let model = store::models::get(tx, caller.workspace_id, &name)?;
            let number = version_of(tx, &model, &alias)?;
            let version = store::versions::get(tx, caller.workspace_id, &name, number)?;
            Ok(Json(ModelVersionResponse {
                model_version: store::versions::load_one(tx, version)?,
            }))
        })
        .await
}

/// The version that an alias, or the word `latest`, stands for.
pub(super) fn version_of(tx: &Tx, model: &Model, alias: &str) -> Result<i64> {
    if validate::is_latest(alias) {
        return store::versions::newest(tx, model.id)?
            .ok_or_else(|| not_found(format!("Latest version not found for model {}.", model.name)));
    }
    store::aliases::find(tx, model.id, alias)?
        .ok_or_else(|| invalid(format!("Registered model alias {alias} not found.")))
}
