//! Runs monitors when it is time, and again when labels of their windows have come. Of several servers one does.

use super::{
    run::{Cause, has_any, monitor_of, run},
    spec::{Kind, Monitor},
    store::{self, MonitorRow, Unlabelled},
};
use crate::{
    app::App,
    error::{ApiError, Result},
    monitoring::{operational::window::has_others, truth},
};
use std::time::Duration;

const POLL: Duration = Duration::from_secs(1);
/// How long it takes to bring a file of captured requests to the artifact store, at most.
const TAKEN: Duration = Duration::from_secs(30);
/// After an error of the store.
const PAUSE: Duration = Duration::from_secs(5);
/// A monitor whose server died is run by another after this.
const LEASE_MS: i64 = 10 * 60 * 1000;
const AT_ONCE: usize = 10;
/// How far back late labels reach, and how many windows are looked at again at once.
const HORIZON_MS: i64 = 30 * 24 * 60 * 60 * 1000;
const WINDOWS_AT_ONCE: usize = 20;
/// With more labelled requests than this every window is looked at again.
const IDS_MAX: usize = 10_000;

/// Runs for as long as the server does.
pub fn start(app: App) {
    tokio::spawn(async move {
        loop {
            let pause = match round(&app).await {
                Ok(()) => POLL,
                Err(error) => {
                    tracing::warn!(%error, "Monitors could not be looked after; they are in a moment");
                    PAUSE
                }
            };
            tokio::time::sleep(pause).await;
        }
    });
}

async fn round(app: &App) -> Result<()> {
    let now_ms = app.clock.now_ms();
    let due = app.db.peek(move |tx| store::due(tx, now_ms, AT_ONCE)).await?;
    for row in due {
        let name = row.name.clone();
        tell(scheduled(app, row).await, &name);
    }
    let all = app.db.peek(store::all).await?;
    for row in all {
        let name = row.name.clone();
        tell(late_labels(app, row).await, &name);
    }
    Ok(())
}

/// Runs the window of the time that was due. A server that was away makes up for each time it missed.
async fn scheduled(app: &App, row: MonitorRow) -> Result<()> {
    let Some(due_ms) = row.next_run_at else { return Ok(()) };
    let monitor = monitor_of(&row)?;
    if app.clock.now_ms() < due_ms + patience_ms(app, &row, &monitor).await? {
        return Ok(());
    }
    let Some(mut held) = claim(app, &row).await? else {
        return Ok(());
    };
    tell(
        ran(app, &row, monitor.lookback.window(due_ms), Cause::Schedule).await,
        &row.name,
    );
    let next_ms = monitor.schedule.as_ref().and_then(|schedule| schedule.next_ms(due_ms));
    let id = row.id;
    app.db.write(move |tx| store::set_next_run(tx, id, next_ms)).await?;
    held.release().await
}

/// What other servers captured is seen here once their files have been taken to the artifact store.
async fn patience_ms(app: &App, row: &MonitorRow, monitor: &Monitor) -> Result<i64> {
    let (workspace_id, endpoint) = (row.workspace_id, monitor.endpoint.clone());
    let (instance, now_ms) = (app.recorder.instance().to_owned(), app.clock.now_ms());
    let others = app
        .db
        .peek(move |tx| has_others(tx, workspace_id, &endpoint, &instance, now_ms))
        .await?;
    let rolled = app.settings.capture.limits.segment_age + TAKEN;
    Ok(if others { rolled.as_millis() as i64 } else { 0 })
}

async fn late_labels(app: &App, row: MonitorRow) -> Result<()> {
    let monitor = monitor_of(&row)?;
    if !monitor
        .signals
        .iter()
        .any(|(_, signal)| matches!(signal.kind, Kind::Performance(_)))
    {
        return Ok(());
    }
    let (id, workspace_id, endpoint) = (row.id, row.workspace_id, monitor.endpoint.clone());
    let since_ms = app.clock.now_ms() - HORIZON_MS;
    let (received_ms, windows) = app
        .db
        .peek(move |tx| {
            let received_ms = truth::store::newest_receipt(tx, workspace_id, &endpoint)?.unwrap_or(i64::MIN);
            let windows = store::windows_before_labels(tx, id, received_ms, since_ms, WINDOWS_AT_ONCE)?;
            Ok::<_, ApiError>((received_ms, windows))
        })
        .await?;
    if windows.is_empty() {
        return Ok(());
    }
    let Some(mut held) = claim(app, &row).await? else {
        return Ok(());
    };
    for window in windows {
        tell(look_again(app, &row, &monitor, window, received_ms).await, &row.name);
    }
    held.release().await
}

/// Runs a window again if any of the labels that came is of one of its requests.
async fn look_again(app: &App, row: &MonitorRow, monitor: &Monitor, seen: Unlabelled, received_ms: i64) -> Result<()> {
    let (workspace_id, endpoint, since_ms) = (row.workspace_id, monitor.endpoint.clone(), seen.labels_until);
    let ids = app
        .db
        .read(move |tx| truth::store::labelled_since(tx, workspace_id, &endpoint, since_ms, IDS_MAX))
        .await?;
    if ids.len() == IDS_MAX || has_any(app, monitor, workspace_id, seen.window, &ids).await? {
        match run(app, row, seen.window, Cause::Labels).await {
            Ok(_) => return Ok(()),
            // It would fail again in a moment: the next labels are the next attempt.
            Err(error) => tell(Err(error), &row.name),
        }
    }
    let run_id = seen.run_id;
    app.db
        .write(move |tx| store::set_labels_until(tx, run_id, received_ms))
        .await
}

async fn ran(app: &App, row: &MonitorRow, window: (i64, i64), cause: Cause) -> Result<()> {
    run(app, row, window, cause).await.map(drop)
}

/// What goes wrong with one monitor is no reason to leave out the others.
fn tell(outcome: Result<()>, name: &str) {
    if let Err(error) = outcome {
        tracing::warn!(%error, monitor.name = name, "Monitor `{name}` failed");
    }
}

/// A monitor that this server has to itself.
pub struct Held<'a> {
    app: &'a App,
    id: i64,
}

/// None if another has it.
pub async fn claim<'a>(app: &'a App, row: &MonitorRow) -> Result<Option<Held<'a>>> {
    let (id, now_ms) = (row.id, app.clock.now_ms());
    let claimed = app
        .db
        .write(move |tx| store::lease(tx, id, now_ms, now_ms + LEASE_MS))
        .await?;
    Ok(claimed.then_some(Held { app, id }))
}

impl Held<'_> {
    pub async fn release(&mut self) -> Result<()> {
        let id = self.id;
        self.app
            .db
            .write(move |tx| store::release(tx, id))
            .await
            .map_err(|error: ApiError| error)
    }
}
