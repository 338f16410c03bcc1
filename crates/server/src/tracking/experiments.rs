//! `experiments/...`

use super::{store, validate};
use crate::{
    app::App,
    audit::{self, Entity},
    caller::Caller,
    error::{ApiError, ErrorCode, Result, already_exists, invalid},
    extract::{Args, EMPTY, Empty, Json},
    keyset::Page,
    page_token, search_sql,
};
use axum::extract::State;
use fettle_search::experiments::{parse_filter, parse_order_by};
use fettle_wire::{
    Missing, Required,
    experiments::{
        CreateExperiment, CreateExperimentResponse, ExperimentId, ExperimentResponse, ExperimentTag,
        GetExperimentByName, SearchExperiments, SearchExperimentsResponse, UpdateExperiment,
    },
    tags::KeyValueInput,
};
use serde_json::json;
use store::experiments::{Experiment, ExperimentSearch, NewExperiment};

const PAGE_MAX: usize = 50_000;

pub async fn create_experiment(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<CreateExperiment>,
) -> Result<Json<CreateExperimentResponse>> {
    let name = request.name.required("name")?;
    validate::experiment_name(&name)?;
    let artifact_location = request.artifact_location.filter(|location| !location.is_empty());
    if let Some(location) = &artifact_location {
        validate::artifact_location(location)?;
    }
    let new = NewExperiment {
        name,
        artifact_location,
        artifact_root: app.settings.default_artifact_root.clone(),
        tags: validate::list("tags", request.tags, validate::experiment_tag)?,
        now_ms: app.clock.now_ms(),
    };
    let experiment_id = app
        .db
        .write(move |tx| {
            let id = store::experiments::insert(tx, caller.workspace_id, &new)?
                .ok_or_else(|| already_exists(format!("Experiment(name={}) already exists.", new.name)))?;
            let id_text = id.to_string();
            let entity = Entity::of("experiment", &id_text);
            audit::record(
                tx,
                &caller,
                new.now_ms,
                "create",
                entity,
                Some(&json!({ "name": new.name })),
            )?;
            Ok::<_, ApiError>(id)
        })
        .await?;
    Ok(Json(CreateExperimentResponse {
        experiment_id: experiment_id.to_string(),
    }))
}

pub async fn get_experiment(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<ExperimentId>,
) -> Result<Json<ExperimentResponse>> {
    let id = validate::experiment_id(&request.experiment_id.required("experiment_id")?)?;
    app.db
        .peek(move |tx| {
            let experiment = store::experiments::get(tx, caller.workspace_id, id)?;
            let tags = store::experiments::tags(tx, &[id])?.remove(&id).unwrap_or_default();
            Ok(Json(ExperimentResponse {
                experiment: experiment.into_wire(tags, caller.workspace),
            }))
        })
        .await
}

pub async fn get_experiment_by_name(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<GetExperimentByName>,
) -> Result<Json<ExperimentResponse>> {
    let name = request.experiment_name.required("experiment_name")?;
    app.db
        .peek(move |tx| {
            let experiment = store::experiments::get_by_name(tx, caller.workspace_id, &name)?;
            let tags = store::experiments::tags(tx, &[experiment.id])?
                .remove(&experiment.id)
                .unwrap_or_default();
            Ok(Json(ExperimentResponse {
                experiment: experiment.into_wire(tags, caller.workspace),
            }))
        })
        .await
}

pub async fn delete_experiment(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<ExperimentId>,
) -> Result<Json<Empty>> {
    set_lifecycle_stage(&app, caller, request, "deleted", "delete").await
}

pub async fn restore_experiment(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<ExperimentId>,
) -> Result<Json<Empty>> {
    set_lifecycle_stage(&app, caller, request, "active", "restore").await
}

/// Moves an experiment and all its runs.
async fn set_lifecycle_stage(
    app: &App,
    caller: Caller,
    request: ExperimentId,
    stage: &'static str,
    action: &'static str,
) -> Result<Json<Empty>> {
    let id = validate::experiment_id(&request.experiment_id.required("experiment_id")?)?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let experiment = store::experiments::get(tx, caller.workspace_id, id)?;
            if experiment.lifecycle_stage == stage {
                return Err(store::experiments::not_found(id));
            }
            store::experiments::set_lifecycle_stage(tx, id, stage, now_ms)?;
            let id_text = id.to_string();
            let entity = Entity::of("experiment", &id_text);
            audit::record(tx, &caller, now_ms, action, entity, None)?;
            Ok(EMPTY)
        })
        .await
}

