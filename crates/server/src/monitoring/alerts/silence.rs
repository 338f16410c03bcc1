//! Silences: alerts whose labels match are not told of for a while, or in a maintenance window that comes again.

use super::labels::Labels;
use crate::{
    error::{Result, invalid},
    monitoring::{duration::duration_ms, schedule::Cron},
};
use regex::Regex;
use serde::{Deserialize, Serialize};

const MATCHERS_MAX: usize = 50;

/// As Alertmanager's API has it, and a schedule for windows that come again.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SilenceSpec {
    pub matchers: Vec<Matcher>,
    #[serde(alias = "startsAt", skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<String>,
    #[serde(alias = "endsAt", skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<String>,
    /// From the start, or from each time of the schedule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<String>,
    /// A cron expression: a maintenance window begins at each of its times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    pub comment: String,
    #[serde(alias = "createdBy", skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matcher {
    pub name: String,
    pub value: String,
    #[serde(default, alias = "isRegex")]
    pub is_regex: bool,
    #[serde(default = "yes", alias = "isEqual")]
    pub is_equal: bool,
}

fn yes() -> bool {
    true
}

/// A silence as it is understood.
#[derive(Debug)]
pub struct Silence {
    matchers: Vec<(String, Test, bool)>,
    time: Time,
}

#[derive(Debug)]
enum Test {
    Is(String),
    Matches(Regex),
}

#[derive(Debug)]
enum Time {
    Once { starts_ms: i64, ends_ms: i64 },
    Again { cron: Cron, length_ms: i64 },
}

impl SilenceSpec {
    pub fn check(&self, now_ms: i64) -> Result<Silence> {
        if self.matchers.is_empty() || self.matchers.len() > MATCHERS_MAX {
            return Err(invalid(format!(
                "Invalid value for parameter 'matchers' supplied: give between 1 and {MATCHERS_MAX}, such as {{\"name\": \"endpoint\", \"value\": \"churn\"}}."
            )));
        }
        let matchers = self.matchers.iter().map(|matcher| {
            let test = if matcher.is_regex {
                let anchored = format!("^(?:{})$", matcher.value);
                Test::Matches(Regex::new(&anchored).map_err(|error| {
                    invalid(format!(
                        "Invalid value '{}' for parameter 'matchers' supplied: {error}",
                        matcher.value
                    ))
                })?)
            } else {
                Test::Is(matcher.value.clone())
            };
            Ok((matcher.name.clone(), test, matcher.is_equal))
        });
        Ok(Silence {
            matchers: matchers.collect::<Result<_>>()?,
            time: self.time(now_ms)?,
        })
    }

    fn time(&self, now_ms: i64) -> Result<Time> {
        let length_ms = self
            .duration
            .as_deref()
            .map(|text| duration_ms("duration", text))
            .transpose()?;
        if let Some(schedule) = &self.schedule {
            return Ok(Time::Again {
                cron: Cron::parse("schedule", schedule, self.timezone.as_deref())?,
                length_ms: length_ms.ok_or_else(|| invalid("Parameter 'duration' is missing: a schedule needs it."))?,
            });
        }
        let time = |field: &str, text: &str| {
            text.parse::<jiff::Timestamp>()
                .map(jiff::Timestamp::as_millisecond)
                .map_err(|_| {
                    invalid(format!(
                        "Invalid value '{text}' for parameter '{field}' supplied: it must be a time of RFC 3339."
                    ))
                })
        };
        let starts_ms = self
            .starts_at
            .as_deref()
            .map_or(Ok(now_ms), |text| time("starts_at", text))?;
        let ends_ms = match (&self.ends_at, length_ms) {
            (Some(text), None) => time("ends_at", text)?,
            (None, Some(length_ms)) => starts_ms.saturating_add(length_ms),
            _ => return Err(invalid("Give 'ends_at' or 'duration', one of them.")),
        };
        if ends_ms <= starts_ms {
            return Err(invalid(
                "Invalid value for parameter 'ends_at' supplied: it must be after 'starts_at'.",
            ));
        }
        Ok(Time::Once { starts_ms, ends_ms })
    }
}

