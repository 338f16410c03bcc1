//! Knative's rule (`pkg/autoscaler/scaling/autoscaler.go`): a stable window decides, a short one notices bursts.
//!
//! ```text
//! ready' = max(1, ready)
//! dspc = ceil(stable / target)                dppc = ceil(panic / target)
//! maxUp = ceil(rate up x ready')              maxDown = floor(ready' / rate down)
//! stable count = clamp(dspc, maxDown, maxUp)  panic count = clamp(dppc, maxDown, maxUp)
//! panic begins, and begins anew, while dppc / ready' >= threshold; it ends a stable window after it last did
//! in panic: the most that was wanted since it began, so that it never shrinks
//! ```
//!
//! Knative's rate up is 1000, made for containers. A worker process is seconds of CPU, so here it is 2.

use std::time::Duration;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rule {
    /// What one replica should have.
    pub(super) target: f64,
    pub(super) rate_up: f64,
    pub(super) rate_down: f64,
    pub(super) panic_threshold: f64,
    pub(super) stable_window: Duration,
    pub(super) replicas_min: usize,
    pub(super) replicas_max: usize,
}

/// What was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Seen {
    /// Since some beginning.
    pub(super) at: Duration,
    pub(super) ready: usize,
    pub(super) stable: f64,
    pub(super) panic: f64,
}

/// A burst under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Panic {
    last_over: Duration,
    most: usize,
}

impl Rule {
    /// How many replicas there should be.
    pub(super) fn decide(&self, panic: &mut Option<Panic>, seen: Seen) -> usize {
        let ready = seen.ready.max(1) as f64;
        let (most, least) = ((self.rate_up * ready).ceil(), (ready / self.rate_down).floor());
        let wanted = (seen.stable / self.target).ceil();
        let wanted_in_panic = (seen.panic / self.target).ceil();
        let bounded = |count: f64| count.max(least).min(most) as usize;
        let mut desired = bounded(wanted);

        if wanted_in_panic / ready >= self.panic_threshold {
            let most = panic.map_or(0, |panic| panic.most);
            *panic = Some(Panic {
                last_over: seen.at,
                most,
            });
        } else if panic.is_some_and(|panic| panic.last_over + self.stable_window < seen.at) {
            *panic = None;
        }
        if let Some(panic) = panic {
            panic.most = panic.most.max(desired).max(bounded(wanted_in_panic));
            desired = panic.most;
        }
        desired.clamp(self.replicas_min, self.replicas_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(rate_up: f64) -> Rule {
        Rule {
            target: 10.0,
            rate_up,
            rate_down: 2.0,
            panic_threshold: 2.0,
            stable_window: Duration::from_mins(1),
            replicas_min: 0,
            replicas_max: 1000,
        }
    }

    /// Steps of `(second, ready, stable, panic)` and the number that the quoted rule gives, worked out by hand.
    fn check(rule: &Rule, steps: &[(u64, usize, f64, f64, usize)]) {
        let mut panic = None;
        for &(second, ready, stable, in_panic, expected) in steps {
            let seen = Seen {
                at: Duration::from_secs(second),
                ready,
                stable,
                panic: in_panic,
            };
            assert_eq!(rule.decide(&mut panic, seen), expected, "at {second} s of {steps:?}");
        }
    }

    #[test]
    fn the_stable_window_decides() {
        let knative = rule(1000.0);
        check(&knative, &[(0, 1, 0.0, 0.0, 0)]);
        check(&knative, &[(0, 1, 10.0, 10.0, 1)]);
        check(&knative, &[(0, 1, 10.1, 10.1, 2), (2, 2, 25.0, 25.0, 3)]);
        check(&knative, &[(0, 5, 48.0, 40.0, 5), (2, 5, 30.0, 20.0, 3)]);
        // At most half of them go at a time: floor(10 / 2), floor(5 / 2), floor(2 / 2), floor(1 / 2).
        check(
            &knative,
            &[
                (0, 10, 0.0, 0.0, 5),
                (2, 5, 0.0, 0.0, 2),
                (4, 2, 0.0, 0.0, 1),
                (6, 1, 0.0, 0.0, 0),
            ],
        );
        // Nobody is ready, and it counts as one.
        check(&knative, &[(0, 0, 3.0, 3.0, 1)]);
    }

    #[test]
    fn a_burst_is_followed_at_once_and_left_late() {
        let knative = rule(1000.0);
        check(
            &knative,
            &[
                // 100 / 10 = 10 wanted, one ready: ten times as many is over the threshold of two.
                (0, 1, 10.0, 100.0, 10),
                // What is wanted falls, and the burst never shrinks.
                (10, 10, 50.0, 60.0, 10),
                (20, 10, 50.0, 120.0, 12),
                (59, 12, 30.0, 10.0, 12),
                // Over the threshold for the last time at 0 s; it ends after 60 s.
                (60, 12, 30.0, 10.0, 12),
                (61, 12, 30.0, 10.0, 6),
            ],
        );
        // Over the threshold again at 30 s: it lasts until 90 s.
        check(
            &knative,
            &[
                (0, 1, 0.0, 20.0, 2),
                (30, 2, 10.0, 40.0, 4),
                (80, 4, 10.0, 10.0, 4),
                (90, 4, 10.0, 10.0, 4),
                (91, 4, 10.0, 10.0, 2),
            ],
        );
    }

    #[test]
    fn processes_at_most_double_and_bounds_hold() {
        let ours = Rule {
            replicas_min: 1,
            replicas_max: 6,
            ..rule(2.0)
        };
        check(
            &ours,
            &[
                (0, 1, 100.0, 100.0, 2),
                (2, 2, 100.0, 100.0, 4),
                (4, 4, 100.0, 100.0, 6),
                (6, 6, 900.0, 900.0, 6),
            ],
        );
        check(&ours, &[(0, 1, 0.0, 0.0, 1)]);
    }
}
