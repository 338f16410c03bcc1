//! When something happens again: cron expressions with a time zone, and Azure's recurrences.

use crate::error::{Result, invalid};
use croner::Cron as Pattern;
use jiff::{Timestamp, Zoned, tz::TimeZone};
use std::str::FromStr;

/// A cron expression of five fields in a time zone.
#[derive(Debug, Clone)]
pub struct Cron {
    pattern: Box<Pattern>,
    zone: TimeZone,
}

impl Cron {
    pub fn parse(field: &str, text: &str, timezone: Option<&str>) -> Result<Self> {
        let refuse = |why: String| {
            invalid(format!(
                "Invalid value '{text}' for parameter '{field}' supplied: {why}. Write five fields, such as 15 10 * * 1."
            ))
        };
        if text.split_whitespace().count() != 5 && !text.starts_with('@') {
            return Err(refuse("a cron expression has five fields".to_owned()));
        }
        let pattern = Pattern::from_str(text).map_err(|error| refuse(error.to_string()))?;
        let name = timezone.unwrap_or("UTC");
        let zone = TimeZone::get(name).map_err(|_| {
            invalid(format!(
                "Invalid value '{name}' for parameter 'timezone' supplied: it must be a name such as UTC or Europe/Berlin."
            ))
        })?;
        Ok(Self {
            pattern: pattern.into(),
            zone,
        })
    }

    fn zoned(&self, ms: i64) -> Option<Zoned> {
        Some(Timestamp::from_millisecond(ms).ok()?.to_zoned(self.zone.clone()))
    }

    /// The first time after a moment.
    pub fn next_ms(&self, after_ms: i64) -> Option<i64> {
        let found = self.pattern.iter_after(self.zoned(after_ms)?).next()?;
        Some(found.timestamp().as_millisecond())
    }

    /// The last time that is not after a moment.
    pub fn previous_ms(&self, until_ms: i64) -> Option<i64> {
        let start = self.zoned(until_ms)?;
        let found = self.pattern.find_previous_occurrence(&start, true).ok()?;
        Some(found.timestamp().as_millisecond())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(text: &str) -> i64 {
        text.parse::<Timestamp>().expect("a time").as_millisecond()
    }

    #[test]
    fn times_follow_their_zone() {
        let cron = Cron::parse("cron", "30 9 * * 1-5", Some("Europe/Berlin")).expect("a good expression");
        // Summer time ends on 25 October 2026, a Sunday.
        for (after, next) in [
            ("2026-10-23T07:00:00Z", "2026-10-23T07:30:00Z"),
            ("2026-10-23T07:30:00Z", "2026-10-26T08:30:00Z"),
        ] {
            assert_eq!(cron.next_ms(ms(after)), Some(ms(next)), "{after}");
        }
        assert_eq!(
            cron.previous_ms(ms("2026-10-26T08:30:00Z")),
            Some(ms("2026-10-26T08:30:00Z"))
        );
        assert_eq!(
            cron.previous_ms(ms("2026-10-26T08:29:59Z")),
            Some(ms("2026-10-23T07:30:00Z"))
        );
    }

    #[test]
    fn bad_expressions_are_refused() {
        for (text, zone) in [
            ("", None),
            ("* * * *", None),
            ("61 * * * *", None),
            ("* * * * *", Some("Mars/Olympus")),
        ] {
            assert!(Cron::parse("cron", text, zone).is_err(), "{text} {zone:?}");
        }
    }
}
