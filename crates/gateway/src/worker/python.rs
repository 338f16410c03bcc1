//! Which Python runs the model.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The interpreter given, else `FETTLE_PYTHON`, else the active environment's, else `python3` on the path.
pub fn find_python(given: Option<&Path>) -> PathBuf {
    named(given).unwrap_or_else(|| "python3".into())
}

/// Whether somebody has said which Python it is to be.
pub(super) fn is_named(given: Option<&Path>) -> bool {
    named(given).is_some()
}

fn named(given: Option<&Path>) -> Option<PathBuf> {
    if let Some(given) = given {
        return Some(given.to_path_buf());
    }
    let active = || variable("VIRTUAL_ENV").or_else(|| variable("CONDA_PREFIX"));
    variable("FETTLE_PYTHON")
        .map(PathBuf::from)
        .or_else(|| active().map(|environment| Path::new(&environment).join("bin/python")))
}
