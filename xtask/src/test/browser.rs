//! The web page in a real browser, against the real binary filled through the real client.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::cargo::{Profile, build_fettle};
use crate::child::{Child, dying_with_us, free_port};
use crate::progress::step;
use crate::run::{run as run_command, run_quietly};
use crate::system::{self, Need};
use crate::test::client;
use crate::{node, project};

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    system::ensure(&[Need::Chromium])?;
    let python = client::newest()?;
    let tests = project::root().join("tests/browser");
    node::install(&tests)?;
    let fettle = build_fettle(Profile::Dev)?;

    let folder = project::temporary("browser")?;
    let port = free_port()?;
    let mut command = dying_with_us(&fettle);
    command.args(["server", "--port", &port.to_string(), "--backend-store-uri"]);
    command.arg(format!("sqlite:///{}/fettle.db", folder.path().display()));
    command
        .arg("--artifacts-destination")
        .arg(folder.path().join("artifacts"));
    command.env("FETTLE_PYTHON", &python);
    let mut server = Child::start("fettle", &mut command, &folder.path().join("log"))?;
    server.wait_until_ready(
        SocketAddr::from(([127, 0, 0, 1], port)),
        "/health",
        Duration::from_secs(30),
    )?;

    let url = format!("http://127.0.0.1:{port}");
    step("Filling the server for the browser", || {
        let mut seed = Command::new(&python);
        run_quietly(
            seed.arg(tests.join("seed.py"))
                .arg(&url)
                .env("MLFLOW_DISABLE_TELEMETRY", "true"),
        )
        .map(drop)
    })?;
    let chromium = system::chromium().context("chromium was there a moment ago")?;
    let mut browser = Command::new("npm");
    browser
        .args(["--silent", "test", "--"])
        .args(arguments)
        .current_dir(&tests);
    browser.env("FETTLE_URL", &url).env("CHROMIUM", chromium);
    step("Browser tests", || run_command(&mut browser))
}
