//! `check_golden DIR..`: compares every case below the folders with Python's answers, a thread for each folder, and
//! fails on any difference.

use std::path::Path;
use std::process::ExitCode;
use std::thread;

#[path = "../tests/golden/check.rs"]
mod check;

fn main() -> ExitCode {
    let folders: Vec<String> = std::env::args().skip(1).collect();
    if folders.is_empty() {
        eprintln!("usage: check_golden DIR..");
        return ExitCode::from(2);
    }
    let reports = thread::scope(|scope| {
        let running: Vec<_> = folders
            .iter()
            .map(|folder| scope.spawn(|| check::check_folder(Path::new(folder))))
            .collect();
        running
            .into_iter()
            .map(|thread| thread.join().expect("a comparison ends"))
            .collect::<Vec<_>>()
    });
    let mut failed = false;
    for (folder, report) in folders.iter().zip(reports) {
        for failure in &report.failures {
            println!("FAILED {folder}/{failure}");
        }
        println!(
            "{folder}: {} cases, {} answers, {} refused as they should be, {} failures, greatest relative difference {:e}",
            report.cases,
            report.values,
            report.refused,
            report.failures.len(),
            report.greatest_difference
        );
        failed |= !report.failures.is_empty();
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
