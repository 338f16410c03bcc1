//! Fills a store with runs of known content, through the encoders and into the tables that logging uses: for trying
//! Fettle at a size, and for the benchmarks.
//!
//! Everything follows from a run's number, so that another program can write the same into another server.

use crate::{
    caller::DEFAULT_WORKSPACE_ID,
    error::{ApiError, Result, already_exists, invalid},
    schema::MIGRATIONS,
    tracking::{
        fold_all,
        store::{
            experiments::{self, NewExperiment},
            run_filter::beginning,
            summaries,
        },
    },
};
use fettle_db::{Column, Db, Dialect, Tx, params};
use fettle_series::{batch, point::Point};

/// How much of everything.
#[derive(Debug, Clone)]
pub struct Seed {
    pub experiment: String,
    pub runs: u64,
    /// Of each run.
    pub metrics: u64,
    /// Points of each metric.
    pub steps: u64,
    pub params: u64,
    pub tags: u64,
}

/// Runs in one transaction.
const CHUNK: u64 = 5_000;
/// From this many on, indexes are made once at the end.
const INDEXED_LATER: u64 = 50_000;
/// Points in one batch of a long history.
const BATCH_POINTS: u64 = 50_000;
/// Points of a run that stay in the log, as they do when they are logged.
const LOGGED: u64 = 32_768;
/// Points of one transaction.
const CHUNK_POINTS: u64 = 2_000_000;
const RUNS_MAX: u64 = 100_000_000;
const EACH_MAX: u64 = 1_000;

const FIRST_START: i64 = 1_700_000_000_000;

impl Seed {
    fn check(&self) -> Result<()> {
        for (field, value, max) in [
            ("runs", self.runs, RUNS_MAX),
            ("metrics", self.metrics, EACH_MAX),
            ("params", self.params, EACH_MAX),
            ("tags", self.tags, EACH_MAX),
            ("steps", self.steps, RUNS_MAX),
        ] {
            if value > max {
                return Err(invalid(format!("'{field}' is {value}; at most {max} are made.")));
            }
        }
        Ok(())
    }
}

/// Makes the experiment with all its runs; `progress` is told how many there are. The store's schema is up to date.
pub async fn seed(db: &Db, seed: Seed, now_ms: i64, progress: impl Fn(u64)) -> Result<()> {
    seed.check()?;
    let later = seed.runs >= INDEXED_LATER;
    if later {
        db.write(|tx| Ok::<_, ApiError>(tx.execute_script(&drop_indexes())?))
            .await?;
    }
    let made = make_runs(db, &seed, now_ms, progress).await;
    if later {
        for statement in indexes() {
            db.write(move |tx| Ok::<_, ApiError>(tx.execute_script(statement)?))
                .await?;
        }
    }
    made?;
    // Otherwise PostgreSQL knows nothing of the new rows until autovacuum has come by, and plans as if there were few.
    if db.dialect() == Dialect::Postgres {
        db.write(|tx| Ok::<_, ApiError>(tx.execute_script("ANALYZE")?)).await?;
    }
    Ok(())
}

async fn make_runs(db: &Db, seed: &Seed, now_ms: i64, progress: impl Fn(u64)) -> Result<()> {
    let new = NewExperiment {
        name: seed.experiment.clone(),
        artifact_location: None,
        artifact_root: "mlflow-artifacts:/".to_owned(),
        tags: Vec::new(),
        now_ms,
    };
    let experiment_id = db
        .write(move |tx| {
            experiments::insert(tx, DEFAULT_WORKSPACE_ID, &new)?
                .ok_or_else(|| already_exists(format!("Experiment(name={}) already exists.", new.name)))
        })
        .await?;
    let points = (seed.metrics * seed.steps).max(1);
    let chunk = (CHUNK_POINTS / points).clamp(1, CHUNK);
    let mut first = 0;
    while first < seed.runs {
        let numbers = first..seed.runs.min(first + chunk);
        first = numbers.end;
        let of = seed.clone();
        let run_ids = db
            .write(move |tx| insert_runs(tx, &of, experiment_id, numbers.clone()))
            .await?;
        if points > LOGGED {
            for run_id in run_ids {
                fold_all(db, run_id).await?;
            }
        }
        progress(first);
    }
    Ok(())
}

