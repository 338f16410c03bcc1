//! The outbox's channel for webhooks: from a delivery to a request, with the webhook as it is at that moment.

use super::{
    egress::Egress,
    sender::{Message, Sender},
    store,
};
use crate::{
    clock::Clock,
    error::ApiError,
    outbox::{self, Delivery, Limits, Outcome, Verdict, Waker},
    secrets::{OpenError, SecretKeys},
};
use fettle_db::Db;
use std::{sync::Arc, time::Duration};

/// The channel's name in the outbox.
pub const CHANNEL: &str = "webhook";
/// Of an answer, in the delivery log.
const ANSWER_LIMIT: usize = 1024;
const CONCURRENCY_PER_TARGET: usize = 4;
/// On top of the time a request may take: reading the webhook, writing down what came of it.
const LEASE_MARGIN: Duration = Duration::from_secs(15);

/// Fixed when the server starts.
#[derive(Debug, Clone)]
pub struct WebhookSettings {
    pub egress: Egress,
    /// Of one request, from the connection to the end of the answer.
    pub timeout: Duration,
    pub retries_max: u32,
    /// Requests at once in this process.
    pub concurrency: usize,
    /// Deliveries that may wait for one webhook.
    pub pending_max: i64,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        Self {
            egress: Egress::default(),
            timeout: Duration::from_secs(30),
            // With doubling waits of up to an hour, about six hours.
            retries_max: 15,
            concurrency: 10,
            pending_max: 10_000,
        }
    }
}

/// What sends to webhooks, and what wakes it.
#[derive(Clone)]
pub struct Channel {
    pub sender: Arc<Sender>,
    pub waker: Waker,
}

/// Starts the channel's worker.
pub fn open(db: Db, clock: Clock, settings: &WebhookSettings, keys: Arc<SecretKeys>) -> Channel {
    let sender = Arc::new(Sender::new(settings.egress.clone(), settings.timeout));
    let limits = Limits {
        channel: CHANNEL,
        concurrency: settings.concurrency.max(1),
        concurrency_per_target: CONCURRENCY_PER_TARGET,
        lease: settings.timeout + LEASE_MARGIN,
        attempts_max: i64::from(settings.retries_max) + 1,
        pending_max: settings.pending_max,
    };
    let parts = (db.clone(), clock.clone(), Arc::clone(&sender));
    let send: outbox::Send = Arc::new(move |delivery| {
        let ((db, clock, sender), keys) = (parts.clone(), Arc::clone(&keys));
        Box::pin(async move { send(&db, &clock, &sender, &keys, delivery).await })
    });
    let waker = outbox::start(db, clock, limits, send);
    Channel { sender, waker }
}

/// Where a webhook's secret is sealed for.
pub fn secret_place(webhook_id: &str) -> String {
    format!("webhooks/{webhook_id}/secret")
}

/// A webhook's secret in plain text.
pub fn open_secret(keys: &SecretKeys, webhook_id: &str, sealed: Option<&[u8]>) -> Result<Option<String>, OpenError> {
    sealed
        .map(|sealed| keys.open(&secret_place(webhook_id), sealed))
        .transpose()
}

async fn send(db: &Db, clock: &Clock, sender: &Sender, keys: &SecretKeys, delivery: Delivery) -> Outcome {
    let target_id = delivery.target_id;
    let receiver = match db.peek(move |tx| store::receiver(tx, target_id)).await {
        Ok(Some(receiver)) if receiver.is_active => receiver,
        Ok(Some(_)) => return Outcome::unanswered(Verdict::Refused, "the webhook is disabled".to_owned()),
        Ok(None) => return Outcome::unanswered(Verdict::Refused, "the webhook was deleted".to_owned()),
        Err(error) => {
            let error: ApiError = error;
            return Outcome::unanswered(Verdict::Retry { after: None }, error.message);
        }
    };
    let secret = match open_secret(keys, &receiver.webhook_id, receiver.secret.as_deref()) {
        Ok(secret) => secret,
        // Never without its signature. A server with the key may take over.
        Err(error) => {
            let error = format!("the webhook's secret cannot be read: {error}");
            return Outcome::unanswered(Verdict::Retry { after: None }, error);
        }
    };
    let message = Message {
        url: &receiver.url,
        secret: secret.as_deref(),
        delivery_id: &delivery.delivery_id,
        body: delivery.body,
        now_ms: clock.now_ms(),
        answer_limit: ANSWER_LIMIT,
    };
    sender.send(message).await
}
