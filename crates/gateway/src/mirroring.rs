//! A second answer to some requests, after the first was sent, and how the two compare.
//!
//! Mirrored requests wait in a bounded queue, and few of them are scored at once. They are the first to go: one that
//! finds the queue full, or the process busy with requests that somebody waits for, is dropped and counted.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::available_parallelism;

use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::comparison::compare;
use crate::invocation::Exchange;
use crate::metrics::escape;
use crate::routing::Mirror;

/// Mirrored requests that wait or are being scored.
const WAITING_MAX: usize = 64;
/// Of these, how many are scored at once.
const SCORED_AT_ONCE: usize = 2;
/// Requests in progress for each core beyond which nothing is mirrored.
const BUSY_PER_CORE: usize = 8;
const BODY_BYTES_MAX: usize = 1 << 20;
/// Samples of disagreement that wait to be stored.
const SAMPLES_MAX: usize = 100;
/// What is kept of a body in a sample.
const SAMPLE_BYTES: usize = 4096;

/// How often two deployments of an endpoint agreed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    pub agreed: u64,
    pub disagreed: u64,
    /// Only one of the two answered without an error.
    pub failed: u64,
    /// Not mirrored: the queue was full, the process busy, the body large, or the deployment not there.
    pub dropped: u64,
    pub rows: u64,
    pub rows_disagreed: u64,
    /// Of two numbers, as a share of the greater.
    pub greatest_difference: f64,
}

impl Agreement {
    pub fn compared(&self) -> u64 {
        self.agreed + self.disagreed + self.failed
    }

    /// The share of compared requests on which the two did not agree.
    pub fn disagreement(&self) -> Option<f64> {
        let compared = self.compared();
        (compared > 0).then(|| (self.disagreed + self.failed) as f64 / compared as f64)
    }

    #[must_use]
    pub fn plus(self, more: &Self) -> Self {
        Self {
            greatest_difference: self.greatest_difference.max(more.greatest_difference),
            ..self.zip(more, u64::saturating_add)
        }
    }

    /// What came after `before`.
    #[must_use]
    pub fn since(self, before: &Self) -> Self {
        self.zip(before, u64::saturating_sub)
    }

    fn zip(self, other: &Self, both: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            agreed: both(self.agreed, other.agreed),
            disagreed: both(self.disagreed, other.disagreed),
            failed: both(self.failed, other.failed),
            dropped: both(self.dropped, other.dropped),
            rows: both(self.rows, other.rows),
            rows_disagreed: both(self.rows_disagreed, other.rows_disagreed),
            greatest_difference: self.greatest_difference,
        }
    }
}

/// Which deployment of which endpoint answered, and which was asked too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    pub endpoint: Arc<str>,
    pub deployment: Arc<str>,
    pub mirrored_to: Arc<str>,
}

/// A request on which two deployments did not agree. Long bodies are cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MirrorSample {
    pub request_id: String,
    pub deployment: String,
    pub model_version: String,
    pub mirrored_to: String,
    pub mirrored_version: String,
    pub request: String,
    pub status: u16,
    pub answer: String,
    pub mirrored_status: u16,
    pub mirrored_answer: String,
}

#[derive(Debug)]
pub(crate) struct Mirroring {
    waiting: Arc<Semaphore>,
    turns: Semaphore,
    busy: usize,
    ledger: Mutex<Ledger>,
}

#[derive(Debug, Default)]
struct Ledger {
    agreements: BTreeMap<Pair, Agreement>,
    /// With the endpoint they belong to.
    samples: VecDeque<(Arc<str>, MirrorSample)>,
}

impl Default for Mirroring {
    fn default() -> Self {
        Self {
            waiting: Arc::new(Semaphore::new(WAITING_MAX)),
            turns: Semaphore::new(SCORED_AT_ONCE),
            busy: BUSY_PER_CORE * available_parallelism().map_or(1, usize::from),
            ledger: Mutex::default(),
        }
    }
}

impl Mirroring {
    /// Has the mirror deployment answer a request too, later, if there is room. `in_progress` counts the requests that
    /// somebody waits for.
    pub(crate) fn consider(self: &Arc<Self>, exchange: &Exchange, in_progress: impl Fn() -> usize + Send + 'static) {
        let endpoint = &exchange.endpoint;
        let Some(mirror) = endpoint
            .traffic
            .routing
            .mirrors(&endpoint.name, &exchange.invocation.request_id)
        else {
            return;
        };
        if *mirror.deployment == *exchange.route.name {
            return;
        }
        let pair = Pair {
            endpoint: Arc::clone(&endpoint.name),
            deployment: Arc::clone(&exchange.route.name),
            mirrored_to: mirror.deployment.as_str().into(),
        };
        let room = Arc::clone(&self.waiting).try_acquire_owned();
        let fits = exchange.invocation.body.len() <= BODY_BYTES_MAX && in_progress() <= self.busy;
        let (Ok(place), true) = (room, fits) else {
            self.count(pair, |agreement| agreement.dropped += 1);
            return;
        };
        let (mirroring, mirror, exchange) = (Arc::clone(self), mirror.clone(), exchange.clone());
        tokio::spawn(async move {
            let _turn = mirroring.turns.acquire().await;
            if in_progress() > mirroring.busy {
                mirroring.count(pair, |agreement| agreement.dropped += 1);
            } else {
                mirroring.ask(pair, &mirror, &exchange).await;
            }
            drop(place);
        });
    }

