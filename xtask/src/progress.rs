//! Progress on stderr: what is being done, and how long it took.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::interrupt;

/// Announce `what`, do it, and say how long it took.
pub(crate) fn step<T>(what: &str, action: impl FnOnce() -> Result<T>) -> Result<T> {
    interrupt::check()?;
    eprintln!("==> {what}");
    let started = Instant::now();
    let outcome = action();
    interrupt::check()?;
    let verdict = if outcome.is_ok() { "done" } else { "FAILED" };
    eprintln!("    {verdict} in {} ({what})", seconds(started.elapsed()));
    outcome
}

pub(crate) fn seconds(elapsed: Duration) -> String {
    match elapsed.as_secs() {
        0..60 => format!("{:.1} s", elapsed.as_secs_f64()),
        whole => format!("{} min {:02} s", whole / 60, whole % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!(seconds(Duration::from_millis(840)), "0.8 s");
        assert_eq!(seconds(Duration::from_secs(125)), "2 min 05 s");
    }
}
