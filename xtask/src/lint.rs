//! What a reviewer should not have to say.

use std::process::Command;

use anyhow::Result;

use crate::cargo::cargo;
use crate::progress::step;
use crate::{project, run};

pub(crate) fn run() -> Result<()> {
    step("cargo fmt --check", || {
        run::run(cargo()?.args(["fmt", "--all", "--check"]))
    })?;
    step(
        "Figures of the README and the report against bench/results.json",
        || {
            run::run(
                Command::new("python3")
                    .args(["-m", "bench.report", "--check"])
                    .current_dir(project::root()),
            )
        },
    )?;
    crate::ui::check()?;
    crate::ui::build()?;
    step("cargo clippy", || {
        run::run(cargo()?.args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "--deny",
            "warnings",
        ]))
    })?;
    // Clippy goes through the crates below, too, in one of which the feature makes a difference.
    step("cargo clippy without ONNX Runtime", || {
        run::run(cargo()?.args([
            "clippy",
            "--package",
            "fettle",
            "--no-default-features",
            "--quiet",
            "--",
            "--deny",
            "warnings",
        ]))
    })
}
