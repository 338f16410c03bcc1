//! Metrics of operation and how they are aggregated over a window: rules that know no database.
//!
//! Names are Azure's (`HttpResponseTime` and `Replicas` of container apps, `RequestLatency_P99` of online endpoints) and
//! our own.

use crate::error::{Result, invalid};
use fettle_capture::{Point, Points, latency_quantile_ms};
use std::collections::BTreeMap;

/// A deployment in one server, at the start of ten seconds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sample {
    pub at_ms: i64,
    pub deployment: String,
    /// The server.
    pub instance: String,
    pub replicas: i64,
    /// By status.
    pub points: Points,
}

impl Sample {
    #[must_use]
    pub fn without_points(&self) -> Self {
        Self {
            points: Points::new(),
            deployment: self.deployment.clone(),
            instance: self.instance.clone(),
            ..*self
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Metric {
    Requests,
    RequestsPerMinute,
    Errors,
    ClientErrors,
    ServerErrors,
    /// Share of requests with an answer of 500 or more.
    ServerErrorRate,
    /// Share of requests with an answer of 400 or more.
    ErrorRate,
    /// In milliseconds.
    Latency,
    LatencyQuantile(f64),
    Replicas,
    /// Requests in progress on the average: by Little's law the time that all took, over the time in which they came.
    Concurrency,
    /// The same for each replica that is ready.
    Saturation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregation {
    Average,
    Minimum,
    Maximum,
    Total,
    Count,
}

/// Name, its other spellings in lower case, metric, what it is measured in.
const METRICS: &[(&str, &[&str], Metric, &str)] = &[
    ("Requests", &["requests", "requestcount"], Metric::Requests, "count"),
    (
        "RequestsPerMinute",
        &["requests_per_minute"],
        Metric::RequestsPerMinute,
        "per minute",
    ),
    ("Errors", &["failures", "failedrequests"], Metric::Errors, "count"),
    (
        "ClientErrors",
        &["client_errors", "http4xx"],
        Metric::ClientErrors,
        "count",
    ),
    (
        "ServerErrors",
        &["server_errors", "http5xx"],
        Metric::ServerErrors,
        "count",
    ),
    ("ErrorRate", &["error_rate"], Metric::ErrorRate, "share"),
    (
        "ServerErrorRate",
        &["server_error_rate"],
        Metric::ServerErrorRate,
        "share",
    ),
    (
        "HttpResponseTime",
        &["responsetime", "requestlatency", "latency_ms", "latency"],
        Metric::Latency,
        "ms",
    ),
    (
        "RequestLatency_P50",
        &["latency_p50_ms", "p50"],
        Metric::LatencyQuantile(0.50),
        "ms",
    ),
    (
        "RequestLatency_P90",
        &["latency_p90_ms", "p90"],
        Metric::LatencyQuantile(0.90),
        "ms",
    ),
    (
        "RequestLatency_P95",
        &["latency_p95_ms", "p95"],
        Metric::LatencyQuantile(0.95),
        "ms",
    ),
    (
        "RequestLatency_P99",
        &["latency_p99_ms", "p99"],
        Metric::LatencyQuantile(0.99),
        "ms",
    ),
    (
        "Replicas",
        &["replicacount", "readyreplicas"],
        Metric::Replicas,
        "count",
    ),
    (
        "Concurrency",
        &["requests_in_progress"],
        Metric::Concurrency,
        "requests",
    ),
    (
        "Saturation",
        &["requests_per_replica"],
        Metric::Saturation,
        "requests per replica",
    ),
];

impl Metric {
    pub fn named(name: &str) -> Option<Self> {
        let lower = name.to_ascii_lowercase();
        METRICS
            .iter()
            .find(|(known, others, ..)| known.eq_ignore_ascii_case(name) || others.contains(&lower.as_str()))
            .map(|(_, _, metric, _)| *metric)
    }

    pub fn names() -> impl Iterator<Item = &'static str> {
        METRICS.iter().map(|(name, ..)| *name)
    }

    /// As Azure's command line would take it when nothing is said.
    pub fn usual_aggregation(self) -> Aggregation {
        match self {
            Self::Requests | Self::Errors | Self::ClientErrors | Self::ServerErrors => Aggregation::Total,
            _ => Aggregation::Average,
        }
    }

    pub fn unit(self) -> &'static str {
        METRICS
            .iter()
            .find(|(_, _, metric, _)| *metric == self)
            .map_or("", |(.., unit)| unit)
    }

    /// Whether it can be asked of some statuses only.
    pub fn has_statuses(self) -> bool {
        !matches!(
            self,
            Self::ErrorRate | Self::ServerErrorRate | Self::Replicas | Self::Concurrency | Self::Saturation
        )
    }

    /// The metric over the samples of a window; None if they say nothing of it.
    pub fn over(self, aggregation: Aggregation, samples: &[Sample], window_ms: i64) -> Option<f64> {
        let requests = requests(samples, |_| true);
        let share = |wanted: fn(u16) -> bool| {
            let count = self::requests(samples, wanted) as f64;
            (requests > 0).then(|| count / requests as f64)
        };
        let counted = |wanted: fn(u16) -> bool| Some(counted(aggregation, samples, wanted, window_ms));
        match self {
            Self::Requests => counted(|_| true),
            Self::RequestsPerMinute => Some(requests as f64 / (window_ms as f64 / 60_000.0)),
            Self::Errors => counted(is_error),
            Self::ClientErrors => counted(|status| is_error(status) && !is_server_error(status)),
            Self::ServerErrors => counted(is_server_error),
            Self::ErrorRate => share(is_error),
            Self::ServerErrorRate => share(is_server_error),
            Self::LatencyQuantile(quantile) => latency_quantile_ms(&whole(samples), quantile),
            Self::Latency if requests == 0 => (aggregation == Aggregation::Count).then_some(0.0),
            Self::Latency => {
                let all = whole(samples);
                Some(match aggregation {
                    Aggregation::Average => all.latency_sum_us as f64 / requests as f64 / 1e3,
                    Aggregation::Minimum => all.latency_min_us as f64 / 1e3,
                    Aggregation::Maximum => all.latency_max_us as f64 / 1e3,
                    Aggregation::Total => all.latency_sum_us as f64 / 1e3,
                    Aggregation::Count => requests as f64,
                })
            }
            Self::Replicas => replicas(aggregation, samples),
            Self::Concurrency => Some(concurrency(samples, window_ms)),
            Self::Saturation => {
                let replicas = replicas(Aggregation::Average, samples)?;
                (replicas > 0.0).then(|| concurrency(samples, window_ms) / replicas)
            }
        }
    }
}

fn concurrency(samples: &[Sample], window_ms: i64) -> f64 {
    whole(samples).latency_sum_us as f64 / 1e3 / window_ms as f64
}

fn is_error(status: u16) -> bool {
    status >= 400
}

fn is_server_error(status: u16) -> bool {
    status >= 500
}

fn whole(samples: &[Sample]) -> Point {
    let mut all = Point::default();
    for point in samples.iter().flat_map(|sample| sample.points.values()) {
        all.merge(point);
    }
    all
}

fn requests<'s>(samples: impl IntoIterator<Item = &'s Sample>, wanted: fn(u16) -> bool) -> i64 {
    let points = samples.into_iter().flat_map(|sample| &sample.points);
    points
        .filter(|(status, _)| wanted(**status))
        .map(|(_, point)| point.requests)
        .sum()
}

/// Requests of these statuses, kept per ten seconds; their average is Azure's, per minute.
fn counted(aggregation: Aggregation, samples: &[Sample], wanted: fn(u16) -> bool, window_ms: i64) -> f64 {
    let total = requests(samples, wanted) as f64;
    let mut moments = BTreeMap::<i64, i64>::new();
    for sample in samples {
        *moments.entry(sample.at_ms).or_default() += requests([sample], wanted);
    }
    let moments = moments.into_values();
    match aggregation {
        Aggregation::Total | Aggregation::Count => total,
        Aggregation::Average => total / (window_ms as f64 / 60_000.0),
        Aggregation::Minimum => moments.min().unwrap_or_default() as f64,
        Aggregation::Maximum => moments.max().unwrap_or_default() as f64,
    }
}

/// Replicas of all servers at the same moment are added up.
fn replicas(aggregation: Aggregation, samples: &[Sample]) -> Option<f64> {
    let mut moments = BTreeMap::<i64, i64>::new();
    for sample in samples {
        *moments.entry(sample.at_ms).or_default() += sample.replicas;
    }
    let values = moments.values().copied();
    let (total, count) = (values.clone().sum::<i64>() as f64, moments.len() as f64);
    if moments.is_empty() {
        return None;
    }
    Some(match aggregation {
        Aggregation::Average => total / count,
        Aggregation::Minimum => values.min().unwrap_or_default() as f64,
        Aggregation::Maximum => values.max().unwrap_or_default() as f64,
        Aggregation::Total => total,
        Aggregation::Count => count,
    })
}

impl Aggregation {
    pub fn parse(field: &str, text: &str) -> Result<Self> {
        match text.to_ascii_lowercase().as_str() {
            "average" | "avg" | "mean" => Ok(Self::Average),
            "minimum" | "min" => Ok(Self::Minimum),
            "maximum" | "max" => Ok(Self::Maximum),
            "total" | "sum" => Ok(Self::Total),
            "count" => Ok(Self::Count),
            _ => Err(invalid(format!(
                "Invalid value '{text}' for parameter '{field}' supplied: it must be Average, Minimum, Maximum, Total or Count."
            ))),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Average => "Average",
            Self::Minimum => "Minimum",
            Self::Maximum => "Maximum",
            Self::Total => "Total",
            Self::Count => "Count",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fettle_capture::Tally;

    fn sample(at_ms: i64, replicas: i64, requests: &[(u16, u64)]) -> Sample {
        let mut tally = Tally::default();
        for (status, ms) in requests {
            tally.add(*status, ms * 1000);
        }
        Sample {
            at_ms,
            replicas,
            points: tally.points(),
            ..Sample::default()
        }
    }

    #[test]
    fn metrics_over_a_window() {
        use Aggregation::{Average, Count, Maximum, Minimum, Total};
        let samples = [
            sample(0, 1, &[(200, 10), (200, 20)]),
            sample(10_000, 1, &[(500, 6000)]),
            sample(10_000, 2, &[(404, 30)]),
            sample(20_000, 0, &[]),
        ];
        for (name, aggregation, value) in [
            ("HttpResponseTime", Average, Some(1515.0)),
            ("latency_ms", Minimum, Some(10.0)),
            ("RequestLatency", Maximum, Some(6000.0)),
            ("Requests", Total, Some(4.0)),
            ("Requests", Average, Some(0.8)),
            ("requests_per_minute", Average, Some(0.8)),
            ("ErrorRate", Average, Some(0.5)),
            ("ServerErrorRate", Average, Some(0.25)),
            ("Http5xx", Count, Some(1.0)),
            ("Errors", Maximum, Some(2.0)),
            ("ClientErrors", Minimum, Some(0.0)),
            ("Requests", Maximum, Some(2.0)),
            ("Concurrency", Average, Some(0.0202)),
            ("Saturation", Average, Some(0.0202 / (4.0 / 3.0))),
            ("Replicas", Average, Some(4.0 / 3.0)),
            ("Replicas", Minimum, Some(0.0)),
            ("Replicas", Maximum, Some(3.0)),
        ] {
            let metric = Metric::named(name).expect(name);
            let found = metric.over(aggregation, &samples, 300_000);
            assert_eq!(found, value, "{aggregation:?} {name}");
        }
        let p99 = Metric::named("RequestLatency_P99").expect("known");
        assert!(
            p99.over(Average, &samples, 300_000)
                .is_some_and(|ms| (5000.0..=6000.0).contains(&ms))
        );
    }

    #[test]
    fn nothing_is_said_without_data() {
        for metric in [
            Metric::Latency,
            Metric::ErrorRate,
            Metric::LatencyQuantile(0.5),
            Metric::Replicas,
        ] {
            assert_eq!(metric.over(Aggregation::Average, &[], 60_000), None, "{metric:?}");
        }
        assert_eq!(Metric::Requests.over(Aggregation::Total, &[], 60_000), Some(0.0));
        assert_eq!(Metric::named("Temperature"), None);
    }
}
