//! One request to a webhook's receiver.

use super::{
    egress::{Egress, Forbidden, Resolver},
    signature::sign,
};
use crate::outbox::{Outcome, Verdict, retry};
use reqwest::{Client, header, redirect};
use std::{
    error::Error,
    sync::{Arc, OnceLock},
    time::Duration,
};

const USER_AGENT: &str = concat!("fettle/", env!("CARGO_PKG_VERSION"));
const CONNECT: Duration = Duration::from_secs(10);

/// Sends messages under the rules of [`Egress`].
#[derive(Debug)]
pub struct Sender {
    pub egress: Arc<Egress>,
    timeout: Duration,
    /// Made with the first message: most servers never send one.
    client: OnceLock<Result<Client, String>>,
}

/// A message on its way.
#[derive(Debug)]
pub struct Message<'a> {
    pub url: &'a str,
    pub secret: Option<&'a str>,
    pub delivery_id: &'a str,
    pub body: String,
    /// The time of this attempt, which the receiver can hold against its own.
    pub now_ms: i64,
    /// How much of the answer is read, in bytes.
    pub answer_limit: usize,
}

impl Sender {
    pub fn new(egress: Egress, timeout: Duration) -> Self {
        Self {
            egress: Arc::new(egress),
            timeout,
            client: OnceLock::new(),
        }
    }

    pub async fn send(&self, message: Message<'_>) -> Outcome {
        let url = match self.egress.check(message.url) {
            Ok(url) => url,
            Err(forbidden) => return Outcome::unanswered(Verdict::Refused, forbidden.to_string()),
        };
        let client = match self.client() {
            Ok(client) => client,
            Err(error) => return Outcome::unanswered(Verdict::Retry { after: None }, error),
        };
        let timestamp = (message.now_ms / 1000).to_string();
        let mut request = client
            .post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header("X-MLflow-Delivery-Id", message.delivery_id)
            .header("X-MLflow-Timestamp", &timestamp);
        if let Some(secret) = message.secret {
            let signature = sign(secret, message.delivery_id, &timestamp, &message.body);
            request = request.header("X-MLflow-Signature", signature);
        }
        match request.body(message.body).send().await {
            Ok(answer) => read(answer, message.now_ms, message.answer_limit).await,
            Err(error) => Outcome::unanswered(verdict_of(&error), explain(&error)),
        }
    }

    fn client(&self) -> Result<&Client, String> {
        let made = self.client.get_or_init(|| {
            // The binary has chosen its TLS already; this serves those who use the library. An error says just that.
            let _ = rustls::crypto::ring::default_provider().install_default();
            Client::builder()
                .tls_backend_rustls()
                .user_agent(USER_AGENT)
                // A proxy would connect in our place, without our rules.
                .no_proxy()
                .redirect(redirect::Policy::none())
                .dns_resolver(Resolver(Arc::clone(&self.egress)))
                .connect_timeout(CONNECT)
                .timeout(self.timeout)
                .build()
                .map_err(|error| format!("no HTTP client: {}", explain(&error)))
        });
        made.as_ref().map_err(Clone::clone)
    }
}

async fn read(mut answer: reqwest::Response, now_ms: i64, limit: usize) -> Outcome {
    let status = answer.status().as_u16();
    let asked = answer.headers().get(header::RETRY_AFTER);
    let asked = asked.and_then(|value| retry::retry_after(value.to_str().ok()?, now_ms));
    let mut body = Vec::new();
    // The status has been decided by now: a body that breaks off changes nothing.
    while body.len() < limit
        && let Ok(Some(piece)) = answer.chunk().await
    {
        body.extend_from_slice(&piece[..piece.len().min(limit - body.len())]);
    }
    // PostgreSQL's text cannot hold NUL.
    let body = String::from_utf8_lossy(&body).replace('\0', "\u{fffd}");
    let verdict = retry::verdict_of_status(status, asked);
    let error = match status {
        200..=299 => None,
        300..=399 => Some(format!("the receiver answered {status}; redirects are not followed")),
        _ => Some(format!("the receiver answered {status}")),
    };
    Outcome {
        verdict,
        response_status: Some(status),
        response_body: Some(body),
        error,
    }
}

/// A host that may not be sent to stays forbidden; anything else may be better next time.
fn verdict_of(error: &reqwest::Error) -> Verdict {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if inner.downcast_ref::<Forbidden>().is_some_and(Forbidden::is_final) {
            return Verdict::Refused;
        }
        cause = inner.source();
    }
    Verdict::Retry { after: None }
}

/// An error with what lies beneath it, and without the address: it may hold credentials.
fn explain(error: &reqwest::Error) -> String {
    let kind = if error.is_timeout() {
        "the receiver did not answer in time"
    } else if error.is_connect() {
        "the receiver cannot be reached"
    } else {
        "the request failed"
    };
    let mut text = kind.to_owned();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let part = inner.to_string();
        if !text.ends_with(&part) {
            text = format!("{text}: {part}");
        }
        cause = inner.source();
    }
    text
}
