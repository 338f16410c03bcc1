//! What a gateway and its control plane say to each other, some times a second.

use super::super::{
    policy::Observation,
    store::{Desired, Rollout, Status},
};
use crate::{monitoring::capture::Policy, registry::parity::Comparison};
use fettle_gateway::{Agreement, MirrorSample};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// From the gateway.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Said {
    /// The endpoints that it serves, with the revisions of them.
    pub known: BTreeMap<String, i64>,
    /// Present when something changed, and every few seconds.
    pub account: Option<Account>,
    pub comparisons: Vec<Compared>,
    pub observations: Vec<Observed>,
    pub agreements: Vec<Agreed>,
    pub samples: Vec<(String, MirrorSample)>,
}

/// How its deployments do.
#[derive(Debug, Serialize, Deserialize)]
pub struct Account {
    pub statuses: Vec<Status>,
    /// Revisions that run as wanted.
    pub good: Vec<i64>,
    /// What is new of them.
    #[serde(default)]
    pub replicas: Vec<Replicas>,
}

/// How many replicas of a deployment would answer there.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Replicas {
    pub endpoint: String,
    pub deployment: String,
    pub count: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Compared {
    pub name: String,
    pub version: i64,
    pub comparison: Comparison,
}

/// What it has seen of a rollout's step.
#[derive(Debug, Serialize, Deserialize)]
pub struct Observed {
    pub rollout_id: i64,
    pub step: i64,
    pub seen: Observation,
}

/// How often two deployments agreed on its mirrored requests, since it started.
#[derive(Debug, Serialize, Deserialize)]
pub struct Agreed {
    pub endpoint: String,
    pub deployment: String,
    pub mirrored_to: String,
    pub agreement: Agreement,
}

/// From the control plane.
#[derive(Debug, Serialize, Deserialize)]
pub struct Orders {
    /// Endpoints that the gateway does not know as they are now.
    pub changed: Vec<Desired>,
    pub gone: Vec<String>,
    /// Those under way, by endpoint.
    pub rollouts: Vec<(String, Rollout)>,
    /// What is recorded of endpoints' requests, where it is not the default.
    pub capture: HashMap<String, Policy>,
}

/// Requests that the gateway answered.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Requests {
    pub requests: Vec<Sent>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Sent {
    pub endpoint: String,
    pub deployment: String,
    pub model_name: String,
    pub model_version: String,
    pub request_id: String,
    pub at_ms: i64,
    pub latency_us: u64,
    pub status: u16,
    /// None of a request that is counted and not recorded.
    pub bodies: Option<Bodies>,
}

/// In base64.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Bodies {
    pub content_type: Option<String>,
    pub request: String,
    pub response: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Files {
    pub files: Vec<File>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct File {
    pub path: String,
    pub size: u64,
}
