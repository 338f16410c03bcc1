//! Where things are: the repository, the cache, the binaries that cargo builds.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in the repository")
}

/// `$XDG_CACHE_HOME/fettle` or `~/.cache/fettle`; shared by all clones of the repository on this machine.
pub(crate) fn cache() -> Result<PathBuf> {
    let base = match env::var_os("XDG_CACHE_HOME").filter(|value| !value.is_empty()) {
        Some(base) => PathBuf::from(base),
        None => PathBuf::from(env::var_os("HOME").context("HOME is not set")?).join(".cache"),
    };
    let cache = base.join("fettle");
    std::fs::create_dir_all(&cache).with_context(|| format!("cannot create {}", cache.display()))?;
    Ok(cache)
}

/// The cargo target folder: as the caller says; in CI, where each run has a clean clone, in the cache.
pub(crate) fn target() -> Result<PathBuf> {
    if let Some(target) = env::var_os("CARGO_TARGET_DIR") {
        return Ok(env::current_dir()?.join(target));
    }
    if env::var_os("CI").is_some() {
        Ok(cache()?.join("target"))
    } else {
        Ok(root().join("target"))
    }
}

/// A fresh folder that goes away with its owner.
pub(crate) fn temporary(purpose: &str) -> Result<tempfile::TempDir> {
    Ok(tempfile::Builder::new()
        .prefix(&format!("fettle-{purpose}-"))
        .tempdir()?)
}
