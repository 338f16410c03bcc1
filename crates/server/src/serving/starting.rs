//! A deployment's way from its files to its place behind the endpoint.

use super::{reconciler::Inner, store::Revision};
use crate::registry::parity::Comparison;
use fettle_gateway::{Member, MemberState, ModelFolder, Options, ParityReport, Running, Scaling};
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

/// How often a model is fetched before it is given up, and how long the first wait between is.
const FETCHES: u32 = 5;
const FETCH_PAUSE: Duration = Duration::from_secs(1);

/// What to start, in this order.
pub(super) struct Start {
    pub(super) endpoint: String,
    pub(super) deployment: String,
    pub(super) revision: Revision,
    /// Whether it stands in for the wanted revision until that runs.
    pub(super) stand_in: bool,
}

/// Why a model does not answer.
struct NotStarted {
    why: String,
    /// The comparison with Python that it did not pass.
    parity: Option<ParityReport>,
}

impl From<String> for NotStarted {
    fn from(why: String) -> Self {
        Self { why, parity: None }
    }
}

fn comparison(parity: &ParityReport) -> Comparison {
    Comparison {
        passed: parity.passed,
        verdict: parity.verdict.clone(),
        gateway_version: env!("CARGO_PKG_VERSION").to_owned(),
        report: serde_json::value::to_raw_value(parity).expect("a report serialises"),
    }
}

impl Inner {
    pub(super) async fn start(self: &Arc<Self>, start: Start) {
        let _place = self.starts.acquire().await;
        if !self.is_wanted(&start) {
            return;
        }
        let started = self.bring_up(&start).await;
        let parity = match &started {
            Ok(deployment) => deployment.report().parity.as_ref(),
            Err(failed) => failed.parity.as_ref(),
        };
        let found = parity.map(comparison);
        if self.settle(&start, started.map_err(|failed| failed.why))
            && let Err(error) = self.report().await
        {
            tracing::warn!(%error, "What became of a deployment could not be written down; it is with the next report");
        }
        if let Some(found) = found
            && let Err(error) = self.control.compared(&start.revision, found, self.clock.now_ms()).await
        {
            tracing::warn!(%error, "A model's comparison could not be written down; it is made again with the next start");
        }
    }

    fn is_wanted(&self, start: &Start) -> bool {
        let endpoint = self.gateway.endpoint(&start.endpoint);
        let member = endpoint
            .as_ref()
            .and_then(|endpoint| endpoint.members.get(start.deployment.as_str()));
        member.is_some_and(|member| start.wanted_by(member))
    }

    async fn bring_up(&self, start: &Start) -> Result<fettle_gateway::Deployment, NotStarted> {
        let revision = &start.revision;
        let folder = self.folder(revision.id);
        let mut fetched = 1;
        let mut pause = FETCH_PAUSE;
        while let Err(error) = self.control.fetch(revision, &folder).await {
            if fetched == FETCHES || error.code.status().is_client_error() {
                return Err(error.to_string().into());
            }
            tracing::warn!(%error, "The model at {} could not be fetched; it is tried again", revision.artifact_uri);
            sleep(pause).await;
            (fetched, pause) = (fetched + 1, pause * 2);
        }
        let folder = ModelFolder::open(&folder).map_err(|e| explain(&e))?;
        let mut options = Options {
            model_name: revision.model_name.clone().unwrap_or_else(|| start.endpoint.clone()),
            model_version: revision
                .model_version
                .map_or_else(|| revision.model_uri.clone(), |v| v.to_string()),
            executor: revision.executor.parse()?,
            environment: revision.environment.clone(),
            scaling: scaling(revision),
            ..self.scoring.clone()
        };
        revision.limits.apply(&mut options);
        fettle_gateway::Deployment::start(folder, options)
            .await
            .map_err(|error| NotStarted {
                why: explain(&error),
                parity: error.parity().cloned(),
            })
    }

    /// Puts a started deployment in place, unless something else is wanted by now. True if it was still wanted.
    fn settle(self: &Arc<Self>, start: &Start, started: Result<fettle_gateway::Deployment, String>) -> bool {
        let (endpoint, name, id) = (&start.endpoint, &start.deployment, start.revision.id);
        let mut started = Some(started);
        let replaced = self.gateway.change_existing(endpoint, |endpoint| {
            let member = endpoint
                .members
                .get_mut(name.as_str())
                .filter(|member| start.wanted_by(member))?;
            match started.take()? {
                Ok(deployment) => {
                    tracing::info!(
                        endpoint.name = &*endpoint.name,
                        deployment.name = name,
                        "Deployment `{name}` of endpoint `{}` has been started",
                        endpoint.name
                    );
                    if !start.stand_in {
                        member.state = MemberState::Ready;
                    }
                    let running = Running {
                        revision: id,
                        deployment: Arc::new(deployment),
                    };
                    Some(member.running.replace(running))
                }
                Err(why) => {
                    tracing::error!(
                        endpoint.name = &*endpoint.name,
                        deployment.name = name,
                        "Deployment `{name}` of endpoint `{}` failed to start: {why}",
                        endpoint.name
                    );
                    if !start.stand_in {
                        member.state = MemberState::Failed(why);
                    }
                    Some(None)
                }
            }
        });
        let Some(replaced) = replaced.flatten() else {
            return false;
        };
        if let Some(replaced) = replaced {
            self.end(endpoint, None, replaced);
        }
        true
    }
}

impl Start {
    fn wanted_by(&self, member: &Member) -> bool {
        member.state != MemberState::Draining
            && if self.stand_in {
                member.running.is_none() && member.state == MemberState::Starting
            } else {
                member.revision == self.revision.id
            }
    }
}

/// The workers that a revision asks for.
fn scaling(revision: &Revision) -> Scaling {
    let count = |number: i64| usize::try_from(number).unwrap_or(1);
    Scaling {
        target: revision.concurrency.map(|requests| requests as f64),
        ..Scaling::between(count(revision.replicas_min), count(revision.replicas_max))
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
