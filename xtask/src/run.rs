//! Running other programs to their end.

use std::ffi::OsStr;
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::interrupt;

/// Run with output passed through; fail when the program does.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    interrupt::check()?;
    let words = words(command);
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("cannot run `{words}`"))?;
    interrupt::check()?;
    if !status.success() {
        bail!("`{words}` ended with {status}");
    }
    Ok(())
}

/// Run in silence; the output is shown only when the program fails.
pub(crate) fn run_quietly(command: &mut Command) -> Result<String> {
    interrupt::check()?;
    let words = words(command);
    let Output { status, stdout, stderr } = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run `{words}`"))?;
    interrupt::check()?;
    let stdout = String::from_utf8_lossy(&stdout).into_owned();
    if !status.success() {
        bail!(
            "`{words}` ended with {status}:\n{stdout}{}",
            String::from_utf8_lossy(&stderr)
        );
    }
    Ok(stdout)
}

/// Whether the program can be started and answers with success.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Networks fail now and then: try a second time before giving up.
pub(crate) fn twice<T>(what: &str, mut action: impl FnMut() -> Result<T>) -> Result<T> {
    match action() {
        Err(error) if !interrupt::raised() => {
            eprintln!("    {what} failed, trying once more: {error:#}");
            action()
        }
        outcome => outcome,
    }
}

/// The first file of this name in the folders of `PATH`.
pub(crate) fn find_program(name: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

fn words(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}
