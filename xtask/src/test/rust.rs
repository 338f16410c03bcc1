//! The Rust tests. Storage tests run on both databases; parity tests ask the real mlflow.

use std::process::Command;

use anyhow::Result;

use crate::cargo::{cargo, has_nextest};
use crate::progress::step;
use crate::run::run as run_command;
use crate::test::client;
use crate::{postgres, ui};

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let python = client::newest()?;
    let cluster = postgres::start()?;
    ui::build()?;
    let prepare = |command: &mut Command| {
        command
            .env("FETTLE_TEST_POSTGRES", &cluster.address)
            .env("FETTLE_TEST_PYTHON", &python);
    };
    let mut tests = cargo()?;
    prepare(&mut tests);
    if has_nextest() {
        tests
            .args(["nextest", "run", "--workspace", "--no-fail-fast"])
            .args(arguments);
    } else {
        tests
            .args(["test", "--workspace", "--no-fail-fast", "--lib", "--bins", "--tests"])
            .args(arguments);
    }
    step("Rust tests", || run_command(&mut tests))?;
    if !arguments.is_empty() {
        return Ok(());
    }
    let mut examples = cargo()?;
    prepare(&mut examples);
    step("Examples in the documentation", || {
        run_command(examples.args(["test", "--workspace", "--doc", "--quiet"]))
    })
}
