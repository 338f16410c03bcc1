//! The SQL of monitors, their runs and what they found.

use crate::error::{ApiError, Result, not_found};
use fettle_db::{Param, Row, Tx, params};
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
pub struct MonitorRow {
    pub id: i64,
    pub workspace_id: i64,
    pub name: String,
    /// JSON.
    pub spec: String,
    pub created_at: i64,
    pub updated_at: i64,
    pub next_run_at: Option<i64>,
}

const MONITOR: &str = "id, workspace_id, name, spec, created_at, updated_at, next_run_at";

fn read_monitor(row: &Row<'_>) -> fettle_db::Result<MonitorRow> {
    Ok(MonitorRow {
        id: row.get(0)?,
        workspace_id: row.get(1)?,
        name: row.get(2)?,
        spec: row.get(3)?,
        created_at: row.get(4)?,
        updated_at: row.get(5)?,
        next_run_at: row.get(6)?,
    })
}

pub fn find(tx: &Tx, workspace_id: i64, name: &str) -> Result<Option<MonitorRow>> {
    let sql = format!("SELECT {MONITOR} FROM monitors WHERE workspace_id = ?1 AND name = ?2");
    Ok(tx.query_opt(&sql, params![workspace_id, name], read_monitor)?)
}

pub fn get(tx: &Tx, workspace_id: i64, name: &str) -> Result<MonitorRow> {
    find(tx, workspace_id, name)?.ok_or_else(|| no_monitor(name))
}

pub fn no_monitor(name: &str) -> ApiError {
    not_found(format!("There is no monitor `{name}`."))
}

/// Which results are meant.
#[derive(Debug, Clone)]
pub struct SeriesFilter {
    /// None is every signal of the monitor.
    pub signal: Option<String>,
    pub metric: String,
    /// Empty for the signal as a whole.
    pub feature: String,
}

/// A signal's newest values.
#[derive(Debug, Clone)]
pub struct Series {
    pub signal: String,
    /// What the signal is of: endpoint, model, version.
    pub labels: BTreeMap<String, String>,
    /// Newest first; None where there were too few data.
    pub values: Vec<Option<f64>>,
    /// What the newest says has changed.
    pub changed: Option<String>,
}

/// Each signal's values of its newest windows.
pub fn newest_values(
    tx: &Tx,
    workspace_id: i64,
    monitor: &str,
    filter: &SeriesFilter,
    count: usize,
) -> Result<Vec<Series>> {
    let monitor = get(tx, workspace_id, monitor)?;
    let signal = filter.signal.as_deref().unwrap_or_default();
    let mut found: Vec<Series> = Vec::new();
    tx.for_each(
        "SELECT signal, value, verdict, detail FROM (
             SELECT signal, value, verdict, detail, ROW_NUMBER() OVER (PARTITION BY signal ORDER BY window_to DESC, id DESC) AS place
             FROM signal_results
             WHERE monitor_id = ?1 AND metric = ?2 AND feature = ?3 AND (?4 = '' OR signal = ?4)) newest
         WHERE place <= ?5 ORDER BY signal, place",
        params![monitor.id, &filter.metric, &filter.feature, signal, count as i64],
        |row| {
            let name: String = row.get(0)?;
            let unknown = row.text(2)? == "insufficient_data";
            let value = row.get::<Option<f64>>(1)?.filter(|_| !unknown);
            if let Some(series) = found.last_mut().filter(|series| series.signal == name) {
                series.values.push(value);
                return Ok(());
            }
            let detail: Option<String> = row.get(3)?;
            let detail: Value = detail
                .and_then(|text| serde_json::from_str(&text).ok())
                .unwrap_or_default();
            found.push(Series {
                signal: name,
                labels: labels(&detail),
                values: vec![value],
                changed: detail["changed"].as_str().map(str::to_owned),
            });
            Ok::<_, ApiError>(())
        },
    )?;
    Ok(found)
}

fn labels(detail: &Value) -> BTreeMap<String, String> {
    let names = ["endpoint", "deployment", "model", "version"];
    names
        .iter()
        .filter_map(|name| {
            detail[*name]
                .as_str()
                .map(|value| ((*name).to_owned(), value.to_owned()))
        })
        .collect()
}

pub fn list(tx: &Tx, workspace_id: i64) -> Result<Vec<MonitorRow>> {
    let sql = format!("SELECT {MONITOR} FROM monitors WHERE workspace_id = ?1 ORDER BY name");
    Ok(tx.query(&sql, params![workspace_id], read_monitor)?)
}

