//! Lengths of time in policies.

use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const WAIT_MAX: SignedDuration = SignedDuration::from_hours(24 * 30);

/// A length of time, written as `30s`, `5m` or `1h`, or as a number of seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wait(pub SignedDuration);

pub(super) fn day() -> Wait {
    Wait(SignedDuration::from_hours(24))
}

impl Wait {
    pub(super) fn ms(self) -> i64 {
        i64::try_from(self.0.as_millis()).unwrap_or(i64::MAX)
    }
}

impl Serialize for Wait {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        format!("{:#}", self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Wait {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Seconds(u32),
            Text(String),
        }
        let wait = match Written::deserialize(deserializer) {
            Ok(Written::Seconds(seconds)) => Some(SignedDuration::from_secs(seconds.into())),
            Ok(Written::Text(text)) => text.parse().ok(),
            Err(_) => None,
        };
        wait.filter(|wait| !wait.is_negative() && *wait <= WAIT_MAX)
            .map(Self)
            .ok_or_else(|| {
                serde::de::Error::custom("a length of time is written as 30s, 5m or 1h, and is at most 30 days")
            })
    }
}
