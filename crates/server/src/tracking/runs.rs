//! `runs/create`, `get`, `update`, `delete`, `restore`

use super::{experiments, run_name, store, validate};
use crate::{
    app::App,
    audit::{self, Entity},
    caller::Caller,
    error::{Result, invalid},
    extract::{Args, EMPTY, Empty, Json, JsonText},
};
use axum::extract::State;
use fettle_db::Tx;
use fettle_wire::{
    runs::{CreateRun, RunId, RunResponse, UpdateRun, UpdateRunResponse},
    tags::KeyValue,
};
use serde_json::json;
use store::{runs::Run, tags::RUN_NAME};

const STATUSES: [&str; 5] = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"];

pub async fn create_run(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<CreateRun>,
) -> Result<Json<RunResponse>> {
    let experiment_id = validate::experiment_id(request.experiment_id.as_deref().unwrap_or_default())?;
    let now_ms = app.clock.now_ms();
    let mut tags = validate::list("tags", request.tags, validate::run_tag)?;
    let name = name_of(request.run_name, &mut tags)?;
    let user_id = request.user_id.unwrap_or_default();
    validate::text("user_id", &user_id)?;
    let start_time = request.start_time.map_or(now_ms, |time| time.0);
    let run_uuid = uuid::Uuid::new_v4().simple().to_string();
    app.db
        .write(move |tx| {
            let experiment = experiments::active(store::experiments::get(tx, caller.workspace_id, experiment_id)?)?;
            let mut run = Run {
                id: 0,
                run_uuid: run_uuid.clone(),
                experiment_id,
                name: name.clone(),
                user_id: user_id.clone(),
                status: "RUNNING".to_owned(),
                start_time,
                end_time: None,
                artifact_uri: format!(
                    "{}/{run_uuid}/artifacts",
                    experiment.artifact_location.trim_end_matches('/')
                ),
                lifecycle_stage: "active".to_owned(),
                ranked: false,
            };
            run.id = store::runs::insert(tx, caller.workspace_id, &run)?;
            store::tags::set(tx, caller.workspace_id, run.id, &tags)?;
            let detail = json!({ "experiment_id": experiment_id.to_string(), "name": name });
            let entity = Entity::of("run", &run_uuid);
            audit::record(tx, &caller, now_ms, "create", entity, Some(&detail))?;
            let (data, inputs, _) = parts_of(tx, run.id)?;
            Ok(Json(RunResponse {
                run: fettle_wire::runs::Run {
                    info: run.into_info(),
                    data,
                    inputs,
                    outputs: None,
                },
            }))
        })
        .await
}

/// The name and the tag that mirrors it; one of them is enough, and two must agree.
fn name_of(run_name: Option<String>, tags: &mut Vec<KeyValue>) -> Result<String> {
    let given = run_name.filter(|name| !name.is_empty());
    if let Some(name) = &given {
        validate::text("run_name", name)?;
    }
    let tag = tags
        .iter()
        .find(|tag| tag.key == RUN_NAME && !tag.value.is_empty())
        .map(|tag| tag.value.clone());
    match (given, tag) {
        (Some(name), Some(tag)) if name != tag => Err(invalid(format!(
            "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='{name}', mlflow.runName='{tag}')."
        ))),
        (_, Some(tag)) => Ok(tag),
        (name, None) => {
            let name = name.unwrap_or_else(run_name::random);
            tags.retain(|tag| tag.key != RUN_NAME);
            tags.push(KeyValue {
                key: RUN_NAME.to_owned(),
                value: name.clone(),
            });
            Ok(name)
        }
    }
}

fn parts_of(tx: &Tx, run_id: i64) -> Result<store::run_data::Rest> {
    let mut parts = store::run_data::parts(tx, &[run_id])?;
    Ok(parts.remove(&run_id).unwrap_or_default().into_rest(false))
}

pub async fn get_run(State(app): State<App>, caller: Caller, Args(request): Args<RunId>) -> Result<JsonText> {
    let run_uuid = validate::any_run_id(request.run_id, request.run_uuid)?;
    app.db
        .peek(move |tx| {
            let run = store::summaries::text(tx, caller.workspace_id, &run_uuid)?;
            Ok(JsonText([b"{\"run\":".as_slice(), &run, b"}"].concat()))
        })
        .await
}

pub async fn update_run(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<UpdateRun>,
) -> Result<Json<UpdateRunResponse>> {
    let run_uuid = validate::any_run_id(request.run_id, request.run_uuid)?;
    // Older clients send the enum's number; a name that is not known changes nothing, as in MLflow.
    let status = match request
        .status
        .as_deref()
        .map(|status| (status, status.parse::<usize>()))
    {
        Some((_, Ok(number @ 1..=5))) => Some(STATUSES[number - 1]),
        Some((status, Ok(_))) => return Err(validate::invalid_value("status", status, "there is no such status.")),
        Some((status, Err(_))) => STATUSES.into_iter().find(|known| *known == status),
        None => None,
    };
    let end_time = request.end_time.map(|time| time.0);
    let name = request.run_name.filter(|name| !name.is_empty());
    if let Some(name) = &name {
        validate::text("run_name", name)?;
    }
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let run = store::runs::get(tx, caller.workspace_id, &run_uuid)?.active()?;
            if name.is_some() {
                store::summaries::outdate(tx, run.id)?;
            }
            store::runs::update(tx, run.id, status, end_time, name.as_deref())?;
            if let Some(name) = &name {
                let tag = KeyValue {
                    key: RUN_NAME.to_owned(),
                    value: name.clone(),
                };
                store::tags::set(tx, caller.workspace_id, run.id, &[tag])?;
            }
            let detail = json!({ "status": status, "name": name });
            let entity = Entity::of("run", &run_uuid);
            audit::record(tx, &caller, now_ms, "update", entity, Some(&detail))?;
            let run_info = store::runs::get(tx, caller.workspace_id, &run_uuid)?.into_info();
            Ok(Json(UpdateRunResponse { run_info }))
        })
        .await
}

pub async fn delete_run(State(app): State<App>, caller: Caller, Args(request): Args<RunId>) -> Result<Json<Empty>> {
    set_lifecycle_stage(&app, caller, request, "deleted", "delete").await
}

pub async fn restore_run(State(app): State<App>, caller: Caller, Args(request): Args<RunId>) -> Result<Json<Empty>> {
    set_lifecycle_stage(&app, caller, request, "active", "restore").await
}

async fn set_lifecycle_stage(
    app: &App,
    caller: Caller,
    request: RunId,
    stage: &'static str,
    action: &'static str,
) -> Result<Json<Empty>> {
    let run_uuid = validate::any_run_id(request.run_id, request.run_uuid)?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let run = store::runs::get(tx, caller.workspace_id, &run_uuid)?;
            store::runs::set_lifecycle_stage(tx, run.id, stage, (stage == "deleted").then_some(now_ms))?;
            audit::record(tx, &caller, now_ms, action, Entity::of("run", &run_uuid), None)?;
            Ok(EMPTY)
        })
        .await
}
