//! `model-versions/create`, `get`, `update`, `delete`, `get-download-uri`, `transition-stage`

use super::{
    lineage::{self, Claim},
    source::Source,
    stage::Stage,
    store, validate,
};
use crate::{
    app::App,
    audit::{self, Entity},
    caller::Caller,
    error::{Result, invalid},
    extract::{Args, EMPTY, Empty, Json},
    logged_models,
    monitoring::baselines::registration as baselines,
    webhooks::registry_events,
};
use axum::extract::State;
use fettle_wire::{
    Required,
    registry::{
        CreateModelVersion, DownloadUriResponse, ModelVersionResponse, TransitionStage, UpdateModelVersion, VersionName,
    },
};
use serde_json::json;
use store::versions::NewVersion;

/// How audit entries name a version: `iris/3`. No model name has a slash.
pub(super) fn id(name: &str, version: i64) -> String {
    format!("{name}/{version}")
}

pub(super) fn entity(id: &str) -> Entity<'_> {
    Entity::of("model_version", id)
}

/// Creates the next version. It is ready at once: its files are where its source says.
pub async fn create_model_version(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<CreateModelVersion>,
) -> Result<Json<ModelVersionResponse>> {
    let name = validate::model_name("name", request.name)?;
    let source = request.source.required("source")?;
    validate::uri("source", &source)?;
    let run_link = request.run_link.unwrap_or_default();
    validate::uri("run_link", &run_link)?;
    for (field, id) in [("run_id", &request.run_id), ("model_id", &request.model_id)] {
        validate::uri(field, id.as_deref().unwrap_or_default())?;
    }
    let description = validate::description(request.description)?.unwrap_or_default();
    let tags = validate::tags(request.tags)?;
    let kind = if store::tags::say_prompt(&tags) {
        Source::prompt(&source)?
    } else {
        Source::parse(&source)?
    };
    let claim = Claim {
        source,
        kind,
        run_id: request.run_id,
        model_id: request.model_id,
    };
    let now_ms = app.clock.now_ms();
    app.write_telling(move |tx| {
        let lineage = lineage::check(tx, caller.workspace_id, &claim)?;
        let model = store::models::get(tx, caller.workspace_id, &name)?;
        let number = store::models::take_version(tx, model.id, now_ms)?;
        let new = NewVersion {
            source: &lineage.source,
            storage_location: &lineage.storage_location,
            run_uuid: &lineage.run_id,
            run_link: &run_link,
            logged_model_id: lineage.model_id.as_deref(),
            description: &description,
            tags: &tags,
        };
        store::versions::insert(tx, caller.workspace_id, model.id, number, &new, now_ms)?;
        if let Some(model_id) = &lineage.model_id {
            logged_models::store::models::note_version(tx, caller.workspace_id, model_id, &name, number)?;
        }
        let detail = json!({ "source": lineage.source, "run_id": lineage.run_id, "model_id": lineage.model_id });
        audit::record(tx, &caller, now_ms, "create", entity(&id(&name, number)), Some(&detail))?;
        let told = registry_events::NewVersion {
            name: &name,
            version: number,
            source: &lineage.source,
            run_id: &lineage.run_id,
            description: &description,
            tags: &tags,
        };
        registry_events::version_created(tx, &caller, now_ms, &told)?;
        let watched = baselines::NewVersion {
            name: &name,
            number,
            run_id: &lineage.run_id,
            tags: &tags,
        };
        if claim.kind != Source::Prompt {
            baselines::order(tx, &caller, &watched, now_ms)?;
        }
        let version = store::versions::get(tx, caller.workspace_id, &name, number)?;
        Ok(Json(ModelVersionResponse {
            model_version: store::versions::load_one(tx, version)?,
        }))
    })
    .await
}

pub async fn get_model_version(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<VersionName>,
) -> Result<Json<ModelVersionResponse>> {
    let name = validate::model_name("name", request.name)?;
    let number = validate::version(request.version)?;
    app.db
        .peek(move |tx| {
            let version = store::versions::get(tx, caller.workspace_id, &name, number)?;
            Ok(Json(ModelVersionResponse {
                model_version: store::versions::load_one(tx, version)?,
            }))
        })
        .await
}

/// Sets the description; leaving it out removes it.
pub async fn update_model_version(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<UpdateModelVersion>,
) -> Result<Json<ModelVersionResponse>> {
    let name = validate::model_name("name", request.name)?;
    let number = validate::version(request.version)?;
    let description = validate::description(request.description)?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let version = store::versions::get(tx, caller.workspace_id, &name, number)?;
            store::versions::set_description(tx, version.id, description.as_deref(), now_ms)?;
            let detail = json!({ "description": description });
            audit::record(tx, &caller, now_ms, "update", entity(&id(&name, number)), Some(&detail))?;
            let version = store::versions::get(tx, caller.workspace_id, &name, number)?;
            Ok(Json(ModelVersionResponse {
                model_version: store::versions::load_one(tx, version)?,
            }))
        })
        .await
}

pub async fn delete_model_version(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<VersionName>,
) -> Result<Json<Empty>> {
    let name = validate::model_name("name", request.name)?;
    let number = validate::version(request.version)?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let version = store::versions::get(tx, caller.workspace_id, &name, number)?;
            store::versions::delete(tx, &version)?;
            store::models::touch(tx, version.model_id, now_ms)?;
            audit::record(tx, &caller, now_ms, "delete", entity(&id(&name, number)), None)?;
            Ok(EMPTY)
        })
        .await
}

/// Where the version's files are: not its source, but what the source stood for when the version was made.
pub async fn get_download_uri(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<VersionName>,
) -> Result<Json<DownloadUriResponse>> {
    let name = validate::model_name("name", request.name)?;
    let number = validate::version(request.version)?;
    app.db
        .peek(move |tx| {
            let version = store::versions::get(tx, caller.workspace_id, &name, number)?;
            Ok(Json(DownloadUriResponse {
                artifact_uri: version.storage_location,
            }))
        })
        .await
}

/// Moves a version to a stage and, if asked, archives those that were there.
pub async fn transition_stage(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<TransitionStage>,
) -> Result<Json<ModelVersionResponse>> {
    let name = validate::model_name("name", request.name)?;
    let number = validate::version(request.version)?;
    let stage = Stage::parse("stage", &request.stage.required("stage")?)?;
    let archive = request.archive_existing_versions.is_some_and(|flag| flag.0);
    if archive && !stage.is_active() {
        return Err(invalid(format!(
            "Model version transition cannot archive existing model versions because '{}' is not an Active stage: leave out \
             'archive_existing_versions', or move to one of ['Staging', 'Production'].",
            stage.name()
        )));
    }
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let version = store::versions::get(tx, caller.workspace_id, &name, number)?;
            let archived = if archive {
                store::versions::archive_others(tx, version.model_id, stage, number, now_ms)?
            } else {
                Vec::new()
            };
            store::versions::set_stage(tx, version.id, stage, now_ms)?;
            store::models::touch(tx, version.model_id, now_ms)?;
            let detail = json!({ "from": version.current_stage, "to": stage.name(), "archived_versions": archived });
            audit::record(
                tx,
                &caller,
                now_ms,
                "transition_stage",
                entity(&id(&name, number)),
                Some(&detail),
            )?;
            let version = store::versions::get(tx, caller.workspace_id, &name, number)?;
            Ok(Json(ModelVersionResponse {
                model_version: store::versions::load_one(tx, version)?,
            }))
        })
        .await
}
