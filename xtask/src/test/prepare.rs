//! What the parts need from elsewhere, fetched while the first of them compile.

use anyhow::Result;

use super::{Part, client, models};
use crate::system::{self, Need};
use crate::{demo, interrupt, node, project};

/// Installs what the parts would install, in the order in which they come to need it. What cannot be installed is
/// reported by the part that needs it, which tries again.
pub(super) fn install(parts: &[Part]) {
    let needs: Vec<_> = parts.iter().flat_map(|part| packages(*part)).copied().collect();
    let packages = std::iter::once(system::ensure(&needs));
    for error in packages
        .chain(parts.iter().map(|part| environments(*part)))
        .filter_map(Result::err)
    {
        if interrupt::raised() {
            return;
        }
        eprintln!("warning: fetched ahead of time, and failed: {error:#}");
    }
}

fn packages(part: Part) -> &'static [Need] {
    match part {
        Part::Lint | Part::Models | Part::Artifacts | Part::Demo => &[],
        Part::Rust => &[Need::Postgres],
        Part::Client | Part::Differential => &[Need::Postgres, Need::Curl],
        Part::Browser => &[Need::Postgres, Need::Chromium],
    }
}

fn environments(part: Part) -> Result<()> {
    let packages = |folder: &str| node::install(&project::root().join(folder));
    match part {
        Part::Lint => Ok(()),
        Part::Rust | Part::Differential => client::newest().map(drop),
        Part::Models => models::older().map(drop),
        Part::Client => client::old().map(drop),
        Part::Artifacts => super::artifacts::emulators().map(drop),
        Part::Browser => packages("tests/browser"),
        Part::Demo => demo::python().map(drop),
    }
}
