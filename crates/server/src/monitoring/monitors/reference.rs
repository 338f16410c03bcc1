//! What a window is held against: a baseline, or what was captured before.

use super::{
    run::{captured, model_of},
    spec::{Monitor, Reference},
};
use crate::{
    app::App,
    error::Result,
    monitoring::{
        baselines::{
            self, profile,
            store::{Baseline, State},
        },
        capture::parts,
    },
};
use fettle_capture::Table;
use fettle_stats::profile::dataset::DatasetProfile;
use std::sync::Arc;

/// What a signal is held against.
pub enum Before {
    Profile(Box<DatasetProfile>),
    Rows(Table),
}

pub async fn reference(
    app: &App,
    monitor: &Monitor,
    workspace_id: i64,
    reference: &Reference,
    window: (i64, i64),
    rows: &Table,
) -> Result<Option<Before>> {
    let between = match reference {
        Reference::Between(from_ms, to_ms) => (*from_ms, *to_ms),
        Reference::Before(lookback) => lookback.window(window.1 + monitor.lookback.offset_ms),
        Reference::Baseline(id) => {
            let found = baseline(app, monitor, workspace_id, *id, rows).await?;
            let profile = found.map(|baseline| baselines::api::decode(&baseline)).transpose()?;
            return Ok(profile.map(|profile| Before::Profile(Box::new(profile))));
        }
    };
    let table = captured(app, monitor, workspace_id, between).await?;
    Ok((table.rows > 0).then_some(Before::Rows(table)))
}

pub async fn profiled(before: Before, rows: Arc<Table>) -> Result<(Arc<DatasetProfile>, Arc<DatasetProfile>)> {
    let profiled = tokio::task::spawn_blocking(move || {
        let before = match before {
            Before::Profile(profile) => *profile,
            Before::Rows(table) => profile::of_table(&table),
        };
        let now = profile::like(&before, &rows);
        (Arc::new(before), Arc::new(now))
    });
    profiled.await.map_err(parts::interrupted)
}

/// Whole rows of a reference; or why there are none.
pub async fn rows(
    app: &App,
    monitor: &Monitor,
    workspace_id: i64,
    reference: &Reference,
    window: (i64, i64),
    rows: &Table,
) -> Result<Result<Table, &'static str>> {
    let between = match reference {
        Reference::Between(from_ms, to_ms) => (*from_ms, *to_ms),
        Reference::Before(lookback) => lookback.window(window.1 + monitor.lookback.offset_ms),
        Reference::Baseline(id) => {
            let Some(found) = baseline(app, monitor, workspace_id, *id, rows).await? else {
                return Ok(Err(
                    "there is no baseline of the model version: make one with fettle baseline create",
                ));
            };
            let sample = app.db.read(move |tx| baselines::store::sample(tx, found.id)).await?;
            let Some(sample) = sample else {
                return Ok(Err(
                    "the baseline came as a profile, without rows to explain: make one from rows",
                ));
            };
            return Ok(Ok(
                parts::blocking(move || Table::from_parquet(sample.into(), None)).await?
            ));
        }
    };
    let table = captured(app, monitor, workspace_id, between).await?;
    Ok(if table.rows > 0 {
        Ok(table)
    } else {
        Err("nothing was captured in the time that the window is held against")
    })
}

async fn baseline(
    app: &App,
    monitor: &Monitor,
    workspace_id: i64,
    id: Option<i64>,
    rows: &Table,
) -> Result<Option<Baseline>> {
    let (model, version) = model_of(monitor, rows);
    app.db
        .read(move |tx| match (id, &model, &version) {
            (Some(id), ..) => {
                let found = baselines::store::find(tx, workspace_id, id)?;
                Ok(found.filter(|baseline| baseline.state == State::Ready))
            }
            (None, Some(model), Some(version)) => baselines::store::newest(tx, workspace_id, model, version),
            _ => Ok(None),
        })
        .await
}
