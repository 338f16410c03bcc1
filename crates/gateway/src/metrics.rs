//! Counters of one deployment, written as Prometheus text.
//!
//! Plain atomics: a native prediction takes some microseconds, and a label lookup would be a good part of that.
//! Names: ours, and the pair dashboards for `MLServer` know (`model_infer_request_success`, `.._failure`, `.._duration`).

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::worker::ReplicaCounts;

const SECONDS: [f64; 14] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0,
];
const SIZES: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];
const CODES: [u16; 8] = [200, 400, 413, 415, 429, 500, 503, 504];

#[derive(Debug)]
struct Histogram<const N: usize> {
    buckets: [AtomicU64; N],
    count: AtomicU64,
    /// In millionths.
    sum: AtomicU64,
}

impl<const N: usize> Histogram<N> {
    fn new() -> Self {
        Self {
            buckets: std::array::from_fn(|_| AtomicU64::new(0)),
            count: AtomicU64::new(0),
            sum: AtomicU64::new(0),
        }
    }

    fn observe(&self, value: f64, bounds: &[f64; N]) {
        if let Some(index) = bounds.iter().position(|bound| value <= *bound) {
            self.buckets[index].fetch_add(1, Ordering::Relaxed);
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add((value * 1e6) as u64, Ordering::Relaxed);
    }

    fn write(&self, out: &mut String, name: &str, labels: &str, bounds: &[f64; N]) {
        let mut total = 0;
        for (bucket, bound) in self.buckets.iter().zip(bounds) {
            total += bucket.load(Ordering::Relaxed);
            let _ = writeln!(out, "{name}_bucket{{{labels},le=\"{bound}\"}} {total}");
        }
        let count = self.count.load(Ordering::Relaxed);
        let _ = writeln!(out, "{name}_bucket{{{labels},le=\"+Inf\"}} {count}");
        let _ = writeln!(
            out,
            "{name}_sum{{{labels}}} {}",
            self.sum.load(Ordering::Relaxed) as f64 / 1e6
        );
        let _ = writeln!(out, "{name}_count{{{labels}}} {count}");
    }
}

/// The value below which this share of `count` observations lies, taken to be spread evenly within a bucket.
fn quantile(buckets: &[u64], count: u64, share: f64, bounds: &[f64]) -> Option<f64> {
    let wanted = share * count as f64;
    let (mut below, mut lower) = (0.0, 0.0);
    for (&bucket, &upper) in buckets.iter().zip(bounds) {
        let inside = bucket as f64;
        if inside > 0.0 && below + inside >= wanted {
            return Some(lower + (upper - lower) * (wanted - below) / inside);
        }
        below += inside;
        lower = upper;
    }
    (count > 0).then_some(lower)
}

#[derive(Debug)]
pub(crate) struct Metrics {
    codes: [AtomicU64; CODES.len()],
    other_codes: AtomicU64,
    duration: Histogram<{ SECONDS.len() }>,
    batch_requests: Histogram<{ SIZES.len() }>,
    batch_rows: Histogram<{ SIZES.len() }>,
    /// In nanoseconds: spent in the model, and before it in the queue.
    computed: AtomicU64,
    queued: AtomicU64,
    restarts: AtomicU64,
    recycled: AtomicU64,
}

/// What Triton's statistics of a model count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InferenceCounts {
    pub(crate) rows: u64,
    pub(crate) executions: u64,
    pub(crate) succeeded: u64,
    pub(crate) failed: u64,
    /// Of all requests together.
    pub(crate) nanoseconds: u64,
    /// Of all calls of the model together.
    pub(crate) compute_nanoseconds: u64,
    /// Of all requests together, until their call began.
    pub(crate) queue_nanoseconds: u64,
}

/// A deployment's counters at one moment. They add up over deployments and servers, and their difference is what was
/// answered between two moments.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Tally {
    pub requests: u64,
    /// Answers other than 200.
    pub errors: u64,
    /// Requests by the bucket of their duration; those beyond the last bucket are in none.
    seconds: [u64; SECONDS.len()],
}

