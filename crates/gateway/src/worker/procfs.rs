//! What Linux says of processes and of the machine's memory. Elsewhere nothing is known and nothing is limited by it.

use std::fs;

/// Linux counts processor time in hundredths of a second, whatever the machine.
const TICKS_PER_SECOND: f64 = 100.0;
/// `VmRSS` and `MemAvailable` are in units of 1,024 bytes.
const KIB: u64 = 1024;

/// Memory that a process holds.
pub(crate) fn resident_bytes(pid: u32) -> Option<u64> {
    field(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?, "VmRSS:")
}

/// Processor time that processes have used so far, those that are gone not counted.
pub(crate) fn cpu_seconds(pids: &[u32]) -> f64 {
    let ticks = |pid: &u32| {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name, in parentheses, may hold anything; user and system time are the 12th and 13th words behind it.
        let words: Vec<&str> = text.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        Some(words.get(11)?.parse::<f64>().ok()? + words.get(12)?.parse::<f64>().ok()?)
    };
    pids.iter().filter_map(ticks).sum::<f64>() / TICKS_PER_SECOND
}

/// Whether so many more processes like these fit in the memory that is free.
pub(crate) fn memory_allows(like: &[u32], more: usize) -> bool {
    let largest = like.iter().filter_map(|pid| resident_bytes(*pid)).max();
    let available = fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| field(&text, "MemAvailable:"));
    match (largest, available) {
        (Some(largest), Some(available)) => largest.saturating_mul(more as u64) <= available,
        _ => true,
    }
}

fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_ascii_whitespace()
        .next()?
        .parse::<u64>()
        .ok()
        .map(|value| value * KIB)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_known() {
        let own = [std::process::id()];
        assert!(resident_bytes(own[0]).is_some_and(|bytes| bytes > 100_000));
        assert!(cpu_seconds(&own) >= 0.0);
        assert!(memory_allows(&own, 1) && !memory_allows(&own, usize::MAX));
        assert_eq!(resident_bytes(u32::MAX), None);
    }
}
