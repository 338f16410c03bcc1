//! Points on their way in: the log of batches, and the latest value of each metric beside it.

use super::runs::{Place, active_places};
use crate::error::{ApiError, Result, not_found};
use fettle_db::{Column, Param, Tx, params};
use fettle_series::point::Point;
use std::collections::{BTreeMap, BTreeSet};

/// What a request logged for one run, encoded before the transaction starts.
#[derive(Debug)]
pub struct Batch {
    /// No other batch of the run has it, whichever server wrote that.
    pub id: i64,
    pub points: usize,
    pub data: Vec<u8>,
    /// One for each key.
    pub latest: Vec<(String, Point)>,
    pub model_points: Vec<ModelPoint>,
}

/// A point logged for a model, perhaps on a dataset.
#[derive(Debug, Clone)]
pub struct ModelPoint {
    pub model_id: String,
    pub dataset_name: String,
    pub dataset_digest: String,
    pub key: String,
    pub point: Point,
}

/// One caller's points on their way to a run.
#[derive(Debug)]
pub struct Points {
    pub workspace_id: i64,
    pub run_uuid: String,
    pub batch: Batch,
}

/// Writes many callers' points at once, and answers each with the run's key.
pub fn write(tx: &Tx, all: &[Points]) -> Result<Vec<Result<i64>>> {
    let runs: Vec<(i64, &str)> = all
        .iter()
        .map(|points| (points.workspace_id, points.run_uuid.as_str()))
        .collect();
    let places = active_places(tx, &runs)?;
    let batches: Vec<(Place, &Batch)> = places
        .iter()
        .zip(all)
        .filter_map(|(place, points)| Some((*place.as_ref().ok()?, &points.batch)))
        .collect();
    insert(tx, &batches)?;
    Ok(places
        .into_iter()
        .map(|place| place.map(|place| place.run_id))
        .collect())
}

/// Adds batches to the log, and what is the latest of each metric now beside it.
pub fn insert(tx: &Tx, batches: &[(Place, &Batch)]) -> Result<()> {
    let ints = |of: fn(&(Place, &Batch)) -> i64| Column::Ints(batches.iter().map(of).collect());
    // A batch that is there already is one whose answer was lost.
    tx.insert_rows(
        "metric_batches (workspace_id, run_id, id, points, data)",
        &[
            ints(|(place, _)| place.workspace_id),
            ints(|(place, _)| place.run_id),
            ints(|(_, batch)| batch.id),
            ints(|(_, batch)| batch.points as i64),
            Column::Bytes(batches.iter().map(|(_, batch)| batch.data.as_slice()).collect()),
        ],
        "ON CONFLICT (run_id, id) DO NOTHING",
    )?;
    let mut latest: BTreeMap<(i64, &str), (Place, Point)> = BTreeMap::new();
    for (place, batch) in batches {
        for (key, point) in &batch.latest {
            latest
                .entry((place.run_id, key))
                .and_modify(|(_, best)| *best = (*best).max(*point))
                .or_insert((*place, *point));
        }
    }
    upsert_latest(tx, &latest)?;
    // After the rows above, which wait for a ranking of the same run to end: by then another run may be ranked than was
    // when its place was read, unless nobody else writes.
    let ranked = batches
        .iter()
        .map(|(place, _)| place)
        .filter(|place| place.ranked || !tx.writes_alone());
    let run_ids: BTreeSet<i64> = ranked.map(|place| place.run_id).collect();
    if !run_ids.is_empty() {
        tx.execute(
            "UPDATE runs SET ranked = 0 WHERE id IN_IDS(?1) AND ranked = 1",
            params![run_ids.into_iter().collect::<Vec<i64>>()],
        )?;
    }
    for (place, batch) in batches {
        insert_model_points(tx, place.workspace_id, place.run_id, &batch.model_points)?;
    }
    Ok(())
}

