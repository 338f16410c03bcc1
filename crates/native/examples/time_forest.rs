//! `time_forest MODEL.skops [SECONDS]`: microseconds of processor time per row at several batch sizes. Build it with `--release`.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use fettle_native::{Column, Method, Model, Rows};

const BATCHES: [usize; 4] = [1, 8, 32, 1024];
/// Different rows, so that the processor cannot learn one path by heart.
const POOL_ROWS: usize = 4096;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(path) = arguments.next() else {
        eprintln!("usage: time_forest MODEL.skops [SECONDS]");
        return ExitCode::from(2);
    };
    let seconds = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(1.0);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            eprintln!("{path}: {error}");
            return ExitCode::FAILURE;
        }
    };
    let start = Instant::now();
    let model = match Model::from_skops(&bytes) {
        Ok(model) => model,
        Err(refusal) => {
            eprintln!("{path}: {refusal}");
            return ExitCode::FAILURE;
        }
    };
    println!(
        "{}: read in {:.1} ms",
        model.describe(),
        start.elapsed().as_secs_f64() * 1e3
    );
    for batch in BATCHES {
        let pool: Vec<Rows> = (0..POOL_ROWS / batch)
            .map(|at| rows(&model, at * batch, batch))
            .collect();
        println!(
            "batch {batch:>4}: {:.2} us/row",
            mean_per_row(&model, &pool, batch, Duration::from_secs_f64(seconds))
        );
    }
    ExitCode::SUCCESS
}

/// Rows with values from -3 to 3, the same in every run.
fn rows(model: &Model, first: usize, count: usize) -> Rows {
    let value = |row: usize, column: usize| {
        let mixed = (row as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            ^ (column as u64 + 1).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed.wrapping_mul(0x94d0_49bb_1331_11eb) >> 11) as f64 / (1_u64 << 53) as f64 * 6.0 - 3.0
    };
    let columns = (0..model.input_count())
        .map(|column| Column::F64((first..first + count).map(|row| value(row, column)).collect()))
        .collect();
    Rows::new(model.input_names().map(<[String]>::to_vec), columns).expect("columns of one length")
}

/// Processor time where the system tells it, because the machine has other things to do.
fn mean_per_row(model: &Model, pool: &[Rows], batch: usize, time: Duration) -> f64 {
    let begin = Instant::now();
    let begin_on_cpu = on_cpu();
    let mut passes = 0;
    while begin.elapsed() < time {
        for rows in pool {
            black_box(model.predict(black_box(rows), Method::Predict)).expect("rows the model takes");
        }
        passes += 1;
    }
    let spent = match (begin_on_cpu, on_cpu()) {
        (Some(begin), Some(end)) => end.saturating_sub(begin),
        _ => begin.elapsed(),
    };
    spent.as_secs_f64() * 1e6 / (passes * pool.len() * batch) as f64
}

fn on_cpu() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(text.split(' ').next()?.parse().ok()?))
}
