//! From the desired state to running deployments: at start for all endpoints, later for each that is made or deleted.

use super::{
    model_folder,
    store::{self, Deployment, Endpoint},
};
use crate::{caller::DEFAULT_WORKSPACE_ID, error::ApiError};
use fettle_blobs::Stores;
use fettle_db::Db;
use fettle_gateway::{Gateway, ModelFolder, Options};
use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::Semaphore;

/// Models that start at the same time: each may load a Python process with its libraries.
const STARTS: usize = 2;
/// How long requests in progress may take when their endpoint is deleted.
const DRAIN: Duration = Duration::from_secs(30);

/// Starts and stops what endpoints serve, and knows how that went; cheap to clone.
#[derive(Clone)]
pub struct Reconciler {
    inner: Arc<Inner>,
}

struct Inner {
    stores: Stores,
    gateway: Arc<Gateway>,
    /// Models are copied below this folder.
    models: PathBuf,
    python: Option<PathBuf>,
    /// Endpoint names and ids change hands: the id tells whether a start is still wanted.
    states: Mutex<HashMap<String, (i64, State)>>,
    starts: Semaphore,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    Starting,
    Ready,
    Failed(String),
}

impl State {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Failed(_) => "failed",
        }
    }

    pub fn describe(&self) -> String {
        match self {
            Self::Starting => "its model is being loaded".to_owned(),
            Self::Ready => "it is ready".to_owned(),
            Self::Failed(why) => format!("its model could not be started ({why})"),
        }
    }
}

impl Reconciler {
    pub fn new(stores: Stores, gateway: Arc<Gateway>, models: PathBuf, python: Option<PathBuf>) -> Self {
        let states = Mutex::default();
        Self {
            inner: Arc::new(Inner {
                stores,
                gateway,
                models,
                python,
                states,
                starts: Semaphore::new(STARTS),
            }),
        }
    }

    /// Starts what the store says should run.
    pub async fn restore(&self, db: &Db) -> Result<(), ApiError> {
        for (endpoint, deployments) in db.read(|tx| store::list(tx, DEFAULT_WORKSPACE_ID)).await? {
            if let Some(deployment) = deployments.into_iter().next() {
                self.start(endpoint, deployment);
            }
        }
        Ok(())
    }

    /// Starts a deployment in the background.
    pub fn start(&self, endpoint: Endpoint, deployment: Deployment) {
        self.set(&endpoint.name, endpoint.id, State::Starting);
        let inner = Arc::clone(&self.inner);
        tokio::spawn(async move {
            let _place = inner.starts.acquire().await;
            let started = inner.bring_up(&endpoint, &deployment).await;
            inner.settle(&endpoint, started);
        });
    }

    /// Takes an endpoint away; requests in progress are finished.
    pub fn stop(&self, name: &str) {
        self.inner.states().remove(name);
        if let Some(deployment) = self.inner.gateway.remove(name) {
            tokio::spawn(async move {
                let cut_off = deployment.drain(DRAIN).await;
                if cut_off > 0 {
                    tracing::warn!(requests = cut_off, "A deleted endpoint cut off requests in progress");
                }
            });
        }
    }

    pub fn state(&self, name: &str) -> Option<State> {
        self.inner.states().get(name).map(|(_, state)| state.clone())
    }

    fn set(&self, name: &str, id: i64, state: State) {
        self.inner.states().insert(name.to_owned(), (id, state));
    }
}

impl Inner {
    fn states(&self) -> std::sync::MutexGuard<'_, HashMap<String, (i64, State)>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn bring_up(
        &self,
        endpoint: &Endpoint,
        deployment: &Deployment,
    ) -> Result<fettle_gateway::Deployment, String> {
        let folder = self.models.join(format!("endpoint-{}", endpoint.id));
        model_folder::fetch(&self.stores, &deployment.artifact_uri, &folder)
            .await
            .map_err(|e| e.to_string())?;
        let folder = ModelFolder::open(&folder).map_err(|e| explain(&e))?;
        let options = Options {
            model_name: deployment.model_name.clone().unwrap_or_else(|| endpoint.name.clone()),
            model_version: deployment
                .model_version
                .map_or_else(|| deployment.model_uri.clone(), |v| v.to_string()),
            executor: deployment.executor.parse()?,
            python: self.python.clone(),
            replicas: usize::try_from(deployment.replicas).unwrap_or(1),
            ..Options::default()
        };
        fettle_gateway::Deployment::start(folder, options)
            .await
            .map_err(|e| explain(&e))
    }

    /// Puts a started deployment in place, unless its endpoint has gone meanwhile.
    fn settle(&self, endpoint: &Endpoint, started: Result<fettle_gateway::Deployment, String>) {
        let mut states = self.states();
        let Some((id, state)) = states.get_mut(&endpoint.name) else {
            return;
        };
        if *id != endpoint.id {
            return;
        }
        match started {
            Ok(deployment) => {
                self.gateway.put(endpoint.name.clone(), Arc::new(deployment));
                *state = State::Ready;
                tracing::info!(endpoint.name = endpoint.name, "Endpoint `{}` is ready", endpoint.name);
            }
            Err(why) => {
                tracing::error!(
                    endpoint.name = endpoint.name,
                    "Endpoint `{}` failed to start: {why}",
                    endpoint.name
                );
                *state = State::Failed(why);
            }
        }
    }
}

/// An error with what lies beneath it.
fn explain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
