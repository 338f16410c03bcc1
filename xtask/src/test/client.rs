//! The end-to-end tests in Python: real clients, old and new, against the real binary.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::cargo::{Profile, build_fettle};
use crate::progress::step;
use crate::run::run as run_command;
use crate::system::{self, Need};
use crate::{postgres, project, python};

/// Test processes at once; each keeps one client per version imported (see `tests/support/preloaded.py`).
const WORKERS: &str = "2";
const OLD_CLIENTS: [&str; 3] = ["2.9.2", "2.22.5", "3.6.0"];

pub(crate) fn run(against_mlflow: bool, arguments: &[String]) -> Result<()> {
    system::ensure(&[Need::Curl])?;
    let newest = newest()?;
    let clients = old()?;
    let cluster = postgres::start()?;
    let mut tests = Command::new(newest);
    tests
        .args([
            "-m",
            "pytest",
            "--durations=10",
            "--ignore=differential",
            "--ignore=clouds",
        ])
        .args(["--numprocesses", WORKERS, "--dist", "loadgroup"])
        .args(arguments)
        .current_dir(project::root().join("tests"));
    tests
        .env("FETTLE_TEST_CLIENTS", clients.join(","))
        .env("FETTLE_TEST_POSTGRES", &cluster.address);
    if against_mlflow {
        tests.env("FETTLE_TEST_TARGET", "mlflow");
    } else {
        tests.env("FETTLE_BIN", build_fettle(Profile::Dev)?);
    }
    step("Client tests", || run_command(&mut tests))
}

/// One scenario against the real server and against Fettle. Both are of the environment with the newest client.
pub(crate) fn differential(arguments: &[String]) -> Result<()> {
    system::ensure(&[Need::Curl])?;
    let newest = newest()?;
    let cluster = postgres::start()?;
    let mut tests = Command::new(newest);
    tests
        .args(["-m", "pytest", "-q", "differential"])
        .args(arguments)
        .current_dir(project::root().join("tests"))
        .env("FETTLE_TEST_POSTGRES", &cluster.address)
        .env("FETTLE_BIN", build_fettle(Profile::Dev)?);
    step("Differential tests", || run_command(&mut tests))
}

/// The environment with the newest mlflow that can be installed.
pub(crate) fn newest() -> Result<PathBuf> {
    environment("newest")
}

/// `VERSION=PYTHON` for each of the older clients.
pub(crate) fn old() -> Result<Vec<String>> {
    let named = |version| -> Result<String> { Ok(format!("{version}={}", environment(version)?.display())) };
    OLD_CLIENTS.into_iter().map(named).collect()
}

fn environment(version: &str) -> Result<PathBuf> {
    let requirements = project::root()
        .join("tests/requirements")
        .join(format!("{version}.txt"));
    python::environment(&format!("mlflow-{version}"), &requirements)
}
