//! A gateway's side: asking the control plane, telling it, and knowing by heart what it said last.

use super::{
    super::{
        model_folder,
        reconciler::{COMPLETE, Inner},
        store::{Desired, Rollout},
        watching,
    },
    admission::{GatewaySecret, SECRET},
    exchange::{Account, Agreed, Compared, Files, Observed, Orders, Replicas, Requests, Said},
    forwarder::Forwarder,
};
use crate::{
    error::{ApiError, ErrorCode, Result, invalid},
    monitoring::operational::{self, Told},
    registry::parity::Comparison,
};
use fettle_blobs::BlobPath;
use futures::TryStreamExt;
use reqwest::{Method, RequestBuilder, StatusCode, header::HeaderValue};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    collections::{BTreeMap, HashSet},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::io::AsyncWriteExt;

const CONNECT: Duration = Duration::from_secs(3);
/// Between two pieces of an answer, however long the whole takes.
const SILENCE: Duration = Duration::from_secs(30);
/// For a whole exchange.
const EXCHANGE: Duration = Duration::from_secs(20);
/// Of these the oldest go if the control plane is away for long.
const COMPARISONS_MAX: usize = 256;

/// The control plane, as a gateway sees it.
pub struct Remote {
    http: reqwest::Client,
    address: String,
    authorization: Option<HeaderValue>,
    secret: Option<GatewaySecret>,
    id: String,
    /// Where the last orders are kept, for a start while the control plane is away.
    memory: PathBuf,
    state: Mutex<State>,
    account_due: AtomicBool,
    pub(super) forwarder: Arc<Forwarder>,
}

#[derive(Default)]
struct State {
    /// Why the last exchange failed, or that there was none; None if it went well.
    trouble: Option<String>,
    endpoints: BTreeMap<String, Desired>,
    rollouts: Vec<(String, Rollout)>,
    comparisons: Vec<Compared>,
    /// What the control plane knows of the replicas here.
    told: Told,
}

/// The last orders, as they are kept.
#[derive(Serialize, Deserialize)]
struct Memory {
    endpoints: Vec<Desired>,
}

