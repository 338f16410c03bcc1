//! From the desired state to running deployments: at start for all endpoints, later for each that changes.

use super::{
    control::Control,
    policy::Observation,
    starting::Start,
    store::{self, Deployment, Desired, Revision, Status},
};
use crate::{caller::DEFAULT_WORKSPACE_ID, clock::Clock, error::ApiError};
use fettle_db::Db;
use fettle_gateway::{
    Agreement, Disabled, Endpoint, Gateway, Member, MemberState, Options, Pair, Running, TrafficState, retire,
};
use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::Semaphore;

/// Models that start at the same time: each may load a Python process with its libraries.
const STARTS: usize = 2;
/// How long requests in progress may take when their deployment is taken away.
const DRAIN: Duration = Duration::from_mins(1);
/// Ends the name of the file that says that a model's folder is complete, where folders outlive the process.
pub(super) const COMPLETE: &str = "complete";

/// Brings the gateway to what the store says; cheap to clone.
#[derive(Clone)]
pub struct Reconciler {
    inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) control: Control,
    pub(super) clock: Clock,
    pub(super) gateway: Arc<Gateway>,
    /// Models are copied below this folder.
    models: PathBuf,
    pub(super) scoring: Options,
    /// Names this process among those that share the store.
    pub(super) server_id: String,
    pub(super) starts: Semaphore,
    /// Held from reading an endpoint to applying it, so that an older picture never covers a newer one.
    applying: tokio::sync::Mutex<()>,
    /// Held while this server's account is written, so that an older one never covers a newer one.
    reporting: tokio::sync::Mutex<()>,
    /// The deployments of this process by their endpoint and name: the gateway knows no keys of the store.
    ids: Mutex<HashMap<(String, String), i64>>,
    /// What was last written down of mirrored requests.
    agreements: Mutex<BTreeMap<Pair, Agreement>>,
    /// The counters of a rollout's deployment when its step began here.
    pub(super) step_began: Mutex<HashMap<(i64, i64), Observation>>,
}

impl Reconciler {
    pub fn new(control: Control, clock: Clock, gateway: Arc<Gateway>, models: PathBuf, scoring: Options) -> Self {
        let server_id = match &control {
            Control::Store { .. } => format!("{:016x}", rand::random::<u64>()),
            Control::Remote(remote) => remote.id().to_owned(),
        };
        Self {
            inner: Arc::new(Inner {
                control,
                clock,
                gateway,
                models,
                scoring,
                server_id,
                starts: Semaphore::new(STARTS),
                applying: tokio::sync::Mutex::default(),
                reporting: tokio::sync::Mutex::default(),
                ids: Mutex::default(),
                agreements: Mutex::default(),
                step_began: Mutex::default(),
            }),
        }
    }

    pub(super) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }

    /// Starts what the store says should run.
    pub async fn restore(&self, db: &Db) -> Result<(), ApiError> {
        self.inner.report().await?;
        let endpoints = db.read(|tx| store::list_endpoints(tx, DEFAULT_WORKSPACE_ID)).await?;
        for endpoint in endpoints {
            self.sync(&endpoint.name).await?;
        }
        Ok(())
    }

    /// Brings one endpoint to its stored state. Its traffic is in force when this returns; models start behind it.
    pub async fn sync(&self, name: &str) -> Result<(), ApiError> {
        Inner::sync(&self.inner, name).await
    }

    /// Takes this server's account back: it is not waited for any more.
    pub async fn leave(&self) -> Result<(), ApiError> {
        self.inner.control.leave(&self.inner.server_id).await
    }
}

impl Inner {
    pub(super) async fn sync(self: &Arc<Self>, name: &str) -> Result<(), ApiError> {
        let Control::Store { db, .. } = &self.control else {
            return Ok(());
        };
        let _applying = self.applying.lock().await;
        let wanted = name.to_owned();
        let desired = db
            .peek(move |tx| {
                let endpoint = store::find(tx, DEFAULT_WORKSPACE_ID, &wanted)?;
                endpoint.map(|endpoint| store::load(tx, endpoint)).transpose()
            })
            .await?;
        self.bring(name, desired.as_ref());
        Ok(())
    }

    /// Brings one endpoint to what is wanted of it; None takes it away.
    pub(super) fn bring(self: &Arc<Self>, name: &str, desired: Option<&Desired>) {
        let starts = if let Some(desired) = desired {
            self.apply(desired)
        } else {
            self.take_away(name);
            Vec::new()
        };
        for chain in starts {
            let inner = Arc::clone(self);
            tokio::spawn(async move {
                for start in chain {
                    inner.start(start).await;
                }
            });
        }
    }

    fn apply(self: &Arc<Self>, desired: &Desired) -> Vec<Vec<Start>> {
        let endpoint = &desired.endpoint;
        let mut starts = Vec::new();
        let gone = self.gateway.change(&endpoint.name, |member_of| {
            member_of.revision = endpoint.revision;
            member_of.traffic = desired.traffic.as_ref().map_or_else(Arc::default, |state| {
                Arc::new(TrafficState {
                    number: state.number,
                    routing: state.routing.clone(),
                })
            });
            member_of.disabled = endpoint.disabled.as_ref().map(|disabled| {
                let fallback = endpoint
                    .fallback
                    .as_deref()
                    .and_then(|text| serde_json::from_str(text).ok());
                Arc::new(Disabled {
                    reason: disabled.reason.clone(),
                    fallback,
                })
            });
            for deployment in &desired.deployments {
                starts.extend(self.want(member_of, &endpoint.name, deployment));
            }
            drop_others(member_of, &desired.names())
        });
        // What has traffic starts first.
        let split = desired.traffic.as_ref().map(|state| &state.routing.split);
        let percent = |name: &str| split.and_then(|split| split.get(name)).copied().unwrap_or_default();
        starts.sort_by_key(|chain: &Vec<Start>| {
            std::cmp::Reverse(chain.first().map_or(0, |start| percent(&start.deployment)))
        });
        for (name, running) in gone {
            self.end(&endpoint.name, Some(name), running);
        }
        starts
    }

