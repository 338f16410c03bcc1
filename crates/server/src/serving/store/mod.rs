//! The desired state: endpoints, what is deployed behind them, and how their traffic is shared out.

mod deployments;
mod endpoints;
mod rollouts;
mod servers;
mod traffic;

pub use deployments::{Deployment, Revision};
pub use endpoints::Endpoint;
pub use rollouts::{NewRollout, Rollout};
pub use servers::{Report, Status};
pub use traffic::{NewState, State};

pub use deployments::{
    add_revision, artifact_uri, delete as delete_deployment, find as find_deployment, insert as insert_deployment,
    list as list_deployments, no_deployment, settle,
};
pub use endpoints::{
    delete as delete_endpoint, find, get, insert as insert_endpoint, list as list_endpoints, no_endpoint, touch,
};
pub use rollouts::{
    advance as advance_rollout, all_unfinished as all_unfinished_rollouts, events as rollout_events,
    find as find_rollout, insert as insert_rollout, list as list_rollouts, observe, observed,
    unfinished as unfinished_rollout,
};
pub use servers::{count as count_servers, forget_server, report, statuses, unready};
pub use traffic::{current, insert as insert_state, list as list_states, state};

use crate::error::Result;
use fettle_db::Tx;
use serde::{Deserialize, Serialize};

/// All that a server needs to answer for an endpoint.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Desired {
    pub endpoint: Endpoint,
    pub deployments: Vec<Deployment>,
    /// None before the first.
    pub traffic: Option<State>,
}

impl Desired {
    pub fn names(&self) -> Vec<&str> {
        self.deployments
            .iter()
            .map(|deployment| deployment.name.as_str())
            .collect()
    }
}

pub fn load(tx: &Tx, endpoint: Endpoint) -> Result<Desired> {
    Ok(Desired {
        deployments: deployments::list(tx, endpoint.id)?,
        traffic: traffic::current(tx, &endpoint)?,
        endpoint,
    })
}
