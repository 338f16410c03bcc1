//! An alert rule as it is written, in Azure's words, Prometheus' and ours, and as it is understood.

use super::{
    condition::{Condition, Operator},
    labels::Labels,
    machine::Timing,
};
use crate::{
    error::{Result, invalid},
    monitoring::{
        duration::{duration_ms, iso},
        operational::{
            figures::{Aggregation, Metric},
            series::unknown_metric,
        },
    },
};
use serde::{Deserialize, Deserializer, Serialize};

const MINUTE_MS: i64 = 60_000;
const WINDOW_MS_MAX: i64 = 7 * 24 * 60 * MINUTE_MS;
const PERIODS_MAX: usize = 100;
const NAME_LENGTH: usize = 200;

/// As it comes; field by field checked by [`RuleSpec::check`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RuleSpec {
    #[serde(alias = "alert")]
    pub name: Option<String>,
    pub description: Option<String>,
    /// Azure's text form; the four fields below say the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    #[serde(alias = "metricName", alias = "metric_name")]
    pub metric: Option<String>,
    #[serde(alias = "timeAggregation")]
    pub time_aggregation: Option<String>,
    pub operator: Option<String>,
    pub threshold: Option<f64>,
    #[serde(deserialize_with = "one_or_many")]
    pub scopes: Vec<String>,
    pub endpoint: Option<String>,
    pub deployment: Option<String>,
    pub monitor: Option<String>,
    pub signal: Option<String>,
    pub feature: Option<String>,
    #[serde(alias = "windowSize")]
    pub window_size: Option<String>,
    #[serde(alias = "evaluationFrequency", alias = "interval")]
    pub evaluation_frequency: Option<String>,
    pub severity: Option<u8>,
    #[serde(alias = "autoMitigate", alias = "auto_mitigate")]
    pub auto_resolve: Option<bool>,
    #[serde(rename = "for")]
    pub hold: Option<String>,
    #[serde(alias = "keepFiringFor")]
    pub keep_firing_for: Option<String>,
    #[serde(alias = "datapointsToAlert")]
    pub datapoints_to_alert: Option<usize>,
    #[serde(alias = "evaluationPeriods")]
    pub evaluation_periods: Option<usize>,
    /// While it fires, receivers are reminded this often.
    #[serde(alias = "repeatInterval")]
    pub repeat_interval: Option<String>,
    /// Names of receivers.
    #[serde(alias = "receivers", deserialize_with = "one_or_many")]
    pub actions: Vec<String>,
    pub labels: Labels,
    pub annotations: Labels,
    pub enabled: Option<bool>,
}

/// As it is understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub name: String,
    pub target: Target,
    pub aggregation: Aggregation,
    pub operator: Operator,
    pub threshold: f64,
    pub window_ms: i64,
    pub frequency_ms: i64,
    pub severity: u8,
    pub timing: Timing,
    pub needed: usize,
    pub periods: usize,
    pub repeat_ms: i64,
    pub actions: Vec<String>,
    pub labels: Labels,
    pub annotations: Labels,
    pub description: Option<String>,
    pub enabled: bool,
}

/// What is measured.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    Operation {
        metric: Metric,
        metric_name: String,
        /// None is every endpoint, each with an alert of its own.
        endpoint: Option<String>,
        deployment: Option<String>,
    },
    Signal {
        monitor: String,
        signal: Option<String>,
        metric: String,
        feature: Option<String>,
    },
}

