//! cargo, called from a program that cargo itself has started.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::progress::step;
use crate::project;
use crate::run::{run, succeeds};

/// The programs among the examples that tests run.
const EXAMPLES: [&str; 2] = ["check_golden", "cloud_emulator"];

/// How the binary is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    Dev,
    Release,
}

/// `cargo`, without what the outer cargo left in the environment about this crate: build scripts that watch those
/// variables would run again and again.
pub(crate) fn cargo() -> Result<Command> {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .current_dir(project::root())
        .env("CARGO_TARGET_DIR", project::target()?);
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
        {
            command.env_remove(&*name);
        }
    }
    Ok(command)
}

/// Build the server with the web page in it; answers with the path of the binary. `FETTLE_BIN` names one that is built
/// already, such as the one of a release.
pub(crate) fn build_fettle(profile: Profile) -> Result<PathBuf> {
    if let Some(built) = env::var_os("FETTLE_BIN").filter(|built| !built.is_empty()) {
        return std::fs::canonicalize(&built).with_context(|| format!("FETTLE_BIN is {}", built.display()));
    }
    if profile == Profile::Dev {
        return build_for_tests();
    }
    crate::ui::build()?;
    // With the tools of the benchmarks, which want the same libraries.
    step("Building fettle (release)", || {
        run(cargo()?.args(["build", "--package", "fettle", "--package", "fettle-bench", "--release"]))
    })?;
    Ok(project::target()?.join("release/fettle"))
}

/// Build the server and the programs that tests are made with; answers with the path of the server. The features of
/// libraries are those that all packages and all tests together ask for, which cargo sees to when the whole workspace
/// and an example are chosen. So what the Rust tests have compiled is used again.
fn build_for_tests() -> Result<PathBuf> {
    crate::ui::build()?;
    step("Building fettle (debug)", || {
        let mut build = cargo()?;
        build.args(["build", "--workspace", "--bin", "fettle"]);
        for name in EXAMPLES {
            build.args(["--example", name]);
        }
        run(&mut build)
    })?;
    Ok(project::target()?.join("debug/fettle"))
}

/// One of the programs in `examples/` that tests run.
pub(crate) fn build_example(name: &str) -> Result<PathBuf> {
    debug_assert!(EXAMPLES.contains(&name), "{name} is not built");
    build_for_tests()?;
    Ok(project::target()?.join("debug/examples").join(name))
}

pub(crate) fn has_nextest() -> bool {
    cargo().is_ok_and(|mut command| succeeds(command.args(["nextest", "--version"])))
}
