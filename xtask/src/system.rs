//! Debian packages that a command needs and the machine lacks.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, bail};

use crate::progress::step;
use crate::run::{find_program, run_quietly, succeeds};

/// Something that a Debian package brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Postgres,
    Chromium,
    Wrk,
    Curl,
    PythonVenv,
}

impl Need {
    fn package(self) -> &'static str {
        match self {
            Self::Postgres => "postgresql",
            Self::Chromium => "chromium",
            Self::Wrk => "wrk",
            Self::Curl => "curl",
            Self::PythonVenv => "python3-venv",
        }
    }

    fn is_met(self) -> bool {
        match self {
            Self::Postgres => postgres_programs().is_some() && find_program("psql").is_some(),
            Self::Chromium => chromium().is_some(),
            Self::Wrk => find_program("wrk").is_some(),
            Self::Curl => find_program("curl").is_some(),
            Self::PythonVenv => succeeds(Command::new("python3").args(["-c", "import ensurepip, venv"])),
        }
    }
}

/// One installation at a time, as the package manager wants it.
static TURNS: Mutex<()> = Mutex::new(());

/// Install what is missing, or say what to install.
pub(crate) fn ensure(needs: &[Need]) -> Result<()> {
    let _turn = TURNS.lock().unwrap_or_else(PoisonError::into_inner);
    let missing: BTreeSet<_> = needs
        .iter()
        .filter(|need| !need.is_met())
        .map(|need| need.package())
        .collect();
    let missing: Vec<_> = missing.into_iter().collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages = missing.join(" ");
    if find_program("apt-get").is_none() {
        bail!("missing: {packages} (names of Debian packages); install them with this system's package manager");
    }
    if !rustix::process::geteuid().is_root() {
        bail!("missing packages; run: sudo apt-get install --no-install-recommends {packages}");
    }
    step(&format!("Installing {packages}"), || {
        if install(&missing).is_err() {
            run_quietly(Command::new("apt-get").arg("update"))?;
            install(&missing)?;
        }
        Ok(())
    })?;
    match needs.iter().find(|need| !need.is_met()) {
        Some(need) => bail!(
            "{} is installed, and what it should bring is still not found",
            need.package()
        ),
        None => Ok(()),
    }
}

fn install(packages: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(["install", "--yes", "--no-install-recommends"]);
    run_quietly(command.args(packages)).map(drop)
}

pub(crate) fn chromium() -> Option<PathBuf> {
    ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find_map(find_program)
}

/// The folder of the newest `initdb` and `postgres`; Debian keeps them off the `PATH`.
pub(crate) fn postgres_programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let numbered = versions.filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path())));
    let installed = numbered.map(|(version, path)| (version, path.join("bin")));
    let newest = installed
        .filter(|(_, programs)| programs.join("initdb").is_file())
        .max();
    newest
        .map(|(_, programs)| programs)
        .or_else(|| find_program("initdb")?.parent().map(Into::into))
}