impl RuleSpec {
    pub fn check(&self) -> Result<Rule> {
        let name = self.name.clone().unwrap_or_default();
        if name.trim().is_empty() || name.len() > NAME_LENGTH || name.contains('/') {
            return Err(invalid(format!(
                "Invalid value '{name}' for parameter 'name' supplied: an alert rule has a name of at most {NAME_LENGTH} characters, without '/'."
            )));
        }
        let condition = self.condition()?;
        let target = self.target(&condition)?;
        let is_signal = matches!(target, Target::Signal { .. });
        let window_ms = optional("window_size", self.window_size.as_deref(), 5 * MINUTE_MS)?;
        let frequency_ms = optional("evaluation_frequency", self.evaluation_frequency.as_deref(), MINUTE_MS)?;
        if !(1000..=WINDOW_MS_MAX).contains(&frequency_ms) {
            return Err(between("evaluation_frequency", frequency_ms, 1000));
        }
        // Points are ten seconds wide.
        let narrowest = if is_signal { 1000 } else { 10_000 };
        if !(narrowest..=WINDOW_MS_MAX).contains(&window_ms) {
            return Err(between("window_size", window_ms, narrowest));
        }
        let severity = self.severity.unwrap_or(2);
        if severity > 4 {
            return Err(invalid(format!(
                "Invalid value {severity} for parameter 'severity' supplied: it must be between 0 (critical) and 4 (verbose)."
            )));
        }
        let periods = self.evaluation_periods.or(self.datapoints_to_alert).unwrap_or(1);
        let needed = self.datapoints_to_alert.unwrap_or(periods);
        if !(1..=PERIODS_MAX).contains(&periods) || !(1..=periods).contains(&needed) {
            return Err(invalid(format!(
                "Invalid value for parameter 'datapoints_to_alert' supplied: {needed} of {periods} evaluation_periods must be between 1 and {PERIODS_MAX}."
            )));
        }
        Ok(Rule {
            name,
            target,
            aggregation: condition.aggregation,
            operator: condition.operator,
            threshold: condition.threshold,
            window_ms,
            frequency_ms,
            severity,
            timing: Timing {
                for_ms: optional("for", self.hold.as_deref(), 0)?,
                keep_firing_for_ms: optional("keep_firing_for", self.keep_firing_for.as_deref(), 0)?,
                auto_resolve: self.auto_resolve.unwrap_or(true),
            },
            needed,
            periods,
            repeat_ms: optional("repeat_interval", self.repeat_interval.as_deref(), 4 * 60 * MINUTE_MS)?,
            actions: self.actions.clone(),
            labels: self.labels.clone(),
            annotations: self.annotations.clone(),
            description: self.description.clone(),
            enabled: self.enabled.unwrap_or(true),
        })
    }

    fn condition(&self) -> Result<Condition> {
        let parts = [self.metric.is_some(), self.operator.is_some(), self.threshold.is_some()];
        match (&self.condition, parts) {
            (Some(text), [_, false, false]) => Condition::parse(text),
            (Some(_), _) => Err(invalid(
                "Parameter 'condition' says what 'metric', 'operator' and 'threshold' say: give one or the other.",
            )),
            (None, [true, true, true]) => {
                let aggregation = self.time_aggregation.as_deref().unwrap_or("Average");
                Ok(Condition {
                    aggregation: Aggregation::parse("time_aggregation", aggregation)?,
                    metric: self.metric.clone().unwrap_or_default(),
                    operator: Operator::parse("operator", self.operator.as_deref().unwrap_or_default())?,
                    threshold: self.threshold.unwrap_or_default(),
                    dimensions: Vec::new(),
                })
            }
            (None, _) => Err(invalid(
                "Parameter 'condition' is missing: write for instance avg HttpResponseTime > 5000, or give 'metric', 'operator' and 'threshold'.",
            )),
        }
    }

    fn target(&self, condition: &Condition) -> Result<Target> {
        let dimension = |name: &str| {
            let found = condition.dimensions.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone())
        };
        for (name, _) in &condition.dimensions {
            if !["endpoint", "deployment", "monitor", "signal", "feature"].contains(&name.as_str()) {
                return Err(invalid(format!(
                    "Invalid dimension '{name}' in parameter 'condition': it must be endpoint, deployment, monitor, signal or feature."
                )));
            }
        }
        if let Some(monitor) = self.monitor.clone().or_else(|| dimension("monitor")) {
            return Ok(Target::Signal {
                monitor,
                signal: self.signal.clone().or_else(|| dimension("signal")),
                metric: condition.metric.clone(),
                feature: self.feature.clone().or_else(|| dimension("feature")),
            });
        }
        let metric = Metric::named(&condition.metric).ok_or_else(|| unknown_metric(&condition.metric))?;
        // A scope is an endpoint's name, or the id of an Azure resource that ends with it.
        let of_scope = match self.scopes.as_slice() {
            [] => None,
            [scope] => scope.trim_end_matches('/').rsplit('/').next().map(str::to_owned),
            _ => {
                return Err(invalid(
                    "Parameter 'scopes' names more than one endpoint: write a rule for each, or none for all endpoints.",
                ));
            }
        };
        Ok(Target::Operation {
            metric,
            metric_name: condition.metric.clone(),
            endpoint: self.endpoint.clone().or_else(|| dimension("endpoint")).or(of_scope),
            deployment: self.deployment.clone().or_else(|| dimension("deployment")),
        })
    }
}

