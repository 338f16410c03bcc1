//! One look at one window.

use super::{
    explanations,
    reference::{self, profiled, reference},
    signals::{
        Finding, attribution, drift, freshness, operational,
        performance::{self, Labels},
        quality, summary,
    },
    spec::{Features, Kind, Monitor, MonitorSpec, Reference, Signal},
    store::{self, MonitorRow, NewResult},
};
use crate::{
    app::App,
    error::{ApiError, ErrorCode, Result},
    monitoring::{
        alerts,
        capture::parts::{self, Span},
        operational as figures, truth,
    },
    system::rfc3339,
};
use fettle_capture::{Cell, Table};
use fettle_stats::profile::dataset::DatasetProfile;
use serde_json::{Value, json};
use std::{collections::HashSet, sync::Arc};

/// Rows of a window that are looked at.
const ROWS_MAX: usize = 500_000;

/// Why a run is made.
#[derive(Debug, Clone, Copy)]
pub enum Cause {
    Schedule,
    Manual,
    Backfill,
    /// Labels of its window came late.
    Labels,
}

impl Cause {
    fn name(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Manual => "manual",
            Self::Backfill => "backfill",
            Self::Labels => "labels",
        }
    }
}

pub fn monitor_of(row: &MonitorRow) -> Result<Monitor> {
    serde_json::from_str::<MonitorSpec>(&row.spec)
        .map_err(|error| ApiError::new(ErrorCode::InternalError, "A monitor cannot be read.").because(error))?
        .check()
}

/// Looks at a window and answers with the run's id. What goes wrong is in the run, too.
pub async fn run(app: &App, row: &MonitorRow, window: (i64, i64), cause: Cause) -> Result<i64> {
    let (monitor_id, workspace_id, started_at) = (row.id, row.workspace_id, app.clock.now_ms());
    let id = app
        .db
        .write(move |tx| store::insert_run(tx, workspace_id, monitor_id, cause.name(), window, started_at))
        .await?;
    let outcome = look(app, row, window).await;
    let finished_at = app.clock.now_ms();
    match outcome {
        Ok(looked) => {
            app.db
                .write(move |tx| {
                    store::finish_run(tx, id, &looked.results, looked.rows, looked.verdict, finished_at)?;
                    store::supersede(tx, monitor_id, id, window)?;
                    let rules = alerts::store::rules_on_monitor(tx, workspace_id, monitor_id)?;
                    alerts::store::hasten_rules(tx, &rules, finished_at)
                })
                .await?;
            Ok(id)
        }
        Err(error) => {
            let message = error.message.clone();
            app.db
                .write(move |tx| store::fail_run(tx, id, &message, finished_at))
                .await?;
            Err(error)
        }
    }
}

struct Looked {
    rows: i64,
    verdict: &'static str,
    results: Arc<[NewResult]>,
}

