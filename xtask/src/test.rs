//! `cargo xtask test`: every test there is, in parts that can be run alone.

mod artifacts;
mod browser;
mod client;
mod demo;
mod models;
mod rust;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use crate::progress::seconds;
use crate::{interrupt, lint};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Run these parts only
    #[arg(value_enum)]
    parts: Vec<Part>,
    /// Run the client tests against the real `mlflow server`, to tell a wrong test from a wrong server
    #[arg(long)]
    against_mlflow: bool,
    /// More arguments for the test runner of a single part, such as `-- -k scenario`
    #[arg(last = true)]
    arguments: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Formatting and lints; types and unit tests of the web page
    Lint,
    /// Rust tests, on SQLite and PostgreSQL
    Rust,
    /// Hundreds of models by two releases of each library: native answers against Python's
    Models,
    /// Real mlflow clients against the binary: scenarios, documents, durability, bad input
    Client,
    /// The same requests to the real mlflow server and to Fettle, answers compared field by field
    Differential,
    /// Artifact stores against emulators of S3 and Azure
    Artifacts,
    /// The web page in Chromium
    Browser,
    /// The demo, from training to answered predictions
    Demo,
}

impl Part {
    fn run(self, options: &Options) -> Result<()> {
        match self {
            Self::Lint => lint::run(),
            Self::Rust => rust::run(&options.arguments),
            Self::Models => models::run(&options.arguments),
            Self::Client => client::run(options.against_mlflow, &options.arguments),
            Self::Differential => client::differential(&options.arguments),
            Self::Artifacts => artifacts::run(&options.arguments),
            Self::Browser => browser::run(&options.arguments),
            Self::Demo => demo::run(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Lint => "lint",
            Self::Rust => "rust",
            Self::Models => "models",
            Self::Client => "client",
            Self::Differential => "differential",
            Self::Artifacts => "artifacts",
            Self::Browser => "browser",
            Self::Demo => "demo",
        }
    }
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let parts = if options.parts.is_empty() {
        Part::value_variants()
    } else {
        &options.parts
    };
    if parts.len() > 1 && !options.arguments.is_empty() {
        bail!("arguments after `--` go to one test runner; name one part");
    }
    let started = Instant::now();
    let mut results = Vec::new();
    for part in parts {
        let part_started = Instant::now();
        let outcome = part.run(options);
        interrupt::check()?;
        if let Err(error) = &outcome {
            eprintln!("error in part {}: {error:#}", part.name());
        }
        results.push((part.name(), outcome.is_ok(), part_started.elapsed()));
    }
    print!("{}", summary(&results));
    let failed: Vec<_> = results
        .iter()
        .filter(|(_, passed, _)| !passed)
        .map(|(name, ..)| *name)
        .collect();
    let elapsed = seconds(started.elapsed());
    if failed.is_empty() {
        println!("All {} parts passed in {elapsed}.", results.len());
        return Ok(());
    }
    println!(
        "FAILED: {} of {} parts ({}) in {elapsed}.",
        failed.len(),
        results.len(),
        failed.join(", ")
    );
    bail!("tests failed");
}

fn summary(results: &[(&str, bool, Duration)]) -> String {
    let lines = results.iter().map(|(name, passed, elapsed)| {
        let verdict = if *passed { "passed" } else { "FAILED" };
        format!("\n{name:<14}{verdict:<10}{}", seconds(*elapsed))
    });
    lines.collect::<String>() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_has_a_line_per_part() {
        let results = [
            ("lint", true, Duration::from_secs(61)),
            ("rust", false, Duration::from_millis(1500)),
        ];
        assert_eq!(
            summary(&results),
            "\nlint          passed    1 min 01 s\nrust          FAILED    1.5 s\n"
        );
    }
}
