//! `/api/fettle/v1/alert-receivers`: who is told of alerts, by webhook, Slack or mail.

use super::{
    channel::CHANNEL,
    message::{Told, message},
    store::{self, Receiver},
};
use crate::{
    app::App,
    audit::{self, Entity},
    caller::Caller,
    error::{ApiError, Result, already_exists, invalid, not_found},
    extract::{Args, Json, PathArg},
    outbox::{self, Verdict},
    secrets::SecretKeys,
    system::rfc3339,
};
use axum::extract::State;
use fettle_wire::Required;
use lettre::message::Mailbox;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

const NAME_LENGTH: usize = 100;
const MAIL_ADDRESSES_MAX: usize = 50;
const DELIVERIES: usize = 100;

/// Where to; kept sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Address {
    Webhook { url: String, secret: Option<String> },
    Slack { url: String },
    Email { to: Vec<String> },
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CreateReceiver {
    name: Option<String>,
    /// `webhook`, `slack` or `email`.
    kind: Option<String>,
    url: Option<String>,
    /// Signs webhooks as MLflow's are signed.
    secret: Option<String>,
    to: Vec<String>,
}

#[derive(Debug, Serialize)]
pub struct ReceiverView {
    name: String,
    kind: String,
    /// Host of an address, or addresses of mail; never the whole of an address, which is a secret.
    target: String,
    created_at: String,
}

#[derive(Debug, Serialize)]
pub struct ReceiverList {
    receivers: Vec<ReceiverView>,
}

impl Address {
    fn kind(&self) -> &'static str {
        match self {
            Self::Webhook { .. } => "webhook",
            Self::Slack { .. } => "slack",
            Self::Email { .. } => "email",
        }
    }

    fn target(&self) -> String {
        match self {
            Self::Webhook { url, .. } | Self::Slack { url } => Url::parse(url)
                .ok()
                .and_then(|url| url.host_str().map(str::to_owned))
                .unwrap_or_default(),
            Self::Email { to } => to.join(", "),
        }
    }

    fn seal(&self, keys: &SecretKeys, name: &str) -> Result<Vec<u8>> {
        let text = serde_json::to_string(self).expect("plain enums serialise");
        keys.seal(&place(name), &text)
    }

    pub fn open(keys: &SecretKeys, receiver: &Receiver) -> std::result::Result<Self, String> {
        let text = keys
            .open(&place(&receiver.name), &receiver.address)
            .map_err(|error| format!("the receiver's address cannot be read: {error}"))?;
        serde_json::from_str(&text).map_err(|error| format!("the receiver's address cannot be read: {error}"))
    }
}

fn place(name: &str) -> String {
    format!("alert-receivers/{name}")
}

impl CreateReceiver {
    fn check(&self, app: &App) -> Result<(String, Address)> {
        let name = self.name.clone().required("name")?;
        if name.trim().is_empty() || name.len() > NAME_LENGTH || name.contains('/') {
            return Err(invalid(format!(
                "Invalid value '{name}' for parameter 'name' supplied: a receiver has a name of at most {NAME_LENGTH} characters, without '/'."
            )));
        }
        let url = || {
            let url = self.url.clone().required("url")?;
            app.alerts
                .egress()
                .check(&url)
                .map_err(|error| invalid(error.to_string()))?;
            Ok::<_, ApiError>(url)
        };
        let address = match self.kind.as_deref().required("kind")? {
            "webhook" => Address::Webhook {
                url: url()?,
                secret: self.secret.clone(),
            },
            "slack" => Address::Slack { url: url()? },
            "email" => Address::Email {
                to: check_mail(&self.to, app)?,
            },
            other => {
                return Err(invalid(format!(
                    "Invalid value '{other}' for parameter 'kind' supplied: it must be webhook, slack or email."
                )));
            }
        };
        Ok((name, address))
    }
}

fn check_mail(to: &[String], app: &App) -> Result<Vec<String>> {
    if !app.alerts.sends_mail() {
        return Err(invalid(
            "Invalid value 'email' for parameter 'kind' supplied: this server sends no mail; start it with --smtp-url.",
        ));
    }
    if to.is_empty() || to.len() > MAIL_ADDRESSES_MAX {
        return Err(invalid(format!(
            "Invalid value for parameter 'to' supplied: give between 1 and {MAIL_ADDRESSES_MAX} addresses."
        )));
    }
    for address in to {
        address.parse::<Mailbox>().map_err(|error| {
            invalid(format!(
                "Invalid value '{address}' for parameter 'to' supplied: {error}."
            ))
        })?;
    }
    Ok(to.to_vec())
}

