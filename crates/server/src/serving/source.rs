//! The model that an endpoint is to serve, from the address a user gave.

use crate::{
    error::{Result, not_found},
    registry::resolve::{self, Resolved},
    tracking::validate::invalid_value,
};
use fettle_db::Tx;

/// What an address stands for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Registered name and version, of a registered model.
    pub version: Option<(String, i64)>,
    pub artifact_uri: String,
}

/// Finds the model behind `models:/...` or `runs:/RUN_ID/PATH`.
pub fn find(tx: &Tx, workspace_id: i64, model_uri: &str) -> Result<Source> {
    let Some(rest) = model_uri.strip_prefix("runs:/") else {
        return Ok(match resolve::model(tx, workspace_id, model_uri)? {
            Resolved::LoggedModel { location, .. } => Source {
                version: None,
                artifact_uri: location,
            },
            Resolved::Version(version) => Source {
                version: Some((version.model_name, version.version)),
                artifact_uri: version.storage_location,
            },
        });
    };
    let (run_id, path) = rest.trim_matches('/').split_once('/').ok_or_else(|| {
        invalid_value(
            "model_uri",
            model_uri,
            "a path below the run is missing: runs:/RUN_ID/PATH.",
        )
    })?;
    let artifact_uri = resolve::run_path(tx, workspace_id, run_id, path)?
        .ok_or_else(|| not_found(format!("Run with id={run_id} not found")))?;
    Ok(Source {
        version: None,
        artifact_uri,
    })
}

/// The name and the alias in an address that stands for whatever the alias points at.
pub fn alias(model_uri: &str) -> Option<(&str, &str)> {
    model_uri.strip_prefix("models:/")?.rsplit_once('@')
}
