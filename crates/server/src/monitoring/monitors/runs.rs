//! `/api/fettle/v1/monitors/NAME/runs`: looks at windows, now and in the past, and what they found.

use super::{
    run::{Cause, monitor_of, run},
    scheduler::claim,
    store::{self, ResultRow, RunRow},
    windows::backfill,
};
use crate::{
    app::App,
    caller::Caller,
    error::{ApiError, ErrorCode, Result, invalid, not_found},
    extract::{Args, Json, PathArg},
    monitoring::duration::{iso, moment_ms},
    page_token,
    system::rfc3339,
};
use axum::extract::{Path, State};
use fettle_wire::{Int64, Required};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const WINDOWS_MAX: usize = 100;
/// How long a run that is told to waits for another of the same monitor.
const PATIENCE: Duration = Duration::from_mins(1);
const LOOK_AGAIN: Duration = Duration::from_millis(100);
const PAGE: usize = 100;
const PAGE_MAX: usize = 1000;
const POINTS_MAX: usize = 5000;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunMonitor {
    window_start: Option<String>,
    window_end: Option<String>,
    /// Fill this time with windows of the monitor's size.
    backfill: bool,
}

/// Looks at a window now: the one before now, the one that is given, or all that fill a time.
pub async fn run_monitor(
    State(app): State<App>,
    caller: Caller,
    PathArg(name): PathArg,
    Args(request): Args<RunMonitor>,
) -> Result<Json<Value>> {
    let now_ms = app.clock.now_ms();
    let wanted = name.clone();
    let row = app
        .db
        .peek(move |tx| store::get(tx, caller.workspace_id, &wanted))
        .await?;
    let lookback = monitor_of(&row)?.lookback;
    let given = match (&request.window_start, &request.window_end) {
        (None, None) => None,
        (Some(start), end) => {
            let from_ms = moment_ms("window_start", start, now_ms)?;
            let to_ms = end
                .as_deref()
                .map_or(Ok(now_ms), |end| moment_ms("window_end", end, now_ms))?;
            if from_ms >= to_ms {
                return Err(invalid(
                    "Invalid value for parameter 'window_end' supplied: it must be after 'window_start'.",
                ));
            }
            Some((from_ms, to_ms))
        }
        (None, Some(_)) => return Err(invalid("Parameter 'window_start' is missing.")),
    };
    let (windows, cause) = match (given, request.backfill) {
        (None, false) => (vec![lookback.window(now_ms)], Cause::Manual),
        (Some(window), false) => (vec![window], Cause::Manual),
        (Some((from_ms, to_ms)), true) => (backfill(lookback, from_ms, to_ms), Cause::Backfill),
        (None, true) => {
            return Err(invalid(
                "Parameter 'window_start' is missing: say from when on to fill.",
            ));
        }
    };
    if windows.is_empty() {
        return Err(invalid(format!(
            "Invalid value for parameter 'window_start' supplied: from then on there is no room for a window of {}.",
            iso(lookback.size_ms)
        )));
    }
    if windows.len() > WINDOWS_MAX {
        return Err(invalid(format!(
            "Invalid value for parameter 'window_start' supplied: {} windows are more than {WINDOWS_MAX}; fill a shorter time.",
            windows.len()
        )));
    }
    // A run on schedule or for late labels may be under way.
    let end = Instant::now() + PATIENCE;
    let mut held = claim(&app, &row).await?;
    while held.is_none() && Instant::now() < end {
        sleep(LOOK_AGAIN).await;
        held = claim(&app, &row).await?;
    }
    let Some(mut held) = held else {
        return Err(ApiError::new(
            ErrorCode::ResourceConflict,
            format!("Monitor `{name}` is running already. Try again in a moment."),
        ));
    };
    let mut runs = Vec::new();
    let mut outcome = Ok(());
    for window in windows {
        match run(&app, &row, window, cause).await {
            Ok(id) => runs.push(id),
            Err(error) => {
                outcome = Err(error);
                break;
            }
        }
    }
    held.release().await?;
    outcome?;
    let monitor_id = row.id;
    let found = app
        .db
        .read(move |tx| {
            let runs = runs
                .iter()
                .filter_map(|id| store::find_run(tx, monitor_id, *id).transpose());
            runs.map(|row| full(tx, row?)).collect::<Result<Vec<Value>>>()
        })
        .await?;
    Ok(Json(json!({ "runs": found })))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListRuns {
    max_results: Option<Int64>,
    page_token: Option<String>,
    /// Also those that a later run of the same window has taken the place of.
    all: Option<bool>,
}

pub async fn list_runs(
    State(app): State<App>,
    caller: Caller,
    PathArg(name): PathArg,
    Args(request): Args<ListRuns>,
) -> Result<Json<Value>> {
    let limit = page_token::limit("max_results", request.max_results, PAGE, PAGE_MAX)?;
    let before = page_token::decode_key(request.page_token.as_deref())?.unwrap_or(i64::MAX);
    let mut rows = app
        .db
        .read(move |tx| {
            let monitor = store::get(tx, caller.workspace_id, &name)?;
            store::runs(tx, monitor.id, request.all.unwrap_or(false), before, limit + 1)
        })
        .await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| page_token::encode_key(row.id));
    let runs: Vec<Value> = rows.into_iter().map(run_json).collect();
    Ok(Json(json!({ "runs": runs, "next_page_token": next })))
}

