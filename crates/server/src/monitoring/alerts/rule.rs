//! An alert rule as it is written, in Azure's words, Prometheus' and ours, and as it is understood.

use super::{
    condition::{Condition, Operator},
    dimension::{Dimension, DimensionSpec, Name},
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
use std::fmt::Write as _;

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
    /// Azure's form of what may follow `where` in a condition.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dimensions: Vec<DimensionSpec>,
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
        /// None is every endpoint; each has an alert of its own.
        endpoints: Option<Dimension>,
        /// Of deployments and statuses; each value has an alert of its own.
        dimensions: Vec<Dimension>,
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
        let mut dimensions = self.dimensions(condition)?;
        let mut take = |name: Name| {
            let place = dimensions.iter().position(|dimension| dimension.name == name)?;
            Some(dimensions.remove(place))
        };
        if let Some(monitor) = one_of(take(Name::Monitor))? {
            let target = Target::Signal {
                monitor,
                signal: one_of(take(Name::Signal))?,
                metric: condition.metric.clone(),
                feature: one_of(take(Name::Feature))?,
            };
            return match dimensions.first() {
                Some(other) => Err(misplaced(other, "a rule on a signal of a monitor")),
                None => Ok(target),
            };
        }
        let metric = Metric::named(&condition.metric).ok_or_else(|| unknown_metric(&condition.metric))?;
        let endpoints = take(Name::Endpoint);
        for dimension in &dimensions {
            match dimension.name {
                Name::Signal | Name::Feature => return Err(misplaced(dimension, "a rule without a monitor")),
                Name::Status | Name::StatusClass if !metric.has_statuses() => {
                    return Err(misplaced(dimension, &condition.metric));
                }
                _ => {}
            }
        }
        Ok(Target::Operation {
            metric,
            metric_name: condition.metric.clone(),
            endpoints,
            dimensions,
        })
    }

    /// What the condition, the list and the fields of their own say.
    fn dimensions(&self, condition: &Condition) -> Result<Vec<Dimension>> {
        let mut all = condition.dimensions.clone();
        for spec in &self.dimensions {
            all.push(spec.check()?);
        }
        // A scope is an endpoint's name, or the id of an Azure resource that ends with it.
        let of_scope = |scope: &String| scope.trim_end_matches('/').rsplit('/').next().map(str::to_owned);
        let endpoints: Vec<String> = match &self.endpoint {
            Some(endpoint) => vec![endpoint.clone()],
            None => self.scopes.iter().filter_map(of_scope).collect(),
        };
        for (name, values) in [
            (Name::Endpoint, endpoints),
            (Name::Deployment, self.deployment.iter().cloned().collect()),
            (Name::Monitor, self.monitor.iter().cloned().collect()),
            (Name::Signal, self.signal.iter().cloned().collect()),
            (Name::Feature, self.feature.iter().cloned().collect()),
        ] {
            if !values.is_empty() {
                all.push(Dimension::of(name, values));
            }
        }
        for (place, dimension) in all.iter().enumerate() {
            if all[..place].iter().any(|other| other.name == dimension.name) {
                return Err(invalid(format!(
                    "Dimension '{}' is given twice: give all of its values at once.",
                    dimension.name.label()
                )));
            }
        }
        Ok(all)
    }
}

/// The only value, where a rule is of one thing.
fn one_of(dimension: Option<Dimension>) -> Result<Option<String>> {
    let Some(dimension) = dimension else { return Ok(None) };
    match dimension.sole() {
        Some(one) => Ok(Some(one.to_owned())),
        None => Err(invalid(format!(
            "Invalid dimension '{}' supplied: a rule is of one; include one value, and write a rule for each.",
            dimension.name.label()
        ))),
    }
}

fn misplaced(dimension: &Dimension, what: &str) -> crate::error::ApiError {
    invalid(format!(
        "Invalid dimension '{}' supplied: {what} has no such dimension.",
        dimension.name.label()
    ))
}

impl Rule {
    /// For people: `avg HttpResponseTime > 5000`.
    pub fn text(&self) -> String {
        let (metric, dimensions) = match &self.target {
            Target::Operation {
                metric_name,
                dimensions,
                ..
            } => (metric_name, dimensions.as_slice()),
            Target::Signal { metric, .. } => (metric, [].as_slice()),
        };
        let (aggregation, operator) = (self.aggregation.name(), self.operator.sign());
        let mut text = format!("{aggregation} {metric} {operator} {}", self.threshold);
        for (place, dimension) in dimensions.iter().enumerate() {
            let joint = if place == 0 { "where" } else { "and" };
            let _ = write!(text, " {joint} {dimension}");
        }
        text
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
            ("dimensions", json!([{ "name": "pod", "values": ["a"] }]), "pod"),
            (
                "dimensions",
                json!([{ "name": "endpoint", "values": ["a"] }, { "name": "Endpoint", "values": ["b"] }]),
                "twice",
            ),
            (
                "condition",
                json!("avg ErrorRate > 1 where statusCodeClass includes 5xx"),
                "ErrorRate has no such",
            ),
            (
                "condition",
                json!("avg Requests > 1 where feature includes x"),
                "without a monitor",
            ),
        ] {
            let mut spec = good.clone();
            spec[field] = value;
            let error = read(spec).expect_err(field).message;
            assert!(error.contains(part), "{field}: {error}");
        }
    }
}