impl Rule {
    /// For people: `avg HttpResponseTime > 5000`.
    pub fn text(&self) -> String {
        let metric = match &self.target {
            Target::Operation { metric_name, .. } => metric_name,
            Target::Signal { metric, .. } => metric,
        };
        format!(
            "{} {metric} {} {}",
            self.aggregation.name(),
            self.operator.sign(),
            self.threshold
        )
    }
}

fn optional(field: &str, text: Option<&str>, default_ms: i64) -> Result<i64> {
    text.map_or(Ok(default_ms), |text| duration_ms(field, text))
}

fn between(field: &str, given_ms: i64, narrowest_ms: i64) -> crate::error::ApiError {
    invalid(format!(
        "Invalid value {} for parameter '{field}' supplied: it must be between {} and {}.",
        iso(given_ms),
        iso(narrowest_ms),
        iso(WINDOW_MS_MAX)
    ))
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(one) => vec![one],
        OneOrMany::Many(many) => many,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(value: Value) -> Result<Rule> {
        serde_json::from_value::<RuleSpec>(value)
            .map_err(|error| invalid(error.to_string()))?
            .check()
    }

    #[test]
    fn azures_fields_and_its_text_mean_the_same() {
        let text = read(json!({
            "name": "slow", "condition": "avg HttpResponseTime > 5000", "windowSize": "PT5M",
            "evaluationFrequency": "PT1M", "severity": 2, "autoMitigate": true,
            "scopes": ["/subscriptions/s/resourceGroups/g/providers/Microsoft.App/containerApps/churn"]
        }))
        .expect("a good rule");
        let fields = read(json!({
            "name": "slow", "metricName": "HttpResponseTime", "timeAggregation": "Average", "operator": "GreaterThan",
            "threshold": 5000, "window_size": "5m", "evaluation_frequency": "1m", "endpoint": "churn"
        }))
        .expect("a good rule");
        assert_eq!(text, fields);
    }

    #[test]
    fn rules_over_signals_name_their_monitor() {
        let rule = read(json!({
            "name": "d", "condition": "max alarms > 0", "monitor": "flights", "signal": "drift", "for": "1m",
            "datapoints_to_alert": 2, "evaluation_periods": 3
        }))
        .expect("a good rule");
        assert!(matches!(&rule.target, Target::Signal { monitor, .. } if monitor == "flights"));
        assert_eq!((rule.needed, rule.periods, rule.timing.for_ms), (2, 3, 60_000));
    }

    #[test]
    fn what_is_wrong_with_a_rule_is_named() {
        let good = json!({ "name": "r", "condition": "avg Requests > 1" });
        for (field, value, part) in [
            ("name", json!(""), "name"),
            ("name", json!("a/b"), "name"),
            ("condition", json!("avg Nonsense > 1"), "HttpResponseTime"),
            ("severity", json!(5), "severity"),
            ("window_size", json!("1s"), "window_size"),
            ("window_size", json!("P1M"), "window_size"),
            ("evaluation_frequency", json!("0s"), "evaluation_frequency"),
            ("datapoints_to_alert", json!(0), "datapoints_to_alert"),
            ("threshold", json!(3), "condition"),
            ("treshold", json!(3), "treshold"),
            ("scopes", json!(["a", "b"]), "scopes"),
        ] {
            let mut spec = good.clone();
            spec[field] = value;
            let error = read(spec).expect_err(field).message;
            assert!(error.contains(part), "{field}: {error}");
        }
    }
}
