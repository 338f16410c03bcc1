//! A part in a process of its own, beside another part: its output is shown when it has ended.

use std::env;
use std::fs::File;
use std::io::{self, Write as _};
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context as _, Result};

use super::{Outcome, Part};
use crate::child::dying_with_us;
use crate::{interrupt, project};

/// Fails only if the user has asked to stop, or if this program cannot be started again.
pub(super) fn run(part: Part) -> Result<Outcome> {
    interrupt::check()?;
    let started = Instant::now();
    let folder = project::temporary(part.name())?;
    let path = folder.path().join("log");
    let log = File::create(&path)?;
    let this = env::current_exe().context("where this program lies")?;
    let status = dying_with_us(&this)
        .args(["test", part.name()])
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .status()
        .context("cannot start this program again")?;
    interrupt::check()?;
    let mut out = io::stdout().lock();
    writeln!(out, "\n==> {}, which ran meanwhile", part.name())?;
    io::copy(&mut File::open(&path)?, &mut out)?;
    Ok(Outcome {
        part,
        passed: status.success(),
        elapsed: started.elapsed(),
    })
}
