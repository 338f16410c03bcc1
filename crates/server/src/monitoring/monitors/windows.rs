//! When a monitor runs and what time it looks at: rules that know no database.

use crate::{
    error::{Result, invalid},
    monitoring::schedule::Cron,
};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
const WEEKDAYS: [&str; 7] = [
    "sunday",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
];

/// A window before some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lookback {
    pub size_ms: i64,
    /// Between its end and the moment.
    pub offset_ms: i64,
}

impl Lookback {
    /// From when until when, seen from a moment.
    pub fn window(self, at_ms: i64) -> (i64, i64) {
        let to_ms = at_ms - self.offset_ms;
        (to_ms - self.size_ms, to_ms)
    }
}

/// When it runs.
#[derive(Debug, Clone)]
pub enum Schedule {
    Cron(Cron),
    /// Every so often, in steps of the clock.
    Every(i64),
}

impl Schedule {
    pub fn cron(field: &str, expression: &str, zone: Option<&str>) -> Result<Self> {
        Cron::parse(field, expression, zone).map(Self::Cron)
    }

    /// Azure's recurrence: a frequency, an interval, and the minutes, hours and days of a pattern.
    pub fn recurrence(
        frequency: &str,
        interval: i64,
        minutes: &[u8],
        hours: &[u8],
        weekdays: &[String],
        month_days: &[u8],
        zone: Option<&str>,
    ) -> Result<Self> {
        let refuse = |field: &str, why: &str| {
            Err(invalid(format!(
                "Invalid value for parameter 'trigger.{field}' supplied: {why}."
            )))
        };
        if !(1..=1000).contains(&interval) {
            return refuse("interval", "it must be between 1 and 1000");
        }
        let unit_ms = match frequency.to_ascii_lowercase().as_str() {
            "second" => 1000,
            "minute" => MINUTE_MS,
            "hour" => HOUR_MS,
            "day" => DAY_MS,
            "week" => 7 * DAY_MS,
            "month" => 30 * DAY_MS,
            _ => return refuse("frequency", "it must be minute, hour, day, week or month"),
        };
        let patterned = !(minutes.is_empty() && hours.is_empty() && weekdays.is_empty() && month_days.is_empty());
        if unit_ms < DAY_MS || interval > 1 && !patterned {
            return Ok(Self::Every(unit_ms * interval));
        }
        if interval > 1 {
            return refuse("interval", "with a pattern it must be 1");
        }
        let list = |values: &[u8], usual: &str| {
            if values.is_empty() {
                usual.to_owned()
            } else {
                values.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
            }
        };
        let mut days = Vec::new();
        for day in weekdays {
            match WEEKDAYS.iter().position(|known| day.eq_ignore_ascii_case(known)) {
                Some(number) => days.push(number as u8),
                None => return refuse("schedule.weekdays", "they are monday to sunday"),
            }
        }
        let weekly = if unit_ms == 7 * DAY_MS { "1" } else { "*" };
        let monthly = if unit_ms == 30 * DAY_MS { "1" } else { "*" };
        let expression = format!(
            "{} {} {} * {}",
            list(minutes, "0"),
            list(hours, "0"),
            list(month_days, monthly),
            list(&days, weekly)
        );
        Self::cron("trigger.schedule", &expression, zone)
    }

    /// The first time after a moment.
    pub fn next_ms(&self, after_ms: i64) -> Option<i64> {
        match self {
            Self::Cron(cron) => cron.next_ms(after_ms),
            Self::Every(step_ms) => Some((after_ms.div_euclid(*step_ms) + 1) * step_ms),
        }
    }

    /// How much time usually lies between two runs: what a window covers if nothing is said.
    pub fn period_ms(&self) -> i64 {
        match self {
            Self::Every(step_ms) => *step_ms,
            Self::Cron(cron) => {
                // A week of the past, which has every weekday once.
                let first = cron.next_ms(0).unwrap_or_default();
                let second = cron.next_ms(first).unwrap_or(first + DAY_MS);
                second - first
            }
        }
    }
}

/// Windows one after the other that fill a time, the oldest first.
pub fn backfill(lookback: Lookback, from_ms: i64, to_ms: i64) -> Vec<(i64, i64)> {
    let mut windows = Vec::new();
    let mut start_ms = from_ms;
    while start_ms + lookback.size_ms <= to_ms {
        windows.push((start_ms, start_ms + lookback.size_ms));
        start_ms += lookback.size_ms;
    }
    windows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(text: &str) -> i64 {
        text.parse::<jiff::Timestamp>().expect("a time").as_millisecond()
    }

    fn every(frequency: &str, interval: i64, hours: &[u8], weekdays: &[&str]) -> Result<Schedule> {
        let weekdays: Vec<String> = weekdays.iter().map(|day| (*day).to_owned()).collect();
        Schedule::recurrence(frequency, interval, &[], hours, &weekdays, &[], None)
    }

    #[test]
    fn recurrences_are_azures() {
        for (frequency, interval, hours, weekdays, after, next) in [
            (
                "day",
                1,
                &[][..],
                &[][..],
                "2026-01-01T00:00:00Z",
                "2026-01-02T00:00:00Z",
            ),
            ("day", 1, &[3, 15], &[], "2026-01-01T03:00:00Z", "2026-01-01T15:00:00Z"),
            (
                "week",
                1,
                &[10],
                &["Friday"],
                "2026-01-01T00:00:00Z",
                "2026-01-02T10:00:00Z",
            ),
            ("week", 1, &[], &[], "2026-01-01T00:00:00Z", "2026-01-05T00:00:00Z"),
            ("month", 1, &[], &[], "2026-01-15T00:00:00Z", "2026-02-01T00:00:00Z"),
            ("minute", 15, &[], &[], "2026-01-01T00:07:00Z", "2026-01-01T00:15:00Z"),
        ] {
            let schedule = every(frequency, interval, hours, weekdays).expect(frequency);
            assert_eq!(
                schedule.next_ms(ms(after)),
                Some(ms(next)),
                "{frequency} {hours:?} {weekdays:?}"
            );
        }
        assert_eq!(every("day", 1, &[], &[]).expect("good").period_ms(), DAY_MS);
        assert_eq!(
            every("week", 1, &[], &["monday"]).expect("good").period_ms(),
            7 * DAY_MS
        );
        assert!(every("fortnight", 1, &[], &[]).is_err());
        assert!(every("day", 0, &[], &[]).is_err());
        assert!(every("day", 1, &[], &["moonday"]).is_err());
    }

    #[test]
    fn windows_look_back_and_fill_the_past() {
        let day = Lookback {
            size_ms: DAY_MS,
            offset_ms: HOUR_MS,
        };
        assert_eq!(day.window(10 * DAY_MS), (9 * DAY_MS - HOUR_MS, 10 * DAY_MS - HOUR_MS));
        assert_eq!(
            backfill(day, 0, 2 * DAY_MS + HOUR_MS),
            [(0, DAY_MS), (DAY_MS, 2 * DAY_MS)]
        );
        assert_eq!(backfill(day, 0, HOUR_MS), []);
    }
}
