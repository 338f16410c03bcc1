//! Which deployment answers a request: one pure decision, the same wherever and whenever it is asked for again.
//!
//! In this order: a pin in the request's headers, the endpoint's header rules, the hash of the request's key. The hash
//! falls on one of a hundred [`Slots`], each of which belongs to a deployment, so a percent is a slot and a change of
//! traffic moves exactly as many of them as it says. The key is what the endpoint calls sticky, or the request id.

mod hash;
mod header_rule;
mod mirror;
mod pointer;
mod slots;
mod sticky;

use std::collections::BTreeMap;

use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};

pub use hash::{mirror_slot, slot};
pub use header_rule::HeaderRule;
pub use mirror::Mirror;
pub use slots::{SLOTS, Slots};
pub use sticky::StickyKey;

/// Ours first; Azure's clients send the second.
pub const PIN_HEADERS: [&str; 2] = ["x-fettle-deployment", "azureml-model-deployment"];
const RULES_MAX: usize = 32;

/// All that decides where requests go: the content of a numbered traffic state.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Routing {
    /// Percent by deployment; those without traffic are left out. Sums to 100, or is empty.
    pub split: BTreeMap<String, u8>,
    pub slots: Slots,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<HeaderRule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sticky: Option<StickyKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mirror: Option<Mirror>,
}

/// What of a request decides where it goes.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub request_id: &'a str,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// The request named the deployment.
    Pin,
    /// A header rule did.
    Rule,
    /// Its share of the traffic.
    Split,
    /// The deployment whose share it was does not run here now.
    Failover,
    /// The endpoint is disabled, and this is the deployment that stands in.
    Fallback,
}

impl Reason {
    pub fn name(self) -> &'static str {
        match self {
            Self::Pin => "pin",
            Self::Rule => "rule",
            Self::Split => "split",
            Self::Failover => "failover",
            Self::Fallback => "fallback",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice<'a> {
    pub deployment: &'a str,
    pub reason: Reason,
}

impl Routing {
    /// Where a request goes; none while no deployment has traffic. `ready` tells which deployments answer now.
    pub fn choose<'a>(&'a self, endpoint: &str, asked: Asked<'a>, ready: impl Fn(&str) -> bool) -> Option<Choice<'a>> {
        let header = |name: &str| asked.headers.get(name).and_then(|value| value.to_str().ok());
        if let Some(deployment) = PIN_HEADERS.iter().find_map(|name| header(name)) {
            let reason = Reason::Pin;
            return Some(Choice { deployment, reason });
        }
        if let Some(rule) = self
            .rules
            .iter()
            .find(|rule| header(&rule.header).is_some_and(|value| rule.holds(value)))
        {
            let (deployment, reason) = (rule.deployment.as_str(), Reason::Rule);
            return Some(Choice { deployment, reason });
        }
        let sticky = self.sticky.as_ref().and_then(|sticky| sticky.of(asked));
        let at = slot(endpoint, sticky.as_deref().unwrap_or(asked.request_id));
        let own = self.slots.owner(at)?;
        if ready(own) {
            let reason = Reason::Split;
            return Some(Choice {
                deployment: own,
                reason,
            });
        }
        // The next slot whose owner answers, so that what a lost deployment leaves is shared by percent.
        let other = (1..SLOTS).find_map(|step| self.slots.owner((at + step) % SLOTS).filter(|owner| ready(owner)));
        let (deployment, reason) = other.map_or((own, Reason::Split), |other| (other, Reason::Failover));
        Some(Choice { deployment, reason })
    }

    /// Whether this request is one of those to be mirrored.
    pub fn mirrors(&self, endpoint: &str, request_id: &str) -> Option<&Mirror> {
        let mirror = self.mirror.as_ref()?;
        (mirror_slot(endpoint, request_id) < usize::from(mirror.percent)).then_some(mirror)
    }

    /// The same routing with another split, in which no more slots change hands than have to.
    #[must_use]
    pub fn with_split(&self, split: &BTreeMap<String, u8>) -> Self {
        let split: BTreeMap<String, u8> = split.iter().filter(|(_, percent)| **percent > 0).map(owned).collect();
        Self {
            slots: self.slots.assign(&split),
            split,
            ..self.clone()
        }
    }

    /// What is wrong with it, for an endpoint that has the `deployments`.
    pub fn check(&self, deployments: &[&str]) -> Result<(), String> {
        check_split(&self.split)?;
        let known = |field: &str, name: &str| {
            if deployments.contains(&name) {
                return Ok(());
            }
            let have = if deployments.is_empty() {
                "none".to_owned()
            } else {
                deployments.join(", ")
            };
            Err(format!(
                "{field}: there is no deployment `{name}`; the endpoint has {have}"
            ))
        };
        for name in self.split.keys() {
            known("split", name)?;
        }
        if self.rules.len() > RULES_MAX {
            return Err(format!(
                "rules: at most {RULES_MAX} are kept, these are {}",
                self.rules.len()
            ));
        }
        for rule in &self.rules {
            rule.check()?;
            known("rules", &rule.deployment)?;
        }
        if let Some(sticky) = &self.sticky {
            sticky.check()?;
        }
        if let Some(mirror) = &self.mirror {
            mirror.check()?;
            known("mirror", &mirror.deployment)?;
        }
        Ok(())
    }

    /// What the state needs `deployment` for, if anything.
    pub fn use_of(&self, deployment: &str) -> Option<String> {
        if let Some(percent) = self.split.get(deployment) {
            return Some(format!("it has {percent} % of the traffic"));
        }
        if self
            .mirror
            .as_ref()
            .is_some_and(|mirror| mirror.deployment == deployment)
        {
            return Some("requests are mirrored to it".to_owned());
        }
        let rule = self.rules.iter().find(|rule| rule.deployment == deployment)?;
        Some(format!("a rule for the header `{}` leads to it", rule.header))
    }

    /// The deployments that get requests without being asked for by name.
    pub fn receivers(&self) -> impl Iterator<Item = &str> {
        let ruled = self.rules.iter().map(|rule| rule.deployment.as_str());
        self.split.keys().map(String::as_str).chain(ruled)
    }
}

fn owned((name, percent): (&String, &u8)) -> (String, u8) {
    (name.clone(), *percent)
}

/// Percents are whole, and a split shares out all requests or none.
pub fn check_split(split: &BTreeMap<String, u8>) -> Result<(), String> {
    let sum: u32 = split.values().map(|percent| u32::from(*percent)).sum();
    if sum == 100 || split.is_empty() {
        return Ok(());
    }
    let said: Vec<String> = split
        .iter()
        .map(|(name, percent)| format!("{name}={percent}"))
        .collect();
    Err(format!(
        "split: the percents must sum to 100, they sum to {sum} ({})",
        said.join(", ")
    ))
}

#[cfg(test)]
mod tests;