/// Of all workspaces.
pub fn all(tx: &Tx) -> Result<Vec<MonitorRow>> {
    let sql = format!("SELECT {MONITOR} FROM monitors ORDER BY id");
    Ok(tx.query(&sql, &[], read_monitor)?)
}

/// False if the name is taken.
pub fn insert(tx: &Tx, new: &MonitorRow) -> Result<bool> {
    let changed = tx.execute(
        "INSERT INTO monitors (workspace_id, name, spec, created_at, updated_at, next_run_at, leased_until)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0) ON CONFLICT (workspace_id, name) DO NOTHING",
        params![
            new.workspace_id,
            &new.name,
            &new.spec,
            new.created_at,
            new.updated_at,
            new.next_run_at
        ],
    )?;
    Ok(changed > 0)
}

pub fn update(tx: &Tx, id: i64, spec: &str, next_run_at: Option<i64>, now_ms: i64) -> Result<()> {
    tx.execute(
        "UPDATE monitors SET spec = ?1, next_run_at = ?2, updated_at = ?3 WHERE id = ?4",
        params![spec, next_run_at, now_ms, id],
    )?;
    Ok(())
}

pub fn delete(tx: &Tx, id: i64) -> Result<()> {
    for sql in [
        "DELETE FROM signal_results WHERE monitor_id = ?1",
        "DELETE FROM monitor_runs WHERE monitor_id = ?1",
        "DELETE FROM custom_metrics WHERE monitor_id = ?1",
        "DELETE FROM monitors WHERE id = ?1",
    ] {
        tx.execute(sql, params![id])?;
    }
    Ok(())
}

/// Monitors whose time has come and that nobody has.
pub fn due(tx: &Tx, now_ms: i64, limit: usize) -> Result<Vec<MonitorRow>> {
    let sql = format!(
        "SELECT {MONITOR} FROM monitors WHERE next_run_at <= ?1 AND leased_until <= ?1 ORDER BY next_run_at LIMIT ?2"
    );
    Ok(tx.query(&sql, params![now_ms, limit as i64], read_monitor)?)
}

/// False if somebody has it.
pub fn lease(tx: &Tx, id: i64, now_ms: i64, until_ms: i64) -> Result<bool> {
    let changed = tx.execute(
        "UPDATE monitors SET leased_until = ?1 WHERE id = ?2 AND leased_until <= ?3",
        params![until_ms, id, now_ms],
    )?;
    Ok(changed > 0)
}

pub fn release(tx: &Tx, id: i64) -> Result<()> {
    tx.execute("UPDATE monitors SET leased_until = 0 WHERE id = ?1", params![id])?;
    Ok(())
}

pub fn set_next_run(tx: &Tx, id: i64, next_ms: Option<i64>) -> Result<()> {
    tx.execute(
        "UPDATE monitors SET next_run_at = ?1 WHERE id = ?2",
        params![next_ms, id],
    )?;
    Ok(())
}

#[derive(Debug, Clone)]
pub struct RunRow {
    pub id: i64,
    pub cause: String,
    pub state: String,
    pub window: (i64, i64),
    pub started_at: i64,
    pub finished_at: Option<i64>,
    pub rows: Option<i64>,
    pub verdict: Option<String>,
    pub error: Option<String>,
}

const RUN: &str = "id, cause, state, window_from, window_to, started_at, finished_at, row_count, verdict, error";

fn read_run(row: &Row<'_>) -> fettle_db::Result<RunRow> {
    Ok(RunRow {
        id: row.get(0)?,
        cause: row.get(1)?,
        state: row.get(2)?,
        window: (row.get(3)?, row.get(4)?),
        started_at: row.get(5)?,
        finished_at: row.get(6)?,
        rows: row.get(7)?,
        verdict: row.get(8)?,
        error: row.get(9)?,
    })
}

pub fn insert_run(
    tx: &Tx,
    workspace_id: i64,
    monitor_id: i64,
    cause: &str,
    window: (i64, i64),
    now_ms: i64,
) -> Result<i64> {
    Ok(tx.query_one(
        "INSERT INTO monitor_runs (workspace_id, monitor_id, cause, state, window_from, window_to, started_at, labels_until)
         VALUES (?1, ?2, ?3, 'running', ?4, ?5, ?6, ?6) RETURNING id",
        params![workspace_id, monitor_id, cause, window.0, window.1, now_ms],
        |row| row.get(0),
    )?)
}