    /// Notes what a deployment is to run, and says what has to be started for it.
    fn want(&self, endpoint: &mut Endpoint, endpoint_name: &str, deployment: &Deployment) -> Option<Vec<Start>> {
        let revision = &deployment.revision;
        let key = (endpoint_name.to_owned(), deployment.name.clone());
        self.ids().insert(key, deployment.id);
        let member = endpoint
            .members
            .entry(deployment.name.as_str().into())
            .or_insert(Member {
                revision: 0,
                state: MemberState::Starting,
                running: None,
            });
        if member.revision == revision.id && member.state != MemberState::Draining {
            return None;
        }
        member.revision = revision.id;
        member.state = MemberState::Starting;
        let start = |revision: &Revision, stand_in| Start {
            endpoint: endpoint_name.to_owned(),
            deployment: deployment.name.clone(),
            revision: revision.clone(),
            stand_in,
        };
        let stand_in = deployment.good.as_ref().filter(|_| member.running.is_none());
        let stand_in = stand_in.map(|good| start(good, true));
        Some(stand_in.into_iter().chain([start(revision, false)]).collect())
    }

    fn take_away(self: &Arc<Self>, name: &str) {
        self.ids().retain(|(endpoint, _), _| endpoint != name);
        if let Some(endpoint) = self.gateway.remove(name) {
            for member in endpoint.members.values() {
                if let Some(running) = member.running.clone() {
                    self.end(name, None, running);
                }
            }
        }
    }

    /// Lets the requests that a deployment has finish, in the background, and forgets it and its files then.
    pub(super) fn end(self: &Arc<Self>, endpoint: &str, deployment: Option<Arc<str>>, running: Running) {
        let (inner, endpoint) = (Arc::clone(self), endpoint.to_owned());
        tokio::spawn(async move {
            let cut_off = retire(running.deployment, DRAIN).await;
            if cut_off > 0 {
                tracing::warn!(
                    endpoint.name = endpoint,
                    requests = cut_off,
                    "A deployment of `{endpoint}` that was taken away cut off requests in progress"
                );
            }
            if let Some(name) = deployment {
                inner.gateway.change_existing(&endpoint, |endpoint| {
                    let drained = endpoint
                        .members
                        .get(&name)
                        .is_some_and(|m| m.state == MemberState::Draining);
                    if drained {
                        endpoint.members.remove(&name);
                    }
                });
            }
            // It is in the way of nothing if it stays.
            let folder = inner.folder(running.revision);
            let _ = tokio::fs::remove_file(folder.with_extension(COMPLETE)).await;
            let _ = tokio::fs::remove_dir_all(folder).await;
        });
    }

    /// Writes down how the deployments do on this server, and that it is there.
    pub(super) async fn report(&self) -> Result<(), ApiError> {
        let _one_at_a_time = self.reporting.lock().await;
        let account = || self.account();
        self.control.report(&self.server_id, account, self.clock.now_ms()).await
    }

    /// The statuses of all deployments, and the revisions that run as wanted.
    pub(super) fn account(&self) -> (Vec<Status>, Vec<i64>) {
        let ids = self.ids();
        let (mut statuses, mut good) = (Vec::new(), Vec::new());
        for endpoint in self.gateway.snapshot().values() {
            for (name, member) in &endpoint.members {
                let Some(deployment_id) = ids.get(&(endpoint.name.to_string(), name.to_string())) else {
                    continue;
                };
                let (state, reason) = match &member.state {
                    MemberState::Draining => continue,
                    MemberState::Failed(why) => ("failed", Some(why.clone())),
                    state => (state.name(), None),
                };
                if member.state == MemberState::Ready {
                    good.push(member.revision);
                }
                statuses.push(Status {
                    deployment_id: *deployment_id,
                    revision_id: member.revision,
                    state: state.to_owned(),
                    reason,
                    answers: member.running.is_some(),
                });
            }
        }
        (statuses, good)
    }

    /// Those that have changed since they were last asked for.
    pub(super) fn unwritten_agreements(&self, now: Vec<(Pair, Agreement)>) -> Vec<(Pair, Agreement)> {
        let mut written = self.agreements.lock().unwrap_or_else(PoisonError::into_inner);
        let changed: Vec<_> = now
            .into_iter()
            .filter(|(pair, agreement)| written.get(pair) != Some(agreement))
            .collect();
        written.extend(changed.iter().cloned());
        changed
    }

    /// Has all of them written again.
    pub(super) fn forget_written_agreements(&self) {
        self.agreements.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(super) fn folder(&self, revision_id: i64) -> PathBuf {
        self.models.join(format!("revision-{revision_id}"))
    }

    fn ids(&self) -> std::sync::MutexGuard<'_, HashMap<(String, String), i64>> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Marks the deployments that are no longer wanted, and gives those of them that run.
fn drop_others(endpoint: &mut Endpoint, wanted: &[&str]) -> Vec<(Arc<str>, Running)> {
    let mut gone = Vec::new();
    endpoint.members.retain(|name, member| {
        if wanted.contains(&&**name) || member.state == MemberState::Draining {
            return true;
        }
        member.state = MemberState::Draining;
        let Some(running) = member.running.take() else {
            return false;
        };
        gone.push((Arc::clone(name), running));
        true
    });
    gone
}
