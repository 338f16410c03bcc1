//! What a deployment may say for itself of how its requests are treated; the rest is as the server was started with.

use crate::{
    error::{Result, invalid},
    tracking::validate::invalid_value,
};
use fettle_gateway::{Options, ScalingMetric};
use serde::{Deserialize, Serialize};
use std::time::Duration;

const SECONDS_MAX: u32 = 86_400;
const COLD_START_SECONDS_MAX: u32 = 3600;
const COUNT_MAX: u32 = 100_000;
/// No Python with mlflow gets by with less.
const BYTES_MIN: u64 = 64 << 20;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// From a request to its answer; then 504.
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout_seconds: Option<u32>,
    /// Requests that may wait for a worker; more get 429.
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<u32>,
    /// Whether requests may share a call of the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    batching: Option<bool>,
    /// Rows of a call that requests share.
    #[serde(skip_serializing_if = "Option::is_none")]
    batch_rows_max: Option<u32>,
    /// `concurrency`, `request_rate` or `cpu`.
    #[serde(skip_serializing_if = "Option::is_none")]
    scale_on: Option<String>,
    /// Over which the load is averaged; a worker of a deployment without requests ends after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    scale_window_seconds: Option<u32>,
    /// How long a request may wait for the first worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    cold_start_seconds: Option<u32>,
    /// What a worker may allocate; beyond it the request fails with `MemoryError`.
    #[serde(skip_serializing_if = "Option::is_none")]
    worker_memory_bytes_max: Option<u64>,
    /// What a worker may hold; beyond it another takes its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    worker_resident_bytes_max: Option<u64>,
    /// Requests that a worker answers before another takes its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    worker_requests_max: Option<u32>,
}

impl Limits {
    /// These, and those from before where nothing was said.
    pub fn over(self, before: &Self) -> Result<Self> {
        self.check()?;
        Ok(Self {
            timeout_seconds: self.timeout_seconds.or(before.timeout_seconds),
            queue: self.queue.or(before.queue),
            batching: self.batching.or(before.batching),
            batch_rows_max: self.batch_rows_max.or(before.batch_rows_max),
            scale_on: self.scale_on.or_else(|| before.scale_on.clone()),
            scale_window_seconds: self.scale_window_seconds.or(before.scale_window_seconds),
            cold_start_seconds: self.cold_start_seconds.or(before.cold_start_seconds),
            worker_memory_bytes_max: self.worker_memory_bytes_max.or(before.worker_memory_bytes_max),
            worker_resident_bytes_max: self.worker_resident_bytes_max.or(before.worker_resident_bytes_max),
            worker_requests_max: self.worker_requests_max.or(before.worker_requests_max),
        })
    }

    fn check(&self) -> Result<()> {
        for (field, value, most) in [
            ("timeout_seconds", self.timeout_seconds, SECONDS_MAX),
            ("queue", self.queue, COUNT_MAX),
            ("batch_rows_max", self.batch_rows_max, COUNT_MAX),
            ("scale_window_seconds", self.scale_window_seconds, SECONDS_MAX),
            ("cold_start_seconds", self.cold_start_seconds, COLD_START_SECONDS_MAX),
            ("worker_requests_max", self.worker_requests_max, u32::MAX),
        ] {
            if let Some(value) = value.filter(|value| !(1..=most).contains(value)) {
                return Err(invalid(format!(
                    "Parameter 'limits.{field}' must be between 1 and {most}, it is {value}."
                )));
            }
        }
        for (field, value) in [
            ("worker_memory_bytes_max", self.worker_memory_bytes_max),
            ("worker_resident_bytes_max", self.worker_resident_bytes_max),
        ] {
            if let Some(value) = value.filter(|value| *value < BYTES_MIN) {
                return Err(invalid(format!(
                    "Parameter 'limits.{field}' must be at least {BYTES_MIN} (64 MiB), it is {value}."
                )));
            }
        }
        if let Some(metric) = &self.scale_on {
            let parsed: std::result::Result<ScalingMetric, String> = metric.parse();
            parsed.map_err(|why| invalid_value("limits.scale_on", metric, &why))?;
        }
        Ok(())
    }

