//! Alerts as Prometheus knows them: a series for each that is pending or firing.

use super::store;
use crate::{
    app::App,
    caller::DEFAULT_WORKSPACE_ID,
    error::{ApiError, Result},
};
use std::fmt::Write as _;

const ALERTS_MAX: usize = 1000;

pub async fn render(app: &App, out: &mut String) -> Result<()> {
    let alerts = app
        .db
        .read(|tx| {
            let mut alerts = store::alerts(tx, DEFAULT_WORKSPACE_ID, "firing", ALERTS_MAX)?;
            alerts.extend(store::alerts(tx, DEFAULT_WORKSPACE_ID, "pending", ALERTS_MAX)?);
            Ok::<_, ApiError>(alerts)
        })
        .await?;
    out.push_str("# HELP fettle_alerts Alerts that are pending or firing\n# TYPE fettle_alerts gauge\n");
    for alert in alerts {
        let _ = write!(out, "fettle_alerts{{alertstate=\"{}\"", alert.moment.state.name());
        for (name, value) in &alert.labels {
            let _ = write!(out, ",{}=\"{}\"", label_name(name), escape(value));
        }
        out.push_str("} 1\n");
    }
    Ok(())
}

/// Prometheus allows letters, digits and underscores.
fn label_name(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    name.chars().map(letter).collect()
}

pub fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
