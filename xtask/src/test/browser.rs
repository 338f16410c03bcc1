//! The web page, and MLflow's own pages, in a real browser, against the real binary filled through the real client.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::cargo::{Profile, build_fettle};
use crate::child::{Child, dying_with_us, free_port};
use crate::progress::step;
use crate::run::{run as run_command, run_quietly};
use crate::system::{self, Need};
use crate::test::client;
use crate::{node, postgres, project};

/// A server of its own for each test folder, on a fresh store.
struct Setup {
    fettle: PathBuf,
    python: PathBuf,
    chromium: PathBuf,
}

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    system::ensure(&[Need::Chromium])?;
    let python = client::newest()?;
    node::install(&project::root().join("tests/browser"))?;
    let setup = Setup {
        fettle: build_fettle(Profile::Dev)?,
        python,
        chromium: system::chromium().context("chromium was there a moment ago")?,
    };
    setup.test("browser", "Browser tests", arguments, &[], None)?;
    let pages = setup.stock_pages()?;
    let pages = [("MLFLOW_BUILD", pages.as_str())];
    setup.test("stock_pages", "MLflow's own pages", arguments, &pages, None)?;
    let cluster = postgres::start()?;
    let name = "MLflow's own pages on PostgreSQL";
    setup.test("stock_pages", name, arguments, &pages, Some(&cluster.address))
}

impl Setup {
    /// Runs the tests in `tests/FOLDER`, after its `seed.py` has filled a server on SQLite or on an empty `database`.
    fn test(
        &self,
        folder: &str,
        name: &str,
        arguments: &[String],
        environment: &[(&str, &str)],
        database: Option<&str>,
    ) -> Result<()> {
        let tests = project::root().join("tests").join(folder);
        let data = project::temporary(folder)?;
        let port = free_port()?;
        let mut command = dying_with_us(&self.fettle);
        command.args(["server", "--port", &port.to_string(), "--backend-store-uri"]);
        let file = format!("sqlite:///{}/fettle.db", data.path().display());
        command.arg(database.unwrap_or(&file));
        command
            .arg("--artifacts-destination")
            .arg(data.path().join("artifacts"));
        command.env("FETTLE_PYTHON", &self.python);
        let mut server = Child::start("fettle", &mut command, &data.path().join("log"))?;
        server.wait_until_ready(
            SocketAddr::from(([127, 0, 0, 1], port)),
            "/health",
            Duration::from_secs(30),
        )?;

        let url = format!("http://127.0.0.1:{port}");
        step("Filling the server for the browser", || {
            let mut seed = Command::new(&self.python);
            run_quietly(
                seed.arg(tests.join("seed.py"))
                    .arg(&url)
                    .env("MLFLOW_DISABLE_TELEMETRY", "true"),
            )
            .map(drop)
        })?;
        let mut browser = Command::new("node");
        browser
            .args(["--test", "--test-concurrency=1"])
            .args(arguments)
            .arg(".")
            .current_dir(&tests);
        browser
            .env("FETTLE_URL", &url)
            .env("FETTLE_CHROMIUM", &self.chromium)
            .envs(environment.iter().copied());
        step(name, || run_command(&mut browser))
    }

    /// The folder of the pages inside the client's wheel.
    fn stock_pages(&self) -> Result<String> {
        let mut python = Command::new(&self.python);
        let program = "import importlib.util as u, pathlib as p; \
                       print(p.Path(u.find_spec('mlflow').origin).parent / 'server/js/build')";
        Ok(run_quietly(python.args(["-c", program]))?.trim().to_owned())
    }
}
