//! A stable address as this process serves it: its deployments, and the traffic state that shares requests out.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::deployment::Deployment;
use crate::error::ScoreError;
use crate::fallback::Fallback;
use crate::metrics::Usage;
use crate::options::Options;
use crate::routing::{Asked, Reason, Routing};

/// An unchanging picture; a change replaces it as a whole, so a request never sees half of one.
#[derive(Debug, Clone)]
pub struct Endpoint {
    pub name: Arc<str>,
    /// Which of the states in the store this is, for whoever brings changes here.
    pub revision: i64,
    pub traffic: Arc<TrafficState>,
    /// Set while no model is to answer.
    pub disabled: Option<Arc<Disabled>>,
    pub members: BTreeMap<Arc<str>, Member>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct TrafficState {
    /// Counts the changes of an endpoint's traffic, from 1.
    pub number: i64,
    pub routing: Routing,
}

/// An emergency: the fallback answers, and nobody if there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Disabled {
    pub reason: String,
    pub fallback: Option<Fallback>,
}

/// A deployment's place behind its endpoint. While a new revision starts the one before goes on answering.
#[derive(Debug, Clone)]
pub struct Member {
    /// The revision that is to run.
    pub revision: i64,
    pub state: MemberState,
    pub running: Option<Running>,
}

#[derive(Debug, Clone)]
pub struct Running {
    pub revision: i64,
    pub deployment: Arc<Deployment>,
}

/// How it goes with the revision that is to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberState {
    Starting,
    Ready,
    Failed(String),
    /// Taken away; requests that found it are still being answered.
    Draining,
}

impl MemberState {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Failed(_) => "failed",
            Self::Draining => "draining",
        }
    }
}

/// Where a request goes, and why.
#[derive(Debug, Clone)]
pub struct Route {
    pub name: Arc<str>,
    pub deployment: Arc<Deployment>,
    pub reason: Reason,
}

impl Endpoint {
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            revision: 0,
            traffic: Arc::default(),
            disabled: None,
            members: BTreeMap::new(),
        }
    }

    /// The deployment that answers a request.
    pub fn route(&self, asked: Asked<'_>) -> Result<Route, ScoreError> {
        let answers = |name: &str| self.running(name).is_some_and(Deployment::ready);
        let choice = self.traffic.routing.choose(&self.name, asked, answers).ok_or_else(|| {
            ScoreError::Unavailable(format!(
                "endpoint `{}` has no deployment with traffic; make one, or pin one with the header {}",
                self.name,
                crate::routing::PIN_HEADERS[0]
            ))
        })?;
        self.route_to(choice.deployment, choice.reason)
    }

    /// The deployment of a name, if it answers.
    pub fn route_to(&self, name: &str, reason: Reason) -> Result<Route, ScoreError> {
        let found = self.members.get_key_value(name);
        let Some((name, member)) = found.filter(|(_, member)| member.state != MemberState::Draining) else {
            let names: Vec<&str> = self.members.keys().map(AsRef::as_ref).collect();
            return Err(ScoreError::NotFound(format!(
                "endpoint `{}` has no deployment `{name}`; it has {}",
                self.name,
                if names.is_empty() {
                    "none".to_owned()
                } else {
                    names.join(", ")
                }
            )));
        };
        match (&member.running, &member.state) {
            (Some(running), _) => Ok(Route {
                name: Arc::clone(name),
                deployment: Arc::clone(&running.deployment),
                reason,
            }),
            (None, state) => Err(ScoreError::Unavailable(match state {
                MemberState::Failed(why) => format!("deployment `{name}` could not be started ({why})"),
                _ => format!("deployment `{name}` does not answer yet: its model is being loaded"),
            })),
        }
    }

    pub fn running(&self, name: &str) -> Option<&Deployment> {
        self.members
            .get(name)?
            .running
            .as_ref()
            .map(|running| &*running.deployment)
    }

    /// What all its deployments have answered since they started.
    pub fn usage(&self) -> Option<Usage> {
        let running = self.members.values().filter_map(|member| member.running.as_ref());
        let tallies: Vec<_> = running.map(|running| running.deployment.tally()).collect();
        let first = tallies.first()?.clone();
        Some(tallies[1..].iter().fold(first, crate::metrics::Tally::plus).usage())
    }

    /// The largest body that any of its deployments takes.
    pub fn body_bytes_max(&self) -> usize {
        let running = self.members.values().filter_map(|member| member.running.as_ref());
        let limits = running.map(|running| running.deployment.options().body_bytes_max);
        limits.max().unwrap_or_else(|| Options::default().body_bytes_max)
    }
}