async fn look(app: &App, row: &MonitorRow, window: (i64, i64)) -> Result<Looked> {
    let monitor = monitor_of(row)?;
    let rows = Arc::new(captured(app, &monitor, row.workspace_id, window).await?);
    let labels = labels_of(&monitor, &rows);
    let mut results = Vec::new();
    let mut verdicts = HashSet::new();
    let mut profiles: Vec<(Reference, Arc<DatasetProfile>, Arc<DatasetProfile>)> = Vec::new();
    for (name, signal) in &monitor.signals {
        let (findings, alarmed) = match &signal.kind {
            Kind::DataDrift(_) | Kind::PredictionDrift(_) | Kind::DataQuality(_) => {
                let known = profiles
                    .iter()
                    .position(|(reference, ..)| *reference == signal.reference);
                let place = match known {
                    Some(place) => Some(place),
                    None => match reference(app, &monitor, row.workspace_id, &signal.reference, window, &rows).await? {
                        None => None,
                        Some(before) => {
                            let (before, now) = profiled(before, Arc::clone(&rows)).await?;
                            profiles.push((signal.reference.clone(), before, now));
                            Some(profiles.len() - 1)
                        }
                    },
                };
                match place {
                    None => (Finding::nothing(NO_REFERENCE), false),
                    Some(_) if rows.rows == 0 => (Finding::nothing("nothing was captured in this window"), false),
                    Some(place) => {
                        let (_, before, now) = &profiles[place];
                        let (before, now, signal) = (Arc::clone(before), Arc::clone(now), signal.clone());
                        let judged = tokio::task::spawn_blocking(move || match &signal.kind {
                            Kind::DataDrift(rule) => {
                                drift::judge(rule, drift::Side::Inputs, &signal.features, &before, &now)
                            }
                            Kind::PredictionDrift(rule) => {
                                drift::judge(rule, drift::Side::Predictions, &signal.features, &before, &now)
                            }
                            Kind::DataQuality(thresholds) => {
                                quality::judge(thresholds, &signal.features, &before, &now)
                            }
                            _ => unreachable!("the others need no profiles"),
                        });
                        judged.await.map_err(parts::interrupted)?
                    }
                }
            }
            Kind::Attribution(threshold) => {
                attribution(app, &monitor, row.workspace_id, signal, *threshold, window, &rows).await?
            }
            Kind::Freshness(thresholds) => {
                let Features::Named(columns) = &signal.features else {
                    unreachable!("they were checked to be named")
                };
                let (columns, thresholds, rows) = (columns.clone(), thresholds.clone(), Arc::clone(&rows));
                let judged = tokio::task::spawn_blocking(move || freshness::judge(&columns, &thresholds, &rows));
                judged.await.map_err(parts::interrupted)?
            }
            Kind::Performance(wanted) => {
                let (labels, as_of) = truth_of(app, &monitor, row.workspace_id, &rows).await?;
                let (wanted, is_regression, rows) = (wanted.clone(), monitor.is_regression, Arc::clone(&rows));
                let judged = tokio::task::spawn_blocking(move || {
                    performance::judge(&wanted, is_regression, &rows, &labels, as_of.map(rfc3339))
                });
                judged.await.map_err(parts::interrupted)?
            }
            Kind::Operational(thresholds) => {
                figures::flush(app).await?;
                let (workspace_id, endpoint) = (row.workspace_id, monitor.endpoint.clone());
                let deployment = monitor.deployment.clone();
                let samples = app
                    .db
                    .read(move |tx| {
                        figures::window::samples(tx, workspace_id, &endpoint, deployment.as_deref(), window)
                    })
                    .await?;
                operational::judge(thresholds, &samples, window.1 - window.0)
            }
            Kind::Custom(metrics) => {
                let monitor_id = row.id;
                let values = app
                    .db
                    .read(move |tx| store::custom_values(tx, monitor_id, window))
                    .await?;
                operational::custom(metrics, &values)
            }
        };
        let whole = summary(&findings, alarmed, &labels);
        verdicts.insert(whole.verdict.name());
        for finding in std::iter::once(whole).chain(findings) {
            results.push(NewResult {
                signal: name.clone(),
                kind: signal.kind.name(),
                metric: finding.metric,
                feature: finding.feature,
                value: finding.value.filter(|value| value.is_finite()),
                threshold: finding.threshold,
                verdict: finding.verdict.name(),
                detail: finding.detail.to_string(),
            });
        }
    }
    let worst = ["alarm", "ok", "insufficient_data", "info"];
    Ok(Looked {
        rows: rows.rows as i64,
        verdict: worst
            .into_iter()
            .find(|name| verdicts.contains(name))
            .unwrap_or("insufficient_data"),
        results: results.into(),
    })
}

