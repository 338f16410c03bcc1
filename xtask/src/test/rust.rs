//! The Rust tests. Storage tests run on both databases; parity tests ask the real mlflow.

use std::process::Command;

use anyhow::Result;

use crate::cargo::{cargo, has_nextest};
use crate::progress::step;
use crate::run::run as run_command;
use crate::test::client;
use crate::{postgres, ui};

/// All but the examples, of which the parts that use them build theirs.
const TARGETS: [&str; 3] = ["--lib", "--bins", "--tests"];

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let python = client::newest()?;
    let cluster = postgres::start()?;
    ui::build()?;
    let prepare = |command: &mut Command| {
        command
            .env("FETTLE_TEST_POSTGRES", &cluster.address)
            .env("FETTLE_TEST_PYTHON", &python);
    };
    let runner: &[&str] = if has_nextest() { &["nextest", "run"] } else { &["test"] };
    let tests = |more: &[&str]| -> Result<Command> {
        let mut tests = cargo()?;
        prepare(&mut tests);
        tests.args(runner).args(["--workspace"]).args(TARGETS).args(more);
        Ok(tests)
    };
    step("Building the Rust tests", || run_command(&mut tests(&["--no-run"])?))?;
    step("Rust tests", || {
        run_command(tests(&["--no-fail-fast"])?.args(arguments))
    })?;
    if !arguments.is_empty() {
        return Ok(());
    }
    let mut examples = cargo()?;
    prepare(&mut examples);
    step("Examples in the documentation", || {
        run_command(examples.args(["test", "--workspace", "--doc", "--quiet"]))
    })
}
