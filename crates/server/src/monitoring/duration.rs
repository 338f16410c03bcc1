//! Lengths of time as people write them: ISO 8601 (`PT5M`, `P7D`), Prometheus and Azure's command line (`5m`, `1h30m`).

use crate::error::{Result, invalid};
use crate::system::rfc3339;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

/// In milliseconds; a day is 24 hours. Months and years have no fixed length and are refused.
pub fn duration_ms(field: &str, text: &str) -> Result<i64> {
    let refuse = |why: &str| {
        Err(invalid(format!(
            "Invalid value '{text}' for parameter '{field}' supplied: {why}. Write an ISO 8601 duration such as PT5M or P7D, or 5m, 1h, 7d."
        )))
    };
    let Ok(span) = text.trim().parse::<Span>() else {
        return refuse("it is not a length of time");
    };
    match span.to_duration(SpanRelativeTo::days_are_24_hours()) {
        Ok(duration) if duration < SignedDuration::ZERO => refuse("it is negative"),
        Ok(duration) => Ok(duration.as_millis().min(i128::from(i64::MAX)) as i64),
        Err(_) => refuse("months and years have no fixed length"),
    }
}

/// Milliseconds as an ISO 8601 duration.
pub fn iso(ms: i64) -> String {
    SignedDuration::from_millis(ms).to_string()
}

/// A moment: RFC 3339, milliseconds since the epoch, or how long ago (`1h`, `PT1H`).
pub fn moment_ms(field: &str, text: &str, now_ms: i64) -> Result<i64> {
    if let Ok(ms) = text.parse::<i64>() {
        return Ok(ms);
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time.as_millisecond());
    }
    duration_ms(field, text).map(|ago| now_ms.saturating_sub(ago)).map_err(|_| {
        invalid(format!(
            "Invalid value '{text}' for parameter '{field}' supplied: write a time such as {}, or how long ago, such as 1h or P7D.",
            rfc3339(now_ms)
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_in_every_spelling() {
        for (text, ms) in [
            ("PT5M", 300_000),
            ("5m", 300_000),
            ("1h30m", 5_400_000),
            ("P7D", 604_800_000),
            ("7d", 604_800_000),
            ("PT0S", 0),
            ("30s", 30_000),
            ("P1DT1H", 90_000_000),
        ] {
            assert_eq!(duration_ms("w", text).ok(), Some(ms), "{text}");
        }
        for text in ["", "five", "P1M", "1y", "-5m", "5"] {
            let error = duration_ms("window_size", text).expect_err(text);
            assert!(error.message.contains("window_size"), "{text}");
        }
    }

    #[test]
    fn moments_are_times_or_ages() {
        let now = 1_700_000_000_000;
        assert_eq!(moment_ms("since", "1h", now).ok(), Some(now - 3_600_000));
        assert_eq!(moment_ms("since", "2023-11-14T22:13:20Z", now).ok(), Some(now));
        assert_eq!(moment_ms("since", "5", now).ok(), Some(5));
        assert!(moment_ms("since", "yesterday", now).is_err());
    }
}
