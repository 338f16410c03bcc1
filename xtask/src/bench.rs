//! `cargo xtask bench`: Fettle beside the MLflow that it promises to outrun.

use std::process::Command;

use anyhow::Result;
use clap::Args;

use crate::cargo::{Profile, build_fettle};
use crate::progress::step;
use crate::run::run as run_command;
use crate::system::{self, Need};
use crate::{project, python};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Measure these only: cold-start, idle-memory, log-metric, log-batch, runs-get, runs-search, scoring-1, scoring-32
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// One short round of each, to see that everything works
    #[arg(long)]
    quick: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    system::ensure(&[Need::Wrk])?;
    let folder = project::root().join("bench");
    let python = python::environment("bench", &folder.join("requirements.txt"))?;
    let fettle = build_fettle(Profile::Release)?;
    let mut bench = Command::new(&python);
    bench
        .arg("-m")
        .arg("bench")
        .current_dir(project::root())
        .env("FETTLE_BIN", fettle);
    for name in &options.only {
        bench.args(["--only", name]);
    }
    if options.quick {
        bench.arg("--quick");
    }
    step("Measuring side by side", || run_command(&mut bench))
}
