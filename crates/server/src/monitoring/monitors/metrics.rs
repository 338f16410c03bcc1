//! What monitors found last, as Prometheus text, so that its own rules can watch it.

use super::store;
use crate::{app::App, caller::DEFAULT_WORKSPACE_ID, error::Result, monitoring::alerts::escape};
use std::fmt::Write as _;

const SERIES_MAX: usize = 20_000;

pub async fn render(app: &App, out: &mut String) -> Result<()> {
    let results = app
        .db
        .read(|tx| store::newest_results(tx, DEFAULT_WORKSPACE_ID, SERIES_MAX))
        .await?;
    let mut family = |name: &str, help: &str, value: &dyn Fn(&store::ResultRow) -> Option<f64>| {
        let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} gauge\n");
        for (monitor, result) in &results {
            if let Some(value) = value(result) {
                let _ = writeln!(
                    out,
                    "{name}{{monitor=\"{}\",signal=\"{}\",type=\"{}\",metric=\"{}\",feature=\"{}\"}} {value}",
                    escape(monitor),
                    escape(&result.signal),
                    result.kind,
                    escape(&result.metric),
                    escape(&result.feature)
                );
            }
        }
    };
    family(
        "fettle_signal_value",
        "What a signal measured in its newest window",
        &|result| result.value,
    );
    family(
        "fettle_signal_threshold",
        "Beyond which a signal raises an alarm",
        &|result| result.threshold,
    );
    family(
        "fettle_signal_alarm",
        "1 if the newest window of a signal is an alarm",
        &|result| Some(f64::from(u8::from(result.verdict == "alarm"))),
    );
    family(
        "fettle_label_coverage_ratio",
        "Share of the newest window's predictions whose truth is known",
        &|result| result.value.filter(|_| result.metric == "label_coverage"),
    );
    Ok(())
}