impl Silence {
    /// None comes again for ever.
    pub fn ends_ms(&self) -> Option<i64> {
        match &self.time {
            Time::Once { ends_ms, .. } => Some(*ends_ms),
            Time::Again { .. } => None,
        }
    }

    pub fn is_active(&self, now_ms: i64) -> bool {
        match &self.time {
            Time::Once { starts_ms, ends_ms } => (*starts_ms..*ends_ms).contains(&now_ms),
            Time::Again { cron, length_ms } => cron
                .previous_ms(now_ms)
                .is_some_and(|start_ms| now_ms - start_ms < *length_ms),
        }
    }

    pub fn matches(&self, labels: &Labels) -> bool {
        self.matchers.iter().all(|(name, test, equal)| {
            let value = labels.get(name).map_or("", String::as_str);
            let found = match test {
                Test::Is(wanted) => wanted == value,
                Test::Matches(pattern) => pattern.is_match(value),
            };
            found == *equal
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn silence(value: serde_json::Value) -> Result<Silence> {
        serde_json::from_value::<SilenceSpec>(value)
            .map_err(|error| invalid(error.to_string()))?
            .check(1_700_000_000_000)
    }

    #[test]
    fn matchers_are_alertmanagers() {
        let labels: Labels = [("endpoint", "churn"), ("severity", "2")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        for (matcher, expected) in [
            (json!({ "name": "endpoint", "value": "churn" }), true),
            (json!({ "name": "endpoint", "value": "chur" }), false),
            (json!({ "name": "endpoint", "value": "ch.*", "isRegex": true }), true),
            (json!({ "name": "endpoint", "value": "hur", "is_regex": true }), false),
            (json!({ "name": "endpoint", "value": "other", "isEqual": false }), true),
            (json!({ "name": "team", "value": "" }), true),
        ] {
            let silence = silence(json!({ "matchers": [matcher], "duration": "1h" })).expect("a good silence");
            assert_eq!(silence.matches(&labels), expected, "{matcher}");
        }
    }

    #[test]
    fn windows_come_again() {
        let nightly = silence(json!({
            "matchers": [{ "name": "a", "value": "b" }], "schedule": "0 2 * * *", "duration": "2h", "timezone": "Europe/Berlin"
        }))
        .expect("a good window");
        for (time, active) in [
            ("2026-01-15T00:59:59Z", false),
            ("2026-01-15T01:00:00Z", true),
            ("2026-01-15T02:59:59Z", true),
            ("2026-01-15T03:00:00Z", false),
            ("2026-07-15T00:30:00Z", true),
        ] {
            let at: jiff::Timestamp = time.parse().expect("a time");
            assert_eq!(nightly.is_active(at.as_millisecond()), active, "{time}");
        }
        assert_eq!(nightly.ends_ms(), None);
    }

    #[test]
    fn what_is_wrong_with_a_silence_is_said() {
        let matcher = json!([{ "name": "a", "value": "b" }]);
        for (value, part) in [
            (json!({ "duration": "1h" }), "matchers"),
            (json!({ "matchers": matcher }), "ends_at"),
            (
                json!({ "matchers": matcher, "duration": "1h", "ends_at": "2030-01-01T00:00:00Z" }),
                "one of them",
            ),
            (
                json!({ "matchers": matcher, "ends_at": "2020-01-01T00:00:00Z" }),
                "after",
            ),
            (
                json!({ "matchers": matcher, "schedule": "nightly", "duration": "1h" }),
                "schedule",
            ),
            (json!({ "matchers": matcher, "schedule": "0 2 * * *" }), "duration"),
            (
                json!({ "matchers": [{ "name": "a", "value": "(", "is_regex": true }], "duration": "1h" }),
                "matchers",
            ),
        ] {
            let error = silence(value.clone()).expect_err("refused").message;
            assert!(error.contains(part), "{value}: {error}");
        }
    }
}
