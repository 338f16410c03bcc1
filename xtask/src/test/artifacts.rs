//! The artifact stores against emulators of S3, Azure and Google Cloud: by themselves, and behind the server with the
//! real client in front.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::cargo::{Profile, build_example, build_fettle, cargo};
use crate::child::{Child, dying_with_us, free_port};
use crate::progress::step;
use crate::run::{run as run_command, run_quietly};
use crate::{node, project, python};

const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let tests = project::root().join("tests");
    let packages = tests.join("artifacts");
    let python = emulators()?;
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
    let mut stores = cargo()?;
    stores.env("FETTLE_TEST_S3", &s3).env("FETTLE_TEST_AZURE", &azure);
    // With the whole workspace chosen its dependencies are those that are built already.
    stores.args(["test", "--workspace", "--features", "fettle-blobs/emulators"]);
    stores.args(["--test", "emulators"]);
    step("Artifact stores", || run_command(&mut stores))?;

    let (cloud_port, key) = (free_port()?, folder.path().join("google.json"));
    let mut command = dying_with_us(&build_example("cloud_emulator")?);
    command.arg(cloud_port.to_string()).arg(&key);
    let mut cloud = Child::start("cloud_emulator", &mut command, &folder.path().join("cloud.log"))?;
    let mut clients = Command::new(super::client::newest()?);
    clients
        .args(["-m", "pytest", "--durations=5", "clouds"])
        .args(arguments)
        .current_dir(tests);
    clients
        .env("FETTLE_TEST_S3", &s3)
        .env("FETTLE_TEST_AZURE", &azure)
        .env("FETTLE_TEST_CLOUD", format!("http://127.0.0.1:{cloud_port}"))
        .env("GOOGLE_APPLICATION_CREDENTIALS", &key)
        .env("FETTLE_BIN", build_fettle(Profile::Dev)?);
    if let Some(status) = cloud.exited()? {
        bail!("cloud_emulator ended with {status}:\n{}", cloud.last_words());
    }
    step("Clients and artifact stores", || run_command(&mut clients))
}

/// Both emulators; answers with the Python of the one of S3.
pub(crate) fn emulators() -> Result<PathBuf> {
    let tests = project::root().join("tests");
    node::install(&tests.join("artifacts"))?;
    python::environment("moto", &tests.join("requirements/moto.txt"))
}
