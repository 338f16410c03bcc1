//! Where a new version comes from: its source checked against the run or logged model it claims, and resolved to the
//! place of its files.

use super::{
    model_uri::ModelUri,
    resolve,
    source::{Source, outside},
    store,
};
use crate::{
    error::{Result, invalid},
    logged_models::store::models as logged_models,
    tracking,
};
use fettle_db::Tx;

/// What a request says about a new version's origin.
#[derive(Debug)]
pub struct Claim {
    pub source: String,
    pub kind: Source,
    pub run_id: Option<String>,
    pub model_id: Option<String>,
}

/// The origin as it is stored.
#[derive(Debug)]
pub struct Lineage {
    pub source: String,
    pub storage_location: String,
    /// Empty for none.
    pub run_id: String,
    pub model_id: Option<String>,
}

pub fn check(tx: &Tx, workspace_id: i64, claim: &Claim) -> Result<Lineage> {
    let model_id = claim.model_id.as_deref().filter(|id| !id.is_empty());
    match (&claim.kind, model_id) {
        (Source::Prompt, _) => Ok(Lineage {
            source: claim.source.clone(),
            storage_location: claim.source.clone(),
            run_id: claim.run_id.clone().unwrap_or_default(),
            model_id: None,
        }),
        (Source::Model(ModelUri::LoggedModel(id)), model_id) if model_id != Some(id.as_str()) => {
            Err(outside(&claim.source, "model_id"))
        }
        (Source::Model(uri), _) if !matches!(uri, ModelUri::LoggedModel(_)) => copy(tx, workspace_id, claim, uri),
        (_, Some(model_id)) => of_logged_model(tx, workspace_id, claim, model_id),
        (_, None) => of_run(tx, workspace_id, claim),
    }
}

/// A version that another version is the source of: it has that one's origin, and no other.
fn copy(tx: &Tx, workspace_id: i64, claim: &Claim, uri: &ModelUri) -> Result<Lineage> {
    let source = &claim.source;
    let version = resolve::version(tx, workspace_id, uri)?;
    if store::tags::is_prompt(tx, version.model_id)? {
        return Err(invalid(format!(
            "Invalid model version source: '{source}'. Prompt versions cannot be used as model version sources."
        )));
    }
    let differs = |claimed: &Option<String>, actual: &str| claimed.as_ref().is_some_and(|id| id != actual);
    let model_id = version.logged_model_id.as_deref().unwrap_or_default();
    if differs(&claim.run_id, &version.run_uuid) || differs(&claim.model_id, model_id) {
        return Err(invalid(format!(
            "Invalid model version source: '{source}'. The run_id and model_id request parameters must match the \
             referenced model version."
        )));
    }
    Ok(Lineage {
        source: format!("models:/{}/{}", version.model_name, version.version),
        storage_location: version.storage_location,
        run_id: version.run_uuid,
        model_id: version.logged_model_id,
    })
}

fn of_logged_model(tx: &Tx, workspace_id: i64, claim: &Claim, model_id: &str) -> Result<Lineage> {
    let source = &claim.source;
    let model = logged_models::get(tx, workspace_id, model_id)?;
    let storage_location = match &claim.kind {
        Source::Model(_) => model.artifact_location,
        Source::Run { .. } => return Err(outside(source, "model_id")),
        kind => {
            kind.is_within(source, Some(&model.artifact_location), "model_id")?;
            source.clone()
        }
    };
    let run_id = claim.run_id.clone().filter(|id| !id.is_empty());
    Ok(Lineage {
        source: source.clone(),
        storage_location,
        run_id: run_id.unwrap_or(model.source_run_id),
        model_id: Some(model_id.to_owned()),
    })
}

fn of_run(tx: &Tx, workspace_id: i64, claim: &Claim) -> Result<Lineage> {
    let source = &claim.source;
    let claimed = claim.run_id.as_deref().unwrap_or_default();
    let storage_location = match &claim.kind {
        Source::Run { run_id, path } => {
            if run_id != claimed {
                return Err(outside(source, "run_id"));
            }
            // A run of another tracking server: the client finds it by itself.
            resolve::run_path(tx, workspace_id, run_id, path)?.unwrap_or_else(|| source.clone())
        }
        kind => {
            let run = tracking::store::runs::find(tx, workspace_id, claimed)?;
            kind.is_within(source, run.as_ref().map(|run| run.artifact_uri.as_str()), "run_id")?;
            source.clone()
        }
    };
    Ok(Lineage {
        source: source.clone(),
        storage_location,
        run_id: claimed.to_owned(),
        model_id: None,
    })
}
