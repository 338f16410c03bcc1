//! The floors of the machine: the same work done bare, as one line of JSON.
//!
//! - a row inserted into SQLite and synced to disk, one by one;
//! - what logging has to keep at the least, with nothing around it: eight points to a commit, and a thousand;
//! - an HTTP server (axum) that answers `{}`, and one that also reads a thousand metrics, asked by wrk;
//! - a model evaluated in the process that asks.
//!
//! usage: floors FOLDER   measures the disk of that folder
//!        floors serve PORT   answers at /hello and /metrics
//!        floors predict SKOPS ROWS   a call for the rows of a JSON list of lists, and for 1,024 rows at once

use anyhow::{Context, Result};
use axum::{Json, Router, routing::post};
use fettle_native::{Column, Method, Model, Rows};
use rusqlite::Connection;
use serde::Deserialize;
use std::time::{Duration, Instant};

#[derive(Deserialize)]
struct Batch {
    run_id: String,
    metrics: Vec<Metric>,
}

#[derive(Deserialize)]
struct Metric {
    key: String,
    value: f64,
    step: i64,
    timestamp: i64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next().context("usage: floors FOLDER, or floors serve PORT")?;
    if first == "serve" {
        return serve(arguments.next().context("a port")?.parse()?).await;
    }
    let report = if first == "predict" {
        let (model, rows) = arguments.next().zip(arguments.next()).context("a model and rows")?;
        bare_calls(&std::fs::read(model)?, &std::fs::read(rows)?)?
    } else {
        serde_json::json!({
            "row": synced(&first, one_row)?,
            "eight_points": synced(&first, |connection, number| logged(connection, number, 8, 1, POINT_BYTES))?,
            "thousand_points": synced(&first, |connection, number| logged(connection, number, 1, 10, 1000 * POINT_BYTES))?,
        })
    };
    println!("{report}");
    Ok(())
}

async fn serve(port: u16) -> Result<()> {
    let routes = Router::new()
        .route(
            "/hello",
            axum::routing::get(async || Json(serde_json::json!({}))).post(async || "{}"),
        )
        .route(
            "/metrics",
            post(async |Json(batch): Json<Batch>| {
                let sum: f64 = batch
                    .metrics
                    .iter()
                    .map(|m| m.value + (m.step + m.timestamp) as f64)
                    .sum();
                let keys: usize = batch.metrics.iter().map(|m| m.key.len()).sum();
                format!("{sum} {keys} {}", batch.run_id)
            }),
        );
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    axum::serve(listener, routes).await?;
    Ok(())
}

/// Runs transactions one after the other for some seconds, each synced.
fn synced(folder: &str, work: impl Fn(&Connection, i64) -> rusqlite::Result<()>) -> Result<serde_json::Value> {
    let folder = tempfile::tempdir_in(folder)?;
    let connection = Connection::open(folder.path().join("floor.db"))?;
    connection.execute_batch(TABLES)?;
    let started = Instant::now();
    let mut commits = Vec::new();
    while started.elapsed() < Duration::from_secs(3) {
        let before = Instant::now();
        connection.execute_batch("BEGIN IMMEDIATE")?;
        work(&connection, commits.len() as i64)?;
        connection.execute_batch("COMMIT")?;
        commits.push(before.elapsed());
    }
    commits.sort_unstable();
    Ok(serde_json::json!({
        "commits_per_second": commits.len() as f64 / started.elapsed().as_secs_f64(),
        "p50_ms": commits[commits.len() / 2].as_secs_f64() * 1000.0,
        "p99_ms": commits[commits.len() * 99 / 100].as_secs_f64() * 1000.0,
    }))
}

/// The log stays at 16 MB, as a server's does.
const TABLES: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;
    CREATE TABLE points (id INTEGER PRIMARY KEY, value REAL);
    CREATE TABLE batches (run INTEGER, id INTEGER, data BLOB, PRIMARY KEY (run, id)) WITHOUT ROWID;
    CREATE TABLE latest (run INTEGER, key TEXT, step INTEGER, value REAL, PRIMARY KEY (run, key)) WITHOUT ROWID;";

fn one_row(connection: &Connection, number: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO points (value) VALUES (?1)")?
        .execute([number as f64])?;
    Ok(())
}

/// About what a point takes in the log.
const POINT_BYTES: usize = 12;

/// A batch and the latest values of its metrics, for each of some runs.
fn logged(connection: &Connection, number: i64, runs: i64, metrics: i64, bytes: usize) -> rusqlite::Result<()> {
    let mut batch = connection.prepare_cached("INSERT INTO batches VALUES (?1, ?2, ?3)")?;
    let mut latest = connection.prepare_cached(
        "INSERT INTO latest VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (run, key) DO UPDATE SET step = excluded.step, value = excluded.value WHERE excluded.step > latest.step",
    )?;
    for run in 0..runs {
        batch.execute((run, number, vec![0_u8; bytes]))?;
        for metric in 0..metrics {
            latest.execute((run, format!("metric_{metric}"), number, 0.5))?;
        }
    }
    Ok(())
}

/// Rows of a request that the executor ought to be the bound of.
const MANY: usize = 1024;

fn bare_calls(model: &[u8], rows: &[u8]) -> Result<serde_json::Value> {
    let model = Model::from_skops(model)?;
    let rows: Vec<Vec<f64>> = serde_json::from_slice(rows)?;
    let single: Vec<Rows> = rows.iter().map(|row| table(&model, &[row])).collect::<Result<_>>()?;
    let many: Vec<&Vec<f64>> = rows.iter().cycle().take(MANY).collect();
    let many = table(&model, &many)?;
    Ok(serde_json::json!({
        "one_row_p50_ms": median_ms(single.iter().cycle().take(20_000), |row| model.predict(row, Method::Predict))?,
        "many_rows": MANY,
        "many_rows_p50_ms": median_ms(std::iter::repeat_n(&many, 200), |rows| model.predict(rows, Method::Predict))?,
    }))
}

fn table(model: &Model, rows: &[&Vec<f64>]) -> Result<Rows> {
    let columns = (0..model.input_count()).map(|column| Column::F64(rows.iter().map(|row| row[column]).collect()));
    Ok(Rows::new(
        model.input_names().map(<[String]>::to_vec),
        columns.collect(),
    )?)
}

fn median_ms<I, T, E: std::error::Error + Send + Sync + 'static>(
    inputs: impl Iterator<Item = I>,
    call: impl Fn(I) -> Result<T, E>,
) -> Result<f64> {
    let mut times = Vec::new();
    for input in inputs {
        let before = Instant::now();
        std::hint::black_box(call(input)?);
        times.push(before.elapsed());
    }
    times.sort_unstable();
    Ok(times[times.len() / 2].as_secs_f64() * 1000.0)
}
