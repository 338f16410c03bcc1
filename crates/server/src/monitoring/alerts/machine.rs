//! What becomes of an alert when its condition is looked at: a state machine over time, with Prometheus' words.

/// Times of a rule, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// How long the condition must hold before the alert fires.
    pub for_ms: i64,
    /// How long it goes on firing after the condition held last.
    pub keep_firing_for_ms: i64,
    /// Whether it resolves by itself.
    pub auto_resolve: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Inactive,
    Pending,
    Firing,
    Resolved,
}

/// An alert at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    pub state: State,
    pub since_ms: i64,
    /// When the condition held last.
    pub breached_ms: Option<i64>,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Pending => "pending",
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        [Self::Inactive, Self::Pending, Self::Firing, Self::Resolved]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

impl Moment {
    pub fn start(now_ms: i64) -> Self {
        Self {
            state: State::Inactive,
            since_ms: now_ms,
            breached_ms: None,
        }
    }

    /// The alert after its condition was looked at. `breached` is None when there is nothing to look at: then an alert
    /// that fires goes on, and one that was about to fire waits no longer.
    #[must_use]
    pub fn step(self, breached: Option<bool>, now_ms: i64, timing: Timing) -> Self {
        let breached_ms = if breached == Some(true) {
            Some(now_ms)
        } else {
            self.breached_ms
        };
        let to = |state| Self {
            state,
            since_ms: now_ms,
            breached_ms,
        };
        let stay = Self { breached_ms, ..self };
        match (self.state, breached) {
            (State::Inactive | State::Resolved, Some(true)) if timing.for_ms == 0 => to(State::Firing),
            (State::Inactive | State::Resolved, Some(true)) => to(State::Pending),
            (State::Pending, Some(true)) if now_ms - self.since_ms >= timing.for_ms => to(State::Firing),
            (State::Pending, Some(false) | None) => to(State::Inactive),
            (State::Firing, Some(false)) => {
                let quiet_ms = now_ms - self.breached_ms.unwrap_or(self.since_ms);
                if timing.auto_resolve && quiet_ms >= timing.keep_firing_for_ms {
                    to(State::Resolved)
                } else {
                    stay
                }
            }
            _ => stay,
        }
    }

    /// The alert after somebody said that it is over.
    #[must_use]
    pub fn resolve(self, now_ms: i64) -> Self {
        match self.state {
            State::Firing | State::Pending => Self {
                state: State::Resolved,
                since_ms: now_ms,
                ..self
            },
            State::Inactive | State::Resolved => self,
        }
    }
}

/// M of N: whether enough of the last periods breach. Periods of which nothing is known count as quiet; None if nothing
/// is known of the newest.
pub fn enough(breaches: &[Option<bool>], needed: usize) -> Option<bool> {
    breaches.first().copied().flatten()?;
    Some(breaches.iter().filter(|breach| **breach == Some(true)).count() >= needed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_ONCE: Timing = Timing {
        for_ms: 0,
        keep_firing_for_ms: 0,
        auto_resolve: true,
    };

    /// A letter for each look, ten seconds apart: `x` breached, `.` not, `?` nothing known.
    fn check(timing: Timing, looks: &str, states: &str) {
        let mut moment = Moment::start(0);
        let mut seen = String::new();
        for (turn, look) in looks.chars().enumerate() {
            let breached = match look {
                'x' => Some(true),
                '.' => Some(false),
                _ => None,
            };
            moment = moment.step(breached, turn as i64 * 10_000, timing);
            seen.push(moment.state.name().chars().next().expect("names have letters"));
        }
        assert_eq!(seen, states, "{looks} {timing:?}");
    }

    #[test]
    fn alerts_fire_and_resolve_over_time() {
        check(AT_ONCE, "..xx..x", "iiffrrf");
        let patient = Timing {
            for_ms: 20_000,
            ..AT_ONCE
        };
        check(patient, "x.xxxx.x", "pippffrp");
        let lingering = Timing {
            keep_firing_for_ms: 30_000,
            ..AT_ONCE
        };
        check(lingering, "x..x....", "ffffffrr");
        let manual = Timing {
            auto_resolve: false,
            ..AT_ONCE
        };
        check(manual, "x...", "ffff");
    }

    #[test]
    fn nothing_known_changes_nothing_that_fires() {
        check(AT_ONCE, "x???.", "ffffr");
        let patient = Timing {
            for_ms: 20_000,
            ..AT_ONCE
        };
        check(patient, "xx?xx", "ppipp");
    }

    #[test]
    fn somebody_may_end_it() {
        let firing = Moment::start(0).step(Some(true), 5, AT_ONCE);
        assert_eq!(firing.resolve(9).state, State::Resolved);
        assert_eq!(firing.resolve(9).since_ms, 9);
        assert_eq!(Moment::start(0).resolve(9).state, State::Inactive);
    }

    #[test]
    fn enough_of_the_last_periods() {
        let (yes, no) = (Some(true), Some(false));
        for (breaches, needed, expected) in [
            (vec![yes], 1, yes),
            (vec![no], 1, no),
            (vec![None, yes, yes], 2, None),
            (vec![yes, no, yes], 2, yes),
            (vec![no, yes, yes], 2, yes),
            (vec![yes, None, None], 2, no),
            (vec![yes, yes, yes], 3, yes),
            (vec![no, yes, yes], 3, no),
        ] {
            assert_eq!(enough(&breaches, needed), expected, "{breaches:?} {needed}");
        }
    }
}
