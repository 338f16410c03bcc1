//! What a deployment has to do: requests under way, added up over time, and how many share a call.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Counts that only grow; whoever watches takes the difference of two readings.
#[derive(Debug)]
pub(crate) struct Load {
    state: Mutex<State>,
    calls: AtomicU64,
    called_requests: AtomicU64,
}

#[derive(Debug)]
struct State {
    outstanding: usize,
    since: Instant,
    request_seconds: f64,
    requests: u64,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    pub(super) at: Instant,
    /// Requests under way, times the seconds they were.
    pub(super) request_seconds: f64,
    pub(super) requests: u64,
    pub(super) calls: u64,
    pub(super) called_requests: u64,
}

impl Load {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                outstanding: 0,
                since: Instant::now(),
                request_seconds: 0.0,
                requests: 0,
            }),
            calls: AtomicU64::new(0),
            called_requests: AtomicU64::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request is under way as long as what is returned lives.
    pub(crate) fn enter(&self) -> Outstanding<'_> {
        let mut state = self.lock();
        state.settle();
        state.outstanding += 1;
        state.requests += 1;
        Outstanding(self)
    }

    /// So many requests share a call of the model.
    pub(crate) fn called(&self, requests: usize) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.called_requests.fetch_add(requests as u64, Ordering::Relaxed);
    }

    pub(super) fn outstanding(&self) -> usize {
        self.lock().outstanding
    }

    pub(super) fn read(&self) -> Reading {
        let mut state = self.lock();
        state.settle();
        Reading {
            at: state.since,
            request_seconds: state.request_seconds,
            requests: state.requests,
            calls: self.calls.load(Ordering::Relaxed),
            called_requests: self.called_requests.load(Ordering::Relaxed),
        }
    }
}

impl State {
    /// Adds up what was under way until now.
    fn settle(&mut self) {
        let now = Instant::now();
        let passed = now.duration_since(self.since);
        self.request_seconds += self.outstanding as f64 * passed.as_secs_f64();
        self.since = now;
    }
}

pub(crate) struct Outstanding<'a>(&'a Load);

impl Drop for Outstanding<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.settle();
        state.outstanding -= 1;
    }
}

impl Reading {
    /// How long since an earlier reading.
    pub(super) fn span(&self, before: &Self) -> Duration {
        self.at.duration_since(before.at)
    }

    pub(super) fn concurrency(&self, before: &Self) -> f64 {
        (self.request_seconds - before.request_seconds) / self.span(before).as_secs_f64()
    }

    pub(super) fn request_rate(&self, before: &Self) -> f64 {
        (self.requests - before.requests) as f64 / self.span(before).as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn requests_are_added_up_over_time() {
        let load = Load::new();
        let before = load.read();
        let first = load.enter();
        tokio::time::advance(Duration::from_secs(1)).await;
        let second = load.enter();
        tokio::time::advance(Duration::from_secs(1)).await;
        drop(first);
        drop(second);
        tokio::time::advance(Duration::from_secs(2)).await;
        let after = load.read();
        assert_eq!(
            after.concurrency(&before),
            0.75,
            "1 and 2 and 0 and 0 requests, a second each"
        );
        assert_eq!(after.request_rate(&before), 0.5);
        assert_eq!(load.outstanding(), 0);
    }
}
