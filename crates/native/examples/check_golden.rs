//! `check_golden DIR..`: compares every case below the folders with Python's answers and fails on any difference.

use std::path::Path;
use std::process::ExitCode;

#[path = "../tests/golden/check.rs"]
mod check;

fn main() -> ExitCode {
    let folders: Vec<String> = std::env::args().skip(1).collect();
    if folders.is_empty() {
        eprintln!("usage: check_golden DIR..");
        return ExitCode::from(2);
    }
    let mut failed = false;
    for folder in folders {
        let report = check::check_folder(Path::new(&folder));
        for failure in &report.failures {
            println!("FAILED {failure}");
        }
        println!(
            "{folder}: {} cases, {} answers, {} failures, greatest relative difference {:e}",
            report.cases,
            report.values,
            report.failures.len(),
            report.greatest_difference
        );
        failed |= !report.failures.is_empty();
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
