//! Progressive rollouts: the steps a user declares and what to do at each moment. Rules without a database.

mod checks;
mod share;
mod wait;

pub use checks::Check;
pub use share::share;
pub use wait::Wait;

use crate::error::{Result, invalid};
use fettle_gateway::{Agreement, Tally};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use wait::day;

const STEPS_MAX: usize = 50;
const CHECKS_MAX: usize = 20;

/// How traffic moves to a deployment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The last one sends everything to the deployment.
    pub steps: Vec<Step>,
    #[serde(default)]
    pub checks: Vec<Check>,
    /// How many requests a step must see before its checks count and it can end.
    #[serde(default)]
    pub requests_min: u64,
    /// A rollout that takes longer than this is rolled back.
    #[serde(default = "day")]
    pub timeout: Wait,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    #[serde(default)]
    pub percent: u8,
    /// How long the step is watched.
    #[serde(default)]
    pub wait: Wait,
    /// Whether it ends only when somebody promotes it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pause: bool,
    /// The percent of requests that the deployment answers for comparison.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirror: Option<u8>,
    /// See [`fettle_gateway::routing::Mirror::tolerance`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<f64>,
}

/// What has been seen of a step, on all servers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// Of the deployment that is rolled out.
    pub tally: Tally,
    /// Of the deployments that have the rest of the traffic.
    #[serde(default)]
    pub stable: Tally,
    /// Of the requests mirrored to it.
    pub agreement: Agreement,
}

impl Observation {
    #[must_use]
    pub fn plus(self, more: &Self) -> Self {
        Self {
            tally: self.tally.plus(&more.tally),
            stable: self.stable.plus(&more.stable),
            agreement: self.agreement.plus(&more.agreement),
        }
    }

    /// The requests that the deployment answered, for somebody or for comparison.
    fn requests(&self, step: &Step) -> u64 {
        if step.percent > 0 {
            self.tally.requests
        } else {
            self.agreement.compared()
        }
    }
}

/// A rollout at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    pub step: usize,
    /// Since the step began, and since the rollout did.
    pub step_ms: i64,
    pub rollout_ms: i64,
    pub observation: &'a Observation,
    /// What the monitors say that have something to say against it.
    pub objections: &'a BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// What it waits for.
    Hold(String),
    NextStep,
    Succeed,
    RollBack(String),
}

impl Policy {
    pub fn check(&self) -> Result<()> {
        let Some(last) = self.steps.last() else {
            return Err(invalid(
                "steps: a policy has at least one step, such as {\"percent\": 100}.",
            ));
        };
        if self.steps.len() > STEPS_MAX || self.checks.len() > CHECKS_MAX {
            return Err(invalid(format!(
                "A policy has at most {STEPS_MAX} steps and {CHECKS_MAX} checks."
            )));
        }
        if last.percent != 100 {
            return Err(invalid(format!(
                "steps: the last step sends 100 % to the deployment, this one {} %.",
                last.percent
            )));
        }
        for (index, step) in self.steps.iter().enumerate() {
            if step.percent > 100 {
                return Err(invalid(format!(
                    "steps[{index}]: percent is between 0 and 100, it is {}.",
                    step.percent
                )));
            }
            if step.mirror.is_some_and(|percent| !(1..=50).contains(&percent)) {
                return Err(invalid(format!("steps[{index}]: mirror is between 1 and 50 percent.")));
            }
            if step.mirror.is_some() && step.percent == 100 {
                return Err(invalid(format!(
                    "steps[{index}]: with 100 percent nobody is left to compare the mirrored requests with."
                )));
            }
        }
        for pair in self.steps.windows(2) {
            if pair[1].percent < pair[0].percent {
                return Err(invalid(format!(
                    "steps: the percents grow from step to step; {} % comes after {} %.",
                    pair[1].percent, pair[0].percent
                )));
            }
        }
        let mirrors = self.steps.iter().any(|step| step.mirror.is_some());
        self.checks.iter().try_for_each(|check| check.check(mirrors))
    }

    /// The monitors that the policy asks.
    pub fn monitors(&self) -> impl Iterator<Item = &str> {
        self.checks.iter().filter_map(|check| match check {
            Check::Drift { monitor } => Some(monitor.as_str()),
            _ => None,
        })
    }

