//! The artifact stores against emulators of S3 and Azure.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::cargo::cargo;
use crate::child::{Child, dying_with_us, free_port};
use crate::progress::step;
use crate::run::{run as run_command, run_quietly};
use crate::{node, project, python};

const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let tests = project::root().join("tests");
    let python = python::environment("moto", &tests.join("requirements/moto.txt"))?;
    let packages = tests.join("artifacts");
    node::install(&packages)?;
    let folder = project::temporary("artifacts")?;
    let (s3_port, azure_port) = (free_port()?, free_port()?);

    let programs = python.parent().context("the environment has a folder")?;
    let mut command = dying_with_us(&programs.join("moto_server"));
    command.args(["-H", "127.0.0.1", "-p", &s3_port.to_string()]);
    let mut moto = Child::start("moto", &mut command, &folder.path().join("moto.log"))?;
    let mut command = dying_with_us(&packages.join("node_modules/.bin/azurite-blob"));
    command.args(["--skipApiVersionCheck", "--inMemoryPersistence", "--silent"]);
    command.args(["--blobHost", "127.0.0.1", "--blobPort", &azure_port.to_string()]);
    let _azurite = Child::start(
        "azurite",
        command.current_dir(folder.path()),
        &folder.path().join("azurite.log"),
    )?;
    moto.wait_until_ready(SocketAddr::from(([127, 0, 0, 1], s3_port)), "/moto-api/", PATIENCE)?;

    let s3 = format!("http://127.0.0.1:{s3_port}");
    let azure = format!("http://127.0.0.1:{azure_port}");
    let mut prepare = Command::new(&python);
    run_quietly(prepare.arg(packages.join("prepare.py")).args([&s3, &azure]))?;
    let mut tests = cargo()?;
    tests.env("FETTLE_TEST_S3", &s3).env("FETTLE_TEST_AZURE", &azure);
    // With the whole workspace chosen its dependencies are those that are built already.
    tests.args(["test", "--workspace", "--features", "fettle-blobs/emulators"]);
    tests.args(["--test", "emulators"]).args(arguments);
    step("Artifact stores", || run_command(&mut tests))
}
