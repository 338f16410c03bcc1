//! `cargo xtask test`: every test there is, in parts that can be run alone.

mod artifacts;
mod beside;
mod browser;
mod client;
mod demo;
mod models;
mod prepare;
mod rust;

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};
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
    /// Real mlflow clients against the binary: scenarios, documents, durability, bad input
    Client,
    /// Hundreds of models by two releases of each library: native answers against Python's
    Models,
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
    let results = thread::scope(|scope| {
        scope.spawn(|| prepare::install(parts));
        run_parts(parts, options)
    })?;
    print!("{}", summary(&results));
    let failed: Vec<_> = results.iter().filter(|result| !result.passed).collect();
    let elapsed = seconds(started.elapsed());
    if failed.is_empty() {
        println!("All {} parts passed in {elapsed}.", results.len());
        return Ok(());
    }
    let names: Vec<_> = failed.iter().map(|result| result.part.name()).collect();
    println!(
        "FAILED: {} of {} parts ({}) in {elapsed}.",
        failed.len(),
        results.len(),
        names.join(", ")
    );
    bail!("tests failed");
}

/// What became of a part.
struct Outcome {
    part: Part,
    passed: bool,
    elapsed: Duration,
}

/// One part after the other, but for the client tests, which wait more than they work: the parts after them run at the
/// same time.
fn run_parts(parts: &[Part], options: &Options) -> Result<Vec<Outcome>> {
    let run = |part: &Part| run_part(*part, options);
    let client = parts.iter().position(|part| *part == Part::Client);
    let Some(client) = client.filter(|client| client + 1 < parts.len()) else {
        return parts.iter().map(run).collect();
    };
    let mut results = parts[..client].iter().map(run).collect::<Result<Vec<_>>>()?;
    let (client, others) = thread::scope(|scope| {
        let others = scope.spawn(|| parts[client + 1..].iter().map(|part| beside::run(*part)).collect());
        (run(&parts[client]), others.join())
    });
    results.push(client?);
    let others: Result<Vec<_>> = others.map_err(|_| anyhow!("the thread of the other parts panicked"))?;
    results.extend(others?);
    Ok(results)
}

/// Fails only if the user has asked to stop.
fn run_part(part: Part, options: &Options) -> Result<Outcome> {
    let started = Instant::now();
    let outcome = part.run(options);
    interrupt::check()?;
    if let Err(error) = &outcome {
        eprintln!("error in part {}: {error:#}", part.name());
    }
    Ok(Outcome {
        part,
        passed: outcome.is_ok(),
        elapsed: started.elapsed(),
    })
}

fn summary(results: &[Outcome]) -> String {
    let lines = results.iter().map(|result| {
        let verdict = if result.passed { "passed" } else { "FAILED" };
        format!("\n{:<14}{verdict:<10}{}", result.part.name(), seconds(result.elapsed))
    });
    lines.collect::<String>() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_has_a_line_per_part() {
        let outcome = |part, passed, milliseconds| Outcome {
            part,
            passed,
            elapsed: Duration::from_millis(milliseconds),
        };
        let results = [outcome(Part::Lint, true, 61_000), outcome(Part::Rust, false, 1500)];
        assert_eq!(
            summary(&results),
            "\nlint          passed    1 min 01 s\nrust          FAILED    1.5 s\n"
        );
    }
}