/// In the order of runs and keys, so that writers of the same keys cannot wait for each other in a circle.
fn upsert_latest(tx: &Tx, latest: &BTreeMap<(i64, &str), (Place, Point)>) -> Result<()> {
    let mut values = Vec::with_capacity(latest.len());
    let mut nans = Vec::with_capacity(latest.len());
    for (_, point) in latest.values() {
        let (value, is_nan) = split_nan(point.value());
        values.push(value);
        nans.push(i64::from(is_nan));
    }
    let ints = |of: fn(&(Place, Point)) -> i64| Column::Ints(latest.values().map(of).collect());
    tx.insert_rows(
        "latest_metrics (workspace_id, run_id, experiment_id, key, step, timestamp, value, is_nan)",
        &[
            ints(|(place, _)| place.workspace_id),
            ints(|(place, _)| place.run_id),
            ints(|(place, _)| place.experiment_id),
            Column::Texts(latest.keys().map(|&(_, key)| key).collect()),
            ints(|(_, point)| point.step()),
            ints(|(_, point)| point.timestamp()),
            Column::Reals(values),
            Column::Ints(nans),
        ],
        "ON CONFLICT (run_id, key) DO UPDATE SET step = excluded.step, timestamp = excluded.timestamp, value = excluded.value, is_nan = excluded.is_nan
         WHERE (excluded.step, excluded.timestamp, excluded.value) > (latest_metrics.step, latest_metrics.timestamp, latest_metrics.value)",
    )?;
    Ok(())
}

/// Keeps every point of a model. One that is there already, in all its parts, is a request sent twice.
fn insert_model_points(tx: &Tx, workspace_id: i64, run_id: i64, points: &[ModelPoint]) -> Result<()> {
    let mut models: BTreeMap<&str, i64> = BTreeMap::new();
    for point in points {
        if !models.contains_key(point.model_id.as_str()) {
            models.insert(&point.model_id, model_key(tx, workspace_id, &point.model_id)?);
        }
    }
    tx.execute_each(
        "INSERT INTO logged_model_metrics
             (workspace_id, logged_model_id, key, timestamp, step, run_id, dataset_name, dataset_digest, value, is_nan)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO NOTHING",
        points.iter().map(|logged| {
            let (value, is_nan) = split_nan(logged.point.value());
            [
                Param::from(workspace_id),
                Param::from(models[logged.model_id.as_str()]),
                Param::from(&logged.key),
                Param::from(logged.point.timestamp()),
                Param::from(logged.point.step()),
                Param::from(run_id),
                Param::from(&logged.dataset_name),
                Param::from(&logged.dataset_digest),
                Param::from(value),
                Param::from(is_nan),
            ]
        }),
    )?;
    Ok(())
}

fn model_key(tx: &Tx, workspace_id: i64, model_id: &str) -> Result<i64> {
    tx.query_opt(
        "SELECT id FROM logged_models WHERE model_id = ?1 AND workspace_id = ?2",
        params![model_id, workspace_id],
        |row| row.get(0),
    )?
    .ok_or_else(|| not_found(format!("Logged model with ID '{model_id}' not found.")))
}

/// SQLite has no NaN: it is stored as 0 and a flag, which is also how MLflow sorts it. Infinities become the largest
/// doubles, as in MLflow.
pub fn split_nan(value: f64) -> (f64, bool) {
    if value.is_nan() {
        (0.0, true)
    } else {
        (value.clamp(f64::MIN, f64::MAX), false)
    }
}

pub fn join_nan(value: f64, is_nan: bool) -> f64 {
    if is_nan { f64::NAN } else { value }
}

/// Points and batches in the log from which on a run is worth counting after a restart. What less there is of others
/// only delays their next fold; a large store has a million such runs.
const COUNTED_POINTS: i64 = 8_192;
const COUNTED_BATCHES: i64 = 256;

/// Runs that have many points in the log, with how many points and batches: where folding starts after a restart.
pub fn unfolded(tx: &Tx) -> Result<Vec<(i64, u64, u64)>> {
    let mut all = Vec::new();
    tx.for_each(
        "SELECT run_id, CAST(SUM(points) AS BIGINT), COUNT(*) FROM metric_batches GROUP BY run_id
         HAVING CAST(SUM(points) AS BIGINT) >= ?1 OR COUNT(*) >= ?2",
        params![COUNTED_POINTS, COUNTED_BATCHES],
        |row| {
            all.push((row.get(0)?, row.get::<i64>(1)? as u64, row.get::<i64>(2)? as u64));
            Ok::<_, ApiError>(())
        },
    )?;
    Ok(all)
}
