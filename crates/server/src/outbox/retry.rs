//! When to try again: rules that touch neither the database nor the network.

use super::Verdict;
use std::time::Duration;

const FIRST: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_hours(1);
/// Receivers may ask for more patience than we would have, up to this.
const LONGEST_ASKED: Duration = Duration::from_hours(24);

/// What becomes of a delivery after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    Succeeded,
    Failed,
    Again { after: Duration },
}

/// `attempt` counts from 1; `jitter` is between 0 and 1 and spreads receivers' work after an outage.
pub fn next(verdict: Verdict, attempt: i64, attempts_max: i64, jitter: f64) -> Next {
    match verdict {
        Verdict::Delivered => Next::Succeeded,
        Verdict::Refused => Next::Failed,
        Verdict::Retry { .. } if attempt >= attempts_max => Next::Failed,
        Verdict::Retry { after: asked } => {
            let own = backoff(attempt, jitter);
            let asked = asked.unwrap_or_default().min(LONGEST_ASKED);
            Next::Again { after: own.max(asked) }
        }
    }
}

/// Doubles from one attempt to the next up to [`LONGEST`], of which the jitter takes up to a half.
fn backoff(attempt: i64, jitter: f64) -> Duration {
    let doublings = u32::try_from(attempt.clamp(1, 20) - 1).unwrap_or_default();
    let full = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    full.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
}

/// Whether an HTTP answer is worth another attempt.
pub fn verdict_of_status(status: u16, retry_after: Option<Duration>) -> Verdict {
    match status {
        200..=299 => Verdict::Delivered,
        408 | 429 | 500..=599 => Verdict::Retry { after: retry_after },
        _ => Verdict::Refused,
    }
}

/// A `Retry-After` header: seconds or a date.
pub fn retry_after(value: &str, now_ms: i64) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(value).ok()?.timestamp().as_millisecond();
    u64::try_from(date - now_ms).ok().map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour() {
        let wait = |attempt| match next(Verdict::Retry { after: None }, attempt, 100, 1.0) {
            Next::Again { after } => after.as_secs(),
            other => panic!("{other:?}"),
        };
        let waits: Vec<u64> = (1..=14).map(wait).collect();
        assert_eq!(waits[..6], [2, 4, 8, 16, 32, 64]);
        assert_eq!(waits[10..], [2048, 3600, 3600, 3600]);
        assert_eq!(wait(99), 3600);
    }

    #[test]
    fn jitter_takes_up_to_a_half() {
        for (jitter, seconds) in [(0.0, 8.0), (0.5, 12.0), (1.0, 16.0), (7.0, 16.0)] {
            let after = Duration::from_secs_f64(seconds);
            assert_eq!(
                next(Verdict::Retry { after: None }, 4, 9, jitter),
                Next::Again { after }
            );
        }
    }

    #[test]
    fn receivers_may_ask_for_patience_within_bounds() {
        let next = |after: u64| {
            let after = Some(Duration::from_secs(after));
            next(Verdict::Retry { after }, 1, 9, 1.0)
        };
        assert_eq!(next(1), Next::Again { after: FIRST });
        let after = Duration::from_secs(90);
        assert_eq!(next(90), Next::Again { after });
        assert_eq!(next(u64::MAX), Next::Again { after: LONGEST_ASKED });
    }

    #[test]
    fn attempts_end() {
        let retry = Verdict::Retry { after: None };
        assert_eq!(next(retry, 9, 9, 0.0), Next::Failed);
        assert_eq!(next(Verdict::Refused, 1, 9, 0.0), Next::Failed);
        assert_eq!(next(Verdict::Delivered, 9, 9, 0.0), Next::Succeeded);
    }

    #[test]
    fn statuses_say_whether_to_try_again() {
        for (status, verdict) in [
            (200, Verdict::Delivered),
            (204, Verdict::Delivered),
            (302, Verdict::Refused),
            (400, Verdict::Refused),
            (404, Verdict::Refused),
            (408, Verdict::Retry { after: None }),
            (410, Verdict::Refused),
            (429, Verdict::Retry { after: None }),
            (500, Verdict::Retry { after: None }),
            (503, Verdict::Retry { after: None }),
        ] {
            assert_eq!(verdict_of_status(status, None), verdict, "{status}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let seconds = |value, now_ms| retry_after(value, now_ms).map(|after| after.as_secs());
        assert_eq!(seconds("120", 0), Some(120));
        assert_eq!(seconds(" 7 ", 0), Some(7));
        assert_eq!(seconds("Wed, 21 Oct 2015 07:28:00 GMT", 1_445_412_470_000), Some(10));
        for nonsense in ["", "-1", "soon", "Wed, 21 Oct 2015 07:28:00 GMT"] {
            assert_eq!(seconds(nonsense, 1_445_412_490_000), None, "{nonsense}");
        }
    }
}
