//! Points a second through one writer, and what they leave on disk.

use std::time::{Duration, Instant};

use rusqlite::params;

use crate::folded::{Folded, encode};
use crate::plain::Plain;
use crate::workload::{Request, SHAPES};
use crate::{Result, median, micros_per, millis, processor_time, sqlite};

/// Requests in one commit.
const GROUP: usize = 32;

const ROUNDS: usize = 3;

/// What one run over a workload cost.
#[derive(Default)]
struct Outcome {
    /// All time on the writer's thread, folds included.
    writer: Duration,
    /// Processor time of the same.
    processor: Duration,
    fold: Duration,
    longest_fold: Duration,
    /// Time that any thread may spend before the transaction.
    encode: Duration,
    bytes: u64,
}

pub(crate) fn measure() -> Result<()> {
    println!("\n## Writes: one writer, {GROUP} requests a commit, median of {ROUNDS}\n");
    println!(
        "| workload | design | points/s | writer us/point | its processor us/point | of it fold | longest fold ms | encode us/point | bytes/point |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for shape in SHAPES {
        let requests: Vec<Request> = shape.requests().collect();
        report(shape.name, "A rows", &requests, plain)?;
        report(shape.name, "B log + fold", &requests, folded)?;
        report(shape.name, "latest values, extra", &requests, latest)?;
    }
    Ok(())
}

fn report(name: &str, design: &str, requests: &[Request], run: fn(&[Request]) -> Result<Outcome>) -> Result<()> {
    let points: usize = requests.iter().map(|request| request.points.len()).sum();
    let outcomes: Vec<Outcome> = (0..ROUNDS).map(|_| run(requests)).collect::<Result<_>>()?;
    let middle = |pick: fn(&Outcome) -> Duration| median(outcomes.iter().map(pick).collect());
    let per_point = |pick| micros_per(middle(pick), points);
    let writer = per_point(|outcome| outcome.writer);
    println!(
        "| {name} | {design} | {:.0} | {writer:.3} | {:.3} | {:.3} | {:.1} | {:.3} | {:.1} |",
        1e6 / writer,
        per_point(|outcome| outcome.processor),
        per_point(|outcome| outcome.fold),
        millis(middle(|outcome| outcome.longest_fold)),
        per_point(|outcome| outcome.encode),
        outcomes[0].bytes as f64 / points as f64,
    );
    Ok(())
}

fn plain(requests: &[Request]) -> Result<Outcome> {
    let folder = tempfile::tempdir()?;
    let mut plain = Plain::create(sqlite::open(&folder.path().join("a.db"))?)?;
    let (start, busy) = (Instant::now(), processor_time());
    for group in requests.chunks(GROUP) {
        plain.write(group)?;
    }
    Ok(Outcome {
        writer: start.elapsed(),
        processor: processor_time().saturating_sub(busy),
        bytes: sqlite::bytes_used(&plain.connection)?,
        ..Outcome::default()
    })
}

fn folded(requests: &[Request]) -> Result<Outcome> {
    let folder = tempfile::tempdir()?;
    let mut folded = Folded::create(sqlite::open(&folder.path().join("b.db"))?)?;
    let mut outcome = Outcome::default();
    let busy = processor_time();
    for group in requests.chunks(GROUP) {
        let start = Instant::now();
        let batches: Vec<_> = group.iter().map(encode).collect::<Result<_>>()?;
        outcome.encode += start.elapsed();
        let start = Instant::now();
        folded.write(&batches)?;
        outcome.writer += start.elapsed();
    }
    let start = Instant::now();
    folded.fold_all()?;
    outcome.writer += start.elapsed();
    outcome.processor = processor_time().saturating_sub(busy + outcome.encode);
    outcome.fold = folded.fold_time;
    outcome.longest_fold = folded.longest_fold;
    outcome.bytes = sqlite::bytes_used(&folded.connection)?;
    Ok(outcome)
}

/// Keeping the latest value of every key in a table of its own costs both designs the same, on top.
fn latest(requests: &[Request]) -> Result<Outcome> {
    let folder = tempfile::tempdir()?;
    let mut connection = sqlite::open(&folder.path().join("latest.db"))?;
    connection.execute_batch(
        "CREATE TABLE latest_metrics (run_id INTEGER, key TEXT, step INTEGER, timestamp INTEGER, value REAL,
             PRIMARY KEY (run_id, key)) WITHOUT ROWID",
    )?;
    let (start, busy) = (Instant::now(), processor_time());
    for group in requests.chunks(GROUP) {
        let transaction = connection.transaction()?;
        {
            let mut upsert = transaction.prepare_cached(
                "INSERT INTO latest_metrics VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (run_id, key) DO UPDATE
                 SET step = excluded.step, timestamp = excluded.timestamp, value = excluded.value
                 WHERE (excluded.step, excluded.timestamp, excluded.value) > (step, timestamp, value)",
            )?;
            for request in group {
                for points in request.points.chunk_by(|a, b| a.0 == b.0) {
                    if let Some((key, point)) = points.iter().max_by_key(|(_, point)| *point) {
                        upsert.execute(params![
                            request.run,
                            key,
                            point.step(),
                            point.timestamp(),
                            point.value()
                        ])?;
                    }
                }
            }
        }
        transaction.commit()?;
    }
    Ok(Outcome {
        writer: start.elapsed(),
        processor: processor_time().saturating_sub(busy),
        bytes: sqlite::bytes_used(&connection)?,
        ..Outcome::default()
    })
}