fn insert_runs(tx: &Tx, seed: &Seed, experiment_id: i64, numbers: std::ops::Range<u64>) -> Result<Vec<i64>> {
    let all: Vec<u64> = numbers.collect();
    let uuids: Vec<String> = all.iter().map(|&number| run_uuid(&seed.experiment, number)).collect();
    let names: Vec<String> = all.iter().map(|number| format!("run {number}")).collect();
    let uris: Vec<String> = uuids
        .iter()
        .map(|uuid| format!("mlflow-artifacts:/{experiment_id}/{uuid}/artifacts"))
        .collect();
    let statuses: Vec<&str> = all.iter().map(|&number| status(number)).collect();
    let same = |value: i64| Column::Ints(vec![value; all.len()]);
    tx.insert_rows(
        "runs (workspace_id, experiment_id, run_uuid, name, user_id, status, start_time, end_time, artifact_uri, lifecycle_stage)",
        &[
            same(DEFAULT_WORKSPACE_ID),
            same(experiment_id),
            Column::Texts(uuids.iter().map(String::as_str).collect()),
            Column::Texts(names.iter().map(String::as_str).collect()),
            Column::Texts(vec!["seed"; all.len()]),
            Column::Texts(statuses),
            Column::Ints(all.iter().map(|&number| start_time(number)).collect()),
            Column::Ints(all.iter().map(|&number| end_time(number)).collect()),
            Column::Texts(uris.iter().map(String::as_str).collect()),
            Column::Texts(vec!["active"; all.len()]),
        ],
        "",
    )?;
    let ids: Vec<i64> = tx.query(
        "SELECT id FROM runs WHERE experiment_id = ?1 AND start_time >= ?2 AND start_time <= ?3 ORDER BY start_time",
        params![experiment_id, start_time(all[0]), start_time(all[all.len() - 1])],
        |row| row.get(0),
    )?;
    insert_texts(
        tx,
        "params (workspace_id, experiment_id, run_id, key, value, value_start)",
        experiment_id,
        &ids,
        &all,
        seed.params,
        param,
    )?;
    insert_texts(
        tx,
        "tags (workspace_id, experiment_id, run_id, key, value, value_start)",
        experiment_id,
        &ids,
        &all,
        seed.tags + 1,
        tag,
    )?;
    insert_metrics(tx, seed, experiment_id, &ids, &all)?;
    summaries::keep(tx, DEFAULT_WORKSPACE_ID, &ids)?;
    Ok(ids)
}

fn insert_texts(
    tx: &Tx,
    into: &'static str,
    experiment_id: i64,
    ids: &[i64],
    numbers: &[u64],
    count: u64,
    of: impl Fn(u64, u64) -> (String, String),
) -> Result<()> {
    let mut run_ids = Vec::new();
    let mut pairs = Vec::new();
    for (&run_id, &number) in ids.iter().zip(numbers) {
        for index in 0..count {
            run_ids.push(run_id);
            pairs.push(of(number, index));
        }
    }
    tx.insert_rows(
        into,
        &[
            Column::Ints(vec![DEFAULT_WORKSPACE_ID; run_ids.len()]),
            Column::Ints(vec![experiment_id; run_ids.len()]),
            Column::Ints(run_ids),
            Column::Texts(pairs.iter().map(|(key, _)| key.as_str()).collect()),
            Column::Texts(pairs.iter().map(|(_, value)| value.as_str()).collect()),
            Column::Texts(pairs.iter().map(|(_, value)| beginning(value)).collect()),
        ],
        "",
    )?;
    Ok(())
}