    async fn ask(&self, pair: Pair, mirror: &Mirror, exchange: &Exchange) {
        let Some(deployment) = exchange.endpoint.running(&mirror.deployment) else {
            self.count(pair, |agreement| agreement.dropped += 1);
            return;
        };
        let invocation = &exchange.invocation;
        let answer = deployment.answer(invocation.payload()).await;
        let ours = &exchange.response;
        let both_good = ours.status == 200 && answer.status == 200;
        let comparison = compare(&ours.body, &answer.body, mirror.tolerance);
        let agree = if both_good {
            comparison.rows_differing == 0
        } else {
            ours.status == answer.status
        };
        if !agree {
            let version = |deployment: &crate::Deployment| deployment.options().model_version.clone();
            self.keep(
                &pair,
                MirrorSample {
                    request_id: invocation.request_id.to_string(),
                    deployment: pair.deployment.to_string(),
                    model_version: version(&exchange.route.deployment),
                    mirrored_to: pair.mirrored_to.to_string(),
                    mirrored_version: version(deployment),
                    request: beginning(&invocation.body),
                    status: ours.status,
                    answer: beginning(&ours.body),
                    mirrored_status: answer.status,
                    mirrored_answer: beginning(&answer.body),
                },
            );
        }
        self.count(pair, |agreement| {
            match (agree, both_good) {
                (true, _) => agreement.agreed += 1,
                (false, true) => agreement.disagreed += 1,
                (false, false) => agreement.failed += 1,
            }
            if both_good {
                agreement.rows += comparison.rows;
                agreement.rows_disagreed += comparison.rows_differing;
                agreement.greatest_difference = agreement.greatest_difference.max(comparison.greatest_difference);
            }
        });
    }

    fn count(&self, pair: Pair, change: impl FnOnce(&mut Agreement)) {
        change(self.ledger().agreements.entry(pair).or_default());
    }

    fn keep(&self, pair: &Pair, sample: MirrorSample) {
        let mut ledger = self.ledger();
        if ledger.samples.len() == SAMPLES_MAX {
            ledger.samples.pop_front();
        }
        ledger.samples.push_back((Arc::clone(&pair.endpoint), sample));
    }

    /// How often which deployments agreed, since this process started.
    pub(crate) fn agreements(&self) -> Vec<(Pair, Agreement)> {
        let ledger = self.ledger();
        ledger
            .agreements
            .iter()
            .map(|(pair, agreement)| (pair.clone(), *agreement))
            .collect()
    }

    /// The samples that came since this was last asked.
    pub(crate) fn take_samples(&self) -> Vec<(Arc<str>, MirrorSample)> {
        self.ledger().samples.drain(..).collect()
    }

    pub(crate) fn forget(&self, endpoint: &str) {
        let mut ledger = self.ledger();
        ledger.agreements.retain(|pair, _| &*pair.endpoint != endpoint);
        ledger.samples.retain(|(of, _)| &**of != endpoint);
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As Prometheus text; nothing while nothing was mirrored.
    pub(crate) fn metrics(&self) -> String {
        const NAME: &str = "fettle_mirror_requests_total";
        let mut out = String::new();
        for (index, (pair, agreement)) in self.agreements().into_iter().enumerate() {
            if index == 0 {
                let _ = writeln!(
                    out,
                    "# HELP {NAME} Mirrored requests by how the two answers compared.\n# TYPE {NAME} counter"
                );
            }
            let outcomes = [
                ("agreed", agreement.agreed),
                ("disagreed", agreement.disagreed),
                ("failed", agreement.failed),
                ("dropped", agreement.dropped),
            ];
            for (outcome, count) in outcomes {
                let [endpoint, deployment, to] =
                    [&pair.endpoint, &pair.deployment, &pair.mirrored_to].map(|name| escape(name));
                let _ = writeln!(
                    out,
                    "{NAME}{{endpoint=\"{endpoint}\",deployment=\"{deployment}\",mirrored_to=\"{to}\",outcome=\"{outcome}\"}} {count}"
                );
            }
        }
        out
    }
}

fn beginning(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(SAMPLE_BYTES)]).replace('\0', " ")
}