/// What a run found of one metric.
#[derive(Debug, Clone)]
pub struct NewResult {
    pub signal: String,
    pub kind: &'static str,
    pub metric: String,
    pub feature: String,
    pub value: Option<f64>,
    pub threshold: Option<f64>,
    pub verdict: &'static str,
    /// JSON.
    pub detail: String,
}

pub fn finish_run(tx: &Tx, id: i64, results: &[NewResult], rows: i64, verdict: &str, now_ms: i64) -> Result<()> {
    tx.execute(
        "UPDATE monitor_runs SET state = 'succeeded', finished_at = ?1, row_count = ?2, verdict = ?3 WHERE id = ?4",
        params![now_ms, rows, verdict, id],
    )?;
    let lists = results.iter().map(|result| {
        vec![
            Param::from(id),
            Param::from(&result.signal),
            Param::from(result.kind),
            Param::from(&result.metric),
            Param::from(&result.feature),
            Param::from(result.value),
            Param::from(result.threshold),
            Param::from(result.verdict),
            Param::from(&result.detail),
        ]
    });
    tx.execute_each(
        "INSERT INTO signal_results (workspace_id, run_id, monitor_id, signal, kind, metric, feature, window_to, value,
             threshold, verdict, detail)
         SELECT workspace_id, id, monitor_id, ?2, ?3, ?4, ?5, window_to, ?6, ?7, ?8, ?9 FROM monitor_runs WHERE id = ?1",
        lists,
    )?;
    Ok(())
}

pub fn fail_run(tx: &Tx, id: i64, error: &str, now_ms: i64) -> Result<()> {
    tx.execute(
        "UPDATE monitor_runs SET state = 'failed', finished_at = ?1, error = ?2 WHERE id = ?3",
        params![now_ms, error, id],
    )?;
    Ok(())
}

/// The newest run of a window is what counts; what earlier ones found goes.
pub fn supersede(tx: &Tx, monitor_id: i64, id: i64, window: (i64, i64)) -> Result<()> {
    let earlier: Vec<i64> = tx.query(
        "UPDATE monitor_runs SET state = 'superseded'
         WHERE monitor_id = ?1 AND window_from = ?2 AND window_to = ?3 AND id <> ?4 AND state = 'succeeded' RETURNING id",
        params![monitor_id, window.0, window.1, id],
        |row| row.get(0),
    )?;
    tx.execute("DELETE FROM signal_results WHERE run_id IN_IDS(?1)", params![earlier])?;
    Ok(())
}

/// Newest window first; those that were superseded are left out unless they are asked for.
pub fn runs(tx: &Tx, monitor_id: i64, all: bool, before: i64, limit: usize) -> Result<Vec<RunRow>> {
    let sql = format!(
        "SELECT {RUN} FROM monitor_runs WHERE monitor_id = ?1 AND id < ?2 AND (?3 = 1 OR state <> 'superseded')
         ORDER BY id DESC LIMIT ?4"
    );
    Ok(tx.query(&sql, params![monitor_id, before, all, limit as i64], read_run)?)
}

pub fn find_run(tx: &Tx, monitor_id: i64, id: i64) -> Result<Option<RunRow>> {
    let sql = format!("SELECT {RUN} FROM monitor_runs WHERE monitor_id = ?1 AND id = ?2");
    Ok(tx.query_opt(&sql, params![monitor_id, id], read_run)?)
}

/// A window that was looked at before the last labels came.
#[derive(Debug, Clone)]
pub struct Unlabelled {
    pub run_id: i64,
    pub window: (i64, i64),
    pub labels_until: i64,
}

pub fn windows_before_labels(
    tx: &Tx,
    monitor_id: i64,
    received_ms: i64,
    since_ms: i64,
    limit: usize,
) -> Result<Vec<Unlabelled>> {
    Ok(tx.query(
        "SELECT id, window_from, window_to, labels_until FROM monitor_runs
         WHERE monitor_id = ?1 AND state = 'succeeded' AND labels_until < ?2 AND window_to > ?3
         ORDER BY window_to DESC LIMIT ?4",
        params![monitor_id, received_ms, since_ms, limit as i64],
        |row| {
            Ok(Unlabelled {
                run_id: row.get(0)?,
                window: (row.get(1)?, row.get(2)?),
                labels_until: row.get(3)?,
            })
        },
    )?)
}