    /// Puts them in the place of what all deployments have in common.
    pub fn apply(&self, options: &mut Options) {
        let seconds = |seconds: u32| Duration::from_secs(seconds.into());
        let set = |place: &mut usize, value: Option<u32>| *place = value.map_or(*place, |value| value as usize);
        options.deadline = self.timeout_seconds.map_or(options.deadline, seconds);
        set(&mut options.queue, self.queue);
        set(&mut options.batch_rows_max, self.batch_rows_max);
        options.batching = self.batching.or(options.batching);
        let scaling = &mut options.scaling;
        if let Some(metric) = self.scale_on.as_ref().and_then(|metric| metric.parse().ok()) {
            scaling.metric = metric;
        }
        if let Some(window) = self.scale_window_seconds {
            *scaling = scaling.clone().averaged_over(seconds(window));
        }
        scaling.cold_start_max = self.cold_start_seconds.map_or(scaling.cold_start_max, seconds);
        let supervision = &mut options.supervision;
        supervision.memory_bytes_max = self.worker_memory_bytes_max.or(supervision.memory_bytes_max);
        let recycling = &mut supervision.recycling;
        recycling.resident_bytes_max = self.worker_resident_bytes_max.or(recycling.resident_bytes_max);
        recycling.requests_max = self.worker_requests_max.map(u64::from).or(recycling.requests_max);
    }
}

#[cfg(test)]
mod tests {
    use super::Limits;
    use fettle_gateway::{Options, ScalingMetric};
    use serde_json::json;
    use std::time::Duration;

    fn limits(text: serde_json::Value) -> Limits {
        serde_json::from_value(text).expect("limits")
    }

    #[test]
    fn what_is_absent_stays_as_it_was() {
        let first = limits(json!({ "timeout_seconds": 5, "queue": 8, "scale_on": "cpu", "scale_window_seconds": 10 }));
        let memory = 1_u64 << 32;
        let second = limits(json!({ "timeout_seconds": 7, "batching": false, "worker_memory_bytes_max": memory }))
            .over(&first)
            .expect("good limits");
        assert_eq!(
            json!(second),
            json!({ "timeout_seconds": 7, "queue": 8, "batching": false, "scale_on": "cpu", "scale_window_seconds": 10,
                "worker_memory_bytes_max": memory })
        );
        let mut options = Options::default();
        second.apply(&mut options);
        assert_eq!(
            (options.deadline, options.queue, options.batching),
            (Duration::from_secs(7), 8, Some(false))
        );
        assert_eq!(options.supervision.memory_bytes_max, Some(memory));
        assert_eq!(options.batch_rows_max, Options::default().batch_rows_max);
        assert_eq!(options.scaling.metric, ScalingMetric::Cpu);
        assert_eq!(options.scaling.panic_window, Duration::from_secs(1));
    }

    #[test]
    fn bad_limits_are_refused_by_name() {
        for (text, part) in [
            (
                json!({ "timeout_seconds": 0 }),
                "'limits.timeout_seconds' must be between 1 and 86400",
            ),
            (json!({ "queue": 100_001 }), "'limits.queue'"),
            (json!({ "scale_on": "moon" }), "limits.scale_on"),
            (json!({ "cold_start_seconds": 3601 }), "'limits.cold_start_seconds'"),
            (
                json!({ "worker_memory_bytes_max": 4096 }),
                "'limits.worker_memory_bytes_max' must be at least",
            ),
            (json!({ "worker_requests_max": 0 }), "'limits.worker_requests_max'"),
        ] {
            let error = limits(text.clone()).over(&Limits::default()).expect_err("a refusal");
            assert!(error.message.contains(part), "{text}: {}", error.message);
        }
        assert!(serde_json::from_value::<Limits>(json!({ "timeout": 3 })).is_err());
    }
}