async fn attribution(
    app: &App,
    monitor: &Monitor,
    workspace_id: i64,
    signal: &Signal,
    threshold: f64,
    window: (i64, i64),
    rows: &Table,
) -> Result<(Vec<Finding>, bool)> {
    if rows.rows == 0 {
        return Ok((Finding::nothing("nothing was captured in this window"), false));
    }
    let before = match reference::rows(app, monitor, workspace_id, &signal.reference, window, rows).await? {
        Ok(before) => before,
        Err(reason) => return Ok((Finding::nothing(reason), false)),
    };
    let both = explanations::of_both(app, monitor, &before, rows).await?;
    let features = signal.features.clone();
    let judged = tokio::task::spawn_blocking(move || match both {
        Ok([before, now]) => attribution::judge(threshold, &features, &before, &now),
        Err(reason) => (Finding::nothing(&reason), false),
    });
    judged.await.map_err(parts::interrupted)
}

const NO_REFERENCE: &str = "there is no baseline of the model version: make one with fettle baseline create";

/// The rows of the window, of the deployment that is watched.
pub async fn captured(app: &App, monitor: &Monitor, workspace_id: i64, (from_ms, to_ms): (i64, i64)) -> Result<Table> {
    let span = Span {
        workspace_id,
        endpoint: monitor.endpoint.clone(),
        from_ms,
        to_ms,
    };
    let (mut table, _) = parts::find(app, &span).await?.rows(&span, None, ROWS_MAX).await?;
    if let Some(deployment) = &monitor.deployment {
        table = of_deployment(&table, deployment);
    }
    Ok(table)
}

/// Whether any of these requests was captured in a window.
pub async fn has_any(
    app: &App,
    monitor: &Monitor,
    workspace_id: i64,
    (from_ms, to_ms): (i64, i64),
    ids: &[String],
) -> Result<bool> {
    let span = Span {
        workspace_id,
        endpoint: monitor.endpoint.clone(),
        from_ms,
        to_ms,
    };
    let column: HashSet<String> = ["_correlationid".to_owned()].into();
    let parts = parts::find(app, &span).await?;
    let (table, _) = parts.rows(&span, Some(Arc::new(column)), ROWS_MAX).await?;
    let ids: HashSet<&str> = ids.iter().map(String::as_str).collect();
    Ok((0..table.rows)
        .any(|row| matches!(table.cell(&["_correlationid"], row), Cell::Text(id) if ids.contains(id.as_str()))))
}

fn of_deployment(table: &Table, deployment: &str) -> Table {
    let ours: Vec<bool> = (0..table.rows)
        .map(|row| matches!(table.cell(&["_deployment"], row), Cell::Text(name) if name == deployment))
        .collect();
    if ours.iter().all(|ours| *ours) {
        return table.clone();
    }
    table.filtered(&ours)
}

/// What the signals are of.
fn labels_of(monitor: &Monitor, rows: &Table) -> Value {
    let (model, version) = model_of(monitor, rows);
    json!({ "endpoint": monitor.endpoint, "deployment": monitor.deployment, "model": model, "version": version })
}

/// As the monitor says, or as the newest captured row does.
pub fn model_of(monitor: &Monitor, rows: &Table) -> (Option<String>, Option<String>) {
    let newest = |name: &str| match rows.rows {
        0 => None,
        count => rows
            .cell(&[name], count - 1)
            .into_text()
            .filter(|text| !text.is_empty()),
    };
    match &monitor.model {
        Some((name, Some(version))) => (Some(name.clone()), Some(version.clone())),
        Some((name, None)) => (Some(name.clone()), newest("_model_version")),
        None => (newest("_model_name"), newest("_model_version")),
    }
}

/// The labels of the window's requests, and when the last ones came.
async fn truth_of(app: &App, monitor: &Monitor, workspace_id: i64, rows: &Table) -> Result<(Labels, Option<i64>)> {
    let ids: HashSet<String> = (0..rows.rows)
        .filter_map(|row| rows.cell(&["_correlationid"], row).into_text())
        .collect();
    let (ids, endpoint): (Vec<String>, _) = (ids.into_iter().collect(), monitor.endpoint.clone());
    app.db
        .read(move |tx| {
            let labels = truth::store::current(tx, workspace_id, &endpoint, &ids)?;
            Ok::<_, ApiError>((labels, truth::store::newest_receipt(tx, workspace_id, &endpoint)?))
        })
        .await
}