    pub fn decide(&self, moment: Moment<'_>) -> Verdict {
        let Some(step) = self.steps.get(moment.step) else {
            return Verdict::Succeed;
        };
        let requests = moment.observation.requests(step);
        let enough = requests >= self.requests_min;
        let found = self
            .checks
            .iter()
            .find_map(|check| check.objection(moment.observation, self.requests_min, moment.objections));
        if let Some(objection) = found.filter(|_| enough) {
            return Verdict::RollBack(objection);
        }
        if moment.rollout_ms >= self.timeout.ms() {
            return Verdict::RollBack(format!(
                "it took longer than {:#}; step {} had seen {requests} requests",
                self.timeout.0,
                moment.step + 1
            ));
        }
        if step.pause {
            return Verdict::Hold("waits to be promoted".to_owned());
        }
        let left_ms = step.wait.ms() - moment.step_ms;
        if left_ms > 0 {
            let left = SignedDuration::from_secs((left_ms + 999) / 1000);
            return Verdict::Hold(format!("is watched for another {left:#}"));
        }
        if !enough {
            return Verdict::Hold(format!(
                "has seen {requests} of at least {} requests",
                self.requests_min
            ));
        }
        if moment.step + 1 == self.steps.len() {
            Verdict::Succeed
        } else {
            Verdict::NextStep
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn policy(body: serde_json::Value) -> Policy {
        serde_json::from_value(body).expect("a policy")
    }

    fn canary() -> Policy {
        policy(json!({
            "steps": [{ "mirror": 20, "wait": "1m" }, { "percent": 10, "wait": "5m" }, { "percent": 50, "pause": true }, { "percent": 100 }],
            "checks": [{ "check": "error_rate", "max": 0.01 }, { "check": "latency_p99_ms", "max": 50 },
                { "check": "mirror_disagreement", "max": 0.1 }, { "check": "drift", "monitor": "inputs" }],
            "requests_min": 100,
            "timeout": "2h",
        }))
    }

    /// Requests that were answered within a tenth of a millisecond.
    fn seen(requests: u64, errors: u64) -> Observation {
        let mut seconds = [0; 14];
        seconds[0] = requests;
        let tally = json!({ "requests": requests, "errors": errors, "seconds": seconds });
        Observation {
            tally: serde_json::from_value(tally).expect("a tally"),
            ..Observation::default()
        }
    }

    fn decide(step: usize, step_ms: i64, observation: &Observation) -> Verdict {
        canary().decide(Moment {
            step,
            step_ms,
            rollout_ms: step_ms,
            observation,
            objections: &BTreeMap::new(),
        })
    }

    #[test]
    fn a_step_ends_when_it_was_watched_and_has_seen_enough() {
        assert_eq!(
            decide(1, 299_000, &seen(1000, 0)),
            Verdict::Hold("is watched for another 1s".to_owned())
        );
        assert_eq!(
            decide(1, 300_000, &seen(99, 0)),
            Verdict::Hold("has seen 99 of at least 100 requests".to_owned())
        );
        assert_eq!(decide(1, 300_000, &seen(100, 0)), Verdict::NextStep);
        assert_eq!(
            decide(2, 3_600_000, &seen(100, 0)),
            Verdict::Hold("waits to be promoted".to_owned())
        );
        assert_eq!(decide(3, 0, &seen(100, 0)), Verdict::Succeed);
        let mut mirrored = Observation::default();
        mirrored.agreement.agreed = 100;
        assert_eq!(
            decide(0, 60_000, &mirrored),
            Verdict::NextStep,
            "a mirror step counts what was compared"
        );
    }

    #[test]
    fn a_check_that_fails_rolls_back_once_there_are_enough_requests() {
        assert_eq!(
            decide(1, 0, &seen(99, 99)),
            Verdict::Hold("is watched for another 5m".to_owned())
        );
        let because = |verdict: Verdict, part: &str| match verdict {
            Verdict::RollBack(why) => assert!(why.contains(part), "{why}"),
            other => panic!("{other:?}"),
        };
        because(decide(1, 0, &seen(100, 2)), "error_rate is 0.02, at most 0.01");
        let mut mirrored = Observation::default();
        (mirrored.agreement.agreed, mirrored.agreement.disagreed) = (80, 20);
        because(decide(0, 0, &mirrored), "mirror_disagreement is 0.2, at most 0.1");
        because(decide(2, 7_200_000, &seen(3, 0)), "it took longer than 2h");
        let observation = seen(100, 0);
        let objections = BTreeMap::from([("inputs".to_owned(), "3 columns drifted".to_owned())]);
        let moment = Moment {
            step: 1,
            step_ms: 0,
            rollout_ms: 0,
            observation: &observation,
            objections: &objections,
        };
        because(canary().decide(moment), "`inputs` objects: 3 columns drifted");
    }

    #[test]
    fn checks_against_the_stable_deployments_need_these_to_have_seen_enough() {
        let policy = policy(json!({
            "steps": [{ "percent": 50, "wait": "5m" }, { "percent": 100 }],
            "checks": [{ "check": "error_rate", "max_above_stable": 0.02 },
                { "check": "latency_p99_ms", "max_times_stable": 2 }],
            "requests_min": 100,
        }));
        assert!(policy.check().is_ok());
        let decide = |observation: &Observation| {
            policy.decide(Moment {
                step: 0,
                step_ms: 0,
                rollout_ms: 0,
                observation,
                objections: &BTreeMap::new(),
            })
        };
        let holds = Verdict::Hold("is watched for another 5m".to_owned());
        let against = |errors, requests, stable_errors| Observation {
            stable: seen(requests, stable_errors).tally,
            ..seen(100, errors)
        };
        assert_eq!(decide(&against(5, 100, 3)), holds);
        assert_eq!(decide(&against(50, 99, 0)), holds, "the others have not seen enough");
        let Verdict::RollBack(why) = decide(&against(6, 100, 3)) else {
            panic!("it goes on");
        };
        assert_eq!(
            why,
            "error_rate is 0.06, that of the stable deployments 0.03, and at most 0.02 above it was allowed"
        );
        let mut slow = against(0, 100, 0);
        let tally = json!({ "requests": 100, "errors": 0, "seconds": [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 100, 0] });
        slow.tally = serde_json::from_value(tally).expect("a tally");
        assert!(matches!(decide(&slow), Verdict::RollBack(why) if why.contains("2 times it")));
    }

    #[test]
    fn bad_policies_are_refused_by_name() {
        for (body, part) in [
            (json!({ "steps": [] }), "at least one step"),
            (json!({ "steps": [{ "percent": 50 }] }), "100 %"),
            (
                json!({ "steps": [{ "percent": 50 }, { "percent": 20 }, { "percent": 100 }] }),
                "20 % comes after 50 %",
            ),
            (
                json!({ "steps": [{ "mirror": 60 }, { "percent": 100 }] }),
                "steps[0]: mirror",
            ),
            (json!({ "steps": [{ "percent": 100, "mirror": 10 }] }), "nobody is left"),
            (
                json!({ "steps": [{ "percent": 100 }], "checks": [{ "check": "error_rate", "max": 2 }] }),
                "between 0 and 1",
            ),
            (
                json!({ "steps": [{ "percent": 100 }], "checks": [{ "check": "latency_p99_ms", "max": 0 }] }),
                "milliseconds",
            ),
            (
                json!({ "steps": [{ "percent": 100 }], "checks": [{ "check": "mirror_disagreement", "max": 0 }] }),
                "needs a step",
            ),
            (
                json!({ "steps": [{ "percent": 100 }], "checks": [{ "check": "latency_p50_ms" }] }),
                "`max` or `max_times_stable`",
            ),
            (
                json!({ "steps": [{ "percent": 100 }], "checks": [{ "check": "latency_p50_ms", "max_times_stable": 0 }] }),
                "a factor above 0",
            ),
        ] {
            let error = policy(body.clone()).check().expect_err("a refusal").message;
            assert!(error.contains(part), "{body}: {error}");
        }
        assert!(canary().check().is_ok());
        for body in [
            json!({ "steps": [{ "wait": "soon" }] }),
            json!({ "steps": [{ "wait": -1 }] }),
            json!({ "steps": [{ "weight": 1 }] }),
            json!({ "steps": [{ "percent": 100 }], "checks": [{ "check": "mood", "max": 1 }] }),
        ] {
            assert!(serde_json::from_value::<Policy>(body.clone()).is_err(), "{body}");
        }
    }

    #[test]
    fn policies_are_read_back_as_they_were_written() {
        let text = serde_json::to_string(&canary()).expect("a policy serialises");
        assert_eq!(policy(serde_json::from_str(&text).expect("JSON")), canary(), "{text}");
    }
}
