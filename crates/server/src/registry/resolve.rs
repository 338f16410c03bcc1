//! What a model URI stands for at this moment, and where its files are.

use super::{
    aliases,
    model_uri::ModelUri,
    stage::Stage,
    store::{self, versions::Version},
};
use crate::{
    error::{Result, invalid, not_found},
    logged_models, tracking,
};
use fettle_db::Tx;

/// The model behind a URI.
#[derive(Debug, Clone)]
pub enum Resolved {
    LoggedModel { location: String },
    Version(Box<Version>),
}

/// Finds the model that a `models:/` URI names.
pub fn model(tx: &Tx, workspace_id: i64, uri: &str) -> Result<Resolved> {
    let parsed: ModelUri = uri
        .parse()
        .map_err(|error: super::model_uri::InvalidModelUri| invalid(error.to_string()))?;
    if let ModelUri::LoggedModel(model_id) = parsed {
        let model = logged_models::store::models::get(tx, workspace_id, &model_id)?;
        return Ok(Resolved::LoggedModel {
            location: model.artifact_location,
        });
    }
    version(tx, workspace_id, &parsed).map(|version| Resolved::Version(Box::new(version)))
}

/// Finds the version that a URI with a registered model's name stands for.
pub(super) fn version(tx: &Tx, workspace_id: i64, uri: &ModelUri) -> Result<Version> {
    let (name, number) = match uri {
        ModelUri::LoggedModel(model_id) => {
            return Err(not_found(format!("No registered model is meant by {model_id}.")));
        }
        ModelUri::Version { name, version } => (name, *version),
        ModelUri::Latest { name } => {
            let model = store::models::get(tx, workspace_id, name)?;
            (name, aliases::version_of(tx, &model, "latest")?)
        }
        ModelUri::Alias { name, alias } => {
            let model = store::models::get(tx, workspace_id, name)?;
            (name, aliases::version_of(tx, &model, alias)?)
        }
        ModelUri::Stage { name, stage } => {
            let stage = Stage::parse("stage", stage)?;
            let model = store::models::get(tx, workspace_id, name)?;
            let number = store::versions::newest_in(tx, model.id, stage)?.ok_or_else(|| {
                not_found(format!(
                    "No versions of model with name '{name}' and stage '{}' found",
                    stage.name()
                ))
            })?;
            (name, number)
        }
    };
    store::versions::get(tx, workspace_id, name, number)
}

/// Where the files at `path` of a run are: in the logged model of that name if the run has one, and else in the run's
/// artifact folder. None if there is no such run here.
pub fn run_path(tx: &Tx, workspace_id: i64, run_id: &str, path: &str) -> Result<Option<String>> {
    let Some(run) = tracking::store::runs::find(tx, workspace_id, run_id)? else {
        return Ok(None);
    };
    let (name, rest) = path.split_once('/').unwrap_or((path, ""));
    let (root, below) = match logged_models::store::models::find_of_run(tx, workspace_id, run_id, name)? {
        Some(model) => (model.artifact_location, rest),
        None => (run.artifact_uri, path),
    };
    Ok(Some(if below.is_empty() {
        root
    } else {
        format!("{}/{below}", root.trim_end_matches('/'))
    }))
}