impl Tally {
    #[must_use]
    pub fn plus(self, more: &Self) -> Self {
        self.zip(more, u64::saturating_add)
    }

    /// What came after `before`; everything, if the counters have started anew since.
    #[must_use]
    pub fn since(self, before: &Self) -> Self {
        if self.requests < before.requests {
            return self;
        }
        self.zip(before, u64::saturating_sub)
    }

    fn zip(self, other: &Self, both: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            requests: both(self.requests, other.requests),
            errors: both(self.errors, other.errors),
            seconds: std::array::from_fn(|index| both(self.seconds[index], other.seconds[index])),
        }
    }

    /// The share of requests that were not answered with 200.
    pub fn error_rate(&self) -> Option<f64> {
        (self.requests > 0).then(|| self.errors as f64 / self.requests as f64)
    }

    /// The time, in milliseconds, within which this share of the requests was answered.
    pub fn latency_ms(&self, share: f64) -> Option<f64> {
        quantile(&self.seconds, self.requests, share, &SECONDS).map(|seconds| seconds * 1e3)
    }

    pub fn usage(&self) -> Usage {
        Usage {
            count: self.requests,
            errors: self.errors,
            p50_ms: self.latency_ms(0.5),
            p99_ms: self.latency_ms(0.99),
        }
    }
}

/// What a deployment has answered since it started.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Usage {
    pub count: u64,
    /// Answers other than 200.
    pub errors: u64,
    /// From the whole body to the answer, in milliseconds; estimated from a histogram.
    pub p50_ms: Option<f64>,
    pub p99_ms: Option<f64>,
}

/// What is read at the moment of writing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gauges {
    pub(crate) queued: usize,
    pub(crate) in_flight: usize,
    pub(crate) ready: bool,
    /// Whether the model is in memory; one that is not is taken there by a request.
    pub(crate) loaded: bool,
    pub(crate) replicas: ReplicaCounts,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            codes: Default::default(),
            other_codes: AtomicU64::new(0),
            duration: Histogram::new(),
            batch_requests: Histogram::new(),
            batch_rows: Histogram::new(),
            computed: AtomicU64::new(0),
            queued: AtomicU64::new(0),
            restarts: AtomicU64::new(0),
            recycled: AtomicU64::new(0),
        }
    }

    pub(crate) fn request(&self, status: u16, took: Duration) {
        let counter = CODES
            .iter()
            .position(|code| *code == status)
            .map_or(&self.other_codes, |index| &self.codes[index]);
        counter.fetch_add(1, Ordering::Relaxed);
        self.duration.observe(took.as_secs_f64(), &SECONDS);
    }

    pub(crate) fn batch(&self, requests: usize, rows: usize) {
        self.batch_requests.observe(requests as f64, &SIZES);
        self.batch_rows.observe(rows as f64, &SIZES);
    }

    pub(crate) fn tally(&self) -> Tally {
        let requests = self.duration.count.load(Ordering::Relaxed);
        Tally {
            requests,
            errors: requests.saturating_sub(self.codes[0].load(Ordering::Relaxed)),
            seconds: std::array::from_fn(|index| self.duration.buckets[index].load(Ordering::Relaxed)),
        }
    }

    pub(crate) fn worker_restarted(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
    }

    /// A call of the model took so long; in Python, with the way there and back.
    pub(crate) fn computed(&self, took: Duration) {
        self.computed.fetch_add(took.as_nanos() as u64, Ordering::Relaxed);
    }

    pub(crate) fn queued(&self, waited: Duration) {
        self.queued.fetch_add(waited.as_nanos() as u64, Ordering::Relaxed);
    }

    pub(crate) fn worker_recycled(&self) {
        self.recycled.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn inference_counts(&self) -> InferenceCounts {
        let succeeded = self.codes[0].load(Ordering::Relaxed);
        InferenceCounts {
            rows: self.batch_rows.sum.load(Ordering::Relaxed) / 1_000_000,
            executions: self.batch_rows.count.load(Ordering::Relaxed),
            succeeded,
            failed: self.duration.count.load(Ordering::Relaxed).saturating_sub(succeeded),
            nanoseconds: self.duration.sum.load(Ordering::Relaxed).saturating_mul(1000),
            compute_nanoseconds: self.computed.load(Ordering::Relaxed),
            queue_nanoseconds: self.queued.load(Ordering::Relaxed),
        }
    }
}

