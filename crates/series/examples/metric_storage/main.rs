//! Measures two ways to keep metric history in SQLite, durable, on one writer: plain rows, and a log of batches folded
//! into blocks. `docs/metric-storage.md` shows the figures and what was decided on them.
//!
//! ```sh
//! cargo run --release -p fettle-series --example metric_storage -- [write] [read] [encode]
//! ```

mod encoding;
mod folded;
mod plain;
mod reads;
mod sqlite;
mod workload;
mod writes;

use std::time::Duration;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let parts: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|asked| asked == part);
    if wanted("encode") {
        encoding::measure()?;
    }
    if wanted("write") {
        writes::measure()?;
    }
    if wanted("read") {
        reads::measure()?;
    }
    Ok(())
}

/// Processor time of this thread so far, which other work on the machine disturbs less than the clock. Zero where the
/// system does not tell.
fn processor_time() -> Duration {
    let nanos = std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|line| line.split(' ').next()?.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

/// The middle of several durations.
fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort();
    durations[durations.len() / 2]
}

fn micros_per(duration: Duration, count: usize) -> f64 {
    duration.as_secs_f64() * 1e6 / count as f64
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
