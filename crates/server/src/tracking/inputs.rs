//! `runs/log-inputs` and `runs/outputs`

use super::{store, validate};
use crate::{
    app::App,
    audit::{self, Entity},
    caller::Caller,
    error::Result,
    extract::{Args, EMPTY, Empty, Json},
};
use axum::extract::State;
use fettle_wire::{
    Missing, Required,
    runs::{DatasetInputInput, LogInputs, LogOutputs, ModelInputInput, ModelOutputInput},
    tags::{KeyValue, KeyValueInput},
};
use serde_json::json;
use store::inputs::NewDataset;

const DATASETS_PER_CALL: usize = 1000;
const MODELS_PER_CALL: usize = 1000;
const NAME_LENGTH: usize = 500;
const DIGEST_LENGTH: usize = 36;
const SOURCE_LENGTH: usize = 65_535;
const SCHEMA_LENGTH: usize = 1_048_575;
const PROFILE_LENGTH: usize = 16_777_215;
const TAG_KEY_LENGTH: usize = 255;
const TAG_VALUE_LENGTH: usize = 500;

pub async fn log_inputs(State(app): State<App>, caller: Caller, Args(request): Args<LogInputs>) -> Result<Json<Empty>> {
    let run_uuid = validate::run_id(request.run_id, None)?;
    let datasets = request.datasets.unwrap_or_default();
    validate::batch_limit("datasets", DATASETS_PER_CALL, datasets.len())?;
    let datasets = datasets
        .into_iter()
        .enumerate()
        .map(|(index, input)| dataset(&format!("datasets[{index}]"), input))
        .collect::<Result<Vec<_>>>()?;
    let models = request.models.unwrap_or_default();
    validate::batch_limit("models", MODELS_PER_CALL, models.len())?;
    let models = models
        .into_iter()
        .enumerate()
        .map(model_id)
        .collect::<Result<Vec<_>>>()?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let run = store::runs::get(tx, caller.workspace_id, &run_uuid)?.active()?;
            for dataset in &datasets {
                store::inputs::link_dataset(tx, caller.workspace_id, run.experiment_id, run.id, dataset)?;
            }
            for model_id in &models {
                store::inputs::link_model_input(tx, caller.workspace_id, run.id, model_id)?;
            }
            let names: Vec<&str> = datasets.iter().map(|dataset| dataset.name.as_str()).collect();
            let detail = json!({ "datasets": names, "models": models });
            let entity = Entity::of("run", &run_uuid);
            audit::record(tx, &caller, now_ms, "log_inputs", entity, Some(&detail))?;
            Ok(EMPTY)
        })
        .await
}

fn dataset(path: &str, input: DatasetInputInput) -> Result<NewDataset> {
    let at = |field: &str| format!("{path}.dataset.{field}");
    let dataset = input.dataset.ok_or_else(|| Missing {
        field: format!("{path}.dataset"),
    })?;
    let required = |field: &str, value: Option<String>, limit: usize| -> Result<String> {
        let value = value
            .filter(|value| !value.is_empty())
            .ok_or_else(|| Missing { field: at(field) })?;
        validate::text(&at(field), &value)?;
        validate::at_most(&at(field), &value, limit)?;
        Ok(value)
    };
    let optional = |field: &str, value: Option<String>, limit: usize| -> Result<Option<String>> {
        if let Some(value) = &value {
            validate::text(&at(field), value)?;
            validate::at_most(&at(field), value, limit)?;
        }
        Ok(value)
    };
    Ok(NewDataset {
        name: required("name", dataset.name, NAME_LENGTH)?,
        digest: required("digest", dataset.digest, DIGEST_LENGTH)?,
        source_type: required("source_type", dataset.source_type, NAME_LENGTH)?,
        source: required("source", dataset.source, SOURCE_LENGTH)?,
        schema: optional("schema", dataset.schema, SCHEMA_LENGTH)?,
        profile: optional("profile", dataset.profile, PROFILE_LENGTH)?,
        tags: validate::list(&format!("{path}.tags"), input.tags, tag)?,
    })
}

/// Tags of inputs have limits of their own, and their keys may hold any character.
fn tag(path: &str, input: KeyValueInput) -> Result<KeyValue> {
    let (at_key, at_value) = (format!("{path}.key"), format!("{path}.value"));
    let key = input.key.required(&at_key)?;
    let value = input.value.unwrap_or_default();
    validate::text(&at_key, &key)?;
    validate::text(&at_value, &value)?;
    validate::at_most(&at_key, &key, TAG_KEY_LENGTH)?;
    validate::at_most(&at_value, &value, TAG_VALUE_LENGTH)?;
    Ok(KeyValue { key, value })
}

fn model_id((index, input): (usize, ModelInputInput)) -> Result<String> {
    Ok(input.model_id.required(&format!("models[{index}].model_id"))?)
}

pub async fn log_outputs(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<LogOutputs>,
) -> Result<Json<Empty>> {
    let run_uuid = validate::run_id(request.run_id, None)?;
    let models = request.models.ok_or_else(|| Missing {
        field: "models".to_owned(),
    })?;
    validate::batch_limit("models", MODELS_PER_CALL, models.len())?;
    let models = models.into_iter().enumerate().map(output).collect::<Result<Vec<_>>>()?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let run = store::runs::get(tx, caller.workspace_id, &run_uuid)?.active()?;
            for (model_id, step) in &models {
                store::inputs::link_model_output(tx, caller.workspace_id, run.id, model_id, *step)?;
            }
            let ids: Vec<&str> = models.iter().map(|(model_id, _)| model_id.as_str()).collect();
            let detail = json!({ "models": ids });
            let entity = Entity::of("run", &run_uuid);
            audit::record(tx, &caller, now_ms, "log_outputs", entity, Some(&detail))?;
            Ok(EMPTY)
        })
        .await
}

fn output((index, output): (usize, ModelOutputInput)) -> Result<(String, i64)> {
    let model_id = output.model_id.required(&format!("models[{index}].model_id"))?;
    Ok((model_id, output.step.map_or(0, |step| step.0)))
}
