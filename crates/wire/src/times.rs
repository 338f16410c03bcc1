//! Times as protobuf's JSON writes them: an instant as RFC 3339 text, a duration as seconds with an `s`. Both carry
//! milliseconds here; what is finer is cut off, as MLflow does.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// `google.protobuf.Timestamp`, in milliseconds since the epoch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timestamp(pub i64);

/// `google.protobuf.Duration`, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Duration(pub i64);

/// The years that protobuf's JSON can write, 1 to 9999.
const FIRST_MS: i64 = -62_135_596_800_000;
const LAST_MS: i64 = 253_402_300_799_999;
/// Seconds of the longest duration that protobuf knows.
const LONGEST_S: i64 = 315_576_000_000;

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ms = self.0.clamp(FIRST_MS, LAST_MS);
        let seconds = jiff::Timestamp::from_second(ms.div_euclid(1000)).map_err(serde::ser::Error::custom)?;
        let text = match ms.rem_euclid(1000) {
            0 => seconds.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            fraction => seconds
                .strftime(&format!("%Y-%m-%dT%H:%M:%S.{fraction:03}Z"))
                .to_string(),
        };
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time: jiff::Timestamp = text
            .parse()
            .map_err(|_| D::Error::custom(format!("\"{text}\" is not a time in the form of RFC 3339")))?;
        let ms = time.as_nanosecond().div_euclid(1_000_000) as i64;
        if (FIRST_MS..=LAST_MS).contains(&ms) {
            Ok(Self(ms))
        } else {
            Err(D::Error::custom(format!(
                "\"{text}\" is not between the years 1 and 9999"
            )))
        }
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let sign = if self.0 < 0 { "-" } else { "" };
        let ms = self.0.unsigned_abs();
        let text = match ms % 1000 {
            0 => format!("{sign}{}s", ms / 1000),
            fraction => format!("{sign}{}.{fraction:03}s", ms / 1000),
        };
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_duration(&text)
            .map(Self)
            .ok_or_else(|| D::Error::custom(format!("\"{text}\" is not a number of seconds such as \"1.5s\"")))
    }
}

fn parse_duration(text: &str) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let digits = digits.strip_suffix('s')?;
    let (seconds, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(seconds) || !is_number(fraction) || fraction.len() > 9 {
        return None;
    }
    let seconds: i64 = seconds.parse().ok().filter(|&seconds| seconds <= LONGEST_S)?;
    let fraction: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    Some(sign * (seconds * 1000 + fraction))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_have_three_digits_or_none() {
        let check = |text: &str, ms: i64, printed: &str| {
            let read: Timestamp = serde_json::from_str(&format!("\"{text}\"")).expect(text);
            assert_eq!(read, Timestamp(ms), "{text}");
            assert_eq!(serde_json::to_string(&read).expect("text"), format!("\"{printed}\""));
        };
        check(
            "2025-04-15T08:49:18.699Z",
            1_744_706_958_699,
            "2025-04-15T08:49:18.699Z",
        );
        check(
            "2025-04-15T08:49:18.699999Z",
            1_744_706_958_699,
            "2025-04-15T08:49:18.699Z",
        );
        check(
            "2025-04-15T10:49:18.5+02:00",
            1_744_706_958_500,
            "2025-04-15T08:49:18.500Z",
        );
        check("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z");
        check("1969-12-31T23:59:59.999Z", -1, "1969-12-31T23:59:59.999Z");
        check("0001-01-01T00:00:00Z", FIRST_MS, "0001-01-01T00:00:00Z");
        for text in [
            "\"garbage\"",
            "\"\"",
            "5",
            "null",
            "\"2025-04-15\"",
            "\"-000001-01-01T00:00:00Z\"",
        ] {
            assert!(serde_json::from_str::<Timestamp>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_have_three_digits_or_none() {
        let check = |text: &str, ms: i64, printed: &str| {
            let read: Duration = serde_json::from_str(&format!("\"{text}\"")).expect(text);
            assert_eq!(read, Duration(ms), "{text}");
            assert_eq!(serde_json::to_string(&read).expect("text"), format!("\"{printed}\""));
        };
        check("1.5s", 1500, "1.500s");
        check("1s", 1000, "1s");
        check("0.0019s", 1, "0.001s");
        check("-0.25s", -250, "-0.250s");
        check("0s", 0, "0s");
        for text in [
            "\"1\"",
            "\"s\"",
            "\"1.s\"",
            "\"1.5\"",
            "\"1e3s\"",
            "\"1.1234567890s\"",
            "\"9999999999999s\"",
            "1",
        ] {
            assert!(serde_json::from_str::<Duration>(text).is_err(), "{text}");
        }
    }
}
