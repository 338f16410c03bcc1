//! Linking traces to runs and to versions of prompts.

use super::{
    store::{links, records},
    tags::entity,
};
use crate::{
    app::App,
    audit::{self, Entity},
    caller::Caller,
    error::{Result, invalid},
    extract::{Args, EMPTY, Empty, Json},
    tracking::{
        self,
        validate::{at_most, batch_limit, invalid_value, run_id},
    },
};
use axum::extract::State;
use fettle_wire::{
    Missing, Required,
    traces::{LinkPromptsToTrace, LinkTracesToRun, PromptVersionRef},
};
use serde_json::json;

const TRACES_MAX: usize = 100;
const PROMPTS_MAX: usize = 1000;
const ID_LENGTH: usize = 250;

pub async fn link_traces_to_run(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<LinkTracesToRun>,
) -> Result<Json<Empty>> {
    let trace_ids = request.trace_ids.ok_or_else(|| Missing {
        field: "trace_ids".to_owned(),
    })?;
    let run_uuid = run_id(request.run_id, None)?;
    if trace_ids.len() > TRACES_MAX {
        return Err(invalid(format!(
            "Cannot link more than {TRACES_MAX} traces to a run in a single request. Provided {} traces.",
            trace_ids.len()
        )));
    }
    for (index, id) in trace_ids.iter().enumerate() {
        at_most(&format!("trace_ids[{index}]"), id, ID_LENGTH)?;
    }
    if trace_ids.is_empty() {
        return Ok(EMPTY);
    }
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let run = tracking::store::runs::get(tx, caller.workspace_id, &run_uuid)?;
            links::link_to_run(tx, caller.workspace_id, trace_ids.iter().map(String::as_str), run.id)?;
            let detail = json!({ "trace_ids": trace_ids });
            let entity = Entity::of("run", &run_uuid);
            audit::record(tx, &caller, now_ms, "link_traces", entity, Some(&detail))?;
            Ok(EMPTY)
        })
        .await
}

pub async fn link_prompts_to_trace(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<LinkPromptsToTrace>,
) -> Result<Json<Empty>> {
    let trace_id = request.trace_id.required("trace_id")?;
    let prompts = request.prompt_versions.ok_or_else(|| Missing {
        field: "prompt_versions".to_owned(),
    })?;
    batch_limit("prompt_versions", PROMPTS_MAX, prompts.len())?;
    let prompts = prompts
        .into_iter()
        .enumerate()
        .map(prompt)
        .collect::<Result<Vec<_>>>()?;
    if prompts.is_empty() {
        return Ok(EMPTY);
    }
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let key = records::find_key(tx, caller.workspace_id, &trace_id)?
                .ok_or_else(|| records::trace_not_found(&trace_id))?;
            links::link_to_prompts(tx, caller.workspace_id, key, &prompts)?;
            let detail = json!({ "prompts": prompts });
            audit::record(tx, &caller, now_ms, "link_prompts", entity(&trace_id), Some(&detail))?;
            Ok(EMPTY)
        })
        .await
}

fn prompt((index, prompt): (usize, PromptVersionRef)) -> Result<(String, String)> {
    let at = |field: &str| format!("prompt_versions[{index}].{field}");
    let name = prompt.name.required(&at("name"))?;
    at_most(&at("name"), &name, ID_LENGTH)?;
    let version = prompt.version.required(&at("version"))?;
    let number: i64 = version
        .trim()
        .parse()
        .map_err(|_| invalid_value(&at("version"), &version, "it must be an integer."))?;
    Ok((name, number.to_string()))
}