pub async fn update_experiment(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<UpdateExperiment>,
) -> Result<Json<Empty>> {
    let id = validate::experiment_id(&request.experiment_id.required("experiment_id")?)?;
    let name = request.new_name.required("new_name")?;
    validate::experiment_name(&name)?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let experiment = store::experiments::get(tx, caller.workspace_id, id)?;
            if experiment.lifecycle_stage != "active" {
                return Err(invalid("Cannot rename a non-active experiment."));
            }
            if !store::experiments::rename(tx, id, &name, now_ms)? {
                // The code that MLflow answers, unlike to a creation.
                return Err(ApiError::new(
                    ErrorCode::BadRequest,
                    format!("Experiment(name={name}) already exists."),
                ));
            }
            let detail = json!({ "from": experiment.name, "to": name });
            let id_text = id.to_string();
            let entity = Entity::of("experiment", &id_text);
            audit::record(tx, &caller, now_ms, "rename", entity, Some(&detail))?;
            Ok(EMPTY)
        })
        .await
}

pub async fn set_experiment_tag(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<ExperimentTag>,
) -> Result<Json<Empty>> {
    let id = validate::experiment_id(&request.experiment_id.required("experiment_id")?)?;
    let tag = validate::experiment_tag(
        "",
        KeyValueInput {
            key: request.key,
            value: request.value,
        },
    )?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            active(store::experiments::get(tx, caller.workspace_id, id)?)?;
            store::experiments::set_tags(tx, caller.workspace_id, id, std::slice::from_ref(&tag))?;
            let detail = json!({ "key": tag.key, "value": tag.value });
            let id_text = id.to_string();
            let entity = Entity::of("experiment", &id_text);
            audit::record(tx, &caller, now_ms, "set_tag", entity, Some(&detail))?;
            Ok(EMPTY)
        })
        .await
}

pub async fn delete_experiment_tag(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<ExperimentTag>,
) -> Result<Json<Empty>> {
    let id = validate::experiment_id(&request.experiment_id.required("experiment_id")?)?;
    let key = request.key.required("key")?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            active(store::experiments::get(tx, caller.workspace_id, id)?)?;
            if !store::experiments::delete_tag(tx, id, &key)? {
                return Err(crate::error::not_found(format!(
                    "No tag with name: {key} in experiment with id {id}"
                )));
            }
            let detail = json!({ "key": key });
            let id_text = id.to_string();
            let entity = Entity::of("experiment", &id_text);
            audit::record(tx, &caller, now_ms, "delete_tag", entity, Some(&detail))?;
            Ok(EMPTY)
        })
        .await
}

pub async fn search_experiments(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<SearchExperiments>,
) -> Result<Json<SearchExperimentsResponse>> {
    // MLflow has no default here: leaving the size out is an error.
    let size = request.max_results.ok_or_else(|| Missing {
        field: "max_results".to_owned(),
    })?;
    let limit = page_token::limit("max_results", Some(size), PAGE_MAX, PAGE_MAX)?;
    let filter = parse_filter(request.filter.as_deref().unwrap_or_default())?;
    let terms = store::experiments::terms(&parse_order_by(&request.order_by.unwrap_or_default())?);
    let search = ExperimentSearch {
        workspace_id: caller.workspace_id,
        filter,
        stages: search_sql::lifecycle_stages(request.view_type.as_deref()),
        page: Page::new(terms, request.page_token.as_deref(), limit)?,
    };
    app.db
        .read(move |tx| {
            let found = search.run(tx)?;
            let ids: Vec<i64> = found.rows.iter().map(|experiment| experiment.id).collect();
            let mut tags = store::experiments::tags(tx, &ids)?;
            let experiments = found
                .rows
                .into_iter()
                .map(|experiment| {
                    let own = tags.remove(&experiment.id).unwrap_or_default();
                    experiment.into_wire(own, caller.workspace)
                })
                .collect();
            Ok(Json(SearchExperimentsResponse {
                experiments,
                next_page_token: found.next_page_token,
            }))
        })
        .await
}

/// Writing to a deleted experiment is refused.
pub(crate) fn active(experiment: Experiment) -> Result<Experiment> {
    if experiment.lifecycle_stage == "active" {
        return Ok(experiment);
    }
    Err(invalid(format!(
        "The experiment {} must be in the 'active' state. Current state is {}.",
        experiment.id, experiment.lifecycle_stage
    )))
}