fn insert_metrics(tx: &Tx, seed: &Seed, experiment_id: i64, ids: &[i64], numbers: &[u64]) -> Result<()> {
    if seed.metrics * seed.steps == 0 {
        return Ok(());
    }
    let keys: Vec<String> = (0..seed.metrics).map(|key| format!("metric_{key}")).collect();
    let steps_per_batch = (BATCH_POINTS / seed.metrics).max(1);
    let (mut batch_runs, mut batch_ids, mut batch_points, mut batches) = (vec![], vec![], vec![], vec![]);
    let (mut run_ids, mut last_times, mut last_values) = (vec![], vec![], vec![]);
    for (&run_id, &number) in ids.iter().zip(numbers) {
        let mut first = 0;
        while first < seed.steps {
            let steps = first..seed.steps.min(first + steps_per_batch);
            let mut points: Vec<(&str, Point)> = Vec::new();
            for (key, name) in (0..).zip(&keys) {
                points.extend(steps.clone().map(|step| (name.as_str(), point(number, key, step))));
            }
            batch_runs.push(run_id);
            batch_ids.push(first as i64 + 1);
            batch_points.push(points.len() as i64);
            batches.push(batch::encode(&points).map_err(|error| invalid(error.to_string()))?);
            first = steps.end;
        }
        for key in 0..seed.metrics {
            let last = point(number, key, seed.steps - 1);
            run_ids.push(run_id);
            last_times.push(last.timestamp());
            last_values.push(last.value());
        }
    }
    tx.insert_rows(
        "metric_batches (workspace_id, run_id, id, points, data)",
        &[
            Column::Ints(vec![DEFAULT_WORKSPACE_ID; batches.len()]),
            Column::Ints(batch_runs),
            Column::Ints(batch_ids),
            Column::Ints(batch_points),
            Column::Bytes(batches.iter().map(Vec::as_slice).collect()),
        ],
        "",
    )?;
    let rows = run_ids.len();
    tx.insert_rows(
        "latest_metrics (workspace_id, experiment_id, run_id, key, step, timestamp, value, is_nan, ranked_nan, ranked_value)",
        &[
            Column::Ints(vec![DEFAULT_WORKSPACE_ID; rows]),
            Column::Ints(vec![experiment_id; rows]),
            Column::Ints(run_ids),
            Column::Texts(keys.iter().map(String::as_str).cycle().take(rows).collect()),
            Column::Ints(vec![seed.steps as i64 - 1; rows]),
            Column::Ints(last_times),
            Column::Reals(last_values.clone()),
            Column::Ints(vec![0; rows]),
            Column::Ints(vec![0; rows]),
            Column::Reals(last_values),
        ],
        "",
    )?;
    Ok(())
}

/// The statements that make the indexes over what hangs on runs, as the last migration with them has them.
fn indexes() -> impl Iterator<Item = &'static str> {
    let names = ["params_by_value", "tags_by_value", "latest_metrics_by_rank"];
    names.into_iter().filter_map(|name| {
        let beginning = format!("CREATE INDEX {name} ");
        let statements = MIGRATIONS.iter().rev().flat_map(|migration| migration.sql.split(';'));
        statements
            .map(str::trim)
            .find(|statement| statement.starts_with(&beginning))
    })
}

fn drop_indexes() -> String {
    let names = indexes().filter_map(|statement| statement.split(' ').nth(2));
    names.fold(String::new(), |script, name| {
        script + "DROP INDEX IF EXISTS " + name + ";"
    })
}

/// A number that looks random, the same everywhere: the steps of splitmix64.
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// FNV-1a of the experiment's name is what ids of its runs begin with, mixed with their number.
fn run_uuid(experiment: &str, number: u64) -> String {
    let name = experiment.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    format!("{:016x}{number:016x}", mixed(name.wrapping_add(number)))
}

fn status(number: u64) -> &'static str {
    if number.is_multiple_of(50) {
        "FAILED"
    } else {
        "FINISHED"
    }
}

fn start_time(number: u64) -> i64 {
    FIRST_START + number as i64 * 1000
}

fn end_time(number: u64) -> i64 {
    start_time(number) + 60_000 * (1 + (mixed(number) % 50) as i64)
}

/// The first has ten values, each further one ten times as many.
fn param(number: u64, index: u64) -> (String, String) {
    let values = 10_u64.saturating_pow(index.min(18) as u32 + 1);
    (
        format!("param_{index}"),
        format!("value {}", mixed(number + index) % values),
    )
}

fn tag(number: u64, index: u64) -> (String, String) {
    match index {
        0 => ("mlflow.runName".to_owned(), format!("run {number}")),
        index => (format!("tag_{index}"), format!("tag {}", number % (index + 1))),
    }
}

fn point(number: u64, key: u64, step: u64) -> Point {
    // 32 bits: exact in every double.
    let value = mixed(number * 1_000_003 + key * 7919 + step) >> 32;
    let timestamp = start_time(number) + step as i64 * 10;
    Point::new(step as i64, timestamp, value as f64 / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_indexes_are_found_in_their_migration() {
        assert_eq!(indexes().count(), 3);
        assert!(indexes().take(2).all(|statement| statement.contains("value_start")));
        assert!(drop_indexes().contains("DROP INDEX IF EXISTS latest_metrics_by_rank;"));
    }

    #[test]
    fn content_follows_from_the_number() {
        assert_eq!(
            run_uuid("", 0),
            format!("{:016x}{:016x}", mixed(0xcbf2_9ce4_8422_2325), 0)
        );
        assert_eq!(mixed(1), 0x910a_2dec_8902_5cc1);
        assert_eq!(param(3, 0), ("param_0".to_owned(), format!("value {}", mixed(3) % 10)));
    }
}
