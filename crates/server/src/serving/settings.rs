//! What an endpoint does in an emergency, and how it moves to new versions: `PATCH /api/fettle/v1/endpoints/{name}`,
//! `disable` and `enable`.

use super::{
    endpoints::entity,
    policy::Policy,
    store::{self, Endpoint},
    view::{self, EndpointView},
};
use crate::{
    app::App,
    audit,
    caller::Caller,
    error::{ApiError, ErrorCode, Result, invalid},
    extract::{Args, Json, PathArg},
};
use axum::extract::State;
use fettle_db::{Tx, params};
use fettle_gateway::fallback::Fallback;
use fettle_wire::Required;
use serde::Deserialize;
use serde_json::{Value, json};

const REASON_LENGTH: usize = 1000;

/// What is absent stays as it is; null takes it away.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::option_option, reason = "absent and null mean different things")]
pub struct ChangeEndpoint {
    #[serde(deserialize_with = "super::traffic_change::given")]
    fallback: Option<Option<Fallback>>,
    #[serde(deserialize_with = "super::traffic_change::given")]
    policy: Option<Option<Policy>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Disable {
    reason: Option<String>,
    /// The one that was declared for the endpoint, if absent.
    fallback: Option<Fallback>,
}

pub async fn change_endpoint(
    State(app): State<App>,
    caller: Caller,
    PathArg(name): PathArg,
    Args(request): Args<ChangeEndpoint>,
) -> Result<Json<EndpointView>> {
    if let Some(Some(policy)) = &request.policy {
        policy.check()?;
    }
    write(&app, caller, name, move |tx, caller, endpoint, now_ms| {
        let mut detail = json!({});
        if let Some(fallback) = &request.fallback {
            set_fallback(tx, endpoint, fallback.as_ref())?;
            detail["fallback"] = json!(fallback);
        }
        if let Some(policy) = &request.policy {
            let text = policy.as_ref().map(|policy| json!(policy).to_string());
            tx.execute(
                "UPDATE endpoints SET policy = ?2 WHERE id = ?1",
                params![endpoint.id, &text],
            )?;
            detail["policy"] = json!(policy);
        }
        note(tx, caller, endpoint, "update", &detail, now_ms)
    })
    .await
}

/// Switches the models off: from now on the fallback answers.
pub async fn disable(
    State(app): State<App>,
    caller: Caller,
    PathArg(name): PathArg,
    Args(request): Args<Disable>,
) -> Result<Json<EndpointView>> {
    let reason = request.reason.required("reason")?;
    if reason.len() > REASON_LENGTH {
        return Err(invalid(format!(
            "Parameter 'reason' must have at most {REASON_LENGTH} bytes."
        )));
    }
    let fallback = request.fallback;
    write(&app, caller, name, move |tx, caller, endpoint, now_ms| {
        if let Some(fallback) = &fallback {
            set_fallback(tx, endpoint, Some(fallback))?;
        }
        tx.execute(
            "UPDATE endpoints SET disabled_reason = ?2, disabled_by = ?3, disabled_at = ?4 WHERE id = ?1",
            params![endpoint.id, &reason, &*caller.user, now_ms],
        )?;
        note(
            tx,
            caller,
            endpoint,
            "disable",
            &json!({ "reason": reason, "fallback": fallback }),
            now_ms,
        )
    })
    .await
}

/// Switches the models on again, with the traffic that was in force.
pub async fn enable(State(app): State<App>, caller: Caller, PathArg(name): PathArg) -> Result<Json<EndpointView>> {
    write(&app, caller, name, move |tx, caller, endpoint, now_ms| {
        let Some(disabled) = &endpoint.disabled else {
            return Err(ApiError::new(
                ErrorCode::ResourceConflict,
                format!("Endpoint `{}` is not disabled.", endpoint.name),
            ));
        };
        tx.execute(
            "UPDATE endpoints SET disabled_reason = NULL, disabled_by = NULL, disabled_at = NULL WHERE id = ?1",
            params![endpoint.id],
        )?;
        let detail = json!({ "disabled_for": disabled.reason, "disabled_ms": now_ms - disabled.at });
        note(tx, caller, endpoint, "enable", &detail, now_ms)
    })
    .await
}

fn set_fallback(tx: &Tx, endpoint: &Endpoint, fallback: Option<&Fallback>) -> Result<()> {
    if let Some(fallback) = fallback {
        fallback.check().map_err(|why| invalid(format!("{why}.")))?;
        if let Fallback::Deployment(name) = fallback {
            store::find_deployment(tx, endpoint.id, name)?.ok_or_else(|| store::no_deployment(&endpoint.name, name))?;
        }
    }
    let text = fallback.map(|fallback| json!(fallback).to_string());
    tx.execute(
        "UPDATE endpoints SET fallback = ?2 WHERE id = ?1",
        params![endpoint.id, &text],
    )?;
    Ok(())
}

fn note(tx: &Tx, caller: &Caller, endpoint: &Endpoint, action: &str, detail: &Value, now_ms: i64) -> Result<()> {
    audit::record(tx, caller, now_ms, action, entity(&endpoint.name), Some(detail))?;
    store::touch(tx, endpoint.id, now_ms)
}

async fn write<F>(app: &App, caller: Caller, name: String, change: F) -> Result<Json<EndpointView>>
where
    F: Fn(&Tx, &Caller, &Endpoint, i64) -> Result<()> + Send + 'static,
{
    view::after(app, caller, name, change).await.map(Json)
}
