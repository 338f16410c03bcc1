//! Fuzzing, with cargo-fuzz. It asks the compiler for options that are not stable yet, so a stable one is told to take
//! them.

use std::process::Command;

use anyhow::Result;
use clap::Args;

use crate::cargo::cargo;
use crate::progress::step;
use crate::project;
use crate::run::{run as run_command, run_quietly};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The target; all of them without one
    target: Option<String>,
    /// How long to run each target
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let tools = project::cache()?.join("cargo-fuzz");
    let cargo_fuzz = tools.join("bin/cargo-fuzz");
    if !cargo_fuzz.is_file() {
        step("Installing cargo-fuzz", || {
            run_quietly(
                cargo()?
                    .args(["install", "--quiet", "--locked", "cargo-fuzz", "--root"])
                    .arg(&tools),
            )
            .map(drop)
        })?;
    }
    let fuzz = || {
        let mut command = Command::new(&cargo_fuzz);
        command
            .arg("fuzz")
            .env("RUSTC_BOOTSTRAP", "1")
            .current_dir(project::root());
        command
    };
    let targets = match &options.target {
        Some(target) => vec![target.clone()],
        None => run_quietly(fuzz().arg("list"))?.lines().map(str::to_owned).collect(),
    };
    for target in targets {
        // What is found goes into the first folder; the second is only read.
        let found = project::root().join("fuzz/corpus").join(&target);
        std::fs::create_dir_all(&found)?;
        let corpora = std::iter::once(found).chain(seeds(&target).map(|seeds| project::root().join(seeds)));
        let limit = format!("-max_total_time={}", options.seconds);
        step(&format!("Fuzzing {target}"), || {
            run_command(fuzz().args(["run", &target]).args(corpora).args(["--", &limit]))
        })?;
    }
    Ok(())
}

/// Files that a target begins with: the models of the tests.
fn seeds(target: &str) -> Option<&'static str> {
    match target {
        "boosted_files" => Some("crates/native/tests/golden/boosted"),
        "skops_files" => Some("crates/native/tests/golden/1.9.1"),
        _ => None,
    }
}
