//! What a reviewer should not have to say.

use anyhow::Result;

use crate::cargo::cargo;
use crate::progress::step;
use crate::run;

pub(crate) fn run() -> Result<()> {
    step("cargo fmt --check", || {
        run::run(cargo()?.args(["fmt", "--all", "--check"]))
    })?;
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
    })
}
