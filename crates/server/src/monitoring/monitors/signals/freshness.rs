//! Freshness: how old features were when the model was given them, by columns that say of when they are.

use super::{Finding, Verdict};
use fettle_capture::{Cell, Table};
use serde_json::json;
use std::collections::BTreeMap;

/// Ages in seconds, of the rows of a window.
pub const METRICS: [&str; 3] = ["newest_age", "median_age", "p95_age"];

/// `thresholds` are in seconds; each feature is judged against all of them.
pub fn judge(features: &[String], thresholds: &BTreeMap<String, f64>, rows: &Table) -> (Vec<Finding>, bool) {
    let mut findings = Vec::new();
    for feature in features {
        let mut ages = Vec::new();
        let mut unknown = 0_usize;
        for row in 0..rows.rows {
            let scored = rows.cell(&["_time"], row);
            match (scored, moment_ms(&rows.cell(&[feature], row))) {
                (Cell::Time(scored), Some(of_ms)) => ages.push((scored - of_ms) as f64 / 1e3),
                _ => unknown += 1,
            }
        }
        ages.sort_by(f64::total_cmp);
        let at = |share: f64| {
            ages.get((share * ages.len().saturating_sub(1) as f64).round() as usize)
                .copied()
        };
        let future = ages.partition_point(|age| *age < 0.0);
        let reason = match (rows.column(feature).is_some(), ages.is_empty()) {
            (false, _) => Some("the column was not captured in this window"),
            (true, true) => Some("no value of the column is a time"),
            (true, false) => None,
        };
        for (metric, value) in METRICS.into_iter().zip([at(0.0), at(0.5), at(0.95)]) {
            let threshold = thresholds.get(metric).copied();
            findings.push(Finding {
                metric: metric.to_owned(),
                feature: feature.clone(),
                value,
                threshold,
                verdict: match (value, threshold) {
                    (_, None) => Verdict::Info,
                    (None, _) => Verdict::InsufficientData,
                    (Some(age), Some(most)) if age > most => Verdict::Alarm,
                    (Some(_), Some(_)) => Verdict::Ok,
                },
                detail: json!({
                    "unit": "seconds", "rows": ages.len(), "rows_without_time": unknown, "rows_of_the_future": future,
                    "reason": reason,
                }),
            });
        }
    }
    let alarmed = findings.iter().any(|finding| finding.verdict == Verdict::Alarm);
    (findings, alarmed)
}

/// A time of RFC 3339 (UTC if it does not say), a date, or seconds, milli-, micro- or nanoseconds since 1970.
fn moment_ms(cell: &Cell) -> Option<i64> {
    match cell {
        Cell::Time(ms) => Some(*ms),
        Cell::Integer(number) => since_1970(*number as f64),
        Cell::Number(number) => since_1970(*number),
        Cell::Text(text) => {
            let text = text.trim();
            let instant = text.parse::<jiff::Timestamp>().ok();
            let civil = || text.parse::<jiff::civil::DateTime>().ok();
            let of_civil = || Some(civil()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp());
            instant.or_else(of_civil).map(jiff::Timestamp::as_millisecond)
        }
        Cell::Null | Cell::Flag(_) => None,
    }
}

/// Which unit it is shows by the size: seconds reach 1e11 in the year 5138.
fn since_1970(number: f64) -> Option<i64> {
    let ms = match number.abs() {
        size if !size.is_finite() => return None,
        size if size < 1e11 => number * 1e3,
        size if size < 1e14 => number,
        size if size < 1e17 => number / 1e3,
        _ => number / 1e6,
    };
    Some(ms as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fettle_capture::TableBuilder;

    #[test]
    fn every_way_to_write_a_time_is_one_moment() {
        let ms = 1_700_000_000_000;
        for cell in [
            Cell::Time(ms),
            Cell::Integer(1_700_000_000),
            Cell::Number(1.7e9),
            Cell::Integer(ms),
            Cell::Integer(ms * 1000),
            Cell::Integer(ms * 1_000_000),
            Cell::Text("2023-11-14T22:13:20Z".to_owned()),
            Cell::Text("2023-11-14T23:13:20+01:00".to_owned()),
            Cell::Text("2023-11-14 22:13:20".to_owned()),
        ] {
            assert_eq!(moment_ms(&cell), Some(ms), "{cell:?}");
        }
        assert_eq!(moment_ms(&Cell::Text("2023-11-14".to_owned())), Some(1_699_920_000_000));
        assert_eq!(moment_ms(&Cell::Text("soon".to_owned())), None);
    }

    #[test]
    fn ages_are_those_at_scoring() {
        let mut table = TableBuilder::default();
        let [time, of] = ["_time", "balance_at"].map(|name| table.column(name));
        for row in 0..100_i64 {
            // Each row is as many seconds old as its number.
            table.push([
                (time, Cell::Time(row * 10_000 + 1_000_000)),
                (of, Cell::Time(row * 9_000 + 1_000_000)),
            ]);
        }
        table.push([(time, Cell::Time(0))]);
        let table = table.build();
        let thresholds = BTreeMap::from([("p95_age".to_owned(), 90.0), ("median_age".to_owned(), 60.0)]);
        let features = ["balance_at".to_owned(), "gone".to_owned()];
        let (findings, alarmed) = judge(&features, &thresholds, &table);
        assert!(alarmed);
        let of = |metric: &str, feature: &str| {
            let found = findings
                .iter()
                .find(|found| found.metric == metric && found.feature == feature);
            found.map(|found| (found.value, found.verdict))
        };
        assert_eq!(of("newest_age", "balance_at"), Some((Some(0.0), Verdict::Info)));
        assert_eq!(of("median_age", "balance_at"), Some((Some(50.0), Verdict::Ok)));
        assert_eq!(of("p95_age", "balance_at"), Some((Some(94.0), Verdict::Alarm)));
        assert_eq!(of("p95_age", "gone"), Some((None, Verdict::InsufficientData)));
    }
}