/// A deployment's metrics with the labels they carry.
pub(crate) struct Labelled<'a> {
    /// Names of the endpoint and of the deployment behind it.
    pub(crate) place: Option<(&'a str, &'a str)>,
    pub(crate) model: &'a str,
    pub(crate) version: &'a str,
    pub(crate) metrics: &'a Metrics,
    pub(crate) gauges: Gauges,
}

impl Labelled<'_> {
    fn labels(&self) -> String {
        let model = format!("model=\"{}\",version=\"{}\"", escape(self.model), escape(self.version));
        match self.place {
            None => model,
            Some((endpoint, name)) => format!(
                "endpoint=\"{}\",deployment=\"{}\",{model}",
                escape(endpoint),
                escape(name)
            ),
        }
    }
}

/// All deployments as one exposition, each family declared once.
pub(crate) fn render(deployments: &[Labelled]) -> String {
    let mut out = String::new();
    let mut family = |name: &str, kind: &str, help: &str, write: &dyn Fn(&mut String, &str, &Labelled)| {
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for deployment in deployments {
            write(&mut out, &deployment.labels(), deployment);
        }
    };
    family(
        "fettle_scoring_requests_total",
        "counter",
        "Scoring requests by status code.",
        &|out, labels, d| {
            for (code, counter) in CODES.iter().zip(&d.metrics.codes) {
                let count = counter.load(Ordering::Relaxed);
                let _ = writeln!(out, "fettle_scoring_requests_total{{{labels},code=\"{code}\"}} {count}");
            }
            let other = d.metrics.other_codes.load(Ordering::Relaxed);
            let _ = writeln!(out, "fettle_scoring_requests_total{{{labels},code=\"other\"}} {other}");
        },
    );
    let duration = "fettle_scoring_request_duration_seconds";
    family(
        duration,
        "histogram",
        "From the whole body to the answer.",
        &|out, labels, d| {
            d.metrics.duration.write(out, duration, labels, &SECONDS);
        },
    );
    family(
        "fettle_scoring_batch_requests",
        "histogram",
        "Requests in one call of the model.",
        &|out, labels, d| {
            d.metrics
                .batch_requests
                .write(out, "fettle_scoring_batch_requests", labels, &SIZES);
        },
    );
    family(
        "fettle_scoring_batch_rows",
        "histogram",
        "Rows in one call of the model.",
        &|out, labels, d| {
            d.metrics
                .batch_rows
                .write(out, "fettle_scoring_batch_rows", labels, &SIZES);
        },
    );
    gauge(
        &mut family,
        "fettle_scoring_queue_depth",
        "Requests waiting for a worker.",
        |d| d.gauges.queued as u64,
    );
    gauge(
        &mut family,
        "fettle_scoring_in_flight",
        "Requests being answered.",
        |d| d.gauges.in_flight as u64,
    );
    gauge(
        &mut family,
        "fettle_scoring_ready",
        "Whether the model can score.",
        |d| u64::from(d.gauges.ready),
    );
    gauge(
        &mut family,
        "fettle_scoring_loaded",
        "Whether the model is in memory.",
        |d| u64::from(d.gauges.loaded),
    );
    family(
        "fettle_scoring_worker_restarts_total",
        "counter",
        "Python workers lost and replaced.",
        &|out, labels, d| {
            let count = d.metrics.restarts.load(Ordering::Relaxed);
            let _ = writeln!(out, "fettle_scoring_worker_restarts_total{{{labels}}} {count}");
        },
    );
    family(
        "fettle_scoring_workers_recycled_total",
        "counter",
        "Python workers replaced because they had served long enough.",
        &|out, labels, d| {
            let count = d.metrics.recycled.load(Ordering::Relaxed);
            let _ = writeln!(out, "fettle_scoring_workers_recycled_total{{{labels}}} {count}");
        },
    );
    family(
        "fettle_scoring_replicas",
        "gauge",
        "Python workers by what they are doing.",
        &|out, labels, d| {
            let counts = d.gauges.replicas;
            let states = [
                ("ready", counts.ready),
                ("starting", counts.starting),
                ("stopping", counts.stopping),
            ];
            for (state, count) in states {
                let _ = writeln!(out, "fettle_scoring_replicas{{{labels},state=\"{state}\"}} {count}");
            }
        },
    );
    triton(&mut family);
    family(
        "model_infer_request_success_total",
        "counter",
        "Requests answered with predictions.",
        &|out, labels, d| {
            let count = d.metrics.codes[0].load(Ordering::Relaxed);
            let _ = writeln!(out, "model_infer_request_success_total{{{labels}}} {count}");
        },
    );
    family(
        "model_infer_request_failure_total",
        "counter",
        "Requests answered with an error.",
        &|out, labels, d| {
            let failed = d.metrics.codes[1..].iter().chain([&d.metrics.other_codes]);
            let count: u64 = failed.map(|counter| counter.load(Ordering::Relaxed)).sum();
            let _ = writeln!(out, "model_infer_request_failure_total{{{labels}}} {count}");
        },
    );
    family(
        "model_infer_request_duration",
        "histogram",
        "Request duration in seconds.",
        &|out, labels, d| {
            d.metrics
                .duration
                .write(out, "model_infer_request_duration", labels, &SECONDS);
        },
    );
    out
}

