//! Looks at rules when it is time. Of several servers one takes each rule.

use super::{evaluate::evaluate, store};
use crate::{
    app::App,
    error::{ApiError, Result},
};
use std::time::Duration;

const POLL: Duration = Duration::from_millis(500);
/// After an error of the store.
const PAUSE: Duration = Duration::from_secs(2);
/// A rule whose server died while it looked at it is looked at again after this.
const LEASE_MS: i64 = 30_000;
const AT_ONCE: i64 = 50;

/// Runs for as long as the server does.
pub fn start(app: App) {
    tokio::spawn(async move {
        loop {
            let pause = match round(&app).await {
                Ok(()) => POLL,
                Err(error) => {
                    tracing::warn!(%error, "Alert rules could not be looked at; they are in a moment");
                    PAUSE
                }
            };
            tokio::time::sleep(pause).await;
        }
    });
}

async fn round(app: &App) -> Result<()> {
    let now_ms = app.clock.now_ms();
    if !app.db.peek(move |tx| store::is_due(tx, now_ms)).await? {
        return Ok(());
    }
    let claimed = app
        .db
        .write(move |tx| store::claim(tx, now_ms, LEASE_MS, AT_ONCE))
        .await?;
    for row in claimed {
        let (id, name) = (row.id, row.name.clone());
        if let Err(error) = evaluate(app, row).await {
            tracing::warn!(%error, alert.rule = name, "Alert rule `{name}` could not be looked at");
            let message = error.message.clone();
            let noted = app
                .db
                .write(move |tx| store::set_rule_error(tx, id, Some(&message)))
                .await;
            if let Err(error) = noted {
                let error: ApiError = error;
                tracing::warn!(%error, "The error of an alert rule could not be written down");
            }
        }
    }
    Ok(())
}
