//! The outbox's channel for alerts: from a delivery to a request or a mail, with the receiver as it is at that moment.

use super::{
    AlertSettings,
    mail::{self, Mailer},
    message::Message,
    receivers::Address,
    store,
};
use crate::{
    clock::Clock,
    error::ApiError,
    outbox::{self, Delivery, Limits, Outcome, Verdict, Waker},
    secrets::SecretKeys,
    webhooks::{WebhookSettings, sender},
};
use fettle_db::Db;
use std::{sync::Arc, time::Duration};

/// The channel's name in the outbox.
pub const CHANNEL: &str = "alert";
const CONCURRENCY: usize = 8;
const CONCURRENCY_PER_TARGET: usize = 2;
const LEASE_MARGIN: Duration = Duration::from_secs(15);
const ANSWER_LIMIT: usize = 1024;

/// What sends to receivers, and what wakes it.
#[derive(Clone)]
pub struct Channel {
    parts: Arc<Parts>,
    pub waker: Waker,
}

struct Parts {
    db: Db,
    clock: Clock,
    keys: Arc<SecretKeys>,
    sender: sender::Sender,
    mailer: Mailer,
}

/// Starts the channel's worker. Requests go under the rules of webhooks.
pub fn open(
    db: Db,
    clock: Clock,
    webhooks: &WebhookSettings,
    alerts: &AlertSettings,
    keys: Arc<SecretKeys>,
) -> Channel {
    let limits = Limits {
        channel: CHANNEL,
        concurrency: CONCURRENCY,
        concurrency_per_target: CONCURRENCY_PER_TARGET,
        lease: webhooks.timeout.max(mail::TIMEOUT) + LEASE_MARGIN,
        attempts_max: i64::from(webhooks.retries_max) + 1,
        pending_max: webhooks.pending_max,
    };
    let parts = Arc::new(Parts {
        db: db.clone(),
        clock: clock.clone(),
        keys,
        sender: sender::Sender::new(webhooks.egress.clone(), webhooks.timeout),
        mailer: Mailer::new(alerts),
    });
    let sending = Arc::clone(&parts);
    let send: outbox::Send = Arc::new(move |delivery| {
        let parts = Arc::clone(&sending);
        Box::pin(async move { parts.send(delivery).await })
    });
    Channel {
        parts,
        waker: outbox::start(db, clock, limits, send),
    }
}

impl Channel {
    pub fn egress(&self) -> &crate::webhooks::Egress {
        &self.parts.sender.egress
    }

    pub fn sends_mail(&self) -> bool {
        self.parts.mailer.is_set_up()
    }

    /// Sends at once, to try a receiver out.
    pub async fn try_out(&self, address: &Address, message: &Message) -> Outcome {
        let delivery_id = uuid::Uuid::new_v4().to_string();
        self.parts.deliver(address, message, &delivery_id).await
    }
}

impl Parts {
    async fn send(&self, delivery: Delivery) -> Outcome {
        let target_id = delivery.target_id;
        let receiver = match self.db.peek(move |tx| store::receiver(tx, target_id)).await {
            Ok(Some(receiver)) => receiver,
            Ok(None) => return Outcome::unanswered(Verdict::Refused, "the receiver was deleted".to_owned()),
            Err(error) => {
                let error: ApiError = error;
                return Outcome::unanswered(Verdict::Retry { after: None }, error.message);
            }
        };
        let address = match Address::open(&self.keys, &receiver) {
            Ok(address) => address,
            // A server with the key may take over.
            Err(error) => return Outcome::unanswered(Verdict::Retry { after: None }, error),
        };
        match serde_json::from_str::<Message>(&delivery.body) {
            Ok(message) => self.deliver(&address, &message, &delivery.delivery_id).await,
            Err(error) => Outcome::unanswered(Verdict::Refused, format!("the message cannot be read: {error}")),
        }
    }

    async fn deliver(&self, address: &Address, message: &Message, delivery_id: &str) -> Outcome {
        let (url, secret, body) = match address {
            Address::Email { to } => return self.mailer.send(to, message, delivery_id).await,
            Address::Slack { url } => (url, None, message.slack().to_string()),
            Address::Webhook { url, secret } => {
                let body = serde_json::to_string(message).expect("plain structs serialise");
                (url, secret.as_deref(), body)
            }
        };
        let request = sender::Message {
            url,
            secret,
            delivery_id,
            body,
            now_ms: self.clock.now_ms(),
            answer_limit: ANSWER_LIMIT,
        };
        self.sender.send(request).await
    }
}
