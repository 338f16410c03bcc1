//! `/api/fettle/v1/endpoints/NAME/capture`: what is recorded of an endpoint, and for how long it is kept.

use super::store;
use crate::{
    app::App,
    audit::{self, Entity},
    caller::Caller,
    error::{ApiError, Result, invalid},
    extract::{Args, Json, PathArg},
    monitoring::duration::{duration_ms, iso},
};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::json;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What is done with an endpoint's requests.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    pub enabled: bool,
    pub sampling_rate: f64,
    /// None keeps for ever.
    pub retention_ms: Option<i64>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            enabled: true,
            sampling_rate: 1.0,
            retention_ms: Some(30 * DAY_MS),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PutSettings {
    enabled: Option<bool>,
    sampling_rate: Option<f64>,
    retention: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct SettingsView {
    endpoint: String,
    enabled: bool,
    sampling_rate: f64,
    /// An ISO 8601 duration, or `forever`.
    retention: String,
}

pub async fn get_settings(
    State(app): State<App>,
    caller: Caller,
    PathArg(name): PathArg,
) -> Result<Json<SettingsView>> {
    let endpoint = name.clone();
    let policy = app
        .db
        .peek(move |tx| store::policy(tx, caller.workspace_id, &endpoint))
        .await?
        .unwrap_or_default();
    Ok(Json(view(name, policy)))
}

/// Sets what is given and leaves the rest as it is.
pub async fn put_settings(
    State(app): State<App>,
    caller: Caller,
    PathArg(name): PathArg,
    Args(request): Args<PutSettings>,
) -> Result<Json<SettingsView>> {
    if let Some(rate) = request.sampling_rate
        && !(0.0..=1.0).contains(&rate)
    {
        return Err(invalid(format!(
            "Invalid value {rate} for parameter 'sampling_rate' supplied: it must be between 0 and 1."
        )));
    }
    let retention_ms = match request.retention.as_deref() {
        None => None,
        Some("forever") => Some(None),
        Some(text) => Some(Some(duration_ms("retention", text)?)),
    };
    let now_ms = app.clock.now_ms();
    let (endpoint, workspace_id) = (name.clone(), caller.workspace_id);
    let (policy, policies) = app
        .db
        .write(move |tx| {
            let before = store::policy(tx, caller.workspace_id, &name)?.unwrap_or_default();
            let policy = Policy {
                enabled: request.enabled.unwrap_or(before.enabled),
                sampling_rate: request.sampling_rate.unwrap_or(before.sampling_rate),
                retention_ms: retention_ms.unwrap_or(before.retention_ms),
            };
            store::put_policy(tx, caller.workspace_id, &name, &policy, now_ms)?;
            let detail = json!({ "enabled": policy.enabled, "sampling_rate": policy.sampling_rate, "retention_ms": policy.retention_ms });
            let entity = Entity {
                kind: "capture",
                id: &name,
            };
            audit::record(tx, &caller, now_ms, "update", entity, Some(&detail))?;
            Ok::<_, ApiError>((policy, store::policies(tx, workspace_id)?))
        })
        .await?;
    app.recorder.set_policies(policies);
    Ok(Json(view(endpoint, policy)))
}

fn view(endpoint: String, policy: Policy) -> SettingsView {
    SettingsView {
        endpoint,
        enabled: policy.enabled,
        sampling_rate: policy.sampling_rate,
        retention: policy.retention_ms.map_or_else(|| "forever".to_owned(), iso),
    }
}