pub async fn create_receiver(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<CreateReceiver>,
) -> Result<Json<ReceiverView>> {
    let (name, address) = request.check(&app)?;
    if let Address::Webhook { url, .. } | Address::Slack { url } = &address
        && let Ok(url) = reqwest::Url::parse(url)
    {
        app.alerts
            .egress()
            .check_addresses(&url)
            .await
            .map_err(|error| invalid(error.to_string()))?;
    }
    let sealed = address.seal(&app.settings.secret_keys, &name)?;
    let (kind, target, now_ms) = (address.kind(), address.target(), app.clock.now_ms());
    let stored = name.clone();
    let detail = json!({ "kind": kind, "target": target });
    app.db
        .write(move |tx| {
            if !store::insert_receiver(tx, caller.workspace_id, &stored, kind, &sealed, now_ms)? {
                return Err(already_exists(format!("Alert receiver `{stored}` already exists.")));
            }
            let entity = Entity {
                kind: "alert_receiver",
                id: &stored,
            };
            audit::record(tx, &caller, now_ms, "create", entity, Some(&detail))
        })
        .await?;
    Ok(Json(ReceiverView {
        name,
        kind: kind.to_owned(),
        target,
        created_at: rfc3339(now_ms),
    }))
}

pub async fn list_receivers(State(app): State<App>, caller: Caller) -> Result<Json<ReceiverList>> {
    let found = app.db.read(move |tx| store::receivers(tx, caller.workspace_id)).await?;
    let receivers = found.into_iter().map(|receiver| ReceiverView {
        target: Address::open(&app.settings.secret_keys, &receiver)
            .map_or_else(|error| error, |address| address.target()),
        name: receiver.name,
        kind: receiver.kind,
        created_at: rfc3339(receiver.created_at),
    });
    Ok(Json(ReceiverList {
        receivers: receivers.collect(),
    }))
}

pub async fn delete_receiver(
    State(app): State<App>,
    caller: Caller,
    PathArg(name): PathArg,
) -> Result<Json<crate::extract::Empty>> {
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            if !store::delete_receiver(tx, caller.workspace_id, &name)? {
                return Err(no_receiver(&name));
            }
            let entity = Entity {
                kind: "alert_receiver",
                id: &name,
            };
            audit::record(tx, &caller, now_ms, "delete", entity, None)
        })
        .await?;
    Ok(crate::extract::EMPTY)
}

/// Sends an example and says what came back.
pub async fn test_receiver(State(app): State<App>, caller: Caller, PathArg(name): PathArg) -> Result<Json<Value>> {
    let receiver = find(&app, caller.workspace_id, name).await?;
    let address = Address::open(&app.settings.secret_keys, &receiver).map_err(invalid)?;
    let labels = [("alertname", "test"), ("severity", "4"), ("endpoint", "example")];
    let told = Told {
        labels: labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        annotations: [(
            "summary".to_owned(),
            "This is a test of an alert receiver; nothing is wrong.".to_owned(),
        )]
        .into(),
        fingerprint: "0000000000000000".to_owned(),
        starts_ms: app.clock.now_ms(),
        ends_ms: None,
    };
    let outcome = app
        .alerts
        .try_out(
            &address,
            &message("test", &receiver.name, false, &[told], &app.external_url()),
        )
        .await;
    Ok(Json(json!({
        "success": outcome.verdict == Verdict::Delivered,
        "response_status": outcome.response_status,
        "response_body": outcome.response_body,
        "error": outcome.error,
    })))
}

/// What was sent to a receiver, newest first.
pub async fn list_deliveries(State(app): State<App>, caller: Caller, PathArg(name): PathArg) -> Result<Json<Value>> {
    let receiver = find(&app, caller.workspace_id, name).await?;
    let deliveries = app
        .db
        .read(move |tx| {
            let records = outbox::store::list(tx, CHANNEL, receiver.id, "", i64::MAX, DELIVERIES)?;
            let ids: Vec<i64> = records.iter().map(|record| record.id).collect();
            let mut attempts = outbox::store::attempts(tx, &ids)?;
            let deliveries = records.into_iter().map(|record| {
                let last = attempts.remove(&record.id).unwrap_or_default().pop();
                json!({
                    "delivery_id": record.delivery_id,
                    "status": record.topic,
                    "state": record.state,
                    "attempt_count": record.attempts,
                    "created_at": rfc3339(record.created_at),
                    "finished_at": record.finished_at.map(rfc3339),
                    "message": serde_json::from_str::<Value>(&record.body).ok(),
                    "last_attempt": last.map(|last| json!({ "response_status": last.response_status, "error": last.error })),
                })
            });
            Ok::<_, ApiError>(deliveries.collect::<Vec<_>>())
        })
        .await?;
    Ok(Json(json!({ "deliveries": deliveries })))
}

async fn find(app: &App, workspace_id: i64, name: String) -> Result<Receiver> {
    app.db
        .peek(move |tx| store::receiver_named(tx, workspace_id, &name)?.ok_or_else(|| no_receiver(&name)))
        .await
}

pub fn no_receiver(name: &str) -> ApiError {
    not_found(format!("There is no alert receiver `{name}`."))
}