/// One run with all that it found, the distributions of features with it.
pub async fn get_run(
    State(app): State<App>,
    caller: Caller,
    Path((name, id)): Path<(String, String)>,
) -> Result<Json<Value>> {
    let found = app
        .db
        .read(move |tx| {
            let monitor = store::get(tx, caller.workspace_id, &name)?;
            let number = id.parse().unwrap_or(-1);
            let run = store::find_run(tx, monitor.id, number)?
                .ok_or_else(|| not_found(format!("Monitor `{name}` has no run {id}.")))?;
            full(tx, run)
        })
        .await?;
    Ok(Json(found))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct GetSeries {
    signal: Option<String>,
    feature: Option<String>,
    since: Option<String>,
}

/// A signal over time: its metrics, thresholds and verdicts, the oldest window first.
pub async fn get_series(
    State(app): State<App>,
    caller: Caller,
    PathArg(name): PathArg,
    Args(request): Args<GetSeries>,
) -> Result<Json<Value>> {
    let signal = request.signal.required("signal")?;
    let feature = request.feature.unwrap_or_default();
    let since_ms = moment_ms("since", request.since.as_deref().unwrap_or("90d"), app.clock.now_ms())?;
    let rows = app
        .db
        .read(move |tx| {
            let monitor = store::get(tx, caller.workspace_id, &name)?;
            store::series(tx, monitor.id, &signal, &feature, since_ms, POINTS_MAX)
        })
        .await?;
    let points: Vec<Value> = rows
        .into_iter()
        .map(|row| {
            let detail: Value = row
                .detail
                .and_then(|text| serde_json::from_str(&text).ok())
                .unwrap_or_default();
            json!({
                "time": rfc3339(row.window_to), "metric": row.metric, "value": row.value, "threshold": row.threshold,
                "verdict": row.verdict, "interval": detail["interval"], "label_coverage": detail["label_coverage"],
                "changed": detail["changed"],
            })
        })
        .collect();
    Ok(Json(json!({ "points": points })))
}

pub fn run_json(run: RunRow) -> Value {
    json!({
        "id": run.id.to_string(),
        "cause": run.cause,
        "state": run.state,
        "window_start": rfc3339(run.window.0),
        "window_end": rfc3339(run.window.1),
        "started_at": rfc3339(run.started_at),
        "finished_at": run.finished_at.map(rfc3339),
        "rows": run.rows,
        "verdict": run.verdict,
        "error": run.error,
    })
}

fn full(tx: &fettle_db::Tx, run: RunRow) -> Result<Value> {
    let results = store::results(tx, run.id)?;
    let mut whole = run_json(run);
    whole["results"] = results.into_iter().map(result_json).collect();
    Ok(whole)
}

fn result_json(result: ResultRow) -> Value {
    let detail: Value = result
        .detail
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default();
    json!({
        "signal": result.signal,
        "type": result.kind,
        "metric": result.metric,
        "feature": Some(result.feature).filter(|feature| !feature.is_empty()),
        "value": result.value,
        "threshold": result.threshold,
        "verdict": result.verdict,
        "detail": detail,
    })
}
