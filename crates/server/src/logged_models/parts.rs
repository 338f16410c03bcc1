//! `logged-models/{id}/params` and `logged-models/{id}/tags`

use super::{models::entity, store, validate};
use crate::{
    app::App,
    audit,
    caller::Caller,
    error::{ApiError, Result, invalid, not_found},
    extract::{Args, EMPTY, Empty, Json, PathArg},
};
use axum::extract::{FromRequestParts, Path, State};
use fettle_wire::logged_models::{LogLoggedModelParams, SetLoggedModelTags};
use serde_json::json;

/// Adds params. One that is there already with the same value is a request sent twice.
pub async fn log_params(
    State(app): State<App>,
    caller: Caller,
    PathArg(model_id): PathArg,
    Args(request): Args<LogLoggedModelParams>,
) -> Result<Json<Empty>> {
    let model_id = validate::model_id(model_id, request.model_id)?;
    let params = validate::params(request.params)?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let model = store::models::get(tx, caller.workspace_id, &model_id)?;
            store::parts::insert_params(tx, caller.workspace_id, model.id, &params)?;
            let keys: Vec<&str> = params.iter().map(|param| param.key.as_str()).collect();
            let detail = json!({ "params": keys });
            audit::record(tx, &caller, now_ms, "log", entity(&model_id), Some(&detail))?;
            Ok(EMPTY)
        })
        .await
}

pub async fn set_tags(
    State(app): State<App>,
    caller: Caller,
    PathArg(model_id): PathArg,
    Args(request): Args<SetLoggedModelTags>,
) -> Result<Json<Empty>> {
    let model_id = validate::model_id(model_id, None)?;
    let tags = validate::tags(request.tags)?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let model = store::models::get(tx, caller.workspace_id, &model_id)?;
            store::parts::set_tags(tx, caller.workspace_id, model.id, &tags)?;
            let keys: Vec<&str> = tags.iter().map(|tag| tag.key.as_str()).collect();
            let detail = json!({ "tags": keys });
            audit::record(tx, &caller, now_ms, "set_tags", entity(&model_id), Some(&detail))?;
            Ok(EMPTY)
        })
        .await
}

/// The model and the tag's key in the path.
#[derive(Debug)]
pub struct TagPath {
    model_id: String,
    key: String,
}

impl FromRequestParts<App> for TagPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut axum::http::request::Parts, app: &App) -> Result<Self> {
        Path::<(String, String)>::from_request_parts(parts, app)
            .await
            .map(|Path((model_id, key))| Self { model_id, key })
            .map_err(|error| invalid(format!("The path is not readable: {error}")))
    }
}

pub async fn delete_tag(
    State(app): State<App>,
    caller: Caller,
    TagPath { model_id, key }: TagPath,
) -> Result<Json<Empty>> {
    let model_id = validate::model_id(model_id, None)?;
    crate::tracking::validate::text("tag_key", &key)?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let model = store::models::get(tx, caller.workspace_id, &model_id)?;
            if !store::parts::delete_tag(tx, model.id, &key)? {
                return Err(not_found(format!(
                    "No tag with key '{key}' found for model with ID '{model_id}'."
                )));
            }
            let detail = json!({ "key": key });
            audit::record(tx, &caller, now_ms, "delete_tag", entity(&model_id), Some(&detail))?;
            Ok(EMPTY)
        })
        .await
}