/// Triton's names; durations in microseconds.
fn triton(family: &mut Family) {
    let mut counter = |name: &'static str, help: &str, value: fn(&InferenceCounts) -> u64| {
        family(name, "counter", help, &|out, labels, d| {
            let _ = writeln!(out, "{name}{{{labels}}} {}", value(&d.metrics.inference_counts()));
        });
    };
    counter(
        "nv_inference_request_success",
        "Requests answered with predictions.",
        |c| c.succeeded,
    );
    counter(
        "nv_inference_request_failure",
        "Requests answered with an error.",
        |c| c.failed,
    );
    counter("nv_inference_count", "Rows predicted.", |c| c.rows);
    counter("nv_inference_exec_count", "Calls of the model.", |c| c.executions);
    counter(
        "nv_inference_request_duration_us",
        "Microseconds spent on requests.",
        |c| c.nanoseconds / 1000,
    );
    counter(
        "nv_inference_queue_duration_us",
        "Microseconds that requests waited for a worker.",
        |c| c.queue_nanoseconds / 1000,
    );
    counter(
        "nv_inference_compute_infer_duration_us",
        "Microseconds spent in calls of the model.",
        |c| c.compute_nanoseconds / 1000,
    );
}

type Family<'f> = dyn FnMut(&str, &str, &str, &dyn Fn(&mut String, &str, &Labelled)) + 'f;

fn gauge(family: &mut Family, name: &str, help: &str, value: impl Fn(&Labelled) -> u64) {
    family(name, "gauge", help, &|out, labels, deployment| {
        let _ = writeln!(out, "{name}{{{labels}}} {}", value(deployment));
    });
}

pub(crate) fn escape(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_estimated_from_the_histogram() {
        let metrics = Metrics::new();
        assert_eq!(
            metrics.tally().usage(),
            Usage {
                count: 0,
                errors: 0,
                p50_ms: None,
                p99_ms: None
            }
        );
        for _ in 0..99 {
            metrics.request(200, Duration::from_micros(80));
        }
        metrics.request(400, Duration::from_mins(1));
        let before = metrics.tally();
        let usage = before.usage();
        assert_eq!((usage.count, usage.errors), (100, 1));
        assert!(usage.p50_ms.is_some_and(|ms| (0.04..0.06).contains(&ms)), "{usage:?}");
        assert_eq!(
            before.latency_ms(1.0),
            Some(30_000.0),
            "beyond the last bucket there is no more to say"
        );
    }
}
