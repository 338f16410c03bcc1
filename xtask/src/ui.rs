//! The web page. It is built before the server, which embeds it.

use anyhow::Result;
use clap::Args;

use crate::{fingerprint, node, project};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only build; leave the checks and the unit tests out
    #[arg(long)]
    build_only: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    if !options.build_only {
        check()?;
    }
    build()
}

/// Types and unit tests.
pub(crate) fn check() -> Result<()> {
    let folder = project::root().join("ui");
    node::install(&folder)?;
    node::script(&folder, "check")?;
    node::script(&folder, "test")
}

/// Build `ui/dist` unless it is as new as its sources.
pub(crate) fn build() -> Result<()> {
    let folder = project::root().join("ui");
    let sources = fingerprint::of_folder(&folder, &["node_modules", "dist"])?;
    fingerprint::unless_done(&folder.join("dist/.sources"), &sources, || {
        node::install(&folder)?;
        node::script(&folder, "build")
    })
}
