//! The hook in the scoring path. It copies no bodies, asks no database and never waits.

use super::{CaptureSettings, roller, settings::Policy, store};
use crate::{
    app::App,
    caller::DEFAULT_WORKSPACE_ID,
    clock::Clock,
    error::{ApiError, ErrorCode, Result},
};
use bytes::Bytes;
use fettle_capture::{Body, Capture, Gap, Served, Source, Spool};
use fettle_db::Db;
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

const JSON: &str = "application/json";
/// How soon a change that another server made to the settings is seen here.
const REFRESH: Duration = Duration::from_secs(5);
/// How long a caller waits for the writer.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// A request that has been answered.
pub struct Answered<'a> {
    pub endpoint: &'a str,
    pub deployment: &'a str,
    pub model_name: &'a str,
    pub model_version: &'a str,
    pub request_id: &'a Arc<str>,
    pub content_type: Option<&'a str>,
    pub request: Bytes,
    pub response: Bytes,
    pub status: u16,
    pub latency: Duration,
}

/// Takes answered requests; cheap to clone.
#[derive(Clone)]
pub struct Recorder {
    inner: Arc<Inner>,
}

struct Inner {
    capture: Capture,
    instance: String,
    clock: Clock,
    policies: RwLock<Arc<HashMap<String, Policy>>>,
    /// By endpoint and deployment.
    sources: RwLock<HashMap<String, HashMap<String, Arc<Source>>>>,
}

/// Opens the spool. What a dead server left there is taken over, and what it may have lost is written down.
pub async fn open(db: &Db, clock: &Clock, settings: &CaptureSettings) -> Result<Recorder> {
    let instance = uuid::Uuid::new_v4().simple().to_string();
    let root = settings
        .folder
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join(format!("fettle-capture-{instance}")));
    let failed = |error: std::io::Error| {
        ApiError::new(ErrorCode::InternalError, "The folder of the capture cannot be used.")
            .because(format!("{}: {error}", root.display()))
    };
    let (spool, gaps) = Spool::open(&root, &instance).map_err(failed)?;
    let capture = Capture::start(spool, settings.limits.clone()).map_err(failed)?;
    tell_of_gaps(db, clock, gaps).await?;
    let policies = db.read(|tx| store::policies(tx, DEFAULT_WORKSPACE_ID)).await?;
    Ok(Recorder {
        inner: Arc::new(Inner {
            capture,
            instance,
            clock: clock.clone(),
            policies: RwLock::new(Arc::new(policies)),
            sources: RwLock::default(),
        }),
    })
}

async fn tell_of_gaps(db: &Db, clock: &Clock, gaps: Vec<Gap>) -> Result<()> {
    if gaps.is_empty() {
        return Ok(());
    }
    for gap in &gaps {
        tracing::warn!(
            capture.instance = gap.instance,
            capture.file = gap.file.as_deref(),
            "A server ended without closing its capture: what it had not written when it ended is lost \
             ({} bytes of a torn line were left out)",
            gap.torn_bytes
        );
    }
    let now_ms = clock.now_ms();
    db.write(move |tx| store::insert_gaps(tx, &gaps, now_ms)).await
}

impl Recorder {
    pub fn record(&self, answered: Answered<'_>) {
        let recorded = self
            .policy(answered.endpoint)
            .records(answered.request_id, answered.status);
        self.take(answered, self.inner.clock.now_ms(), recorded);
    }

    /// Counts a request, and keeps its bodies if it is to be recorded.
    pub fn take(&self, answered: Answered<'_>, at_ms: i64, recorded: bool) {
        self.inner.capture.record(Served {
            source: self.source(&answered),
            correlation_id: Arc::clone(answered.request_id),
            at_ms,
            latency_us: answered.latency.as_micros() as u64,
            status: answered.status,
            body: recorded.then(|| Body {
                content_type: answered.content_type.filter(|name| *name != JSON).map(Into::into),
                request: answered.request,
                response: answered.response,
            }),
        });
    }