impl Remote {
    pub(super) fn new(
        address: &str,
        authorization: Option<HeaderValue>,
        secret: Option<GatewaySecret>,
        memory: PathBuf,
        forwarder: Arc<Forwarder>,
    ) -> Result<Self> {
        if !address.starts_with("http://") && !address.starts_with("https://") {
            return Err(invalid(format!(
                "The control plane's address must start with http:// or https://, it is `{address}`."
            )));
        }
        // The binary has chosen its TLS already; this serves those who use the library. An error says just that.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .tls_backend_rustls()
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .user_agent(concat!("fettle/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| ApiError::new(ErrorCode::InternalError, "No HTTP client could be made.").because(error))?;
        Ok(Self {
            http,
            address: address.trim_end_matches('/').to_owned(),
            authorization,
            secret,
            id: format!("{:016x}", rand::random::<u64>()),
            memory,
            state: Mutex::new(State {
                trouble: Some("It has not been asked yet.".to_owned()),
                ..State::default()
            }),
            account_due: AtomicBool::new(true),
            forwarder,
        })
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether the control plane answered when it was last asked.
    pub fn is_reached(&self) -> bool {
        self.trouble().is_none()
    }

    /// Why the control plane did not answer when it was last asked.
    pub fn trouble(&self) -> Option<String> {
        self.lock().trouble.clone()
    }

    pub fn report_soon(&self) {
        self.account_due.store(true, Ordering::Relaxed);
    }

    pub fn compared(&self, name: String, version: i64, comparison: Comparison) {
        let mut state = self.lock();
        if state.comparisons.len() == COMPARISONS_MAX {
            state.comparisons.remove(0);
        }
        state.comparisons.push(Compared {
            name,
            version,
            comparison,
        });
    }

    /// The revisions that may run.
    pub(super) fn revisions(&self) -> HashSet<i64> {
        let state = self.lock();
        let deployments = state.endpoints.values().flat_map(|desired| &desired.deployments);
        let ids = deployments.flat_map(|deployment| {
            let good = deployment.good.as_ref().map(|revision| revision.id);
            [Some(deployment.revision.id), good]
        });
        ids.flatten().collect()
    }

    /// Tells what is new here, and does what is new there.
    pub(in crate::serving) async fn exchange(&self, inner: &Arc<Inner>, heartbeat: bool) -> Result<()> {
        let account_due = self.account_due.swap(false, Ordering::Relaxed) || heartbeat;
        let told = self.lock().told.clone();
        let said = self.said(inner, account_due);
        let asked = self.request(Method::POST, &format!("{}/exchange", self.id)).json(&said);
        let orders: Result<Orders> = self.json(asked.timeout(EXCHANGE)).await;
        self.lock().trouble = orders.as_ref().err().map(|error| error.message.clone());
        let orders = match orders {
            Ok(orders) => orders,
            Err(error) => {
                // All of it is said again; counters are whole each time.
                self.account_due.store(true, Ordering::Relaxed);
                inner.forget_written_agreements();
                let mut state = self.lock();
                state.told = told;
                let newer = std::mem::replace(&mut state.comparisons, said.comparisons);
                state.comparisons.extend(newer);
                return Err(error);
            }
        };
        self.forwarder.set_policies(orders.capture);
        watching::forget_finished(inner, &orders.rollouts);
        let changed = !orders.changed.is_empty() || !orders.gone.is_empty();
        let memory = {
            let mut state = self.lock();
            state.rollouts = orders.rollouts;
            for desired in &orders.changed {
                state.endpoints.insert(desired.endpoint.name.clone(), desired.clone());
            }
            for name in &orders.gone {
                state.endpoints.remove(name);
            }
            changed.then(|| state.memory())
        };
        // What was put in force is remembered, so it is remembered first.
        if let Some(memory) = memory {
            self.remember(memory).await;
        }
        for desired in &orders.changed {
            inner.bring(&desired.endpoint.name, Some(desired));
        }
        for name in &orders.gone {
            inner.bring(name, None);
        }
        if changed {
            self.report_soon();
        }
        Ok(())
    }

    fn said(&self, inner: &Arc<Inner>, account_due: bool) -> Said {
        let applied = inner.gateway.snapshot();
        let mut state = self.lock();
        let account = account_due.then(|| {
            let (statuses, good) = inner.account();
            let now = operational::replicas(&inner.gateway);
            let news = state.told.news(&now, inner.clock.now_ms()).into_iter();
            let replicas = news.map(|((endpoint, deployment), count)| Replicas {
                endpoint,
                deployment,
                count,
            });
            Account {
                statuses,
                good,
                replicas: replicas.collect(),
            }
        });
        let observed = |(endpoint, rollout): &(String, Rollout)| {
            Some(Observed {
                rollout_id: rollout.id,
                step: rollout.step,
                seen: watching::seen(inner, endpoint, rollout)?,
            })
        };
        let agreements = inner.unwritten_agreements(inner.gateway.agreements());
        let samples = inner.gateway.take_mirror_samples();
        Said {
            known: applied
                .iter()
                .map(|(name, found)| (name.to_string(), found.revision))
                .collect(),
            account,
            observations: state.rollouts.iter().filter_map(observed).collect(),
            comparisons: std::mem::take(&mut state.comparisons),
            agreements: agreements
                .into_iter()
                .map(|(pair, agreement)| Agreed {
                    endpoint: pair.endpoint.to_string(),
                    deployment: pair.deployment.to_string(),
                    mirrored_to: pair.mirrored_to.to_string(),
                    agreement,
                })
                .collect(),
            samples: samples
                .into_iter()
                .map(|(name, sample)| (name.to_string(), sample))
                .collect(),
        }
    }

    /// Puts in force what the control plane said to the process before this one. False if nothing is remembered.
    pub(super) async fn recall(&self, inner: &Arc<Inner>) -> bool {
        let Ok(text) = tokio::fs::read(&self.memory).await else {
            return false;
        };
        let memory: Memory = match serde_json::from_slice(&text) {
            Ok(memory) => memory,
            Err(error) => {
                tracing::warn!(%error, "{} cannot be read; it is written anew", self.memory.display());
                return false;
            }
        };
        for desired in memory.endpoints {
            let name = desired.endpoint.name.clone();
            self.lock().endpoints.insert(name.clone(), desired.clone());
            inner.bring(&name, Some(&desired));
        }
        true
    }

    async fn remember(&self, memory: Memory) {
        let text = serde_json::to_vec(&memory).expect("orders serialise");
        let next = self.memory.with_extension("next");
        let written = async {
            let mut options = tokio::fs::OpenOptions::new();
            // Workers' environment variables are in it.
            options.write(true).create(true).truncate(true).mode(0o600);
            let mut file = options.open(&next).await?;
            file.write_all(&text).await?;
            file.flush().await?;
            file.sync_all().await?;
            tokio::fs::rename(&next, &self.memory).await
        };
        if let Err(error) = written.await {
            tracing::error!(%error, "What the control plane said could not be kept in {}", self.memory.display());
        }
    }

    /// Copies the files of a revision's model into a folder, unless a process before this one did.
    pub async fn fetch(&self, revision: i64, folder: &Path) -> Result<()> {
        let complete = folder.with_extension(COMPLETE);
        if tokio::fs::try_exists(&complete).await.unwrap_or(false) {
            return Ok(());
        }
        let path = format!("revisions/{revision}/files");
        let listed: Files = self.json(self.request(Method::GET, &path)).await?;
        model_folder::empty(folder).await?;
        for file in &listed.files {
            let name = BlobPath::parse(&file.path).map_err(|error| invalid(error.to_string()))?;
            let escaped = percent_encoding::utf8_percent_encode(name.as_str(), crate::system::PATH);
            let response = self
                .send(self.request(Method::GET, &format!("{path}/{escaped}")))
                .await?;
            let bytes = response.bytes_stream().map_err(|error| self.silent(&error));
            model_folder::write(Box::pin(bytes), &folder.join(name.as_str())).await?;
        }
        tokio::fs::write(&complete, b"").await.map_err(|error| {
            ApiError::new(
                ErrorCode::InternalError,
                "The model could not be copied to this machine.",
            )
            .because(error)
        })
    }

    pub(super) async fn send_requests(&self, requests: &Requests) -> Result<()> {
        let asked = self
            .request(Method::POST, &format!("{}/requests", self.id))
            .json(requests);
        self.send(asked.timeout(EXCHANGE)).await.map(drop)
    }

    pub async fn leave(&self) -> Result<()> {
        let asked = self.request(Method::DELETE, &self.id);
        self.send(asked.timeout(CONNECT)).await.map(drop)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut request = self
            .http
            .request(method, format!("{}/api/fettle/v1/gateways/{path}", self.address));
        if let Some(authorization) = &self.authorization {
            request = request.header(reqwest::header::AUTHORIZATION, authorization);
        }
        if let Some(secret) = &self.secret {
            request = request.header(SECRET, secret.value());
        }
        request
    }

    async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T> {
        self.send(request)
            .await?
            .json()
            .await
            .map_err(|error| self.silent(&error))
    }

    async fn send(&self, request: RequestBuilder) -> Result<reqwest::Response> {
        let response = request.send().await.map_err(|error| self.silent(&error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let text = response.text().await.unwrap_or_default();
        let said = serde_json::from_str::<serde_json::Value>(&text).unwrap_or_default();
        let message = said["detail"].as_str().or(said["message"].as_str());
        let code = match status {
            StatusCode::NOT_FOUND => ErrorCode::ResourceDoesNotExist,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ErrorCode::PermissionDenied,
            status if status.is_client_error() => ErrorCode::InvalidParameterValue,
            _ => ErrorCode::TemporarilyUnavailable,
        };
        Err(ApiError::new(
            code,
            message.map_or_else(|| format!("{} answered {status}.", self.address), str::to_owned),
        ))
    }

    fn silent(&self, error: &reqwest::Error) -> ApiError {
        let message = format!("The control plane at {} does not answer.", self.address);
        ApiError::new(ErrorCode::TemporarilyUnavailable, message).because(explain(error))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn memory(&self) -> Memory {
        Memory {
            endpoints: self.endpoints.values().cloned().collect(),
        }
    }
}

fn explain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
