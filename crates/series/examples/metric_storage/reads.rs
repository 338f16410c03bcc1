//! How long a chart or a history takes to read, on a connection of its own.

use std::path::Path;
use std::time::Instant;

use rusqlite::Connection;

use crate::folded::{self, Folded, encode};
use crate::plain::{self, Plain};
use crate::workload::{Request, SHAPES, Shape};
use crate::{Result, median, millis, sqlite};

const KEY: &str = "layer0/grad_norm";

pub(crate) fn measure() -> Result<()> {
    println!("\n## Reads: median ms, first read of a new connection in brackets\n");
    println!("| rows | tail | read | A rows | B blocks |");
    println!("|---|---|---|---|---|");
    let thousands = Shape { runs: 1, ..SHAPES[0] };
    let single = Shape { runs: 1, ..SHAPES[3] };
    case(
        "50,000",
        "none",
        Shape {
            requests: 50,
            ..thousands
        },
        true,
    )?;
    case(
        "50,000",
        "18 batches of 1,000",
        Shape {
            requests: 50,
            ..thousands
        },
        false,
    )?;
    case(
        "50,000",
        "848 single points",
        Shape {
            requests: 50_000,
            ..single
        },
        false,
    )?;
    let wide = Shape { runs: 1, ..SHAPES[2] };
    case(
        "1,056",
        "63 batches of 1,000 keys",
        Shape {
            requests: 1_056,
            ..wide
        },
        false,
    )?;
    case(
        "10,000,000",
        "none",
        Shape {
            requests: 10_000,
            ..thousands
        },
        true,
    )
}

fn case(rows: &str, tail: &str, shape: Shape, fold_all: bool) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (a, b) = (folder.path().join("a.db"), folder.path().join("b.db"));
    let mut plain = Plain::create(sqlite::open(&a)?)?;
    let mut folded = Folded::create(sqlite::open(&b)?)?;
    let mut requests = shape.requests();
    loop {
        let group: Vec<Request> = requests.by_ref().take(32).collect();
        if group.is_empty() {
            break;
        }
        plain.write(&group)?;
        folded.write(&group.iter().map(encode).collect::<Result<Vec<_>>>()?)?;
    }
    if fold_all {
        folded.fold_all()?;
    }
    for connection in [&plain.connection, &folded.connection] {
        sqlite::bytes_used(connection)?;
    }

    let long = shape.requests * shape.steps > 1_000_000;
    let points = if long { 320 } else { 500 };
    let answer = folded::read(&folded.connection, 0, KEY, |view| view.sample(points, None))?;
    assert_eq!(
        answer,
        plain::sample_by_scan(&plain.connection, points)?,
        "the designs disagree"
    );
    if !long {
        // MLflow puts the overall last row in place of the last bucket's first.
        let ntile = plain::sample_by_ntile(&plain.connection, points)?;
        assert_eq!(
            answer[..answer.len() - 1],
            ntile[..ntile.len() - 1],
            "the sample is not MLflow's"
        );
        let history = folded::read(&folded.connection, 0, KEY, |view| view.history(0, u64::MAX))?;
        assert_eq!(history, plain::history(&plain.connection)?, "the designs disagree");
    }
    let scan = time(&a, long, |connection| plain::sample_by_scan(connection, points))?;
    let sample = time(&b, false, |connection| {
        folded::read(connection, 0, KEY, |view| view.sample(points, None))
    })?;
    println!("| {rows} | {tail} | sample of {points} | {scan} (scan) | {sample} |");
    if long {
        let page = time(&b, false, |connection| {
            folded::read(connection, 0, KEY, |view| view.history(9_000_000, 25_000))
        })?;
        println!("| {rows} | {tail} | history page of 25,000 at 9,000,000 | | {page} |");
    } else {
        let ntile = time(&a, false, |connection| plain::sample_by_ntile(connection, points))?;
        println!("| {rows} | {tail} | sample of {points} | {ntile} (NTILE) | {sample} |");
        let rows_history = time(&a, false, plain::history)?;
        let history = time(&b, false, |connection| {
            folded::read(connection, 0, KEY, |view| view.history(0, u64::MAX))
        })?;
        println!("| {rows} | {tail} | whole history | {rows_history} | {history} |");
    }
    let half = shape.requests * shape.steps / 2;
    let part = time(&b, false, |connection| {
        folded::read(connection, 0, KEY, |view| view.sample(points, Some(half / 2..=half)))
    })?;
    println!("| {rows} | {tail} | sample of {points} of a step range | | {part} |");
    let chart = time(&b, false, |connection| {
        folded::read(connection, 0, KEY, |view| view.chart(points, None))
    })?;
    println!("| {rows} | {tail} | chart of {points} with extremes | | {chart} |");
    Ok(())
}

fn time<T>(path: &Path, slow: bool, read: impl Fn(&Connection) -> Result<Vec<T>>) -> Result<String> {
    let connection = sqlite::open(path)?;
    let rounds = if slow { 3 } else { 51 };
    let mut durations = Vec::new();
    for _ in 0..rounds {
        let start = Instant::now();
        let rows = read(&connection)?;
        durations.push(start.elapsed());
        assert!(!rows.is_empty(), "a read found nothing");
    }
    let first = millis(durations[0]);
    Ok(format!("{:.2} [{first:.2}]", millis(median(durations))))
}
