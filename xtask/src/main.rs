//! `cargo xtask`: everything that one does in this repository, as one list of commands.
//!
//! Each command brings what it needs (system packages, Python environments, npm packages, a PostgreSQL cluster of its
//! own), keeps it in a cache folder, and takes seconds to find it there the next time.

mod bench;
mod cargo;
mod child;
mod demo;
mod docs;
mod fingerprint;
mod fuzz;
mod interrupt;
mod lint;
mod node;
mod postgres;
mod progress;
mod project;
mod python;
mod run;
mod system;
mod test;
mod ui;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

/// What one does in this repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build everything and show it: train on real flights, register, deploy, predict, leave the server running
    Demo(demo::Options),
    /// Run every test: lints, Rust on SQLite and PostgreSQL, the real mlflow clients, the browser
    Test(test::Options),
    /// Check the formatting and the lints of Rust and of the web page
    Lint,
    /// Write the pages that come from the code: docs/compatibility.md
    Docs,
    /// Check, test and build the web page into ui/dist
    Ui(ui::Options),
    /// Measure Fettle against mlflow side by side and write bench/REPORT.md
    Bench(bench::Options),
    /// Feed generated input to the parsers: filters, JSON bodies, model files
    Fuzz(fuzz::Options),
}

fn main() -> ExitCode {
    interrupt::listen();
    let outcome = match Cli::parse().command {
        None => Cli::command().print_help().map_err(Into::into),
        Some(Command::Demo(options)) => demo::run(&options),
        Some(Command::Test(options)) => test::run(&options),
        Some(Command::Lint) => lint::run(),
        Some(Command::Docs) => docs::run(),
        Some(Command::Ui(options)) => ui::run(&options),
        Some(Command::Bench(options)) => bench::run(&options),
        Some(Command::Fuzz(options)) => fuzz::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}
