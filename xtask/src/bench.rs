//! `cargo xtask bench`: Fettle beside the MLflow that it promises to outrun.

use std::process::Command;

use anyhow::Result;
use clap::Args;

use crate::cargo::{Profile, build_fettle};
use crate::progress::step;
use crate::run::run as run_command;
use crate::system::{self, Need};
use crate::{postgres, project, python};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Measure the cases only whose names begin so, such as log-batch or search; the others keep their figures
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Name the cases
    #[arg(long)]
    list: bool,
    /// One short round of each, to see that everything works
    #[arg(long)]
    quick: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    system::ensure(&[Need::Wrk, Need::Postgres])?;
    let folder = project::root().join("bench");
    let python = python::environment("bench", &folder.join("requirements.txt"))?;
    if options.list {
        return run_command(
            Command::new(&python)
                .args(["-m", "bench", "--list"])
                .current_dir(project::root()),
        );
    }
    let evidently = python::environment("evidently", &folder.join("evidently.txt"))?;
    let fettle = build_fettle(Profile::Release)?;
    let postgres = postgres::start_durable()?;
    let mut bench = Command::new(&python);
    bench
        .arg("-m")
        .arg("bench")
        .current_dir(project::root())
        .env("FETTLE_BENCH_TOOLS", project::target()?.join("release"))
        .env("FETTLE_BENCH_EVIDENTLY", evidently)
        .env("FETTLE_BENCH_POSTGRES", &postgres.address)
        .env("FETTLE_BIN", fettle);
    for name in &options.only {
        bench.args(["--only", name]);
    }
    if options.quick {
        bench.arg("--quick");
    }
    step("Measuring side by side", || run_command(&mut bench))
}
