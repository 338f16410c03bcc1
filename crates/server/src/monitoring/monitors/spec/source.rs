//! From what is written to the data of a signal: the window that is looked at, and what it is held against.

use super::{
    Reference,
    written::{DataSpec, WindowSpec},
    wrong,
};
use crate::{
    error::{Result, invalid},
    monitoring::{
        duration::{duration_ms, iso},
        monitors::windows::Lookback,
    },
};

const WINDOW_MS_MAX: i64 = 366 * 24 * 60 * 60 * 1000;

impl DataSpec {
    pub(super) fn lookback(&self, field: &str, period_ms: i64) -> Result<Lookback> {
        let none = WindowSpec::default();
        let window = self.data_window.as_ref().unwrap_or(&none);
        let field = |name: &str| format!("{field}.production_data.data_window.{name}");
        let size = window.lookback_window_size.as_deref().filter(|size| *size != "default");
        let offset = window
            .lookback_window_offset
            .as_deref()
            .filter(|offset| *offset != "default");
        let size_ms = size.map_or(Ok(period_ms), |text| duration_ms(&field("lookback_window_size"), text))?;
        let offset_ms = offset.map_or(Ok(0), |text| duration_ms(&field("lookback_window_offset"), text))?;
        if !(1000..=WINDOW_MS_MAX).contains(&size_ms) {
            return Err(wrong(
                &field("lookback_window_size"),
                &iso(size_ms),
                "it must be between a second and 366 days",
            ));
        }
        Ok(Lookback { size_ms, offset_ms })
    }

    pub(super) fn reference(&self, field: &str, production: Lookback) -> Result<Reference> {
        let field = |name: &str| format!("{field}.reference_data.{name}");
        let window = self.data_window.clone().unwrap_or_default();
        match (
            self.baseline.as_deref(),
            &window.window_start,
            &window.lookback_window_size,
        ) {
            (Some("latest") | None, None, None) => Ok(Reference::Baseline(None)),
            (Some(id), None, None) => id
                .parse()
                .map(|id| Reference::Baseline(Some(id)))
                .map_err(|_| wrong(&field("baseline"), id, "it must be latest or the id of a baseline")),
            (None, Some(start), None) => {
                let time = |name: &str, text: &str| {
                    // Azure writes dates, too.
                    let midnight = format!("{text}T00:00:00Z");
                    text.parse::<jiff::Timestamp>()
                        .or_else(|_| midnight.parse())
                        .map(jiff::Timestamp::as_millisecond)
                        .map_err(|_| {
                            wrong(
                                &field(&format!("data_window.{name}")),
                                text,
                                "it must be a time of RFC 3339 or a date",
                            )
                        })
                };
                let from_ms = time("window_start", start)?;
                let to_ms = time("window_end", window.window_end.as_deref().unwrap_or_default())?;
                if from_ms >= to_ms {
                    return Err(wrong(
                        &field("data_window.window_end"),
                        &window.window_end.unwrap_or_default(),
                        "it must be after window_start",
                    ));
                }
                Ok(Reference::Between(from_ms, to_ms))
            }
            (None, None, Some(size)) => {
                let size_ms = duration_ms(&field("data_window.lookback_window_size"), size)?;
                let least_ms = production.size_ms + production.offset_ms;
                let offset = window.lookback_window_offset.as_deref();
                let offset_ms = offset.map_or(Ok(least_ms), |text| {
                    duration_ms(&field("data_window.lookback_window_offset"), text)
                })?;
                if offset_ms < least_ms {
                    return Err(wrong(
                        &field("data_window.lookback_window_offset"),
                        &iso(offset_ms),
                        &format!(
                            "the reference would overlap what is looked at; it must be at least {}",
                            iso(least_ms)
                        ),
                    ));
                }
                Ok(Reference::Before(Lookback { size_ms, offset_ms }))
            }
            _ => Err(invalid(format!(
                "Parameter '{}' must name a baseline, a window of captured data, or nothing (the newest baseline).",
                field("data_window")
            ))),
        }
    }
}
