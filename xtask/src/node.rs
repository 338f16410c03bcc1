//! npm packages, as the lock file says.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, bail};

use crate::fingerprint;
use crate::progress::step;
use crate::run::{find_program, run, run_quietly, twice};

/// One folder at a time: what is wanted now may be on its way already.
static TURNS: Mutex<()> = Mutex::new(());

/// Install the packages of `folder` unless they are there.
pub(crate) fn install(folder: &Path) -> Result<()> {
    if find_program("npm").is_none() {
        bail!("npm is missing; install Node.js 20 or newer");
    }
    let lock = folder.join("package-lock.json");
    let lock_text = fs::read_to_string(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    let stamp = folder.join("node_modules/.complete");
    let _turn = TURNS.lock().unwrap_or_else(PoisonError::into_inner);
    fingerprint::unless_done(&stamp, &fingerprint::of_text(&lock_text), || {
        step(&format!("Installing the npm packages of {}", folder.display()), || {
            twice("the installation", || {
                let mut command = npm(folder);
                // Browsers come from the system.
                command
                    .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
                    .env("PUPPETEER_SKIP_DOWNLOAD", "1");
                run_quietly(command.args(["ci", "--no-audit", "--no-fund"])).map(drop)
            })
        })
    })
}

/// `npm run SCRIPT`.
pub(crate) fn script(folder: &Path, script: &str) -> Result<()> {
    step(&format!("npm run {script} in {}", folder.display()), || {
        run(npm(folder).args(["run", "--silent", script]))
    })
}

fn npm(folder: &Path) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(folder);
    command
}
