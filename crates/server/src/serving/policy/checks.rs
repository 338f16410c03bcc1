//! Limits of a rollout. Beyond one of them it is rolled back.

use super::Observation;
use crate::error::{Result, invalid};
use fettle_gateway::Tally;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A limit by itself, or against the deployments that have the rest of the traffic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "check", rename_all = "snake_case", deny_unknown_fields)]
pub enum Check {
    /// The share of requests that were not answered with 200.
    ErrorRate {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<f64>,
        /// How far it may lie above that of the others.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_above_stable: Option<f64>,
    },
    LatencyP50Ms {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<f64>,
        /// How often that of the others it may be.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_times_stable: Option<f64>,
    },
    LatencyP99Ms {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_times_stable: Option<f64>,
    },
    /// The share of mirrored requests on which the two deployments did not agree.
    MirrorDisagreement { max: f64 },
    /// The verdict of a monitor.
    Drift { monitor: String },
}

impl Check {
    /// `mirrors` says whether a step has a mirror.
    pub(super) fn check(&self, mirrors: bool) -> Result<()> {
        let share = |max: f64| {
            if (0.0..=1.0).contains(&max) {
                return Ok(());
            }
            Err(invalid(format!("checks: a share is between 0 and 1, max is {max}.")))
        };
        let positive = |what: &str, max: f64| {
            if max > 0.0 && max.is_finite() {
                return Ok(());
            }
            Err(invalid(format!("checks: max is {what} above 0, it is {max}.")))
        };
        let one_of = |given: [bool; 2], fields: &str| {
            if given[0] || given[1] {
                return Ok(());
            }
            Err(invalid(format!("checks: a check needs {fields}.")))
        };
        match self {
            Self::ErrorRate { max, max_above_stable } => {
                one_of(
                    [max.is_some(), max_above_stable.is_some()],
                    "`max` or `max_above_stable`",
                )?;
                [max, max_above_stable]
                    .into_iter()
                    .flatten()
                    .try_for_each(|max| share(*max))
            }
            Self::LatencyP50Ms { max, max_times_stable } | Self::LatencyP99Ms { max, max_times_stable } => {
                one_of(
                    [max.is_some(), max_times_stable.is_some()],
                    "`max` or `max_times_stable`",
                )?;
                max.map_or(Ok(()), |max| positive("a number of milliseconds", max))?;
                max_times_stable.map_or(Ok(()), |max| positive("a factor", max))
            }
            Self::MirrorDisagreement { max } if mirrors => share(*max),
            Self::MirrorDisagreement { .. } => Err(invalid("checks: mirror_disagreement needs a step with `mirror`.")),
            Self::Drift { .. } => Ok(()),
        }
    }

    /// What speaks against going on. Against the others only if they have answered `requests_min` requests too.
    pub(super) fn objection(
        &self,
        seen: &Observation,
        requests_min: u64,
        objections: &BTreeMap<String, String>,
    ) -> Option<String> {
        let stable = Some(&seen.stable).filter(|stable| stable.requests >= requests_min.max(1));
        match self {
            Self::ErrorRate { max, max_above_stable } => {
                let rate = seen.tally.error_rate();
                let others = stable.and_then(Tally::error_rate).zip(*max_above_stable);
                beyond("error_rate", rate, *max).or_else(|| {
                    let (others, above) = others?;
                    relative("error_rate", rate, others, others + above, &format!("{above} above it"))
                })
            }
            Self::LatencyP50Ms { max, max_times_stable } => latency(seen, stable, 0.5, *max, *max_times_stable),
            Self::LatencyP99Ms { max, max_times_stable } => latency(seen, stable, 0.99, *max, *max_times_stable),
            Self::MirrorDisagreement { max } => {
                beyond("mirror_disagreement", seen.agreement.disagreement(), Some(*max))
            }
            Self::Drift { monitor } => {
                let why = objections.get(monitor)?;
                Some(format!("drift: monitor `{monitor}` objects: {why}"))
            }
        }
    }
}

fn latency(
    seen: &Observation,
    stable: Option<&Tally>,
    quantile: f64,
    max: Option<f64>,
    times: Option<f64>,
) -> Option<String> {
    let name = format!("latency_p{}_ms", (quantile * 100.0).round());
    let value = seen.tally.latency_ms(quantile);
    beyond(&name, value, max).or_else(|| {
        let others = stable.and_then(|stable| stable.latency_ms(quantile))?;
        let times = times?;
        relative(&name, value, others, others * times, &format!("{times} times it"))
    })
}

fn beyond(name: &str, value: Option<f64>, max: Option<f64>) -> Option<String> {
    let max = max?;
    let value = value.filter(|value| *value > max)?;
    Some(format!("{name} is {}, at most {max} was allowed", rounded(value)))
}

fn relative(name: &str, value: Option<f64>, others: f64, max: f64, allowed: &str) -> Option<String> {
    let value = value.filter(|value| *value > max)?;
    Some(format!(
        "{name} is {}, that of the stable deployments {}, and at most {allowed} was allowed",
        rounded(value),
        rounded(others)
    ))
}

fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}