/// Says that labels that were received until then do not concern a run.
pub fn set_labels_until(tx: &Tx, run_id: i64, until_ms: i64) -> Result<()> {
    tx.execute(
        "UPDATE monitor_runs SET labels_until = ?1 WHERE id = ?2",
        params![until_ms, run_id],
    )?;
    Ok(())
}

#[derive(Debug, Clone)]
pub struct ResultRow {
    pub signal: String,
    pub kind: String,
    pub metric: String,
    pub feature: String,
    pub window_to: i64,
    pub value: Option<f64>,
    pub threshold: Option<f64>,
    pub verdict: String,
    pub detail: Option<String>,
}

fn read_result(row: &Row<'_>) -> fettle_db::Result<ResultRow> {
    Ok(ResultRow {
        signal: row.get(0)?,
        kind: row.get(1)?,
        metric: row.get(2)?,
        feature: row.get(3)?,
        window_to: row.get(4)?,
        value: row.get(5)?,
        threshold: row.get(6)?,
        verdict: row.get(7)?,
        detail: row.get(8)?,
    })
}

const RESULT: &str = "signal, kind, metric, feature, window_to, value, threshold, verdict, detail";

pub fn results(tx: &Tx, run_id: i64) -> Result<Vec<ResultRow>> {
    let sql = format!("SELECT {RESULT} FROM signal_results WHERE run_id = ?1 ORDER BY id");
    Ok(tx.query(&sql, params![run_id], read_result)?)
}

/// A signal over time, the oldest window first: of the whole signal, or of one feature.
pub fn series(
    tx: &Tx,
    monitor_id: i64,
    signal: &str,
    feature: &str,
    since_ms: i64,
    limit: usize,
) -> Result<Vec<ResultRow>> {
    let sql = format!(
        "SELECT {RESULT} FROM (SELECT id, {RESULT} FROM signal_results
             WHERE monitor_id = ?1 AND signal = ?2 AND feature = ?3 AND window_to >= ?4
             ORDER BY window_to DESC, id DESC LIMIT ?5) newest
         ORDER BY window_to, id"
    );
    Ok(tx.query(
        &sql,
        params![monitor_id, signal, feature, since_ms, limit as i64],
        read_result,
    )?)
}

/// The results of each monitor's newest window.
pub fn newest_results(tx: &Tx, workspace_id: i64, limit: usize) -> Result<Vec<(String, ResultRow)>> {
    let sql = format!(
        "SELECT {}, m.name FROM signal_results r JOIN monitors m ON m.id = r.monitor_id
         JOIN (SELECT monitor_id, MAX(id) AS id FROM monitor_runs WHERE state = 'succeeded' GROUP BY monitor_id) newest
             ON newest.id = r.run_id
         WHERE r.workspace_id = ?1 ORDER BY r.id LIMIT ?2",
        RESULT
            .split(", ")
            .map(|column| format!("r.{column}"))
            .collect::<Vec<_>>()
            .join(", ")
    );
    Ok(tx.query(&sql, params![workspace_id, limit as i64], |row| {
        Ok((row.get(9)?, read_result(row)?))
    })?)
}

/// The same moment again takes the place of the first.
pub fn put_custom(tx: &Tx, workspace_id: i64, monitor_id: i64, metric: &str, at_ms: i64, value: f64) -> Result<()> {
    tx.execute(
        "INSERT INTO custom_metrics (workspace_id, monitor_id, metric, at_ms, value) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (monitor_id, metric, at_ms) DO UPDATE SET value = excluded.value",
        params![workspace_id, monitor_id, metric, at_ms, value],
    )?;
    Ok(())
}

pub fn custom_values(tx: &Tx, monitor_id: i64, window: (i64, i64)) -> Result<BTreeMap<String, Vec<f64>>> {
    let mut values: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    tx.for_each(
        "SELECT metric, value FROM custom_metrics WHERE monitor_id = ?1 AND at_ms >= ?2 AND at_ms < ?3 ORDER BY at_ms LIMIT 100000",
        params![monitor_id, window.0, window.1],
        |row| {
            values.entry(row.get(0)?).or_default().push(row.get(1)?);
            Ok::<_, ApiError>(())
        },
    )?;
    Ok(values)
}
