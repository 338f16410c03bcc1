//! `cargo xtask demo`: the whole path of a model on real data, from training to answered predictions.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::cargo::{Profile, build_fettle};
use crate::child::{Child, dying_with_us, free_port_from};
use crate::progress::{seconds, step};
use crate::run::run as run_command;
use crate::{interrupt, project, python};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The port of the server; the next free one if it is taken
    #[arg(long, default_value_t = 5000)]
    pub(crate) port: u16,
    /// Where the server keeps what the demo makes; emptied at the start
    #[arg(long)]
    pub(crate) folder: Option<PathBuf>,
    /// Stop at the end, instead of leaving the server running until Ctrl-C
    #[arg(long)]
    pub(crate) exit: bool,
}

const MODEL: &str = "flight-delay";

pub(crate) fn run(options: &Options) -> Result<()> {
    show(&build_fettle(Profile::Release)?, options)
}

/// The demo with a binary that is built already.
pub(crate) fn show(fettle: &Path, options: &Options) -> Result<()> {
    let started = Instant::now();
    let scripts = project::root().join("demo");
    let python = python()?;
    let folder = options
        .folder
        .clone()
        .unwrap_or_else(|| project::root().join("fettle-data/demo"));
    empty(&folder)?;

    let port = free_port_from(options.port)?;
    let url = format!("http://127.0.0.1:{port}");
    let mut server = step(
        &format!("Starting fettle server on {url}, with its data in {}", folder.display()),
        || {
            let mut command = dying_with_us(fettle);
            command.args([
                "server",
                "--host",
                "127.0.0.1",
                "--port",
                &port.to_string(),
                "--backend-store-uri",
            ]);
            command.arg(format!("sqlite:///{}", folder.join("fettle.db").display()));
            command.arg("--artifacts-destination").arg(folder.join("artifacts"));
            command.env("FETTLE_PYTHON", &python);
            let mut server = Child::start("fettle", &mut command, &folder.join("server.log"))?;
            let address = SocketAddr::from(([127, 0, 0, 1], port));
            server.wait_until_ready(address, "/health", Duration::from_secs(30))?;
            Ok(server)
        },
    )?;

    let script = |name: &str| {
        let mut command = Command::new(&python);
        command.arg(scripts.join(name)).env("MLFLOW_TRACKING_URI", &url);
        command
            .env("MLFLOW_DISABLE_TELEMETRY", "true")
            .env("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true");
        command
    };
    step(
        "Training on the flights of January to March with the mlflow client",
        || run_command(&mut script("train.py")),
    )?;
    step("Deploying the champion", || {
        let mut deploy = Command::new(fettle);
        deploy.args(["endpoint", "create", MODEL, "-m", &format!("models:/{MODEL}@champion")]);
        run_command(deploy.env("MLFLOW_TRACKING_URI", &url))
    })?;
    step("Sending the flights of April through the endpoint", || {
        run_command(script("score.py").arg(format!("{url}/endpoints/{MODEL}/invocations")))
    })?;

    step("Watching the endpoint through the rest of the year", || {
        run_command(script("watch.py").arg(&url).arg(MODEL))
    })?;

    println!(
        "\nThe demo took {}. Open {url} in a browser.",
        seconds(started.elapsed())
    );
    println!("  the experiment, its runs and charts   {url}/");
    println!("  what drifted, alerts, requests        {url}/#/monitoring");
    println!("  predictions                           POST {url}/endpoints/{MODEL}/invocations");
    if options.exit {
        return Ok(());
    }
    println!("The server runs until Ctrl-C.");
    while !interrupt::raised() {
        if let Some(status) = server.exited()? {
            bail!("the server ended with {status}:\n{}", server.last_words());
        }
        thread::sleep(Duration::from_millis(100));
    }
    println!("Stopped. The data stays in {}.", folder.display());
    Ok(())
}

/// The environment that the scripts run in.
pub(crate) fn python() -> Result<PathBuf> {
    python::environment("demo", &project::root().join("demo/requirements.txt"))
}

/// An empty folder. What lies there is removed only if an earlier demo made it.
fn empty(folder: &Path) -> Result<()> {
    let mark = folder.join(".fettle-demo");
    let occupied = folder.is_dir() && fs::read_dir(folder)?.next().is_some();
    if occupied && !mark.is_file() {
        bail!(
            "{} holds something that no demo made; name another with --folder",
            folder.display()
        );
    }
    if occupied {
        fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(fs::write(mark, "")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_demo_made_is_removed() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("demo");
        empty(&folder).unwrap();
        fs::write(folder.join("fettle.db"), "old").unwrap();
        empty(&folder).unwrap();
        assert!(!folder.join("fettle.db").exists());

        fs::write(parent.path().join("precious"), "kept").unwrap();
        assert!(empty(parent.path()).is_err());
        assert!(parent.path().join("precious").exists());
    }
}
