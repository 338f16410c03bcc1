//! Requests that a gateway answered, on their way to the control plane, which counts and records them.
//!
//! They wait in a bounded list. While the control plane is away it fills, and what finds no room is counted.

use super::{
    exchange::{Bodies, Requests, Sent},
    remote::Remote,
};
use crate::{clock::Clock, error::ErrorCode, monitoring::capture::Policy};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use fettle_gateway::{Exchange, Observer};
use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, PoisonError, RwLock, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::time::sleep;

const WAITING_MAX: usize = 100_000;
const WAITING_BYTES_MAX: usize = 64 << 20;
/// Of one message.
const SENT_MAX: usize = 5000;
const SENT_BYTES_MAX: usize = 8 << 20;
const PAUSE: Duration = Duration::from_millis(500);

pub struct Forwarder {
    clock: Clock,
    policies: RwLock<HashMap<String, Policy>>,
    waiting: Mutex<Waiting>,
    dropped: AtomicU64,
}

#[derive(Default)]
struct Waiting {
    requests: VecDeque<Waits>,
    bytes: usize,
}

/// A request as it waits: bodies are encoded when they are sent.
struct Waits {
    sent: Sent,
    content_type: Option<String>,
    request: bytes::Bytes,
    response: bytes::Bytes,
    recorded: bool,
}

impl Waits {
    fn bytes(&self) -> usize {
        self.request.len() + self.response.len()
    }

    fn encoded(&self) -> Sent {
        let bodies = self.recorded.then(|| Bodies {
            content_type: self.content_type.clone(),
            request: STANDARD.encode(&self.request),
            response: STANDARD.encode(&self.response),
        });
        Sent {
            bodies,
            ..self.sent.clone()
        }
    }
}

impl Forwarder {
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            policies: RwLock::default(),
            waiting: Mutex::default(),
            dropped: AtomicU64::new(0),
        }
    }

    pub fn set_policies(&self, policies: HashMap<String, Policy>) {
        *self.policies.write().unwrap_or_else(PoisonError::into_inner) = policies;
    }

    /// Requests that found no room.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn put(&self, request: Waits) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.requests.len() >= WAITING_MAX || waiting.bytes + request.bytes() > WAITING_BYTES_MAX {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        waiting.bytes += request.bytes();
        waiting.requests.push_back(request);
    }

    /// The oldest that fit into a message; they wait until they are known to have arrived.
    fn next(&self) -> Vec<Sent> {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = 0;
        let fits = |request: &&Waits| {
            let first = bytes == 0;
            bytes += request.bytes();
            first || bytes <= SENT_BYTES_MAX
        };
        let oldest = waiting.requests.iter().take(SENT_MAX).take_while(fits);
        oldest.map(Waits::encoded).collect()
    }

    fn arrived(&self, count: usize) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes: usize = waiting.requests.drain(..count).map(|request| request.bytes()).sum();
        waiting.bytes -= bytes;
    }

    /// Sends all that waits, oldest first. False if the control plane does not take it.
    pub async fn flush(&self, remote: &Remote) -> bool {
        loop {
            let requests = self.next();
            let count = requests.len();
            if count == 0 {
                return true;
            }
            match remote.send_requests(&Requests { requests }).await {
                Ok(()) => self.arrived(count),
                // Until the secret is mended.
                Err(error) if error.code == ErrorCode::PermissionDenied => return false,
                // It would not be taken the next time either.
                Err(error) if error.code.status().is_client_error() => {
                    tracing::error!(%error, "The control plane refuses {count} answered requests; they are left out");
                    self.dropped.fetch_add(count as u64, Ordering::Relaxed);
                    self.arrived(count);
                }
                Err(_) => return false,
            }
        }
    }

    /// Sends what waits for as long as the remote is there.
    pub fn start(remote: Weak<Remote>) {
        tokio::spawn(async move {
            loop {
                sleep(PAUSE).await;
                let Some(remote) = remote.upgrade() else { return };
                let forwarder = Arc::clone(&remote.forwarder);
                forwarder.flush(&remote).await;
            }
        });
    }
}

impl Observer for Forwarder {
    fn answered(&self, exchange: &Exchange) {
        let options = exchange.route.deployment.options();
        let (invocation, response) = (&exchange.invocation, &exchange.response);
        let policies = self.policies.read().unwrap_or_else(PoisonError::into_inner);
        let policy = policies.get(&*exchange.endpoint.name).copied().unwrap_or_default();
        drop(policies);
        let recorded = policy.records(&invocation.request_id, response.status);
        let body = |body: &bytes::Bytes| if recorded { body.clone() } else { bytes::Bytes::new() };
        self.put(Waits {
            sent: Sent {
                endpoint: exchange.endpoint.name.to_string(),
                deployment: exchange.route.name.to_string(),
                model_name: options.model_name.clone(),
                model_version: options.model_version.clone(),
                request_id: invocation.request_id.to_string(),
                at_ms: self.clock.now_ms(),
                latency_us: exchange.took.as_micros() as u64,
                status: response.status,
                bodies: None,
            },
            content_type: invocation.content_type().map(str::to_owned),
            request: body(&invocation.body),
            response: body(&response.body),
            recorded,
        });
    }
}