    fn source(&self, answered: &Answered<'_>) -> Arc<Source> {
        let sources = &self.inner.sources;
        let known = sources.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(source) = known
            .get(answered.endpoint)
            .and_then(|deployments| deployments.get(answered.deployment))
            .filter(|source| {
                *source.model_version == *answered.model_version && *source.model_name == *answered.model_name
            })
        {
            return Arc::clone(source);
        }
        drop(known);
        let source = Arc::new(Source {
            workspace_id: DEFAULT_WORKSPACE_ID,
            endpoint: answered.endpoint.into(),
            deployment: answered.deployment.into(),
            model_name: answered.model_name.into(),
            model_version: answered.model_version.into(),
        });
        let mut sources = sources.write().unwrap_or_else(PoisonError::into_inner);
        let deployments = sources.entry(answered.endpoint.to_owned()).or_default();
        deployments.insert(answered.deployment.to_owned(), Arc::clone(&source));
        source
    }

    /// What is done with an endpoint's requests.
    pub fn policy(&self, endpoint: &str) -> Policy {
        let policies = self.inner.policies.read().unwrap_or_else(PoisonError::into_inner);
        policies.get(endpoint).copied().unwrap_or_default()
    }

    pub fn set_policies(&self, policies: HashMap<String, Policy>) {
        *self.inner.policies.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(policies);
    }

    pub fn capture(&self) -> &Capture {
        &self.inner.capture
    }

    pub fn instance(&self) -> &str {
        &self.inner.instance
    }

    /// Waits until all that was taken so far is on disk.
    pub async fn sync(&self) -> Result<()> {
        let asked = self.capture().ask_to_sync();
        self.wait(|capture| capture.is_synced(asked)).await
    }

    async fn wait(&self, until: impl Fn(&Capture) -> bool) -> Result<()> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !until(self.capture()) {
            if tokio::time::Instant::now() > deadline {
                return Err(ApiError::new(
                    ErrorCode::TemporarilyUnavailable,
                    "The capture's disk does not keep up. Try again in a moment.",
                ));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// Starts what goes on beside: taking files away, removing what is old, seeing changes of settings.
    pub fn start(&self, app: App) {
        tokio::spawn(roller::run(app.clone()));
        let recorder = self.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(REFRESH).await;
                match app.db.read(|tx| store::policies(tx, DEFAULT_WORKSPACE_ID)).await {
                    Ok(policies) => recorder.set_policies(policies),
                    Err(error) => tracing::debug!(%error, "The capture's settings could not be read"),
                }
            }
        });
    }
}

impl Policy {
    /// Failures are rare and the more interesting: none is left out by sampling.
    pub fn records(&self, request_id: &str, status: u16) -> bool {
        self.enabled && (status >= 400 || sampled(request_id, self.sampling_rate))
    }
}

/// The same for the same id on every server, so that a request is recorded wholly or not at all.
fn sampled(request_id: &str, rate: f64) -> bool {
    if rate >= 1.0 {
        return true;
    }
    let hash = request_id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    // FNV leaves the high bits of similar ids alike; this spreads them.
    let spread = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let spread = (spread ^ (spread >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    ((spread ^ (spread >> 33)) >> 11) as f64 / (1_u64 << 53) as f64 <= rate && rate > 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sampling_keeps_its_share_and_its_choice() {
        for rate in [0.0, 0.1, 0.5, 1.0] {
            let ids = (0..20_000).map(|number| format!("request-{number}"));
            let kept = ids.filter(|id| sampled(id, rate)).count() as f64 / 20_000.0;
            assert!((kept - rate).abs() < 0.01, "{rate}: {kept}");
        }
        let kept = |rate| {
            (0..1000)
                .filter(|number| sampled(&number.to_string(), rate))
                .collect::<Vec<_>>()
        };
        let (few, many) = (kept(0.2), kept(0.6));
        assert!(
            few.iter().all(|id| many.contains(id)),
            "a higher rate keeps what a lower one kept"
        );
    }
}
