//! The task that keeps a deployment's number of workers right.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::load::{Load, Reading};
use super::rule::{Panic, Rule, Seen};
use super::window::Window;
use super::{Scaling, ScalingMetric};
use crate::worker::{Pool, procfs};

const RATE_UP: f64 = 2.0;
const RATE_DOWN: f64 = 2.0;
const PANIC_THRESHOLD: f64 = 2.0;

/// Ends with the deployment that has it.
pub(crate) struct Autoscaler {
    wake: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Autoscaler {
    pub(crate) fn start(scaling: Scaling, pool: Arc<Pool>, load: Arc<Load>) -> Self {
        let wake = Arc::new(Notify::new());
        let task = tokio::spawn(watch(scaling, pool, load, Arc::clone(&wake)));
        Self { wake, task }
    }

    /// A request has come for which there is no worker.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }
}

impl Drop for Autoscaler {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What was measured, in windows.
struct Measured {
    before: Reading,
    cpu_before: f64,
    /// The metric itself, summed over all replicas.
    values: Window,
    calls: Window,
    called_requests: Window,
}

async fn watch(scaling: Scaling, pool: Arc<Pool>, load: Arc<Load>, wake: Arc<Notify>) {
    let rule = Rule {
        target: scaling.target(),
        rate_up: RATE_UP,
        rate_down: RATE_DOWN,
        panic_threshold: PANIC_THRESHOLD,
        stable_window: scaling.stable_window,
        replicas_min: scaling.replicas_min,
        replicas_max: scaling.replicas_max,
    };
    let began = Instant::now();
    let mut panic: Option<Panic> = None;
    let mut measured = Measured::new(&scaling, &load, &pool);
    loop {
        tokio::select! {
            () = sleep(scaling.tick) => {}
            () = wake.notified() => {
                if pool.target() == Some(0) {
                    tracing::info!("A request came for a model without workers; one is started");
                    pool.scale_to(rule.replicas_min.max(1));
                }
                continue;
            }
        }
        measured.take(scaling.metric, &load, &pool);
        // Unloaded by request: it stays so until somebody loads it.
        let Some(target) = pool.target() else { continue };
        let seen = Seen {
            at: began.elapsed(),
            ready: pool.ready_count(),
            stable: measured.average(scaling.metric, scaling.stable_window),
            panic: measured.average(scaling.metric, scaling.panic_window),
        };
        let mut desired = rule.decide(&mut panic, seen);
        // One that was started for a request is let start, also if the caller has lost patience.
        let counts = pool.counts();
        if desired == 0 && (load.outstanding() > 0 || (counts.ready == 0 && counts.starting > 0)) {
            desired = 1;
        }
        if desired > target && !procfs::memory_allows(&pool.pids(), desired - target) {
            tracing::warn!(
                replicas = target,
                desired,
                "More workers are wanted than the free memory allows"
            );
            continue;
        }
        if desired != target {
            tracing::info!(
                replicas = target,
                desired,
                stable = seen.stable,
                panic = seen.panic,
                "Scaling the workers of a model from {target} to {desired}"
            );
            pool.scale_to(desired);
            // One that came meanwhile found a worker that has ended since.
            if desired == 0 && load.outstanding() > 0 {
                wake.notify_one();
            }
        }
    }
}

impl Measured {
    fn new(scaling: &Scaling, load: &Load, pool: &Pool) -> Self {
        let window = || Window::new(scaling.stable_window.max(scaling.panic_window));
        Self {
            before: load.read(),
            cpu_before: procfs::cpu_seconds(&pool.pids()),
            values: window(),
            calls: window(),
            called_requests: window(),
        }
    }

    fn take(&mut self, metric: ScalingMetric, load: &Load, pool: &Pool) {
        let now = load.read();
        let span = now.span(&self.before);
        if span.is_zero() {
            return;
        }
        let value = match metric {
            ScalingMetric::Concurrency => now.concurrency(&self.before),
            ScalingMetric::RequestRate => now.request_rate(&self.before),
            ScalingMetric::Cpu => {
                let cpu = procfs::cpu_seconds(&pool.pids());
                // Workers that have gone took their seconds with them.
                let busy = (cpu - self.cpu_before).max(0.0) / span.as_secs_f64();
                self.cpu_before = cpu;
                // An idle worker computes a little; only without requests is there nothing to do.
                if now.requests == self.before.requests && load.outstanding() == 0 {
                    0.0
                } else {
                    busy
                }
            }
        };
        self.values.push(span, value);
        let rate = |count: u64| count as f64 / span.as_secs_f64();
        self.calls.push(span, rate(now.calls - self.before.calls));
        let shared = now.called_requests - self.before.called_requests;
        self.called_requests.push(span, rate(shared));
        self.before = now;
    }

    fn average(&self, metric: ScalingMetric, over: std::time::Duration) -> f64 {
        let value = self.values.average(over);
        if metric != ScalingMetric::Concurrency {
            return value;
        }
        let (calls, requests) = (self.calls.average(over), self.called_requests.average(over));
        let requests_per_call = if calls > 0.0 { (requests / calls).max(1.0) } else { 1.0 };
        value / requests_per_call
    }
}
